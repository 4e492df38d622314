"""What a lot used and sent away in the lines with meters, from the days that are added up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from mes_server.actions.gather_waterworks import waterworks_at
from mes_server.domain.charges import Run
from mes_server.domain.days import utc_day
from mes_server.domain.footprints import AFTER, BEFORE, DRAINED, SETTLED, RunDay
from mes_server.store.footprints import Kept, days_between

_LITRE, _GRAM, _KILO = ("L", 1000), ("g", 1000), ("kg", 1_000_000)
UNITS = {
    "water": _LITRE, DRAINED: _LITRE, "electricity": ("kWh", 1000), "gas": ("m³", 1_000_000), "chemical": _KILO,
    "reagent": _KILO, "sludge": _KILO, BEFORE: _GRAM, AFTER: _GRAM, SETTLED: _GRAM,
}  # fmt: skip
_AROUND = timedelta(days=1)  # the plant's day and that of UTC begin up to a day apart


@dataclass(frozen=True, slots=True)
class Part:
    """What the lot had of one kind in a run. `pollutant`: "" where it is none."""

    run: str
    operation: str
    kind: str
    pollutant: str
    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class LotFootprint:
    """`missing`: runs at lines with meters that are in no day that is added up. `known_ms`: when the last was."""

    lot: str
    parts: tuple[Part, ...]
    runs: tuple[str, ...]
    missing: tuple[str, ...]
    known_ms: int | None


def footprint_of(conn: Connection, code: str, runs: Sequence[Run], now_ms: int) -> LotFootprint:
    """Of these runs of the lot."""
    works = waterworks_at(conn, now_ms)
    lines = set() if works is None else {one.station for one in works.lines}
    metered = [one for one in runs if one.station in lines]
    parts: list[Part] = []
    found: list[str] = []
    known: list[int] = []
    for run in metered:
        kept = _days(conn, run, now_ms)
        mine = [day for one in kept for day in one.day.runs if day.run == run.code]
        if mine:
            found.append(run.code)
            known += [one.computed_ms for one in kept]
            parts += _parts(code, mine)
    missing = tuple(one.code for one in metered if one.code not in found)
    return LotFootprint(code, tuple(parts), tuple(found), missing, max(known, default=None))


def _days(conn: Connection, run: Run, now_ms: int) -> list[Kept]:
    first = date.fromisoformat(utc_day(run.opened_ms)) - _AROUND
    last = date.fromisoformat(utc_day(run.closed_ms or now_ms)) + _AROUND
    kept = days_between(conn, first.isoformat(), last.isoformat())
    return [one for one in kept if any(day.run == run.code for day in one.day.runs)]


def _parts(code: str, days: Iterable[RunDay]) -> list[Part]:
    """Of one run over its days, in the order of UNITS."""
    sums: dict[tuple[str, str], int] = {}
    run = operation = ""
    for day in days:
        run, operation = day.run, day.operation
        for key, amount in day.of_lot(code).items():
            kind, _, name = key.partition(":")
            of = (kind, name if kind in (BEFORE, AFTER, SETTLED) else "")
            sums[of] = sums.get(of, 0) + amount
    order = list(UNITS)
    found = []
    for kind, name in sorted(sums, key=lambda one: (order.index(one[0]), one[1])):
        unit, scale = UNITS[kind]
        whole = Decimal(sums[kind, name]) / scale
        found.append(Part(run, operation, kind, name, whole, unit))
    return found
