"""Cards to cut out: the wall sheet of commands, and cards of stations, badges and containers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mes_server.domain.cards import COMMANDS, card_code, command_code
from mes_server.domain.seal import Anchor
from mes_server.reports.bilingual import both
from mes_server.reports.ledger_note import attached, noted
from mes_server.reports.symbols import data_matrix_svg
from mes_server.reports.typesetting import set_pdf
from mes_server.translations import load_texts

_TEMPLATE = "cards.typ"
_LARGE_MAX = 13  # characters that fit a line in large type


@dataclass(frozen=True, slots=True)
class CardPrint:
    """A card. `title`: its large lines, Chinese first; `note`: smaller below; `code`: what it holds."""

    title: Sequence[str]
    note: str
    code: str


def wall_sheet() -> list[CardPrint]:
    """A card for each command."""
    noted = load_texts("en")
    return [
        CardPrint(
            _in_each(f"command.{command}"),
            both(f"command_note.{command}") if f"command_note.{command}" in noted else "",
            command_code(command),
        )
        for command in COMMANDS
    ]


def named_card(kind: str, name: str, title: Sequence[str]) -> CardPrint:
    """The card of a badge, station or container; raises codes.BadCode."""
    return CardPrint(title, f"{both(f'card.{kind}')} {name}", card_code(kind, name))


def station_title(titles: Mapping[str, str]) -> list[str]:
    """The title of a station's type in both languages."""
    return [titles[language] for language in ("zh", "en") if language in titles]


def to_pdf(
    heading: str,
    cards: Sequence[CardPrint],
    site: str,
    made_ms: int,
    anchor: Anchor | None = None,
) -> bytes:
    """Pages of A4, ten cards on each. `heading`: key of the translations. `anchor`: the ledger's head."""
    facts = {
        "heading": both(heading),
        "site": site,
        "anchor": noted(anchor),
        "attached": attached(anchor),
        "cards": [
            {
                "lines": list(card.title),
                "large": max(map(len, card.title)) <= _LARGE_MAX,
                "note": card.note,
                "code": card.code,
                "svg": data_matrix_svg(card.code),
            }
            for card in cards
        ],
    }
    return set_pdf(_TEMPLATE, facts, made_ms)


def _in_each(key: str) -> list[str]:
    return list(dict.fromkeys(load_texts(language)[key] for language in ("zh", "en")))
