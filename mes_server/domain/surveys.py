"""The result of a survey, computed from its readings as they were written: SAT, TUS, over-temperature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mes_server.domain.attempts import Refusal
from mes_server.domain.decimals import NoFigure, figure
from mes_server.domain.pyrometry import (
    FAILED,
    OVER_TEMP,
    PASSED,
    SAT,
    SAT_COMPARATIVE,
    TUS,
    Requirement,
)

_POSSIBLE_C = Decimal(100)  # a reading further off is a slip, not a furnace


@dataclass(frozen=True, slots=True)
class Point:
    """One reading. `reading`: of the furnace's own thermocouple (of a TUS: the set point); `test`: of the test
    thermocouple, `correction`: of it and its instrument, from their certificates; `off`: what is judged."""

    thermocouple: str
    test_thermocouple: str
    position: str
    reading: Decimal
    test: Decimal
    correction: Decimal

    @property
    def corrected(self) -> Decimal:
        """What the test thermocouple really had."""
        return self.test + self.correction


def points_from(
    test: str, said: Sequence[Mapping[str, str]]
) -> tuple[list[Point], list[Refusal]]:  # fmt: skip
    """Readings as they were sent, and of each that cannot be one why."""
    found, refused = [], []
    for number, one in enumerate(said, 1):
        try:
            point = Point(
                one.get("thermocouple", ""), one.get("test_thermocouple", ""), one.get("position", ""),
                figure(one["reading"]), figure(one["test"]), figure(one.get("correction") or "0"),
            )  # fmt: skip
        except NoFigure as bad:
            refused.append(Refusal(bad.rule, {"reading": bad.text[:40], "number": str(number)}))
            continue
        if abs(point.reading - point.corrected) > _POSSIBLE_C:
            facts = {"number": str(number), "reading": one["reading"], "test": one["test"]}
            refused.append(Refusal("survey_is_possible", facts))
        if test != OVER_TEMP and not point.test_thermocouple:
            refused.append(Refusal("test_thermocouple_is_told", {"number": str(number)}))
        elif point.test_thermocouple and point.test_thermocouple == point.thermocouple:
            facts = {"number": str(number), "thermocouple": point.thermocouple}
            refused.append(Refusal("test_thermocouple_is_another", facts))
        found.append(point)
    return found, refused + (_twice(found) if test == TUS else [])


def _twice(points: Sequence[Point]) -> list[Refusal]:
    """A work zone is surveyed at so many places, not one of them so many times."""
    places = [(one.position, one.test_thermocouple) for one in points]
    told = sorted({f"{where} {what}".strip() for where, what in places if places.count((where, what)) > 1})  # fmt: skip
    return [Refusal("survey_points_differ", {"points": ", ".join(told)})] if told else []


def off_of(test: str, point: Point, before: Mapping[str, Decimal]) -> Decimal | None:
    """What a point is judged by: a SAT by the furnace's reading less the true one, a TUS by the true one less the set
    point, a comparative SAT by how far its difference moved; None: there is none to compare with."""
    apart = point.reading - point.corrected
    if test == SAT:
        return apart
    if test == SAT_COMPARATIVE:
        last = before.get(point.thermocouple)
        return None if last is None else apart - last
    return -apart


@dataclass(frozen=True, slots=True)
class Result:
    """`worst`: the greatest distance in °C, `spread`: between the points of a TUS."""

    result: str
    worst: Decimal
    spread: Decimal
    rows: tuple[dict[str, str], ...]


def judge(
    asked: Requirement, points: Sequence[Point], before: Mapping[str, Decimal]
) -> Result | list[Refusal]:
    """`before`: of each thermocouple the difference of the last survey."""
    if not points or (asked.test == TUS and len(points) < asked.points):
        facts = {"points": str(asked.points or 1), "told": str(len(points))}
        return [Refusal("survey_has_its_points", facts)]
    off = [off_of(asked.test, point, before) for point in points]
    unknown = [p.thermocouple for p, o in zip(points, off, strict=True) if o is None]
    if unknown:
        return [Refusal("survey_has_one_before", {"thermocouples": ", ".join(unknown)})]
    told = [one for one in off if one is not None]
    worst = max(told, key=abs)
    corrected = [point.corrected for point in points]
    limit = figure(asked.tolerance_c)
    rows = tuple(_row(p, o, limit) for p, o in zip(points, told, strict=True))
    passed = all(abs(one) <= limit for one in told)
    return Result(PASSED if passed else FAILED, worst, max(corrected) - min(corrected), rows)


def _row(point: Point, off: Decimal, limit: Decimal) -> dict[str, str]:
    return {
        "thermocouple": point.thermocouple, "test_thermocouple": point.test_thermocouple, "position": point.position,
        "reading": format(point.reading, "f"), "test": format(point.test, "f"),
        "correction": format(point.correction, "f"), "corrected": format(point.corrected, "f"),
        "difference": format(point.reading - point.corrected, "f"), "off": format(off, "f"),
        "result": PASSED if abs(off) <= limit else FAILED,
    }  # fmt: skip


def differences(surveys: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Of each thermocouple the difference of the last SAT, from the contents of surveys, the oldest first."""
    return {
        row["thermocouple"]: Decimal(row["difference"])
        for one in surveys
        for row in one.get("readings", ())
    }
