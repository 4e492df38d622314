"""The coatings of a period side by side, from the days that are added up, the checks and the scrap."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.gather_meters import comparison_row
from mes_server.actions.gather_waterworks import waterworks_at, working_day
from mes_server.domain.checks import Check
from mes_server.domain.coating_comparison import Asked, Life, Side, conclude, life_of, side_of
from mes_server.domain.coating_days import DayUse, factor_of, observe
from mes_server.domain.control_plan import Characteristic, plan_of
from mes_server.domain.estimates import Estimate, mean
from mes_server.domain.footprints import FootprintDay, Remark
from mes_server.domain.pollutant_loads import shared_streams
from mes_server.domain.water_records import SLUDGE
from mes_server.domain.waterworks import NOT_SHARED, Waterworks
from mes_server.store.checks import list_checks
from mes_server.store.documents import list_documents
from mes_server.store.footprints import days_between, scrapped_of
from mes_server.store.lots import load_lots
from mes_server.store.water import waste_between

_METERED = ("water", "electricity")  # what each line should have a meter of


@dataclass(frozen=True, slots=True)
class Wanted:
    """Days "2026-11-28", both included. `part`: "" all products. `by`: one of BASES."""

    first: str
    last: str
    part: str
    by: str
    zone: str

    @property
    def span(self) -> tuple[int, int]:
        """[from, to) in Unix ms."""
        return working_day(self.first, self.zone)[0], working_day(self.last, self.zone)[1]

    @property
    def length(self) -> int:
        """Days."""
        return (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days + 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """`missing`, `notes`: what a reader must know, with on how many days. `unallocated`: % by kind that no run used.

    `days`: added up in the period; `known_ms`: when the last of them was. `row`: of the rules it was made by.
    """

    wanted: Wanted
    sides: tuple[Side, ...]
    parts: tuple[str, ...]
    missing: tuple[tuple[Remark, int], ...]
    notes: tuple[tuple[Remark, int], ...]
    unallocated: Mapping[str, float]
    days: int
    known_ms: int | None
    row: Mapping[str, Any]


def compare_coatings(conn: Connection, wanted: Wanted, now_ms: int) -> Comparison:
    """What is known of the period now."""
    kept = days_between(conn, wanted.first, wanted.last)
    days = [one.day for one in kept]
    row = comparison_row(now_ms)
    dry = _dry_share(conn, wanted, row)
    asked = Asked(wanted.by, row, dry)
    lives = _lives(conn, wanted, asked)
    sides = []
    for code, coating in row["coatings"].items():
        uses = observe(days, coating, wanted.part, row)
        _reject(conn, uses, days, (coating, wanted.part))
        if uses:
            sides.append(side_of((code, coating), uses, lives.get(code, Life(None)), asked))
    works = waterworks_at(conn, now_ms)
    missing = [*_missing(days), *_unmetered(works, sides, row)]
    if wanted.length > len(days):
        missing.append((("days_not_added", {}), wanted.length - len(days)))
    parts = {lot.part for day in days for run in day.runs for lot in run.lots if lot.part}
    return Comparison(
        wanted, tuple(conclude(sides)), tuple(sorted(parts)), tuple(missing), tuple(_notes(days, works)),
        _unallocated(days), len(days), max((one.computed_ms for one in kept), default=None), row,
    )  # fmt: skip


def _dry_share(conn: Connection, wanted: Wanted, row: Mapping[str, Any]) -> Estimate | None:
    """kg of solids in a kg of wet sludge, by the weighings that say it."""
    told = [one for one in waste_between(conn, (SLUDGE,), *wanted.span) if one.dry_kg is not None]
    shares = [float(one.dry_kg / one.kg) for one in told if one.kg and one.dry_kg is not None]
    return mean(shares, float(row["confidence_percent"]) / 100)


def _reject(
    conn: Connection, uses: Sequence[DayUse], days: Iterable[FootprintDay], of: tuple[Mapping[str, Any], str]
) -> None:  # fmt: skip
    """Scrap counts on the day on which the lot was coated first; stripping was counted where it was done."""
    coating, part = of
    by_day = {one.day: one for one in uses}
    coated: dict[str, tuple[DayUse, int]] = {}
    for day in days:
        for run in day.runs:
            if run.operation in coating["operations"] and day.day in by_day:
                for lot in run.lots:
                    if not lot.again and part in ("", lot.part):
                        coated.setdefault(lot.lot, (by_day[day.day], run.from_ms))
    for one in scrapped_of(conn, coated):
        use, from_ms = coated[one.lot]
        if one.at_ms >= from_ms:
            use.rejected += one.pieces


def _lives(conn: Connection, wanted: Wanted, asked: Asked) -> dict[str, Life]:
    """Salt spray by coating: of each check that counts the hours, by the last coating that its lot had; of a coupon by
    the operation that its plan names."""
    lines = _salt_spray(conn, wanted.part, asked.row)
    checks: dict[str, tuple[Check, Characteristic]] = {}
    for plan, part, line in lines:
        found = list_checks(conn, *wanted.span, part=part, characteristic=line.id)
        ours = [one for one in found if not one.voided and one.plan.startswith(f"{plan}/")]
        checks |= {one.code: (one, line) for one in ours}
    lots = load_lots(conn, {one.lot for one, _ in checks.values() if one.lot})
    readings: dict[str, list[tuple[str, float, bool]]] = {}
    limits: dict[str, set[str]] = {}
    for _, _, line in lines:
        _limit(limits, _coating_of([line.operation], asked.row), line)
    for check, line in checks.values():
        lot = lots.get(check.lot)
        done = [line.operation, *(lot.done if lot is not None else ())]
        coating = _coating_of(done, asked.row)
        told = [(check.code, float(one.value), one.beyond) for one in check.readings]
        readings.setdefault(coating, []).extend(told)
        _limit(limits, coating, line)
    names = sorted({*readings, *limits} - {""})
    return {name: life_of(readings.get(name, []), limits.get(name, ()), asked) for name in names}


def _limit(limits: dict[str, set[str]], coating: str, line: Characteristic) -> None:
    if line.lower is not None:
        limits.setdefault(coating, set()).add(format(line.lower, "f"))


def _salt_spray(
    conn: Connection, part: str, row: Mapping[str, Any]
) -> list[tuple[str, str, Characteristic]]:
    """The lines of all plans that ask for hours of salt spray, with plan and part; "" for coupons of no part."""
    found = {
        (plan.code, name, line.id): line
        for document in reversed(
            list_documents(conn, "plan")
        )  # the newest of a plan has the last word
        for plan in [plan_of(document)]
        if part in ("", *plan.parts)
        for line in plan.characteristics
        if line.quantity in row["sst_quantities"]
        for name in (*((part,) if part else plan.parts), "")
    }
    return [(plan, name, line) for (plan, name, _), line in sorted(found.items(), key=lambda one: one[0])]  # fmt: skip


def _coating_of(done: Sequence[str], row: Mapping[str, Any]) -> str:
    for operation in reversed(done):
        for code, coating in row["coatings"].items():
            if operation in coating["operations"]:
                return str(code)
    return ""


def _missing(days: Iterable[FootprintDay]) -> list[tuple[Remark, int]]:
    return _counted(one for day in days for one in day.missing)


def _notes(days: Iterable[FootprintDay], works: Waterworks | None) -> list[tuple[Remark, int]]:
    found = _counted(one for day in days for one in day.notes)
    streams = [] if works is None else shared_streams(works)
    return [*((("stream_is_of_several", {"stream": one}), 0) for one in streams), *found]


def _counted(remarks: Iterable[Remark]) -> list[tuple[Remark, int]]:
    counts = Counter((rule, tuple(sorted(facts.items()))) for rule, facts in remarks)
    return [((rule, dict(facts)), n) for (rule, facts), n in sorted(counts.items())]


def _unmetered(
    works: Waterworks | None, sides: Sequence[Side], row: Mapping[str, Any]
) -> list[tuple[Remark, int]]:
    """Lines that no meter stands at, pollutants that no stream of a coating has a result of, what has no factor."""
    if works is None:
        return []
    of_lines = [
        {"line": line.station, "kind": kind}
        for line in works.lines
        for kind in _METERED
        if not any(one.kind == kind and line.station in one.serves for one in works.meters)
    ]
    results = [
        {"pollutant": name, "coating": side.code}
        for side in sides
        for name in row["pollutants"]
        if side.figures[f"before-{name}"].days == 0
    ]
    bare = [
        one.code
        for one in works.meters
        if one.share != NOT_SHARED and factor_of(row, one.kind, one.name) is None
    ]
    return [
        *((("line_is_not_metered", facts), 0) for facts in of_lines),
        *((("no_results", facts), 0) for facts in results),
        *((("no_factor", {"meter": code}), 0) for code in bare),
    ]


def _unallocated(days: Iterable[FootprintDay]) -> dict[str, float]:
    """% of what meters counted that no run used, by kind, where there is any."""
    totals: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for day in days:
        for key, amount in day.totals.items():
            totals[key.partition(":")[0]] += amount
        for key, amount in day.unallocated.items():
            left[key.partition(":")[0]] += amount
    return {kind: left[kind] * 100 / totals[kind] for kind in sorted(left) if totals[kind] > 0}
