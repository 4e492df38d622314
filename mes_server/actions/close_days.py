"""Keeps the working days that are over added up: a day is computed again when anything that it came from changed.

Late telemetry, a lab result of last week, a corrected lot, another revision of the waterworks: each changes the mark
of its day. Nothing of this is written into the ledger, because all of it can be computed from there again.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.add_up_day import add_up_day
from mes_server.actions.beside import beside
from mes_server.actions.gather_meters import TOTALISER, comparison_row
from mes_server.actions.gather_outlet import FLOW
from mes_server.actions.gather_water_day import Span
from mes_server.actions.gather_waterworks import day_of, known_pollutants, permits_at, waterworks_at
from mes_server.domain.water_records import SLUDGE
from mes_server.domain.waterworks import Waterworks
from mes_server.store.engine import reading
from mes_server.store.faults import StoreFault
from mes_server.store.footprints import (
    first_run_day,
    mark_of,
    marks_of,
    samples_kept,
    save_day,
)
from mes_server.store.lots import load_lots
from mes_server.store.runs import lots_of_run, runs_at
from mes_server.store.transaction import writing
from mes_server.store.water import (
    checks_of,
    exchanges_of,
    hand_readings_of,
    samples_of,
    waste_between,
)

EVERY_S = 120.0
_WHOLE_EVERY = 30  # turns, after which days long over are looked at, too
_DAY_MS = 86_400_000
_log = logging.getLogger(__name__)


def close_days(engine: Engine, zone: str, now_ms: int, newest: int | None = None) -> list[str]:
    """Add up each day that is over and is not kept as it would come out now; the days that were computed.

    `newest`: only so many of the last days are looked at, None: all back to the first run of a line.
    """
    with reading(engine) as conn:
        days = _days(conn, zone, now_ms, newest)
        known = marks_of(conn, days[0], days[-1]) if days else {}
    done = []
    for day in days:
        span = Span(day, zone, now_ms)
        with reading(engine) as conn:
            mark = mark_of_day(conn, span)
            found = add_up_day(conn, span) if mark and known.get(day) != mark else None
        if found is not None:
            with writing(engine) as conn:
                save_day(conn, found, mark, now_ms)
            done.append(day)
    return done


def _days(conn: Connection, zone: str, now_ms: int, newest: int | None) -> list[str]:
    """The days that are over, the oldest first."""
    works = waterworks_at(conn, now_ms)
    if works is None:
        return []
    last = date.fromisoformat(day_of(now_ms, zone)) - timedelta(days=1)
    begun_ms = first_run_day(conn, [one.station for one in works.lines])
    if begun_ms is None:
        return []
    first = date.fromisoformat(day_of(begun_ms, zone))
    if newest is not None:
        first = max(first, last - timedelta(days=newest - 1))
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def mark_of_day(conn: Connection, span: Span) -> str:
    """Of all that the day is computed from; "": there were no waterworks."""
    from_ms, to_ms = span.ends
    works = waterworks_at(conn, min(to_ms - 1, span.now_ms))
    if works is None:
        return ""
    facts: list[Any] = [works.name, comparison_row(from_ms)["since"]]
    facts += [(name, one.name) for name, one in sorted(permits_at(conn, to_ms).items())]
    facts += _runs(conn, works, (from_ms, to_ms))
    facts += _telemetry(conn, works, (from_ms, to_ms))
    look_ms = comparison_row(from_ms)["look_hand_days"] * _DAY_MS
    around = from_ms - look_ms, to_ms + look_ms
    facts += [hand_readings_of(conn, one.code, *around) for one in works.meters]
    facts += waste_between(conn, (SLUDGE,), *around)
    for place in works.places:
        facts += samples_of(conn, place.code, from_ms, to_ms)
        facts += checks_of(conn, place.code, from_ms, to_ms)
    return mark_of(facts)


def _runs(conn: Connection, works: Waterworks, span: tuple[int, int]) -> list[Any]:
    found: list[Any] = []
    for line in works.lines:
        for run in runs_at(conn, line.station, span[0], span[1] - 1):
            codes = [lot for lot, _ in lots_of_run(conn, run.code)]
            lots = load_lots(conn, codes)
            lengths = [(code, lots[code].length if code in lots else 0) for code in codes]
            found.append((run.code, run.opened_ms, run.closed_ms, lengths))
    return found


def _telemetry(conn: Connection, works: Waterworks, span: tuple[int, int]) -> list[Any]:
    series = [(one.station, one.metric) for one in works.meters]
    series += [(one.station, TOTALISER) for one in works.places if one.station]
    metrics = {one["metric"] for one in known_pollutants().values()} | {FLOW}
    series += [(one.station, name) for one in works.outlets for name in sorted(metrics) if name]
    return [
        (station, metric, samples_kept(conn, station, metric, span), exchanges_of(conn, station, metric, *span))
        for station, metric in series
    ]  # fmt: skip


@contextmanager
def adding_up(engine: Engine, zone: str, every_s: float = EVERY_S) -> Iterator[None]:
    """As long as the block lasts: the last days often, all of them now and then. What fails is tried again."""

    def work(stop: threading.Event) -> None:
        turn = 0
        while not stop.wait(every_s if turn else min(every_s, 1.0)):
            now_ms = time.time_ns() // 1_000_000
            newest = None if turn % _WHOLE_EVERY == 0 else comparison_row(now_ms)["settled_days"]
            turn += 1
            try:
                close_days(engine, zone, now_ms, newest)
            except StoreFault as fault:
                _log.warning("days are not added up now: %s", fault)

    with beside("footprints", work):
        yield
