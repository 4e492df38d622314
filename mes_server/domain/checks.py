"""A check: readings of one characteristic of the control plan, with gauge, person and verdict.

Readings are kept as they were written; what is computed of them is computed again whenever it is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from mes_server.domain.control_plan import Characteristic
from mes_server.domain.decimals import NoFigure, figure
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import Event

RECORDED, VOIDED = "check_recorded", "check_voided"
OK, ACTION, OUT = "ok", "action", "out"
PASSED = (OK, ACTION)  # an action limit warns, and stops nothing
SOURCES = ("tablet", "serial", "csv", "api", "office")


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure. `text`: as written; "" of the other fields: not told. `beyond`: it is more than `value`, as
    of a test that ended before anything was seen (salt spray: ">240"). `line`: the number of the gauge line that it
    was, 0 for what a person wrote; `said`: the text of that line."""

    value: Decimal
    text: str
    position: str = ""
    piece: str = ""
    beyond: bool = False
    line: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """`characteristic`: its id in `plan` ("CP-7/B"). `rejected`: pieces found bad of `sample`. `verdict`: OK,
    ACTION or OUT. `voided`: why it counts for nothing, "" when it counts."""

    code: str
    at_ms: int
    noted_ms: int
    person: str
    place: str
    plan: str
    characteristic: str
    operation: str
    moment: str
    lot: str
    run: str
    part: str
    gauge: str
    readings: tuple[Reading, ...]
    sample: int
    rejected: int
    verdict: str
    source: str
    temperature_c: str = ""
    note: str = ""
    action: str = ""
    voided: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether it counts, and nothing is out of the spec."""
        return not self.voided and self.verdict in PASSED


def stream_of(place: str) -> str:
    """The stream with the checks that were made at a place."""
    return f"checks:{place or 'office'}"


def check_from(event: Event) -> Check:
    """The check that an event tells of."""
    made = (event.at_ms, event.noted_ms, event.person, event.place)
    return check_of(event.facts(), made, event.action)


def check_of(facts: Mapping[str, Any], made: tuple[int, int, str, str], action: str) -> Check:
    """The check of these facts. `made`: when, when it was noted, by whom, where."""
    return Check(
        facts["check"], *made, facts["plan"],
        facts["characteristic"], facts["operation"], facts["moment"], facts["lot"], facts["run"],
        facts["part"], facts["gauge"], tuple(map(reading_of, facts["readings"])), facts["sample"],
        facts["rejected"], facts["verdict"], facts["source"], facts["temperature_c"], facts["note"],
        action,
    )  # fmt: skip


def reading_of(said: Mapping[str, Any]) -> Reading:
    """A reading as the ledger keeps it; as a body says it, where a field may be missing. Raises NoFigure."""
    found = reading_from(said["value"], said.get("position", ""), said.get("piece", ""))
    return replace(found, line=said.get("line", 0), said=said.get("said", ""))


def as_kept(one: Reading) -> dict[str, Any]:
    """A reading as the ledger keeps it; with its gauge line when it has one."""
    kept: dict[str, Any] = {"value": one.text, "position": one.position, "piece": one.piece}
    return kept | ({"line": one.line, "said": one.said} if one.line else {})


def reading_from(text: str, position: str = "", piece: str = "") -> Reading:
    """A reading as written, ">" before what was not reached; raises NoFigure."""
    bare = text.strip()
    beyond = bare.startswith(">")
    return Reading(figure(bare.removeprefix(">")), bare, position, piece, beyond)


def readings_from(said: Sequence[Mapping[str, Any]]) -> tuple[list[Reading], list[Refusal]]:
    """Readings as they were sent, and of each that is none why."""
    found, refused = [], []
    for number, one in enumerate(said, 1):
        try:
            found.append(reading_of(one))
        except NoFigure as bad:
            refused.append(Refusal(bad.rule, {"reading": bad.text[:40], "number": str(number)}))
    return found, refused


def verdict_of(line: Characteristic, readings: Iterable[Reading], rejected: int = 0) -> str:
    """OK, ACTION (outside an action limit) or OUT (outside the spec, or a piece rejected: c = 0)."""
    verdicts = {_judge(line, one) for one in readings}
    if rejected or OUT in verdicts:
        return OUT
    return ACTION if ACTION in verdicts else OK


def _judge(line: Characteristic, reading: Reading) -> str:
    if _outside(reading, line.lower, line.upper):
        return OUT
    return ACTION if _outside(reading, line.action_lower, line.action_upper) else OK


def _outside(reading: Reading, lower: Decimal | None, upper: Decimal | None) -> bool:
    if lower is not None and reading.value < lower and not reading.beyond:
        return True
    return upper is not None and reading.value > upper


# What a reading may have been multiplied or divided by when a unit was mixed up: mm and µm, mm and inch, T and kG,
# kA/m and kOe, kJ/m³ and MGOe. Exact by definition of the units (SI brochure, 9th ed.; 1 inch = 25.4 mm).
UNIT_FACTORS = (
    Decimal(1000), Decimal("25.4"), Decimal(10), Decimal(100), Decimal("79.5774715"),
    Decimal("7.95774715"),
)  # fmt: skip


def impossible(
    line: Characteristic, readings: Iterable[Reading], widths: Decimal, factor: Decimal
) -> list[Refusal]:
    """Of each reading that cannot be one of this characteristic, why. Out of the spec is possible.

    `widths`: with two limits, so many times the width of the spec beyond them; `factor`: with one, so many times
    it. Both come from the reference data.
    """
    refused = []
    for number, one in enumerate(readings, 1):
        low, high = _range(line, widths, factor)
        inside = (low is None or one.value >= low) and (high is None or one.value <= high)
        if not inside:
            facts = {"reading": one.text, "number": str(number), "unit": line.unit}
            facts |= {"lower": _text(low), "upper": _text(high), "guess": _guess(line, one.value)}
            refused.append(Refusal("reading_is_possible", facts))
    return refused


def _text(limit: Decimal | None) -> str:
    return "" if limit is None else format(limit.normalize(), "f")


def _range(
    line: Characteristic, widths: Decimal, factor: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    low, high = line.lower, line.upper
    if low is not None and high is not None:
        width = (high - low) * widths
        return low - width, high + width
    if low is not None:
        return (
            (low / factor, None if line.kind == "life" else low * factor)
            if low > 0
            else (None, None)
        )
    return (None, high * factor) if high is not None and high > 0 else (None, None)


def _guess(line: Characteristic, value: Decimal) -> str:
    """What the reading would be in the right unit, where that falls into the spec: told, never taken."""
    for unit in UNIT_FACTORS:
        for meant in (value * unit, value / unit):
            if not _outside(Reading(meant, ""), line.lower, line.upper):
                return format(Decimal(f"{meant:.6g}"), "f")
    return ""


def incomplete(line: Characteristic, readings: Sequence[Reading]) -> list[Refusal]:
    """Why the readings are not the sample that the plan asks for; an attribute has counts, no readings."""
    if line.kind == "attribute":
        return []
    refused = []
    if len(readings) != line.sample:
        facts = {"characteristic": line.id, "sample": str(line.sample), "told": str(len(readings))}
        refused.append(Refusal("sample_is_whole", facts))
    told = {one.position for one in readings}
    missing = [position for position in line.positions if position not in told]
    if missing:
        facts = {"characteristic": line.id, "positions": ", ".join(missing)}
        refused.append(Refusal("positions_are_told", facts))
    return refused
