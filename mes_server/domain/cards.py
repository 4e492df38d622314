"""Codes on cards: badges, stations, containers and commands.

    ID-W0042-7C      a badge            BX-0117-3K     a container: tray, box, barrel
    ST-SINTER-1-9F   a station          DO-SCRAP       a command

Capitals, digits and hyphens only, like lot codes. The two characters at the end are those of codes.py.
A command has none: the few there are differ in more than one character.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from mes_server.domain.codes import BadCode, check_characters

BADGE, STATION, CONTAINER, COMMAND = "badge", "station", "container", "command"
_PREFIXES = {BADGE: "ID", STATION: "ST", CONTAINER: "BX"}
_KINDS = {prefix: kind for kind, prefix in _PREFIXES.items()}

# What the wall sheet offers, in its order; each has its words under command.<name>.
COMMANDS = (
    "OK", "CANCEL", "UNDO", "UNLOAD", "PART", "SPLIT", "MERGE", "HOLD", "SCRAP", "CLEAR", "HELP", "LEAVE",
)  # fmt: skip

NAME_LENGTH = 64
_NAME = re.compile(rf"[0-9A-Z-]{{1,{NAME_LENGTH}}}")
_CARD = re.compile(rf"(ID|ST|BX)-([0-9A-Z-]{{1,{NAME_LENGTH}}})-([0-9A-Z]{{2}})")
_COMMAND = re.compile(r"DO-([A-Z-]+)")


class Card(NamedTuple):
    """What a card stands for. `name`: the folded id of a badge, station or container, or a command."""

    kind: str
    name: str


def folded(name: str) -> str:
    """An id as a card can carry it: capitals, and hyphens for underscores; raises BadCode."""
    text = name.upper().replace("_", "-")
    if not name.isascii() or not _NAME.fullmatch(text):
        raise BadCode("name_fits_a_card", name)
    return text


def card_code(kind: str, name: str) -> str:
    """The code to print on the card of a badge, station or container; raises BadCode."""
    body = f"{_PREFIXES[kind]}-{folded(name)}"
    return f"{body}-{check_characters(body)}"


def command_code(command: str) -> str:
    """The code of a command of COMMANDS."""
    return f"DO-{command}"


def parse_card(text: str) -> Card | None:
    """The Card of a text in capitals; None: it has not the form of one. Raises BadCode."""
    if match := _COMMAND.fullmatch(text):
        if match[1] not in COMMANDS:
            raise BadCode("command_is_known", text)
        return Card(COMMAND, match[1])
    if match := _CARD.fullmatch(text):
        prefix, name, check = match.groups()
        if check_characters(f"{prefix}-{name}") != check:
            raise BadCode("code_is_misread", text)
        return Card(_KINDS[prefix], name)
    return None


def meant_by(name: str, ids: Iterable[str]) -> str | None:
    """Which of the ids the name on a card stands for; None: none, or more than one."""
    found = [one for one in ids if one.isascii() and one.upper().replace("_", "-") == name]
    return found[0] if len(found) == 1 else None
