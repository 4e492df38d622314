"""What is known of the lines on a working day: their runs and lots, volumes of places, loads by laboratory."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.gather_meters import comparison_row, meter_curve, totaliser
from mes_server.actions.gather_waterworks import day_of, working_day
from mes_server.actions.loaded_lots import lot_then
from mes_server.domain.allocation import split
from mes_server.domain.charges import Run
from mes_server.domain.footprints import LotIn
from mes_server.domain.lots import Lot
from mes_server.domain.waterworks import Place, Waterworks
from mes_server.store.runs import lots_of_run, runs_at
from mes_server.store.water import samples_of
from schemas.limit_rows import load_rows, row_at

CONCENTRATION = "mg/L"


@dataclass(frozen=True, slots=True)
class Span:
    """A working day. `now_ms`: what is still open ends there."""

    day: str
    zone: str
    now_ms: int

    @property
    def ends(self) -> tuple[int, int]:
        """[from, to) in Unix ms."""
        return working_day(self.day, self.zone)


@dataclass(frozen=True, slots=True)
class RunThen:
    """A run with the part of it that lies on the day, and its lots with what of them does."""

    run: Run
    from_ms: int
    to_ms: int
    lots: tuple[LotIn, ...]


def runs_of_day(conn: Connection, works: Waterworks, span: Span) -> list[RunThen]:
    """The runs of the lines of that day, by station and time."""
    from_ms, to_ms = span.ends
    found = []
    for line in works.lines:
        for run in runs_at(conn, line.station, from_ms, to_ms - 1):
            ended_ms = span.now_ms if run.closed_ms is None else run.closed_ms
            begun, ended = max(run.opened_ms, from_ms), min(ended_ms, to_ms)
            if ended > begun:
                found.append(RunThen(run, begun, ended, _lots(conn, run, span, ended_ms)))
    return found


def _lots(conn: Connection, run: Run, span: Span, ended_ms: int) -> tuple[LotIn, ...]:
    again = _is_again(run.operation, span)
    days = _days(run.opened_ms, ended_ms, span.zone)
    found = []
    for code, _ in lots_of_run(conn, run.code):
        lot = lot_then(conn, run.code, code)
        if lot is not None:
            found.append(_lot_in(lot, days, span.day, again or lot.reworks.get(run.operation, 0) > 0))  # fmt: skip
    return tuple(found)


def _lot_in(lot: Lot, days: Mapping[str, int], day: str, again: bool) -> LotIn:
    kept = lot.amount
    pieces, mass, area = (
        split(n, days).get(day, 0) for n in (kept.pieces, kept.mass_mg, kept.area_mm2)
    )
    return LotIn(lot.code, lot.part, pieces, mass, area, again)


def _is_again(operation: str, span: Span) -> bool:
    coatings = comparison_row(span.ends[0])["coatings"].values()
    return any(operation in one["again"] for one in coatings)


def _days(from_ms: int, to_ms: int, zone: str) -> dict[str, int]:
    """How long of a span lies in each working day, in ms."""
    found: dict[str, int] = {}
    at_ms = from_ms
    while at_ms < to_ms:
        day = day_of(at_ms, zone)
        _, ends = working_day(day, zone)
        found[day] = min(ends, to_ms) - at_ms
        at_ms = ends
    return found


def volumes_of(conn: Connection, works: Waterworks, span: Span) -> dict[str, int]:
    """mL that passed each stream and outlet that has a totaliser which told something."""
    found = {}
    for place in works.places:
        told = _volume(conn, place, span) if place.station else None
        if told is not None:
            found[place.code] = told
    return found


def _volume(conn: Connection, place: Place, span: Span) -> int | None:
    told = meter_curve(conn, totaliser(place), *span.ends).gone(*span.ends)
    return None if told is None else sum(told)


@cache
def _rules() -> list[dict[str, Any]]:
    return load_rows("effluent_rules")


def strengths_of(conn: Connection, place: str, span: Span) -> dict[str, tuple[Decimal, int]]:
    """Mean mg/L of each pollutant by the laboratory's results of the day that count, and how many they are."""
    rule = row_at(_rules(), span.day)["nondetect"]
    found: dict[str, list[Decimal]] = {}
    for sample in samples_of(conn, place, *span.ends):
        for one in sample.results:
            if not sample.voided and not one.refused and one.unit == CONCENTRATION:
                found.setdefault(one.pollutant, []).append(one.for_average(rule))
    return {name: (sum(told, Decimal(0)) / len(told), len(told)) for name, told in found.items()}


def load_mg(volume_ml: int, strength: Decimal) -> int:
    """Whole mg in so much water of so many mg/L."""
    return int((strength * volume_ml / 1000).to_integral_value())
