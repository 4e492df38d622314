"""Reads a story: the docstring of a test, line by line, each of them who did what when.

    day 2
    08:00              anna  loads block at ageing-1
    08:05 sent 10:10   anna  splits parts into left: 4 pcs 2 kg   => refused: lot_is_free

A line ends with what came of it where that was anything but a yes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mes_server.domain.amounts import RARE_EARTHS, Amount
from tests.stories.plant import DAY_1_MS, DAY_MS

_CLOCK = r"\d\d:\d\d(?::\d\d)?"
_LINE = re.compile(
    rf"(?P<at>{_CLOCK})(?: sent (?P<sent>{_CLOCK}))?  +(?P<who>\w+)  +(?P<what>.+?)"
    r"(?:, because (?P<reason>.+?))?(?: +=> (?P<end>.+))?"
)
_QUANTITY = re.compile(r"(?:(?P<element>[A-Z][a-z]?) )?(?P<number>[\d.]+) (?P<unit>kg|g|mg|pcs|m2)")
_UNITS = {"kg": 1_000_000, "g": 1_000, "mg": 1, "pcs": 1, "m2": 1_000_000}


class Unreadable(AssertionError):
    """A line that says nothing the reader knows; the message is the line."""


@dataclass(frozen=True)
class Line:
    """`at_ms`: when it was done; `now_ms`: when the server heard of it. `end`: outcome and rules."""

    text: str
    at_ms: int
    now_ms: int
    who: str
    what: str
    reason: str = ""
    outcome: str = "accepted"
    rules: tuple[str, ...] = ()


def read_story(text: str) -> Iterator[Line]:
    """The lines of a story in their order; what stands above the first day or time is prose."""
    day, begun = 1, False
    for raw in text.splitlines():
        told = raw.strip()
        heading = re.fullmatch(r"day (\d+)", told)
        begun = begun or heading is not None or re.match(_CLOCK, told) is not None
        if heading is not None:
            day = int(heading[1])
        elif begun and told:
            yield _line(told, day)


def _line(text: str, day: int) -> Line:
    match = _LINE.fullmatch(text)
    if match is None:
        raise Unreadable(text)
    outcome, _, rules = (match["end"] or "accepted").partition(": ")
    if outcome not in ("accepted", "refused", "review", "again", "held"):
        raise Unreadable(text)
    at_ms = moment(match["at"], day)
    now_ms = moment(match["sent"], day) if match["sent"] else at_ms
    told = tuple(rules.split(", ")) if rules else ()
    return Line(
        text, at_ms, now_ms, match["who"], match["what"], match["reason"] or "", outcome, told
    )


def moment(clock: str, day: int) -> int:
    """Unix ms of a time of a day of the story."""
    hours, minutes, seconds = (*map(int, clock.split(":")), 0)[:3]
    return DAY_1_MS + (day - 1) * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000


def read_amount(text: str) -> Amount:
    """An amount in words: "10 pcs 2.5 kg 0.1 m2 Nd 0.8 kg"; raises Unreadable."""
    found = list(_QUANTITY.finditer(text))
    if " ".join(match[0] for match in found) != text.strip():
        raise Unreadable(f"no amount: {text}")
    plain = {"pcs": 0, "kg": 0, "m2": 0}
    elements: dict[str, int] = {}
    for match in found:
        value = int(Decimal(match["number"]) * _UNITS[match["unit"]])
        if match["element"]:
            assert match["element"] in RARE_EARTHS, text
            elements[match["element"]] = value
        else:
            plain["kg" if match["unit"] in ("g", "mg") else match["unit"]] += value
    return Amount(plain["pcs"], plain["kg"], plain["m2"], elements)


def read_pair(text: str) -> tuple[int, int]:
    """Pieces and mg, as they are counted and weighed."""
    amount = read_amount(text)
    return amount.pieces, amount.mass_mg
