"""The samples that a lot saw: its windows at stations, and every metric of a window with its coverage."""

from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.domain.charges import Run
from mes_server.domain.exposure import Exposure, covered_ppm, exposure
from mes_server.store.curves import Series, load_series
from mes_server.store.fresh import load_fresh
from mes_server.store.rollup import HOUR_MS
from mes_server.store.runs import runs_of_lot
from mes_server.store.series import series_key
from mes_server.store.tables import run

_HOURS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """One metric in a window: points, gaps, coverage; `covered_ppm`: share outside of gaps, if known.

    `clock`: the worst state (journal_metrics) of the edge's clock among the chunks of the window.
    """

    series: Series
    covered_ppm: int | None
    clock: int | None


def exposure_in(lot: str, found: Run, loaded_ms: int, now_ms: int) -> Exposure:
    """The window of a lot in a run."""
    facts = (found.code, found.station, found.operation)
    return exposure(lot, facts, loaded_ms, (found.closed_ms, now_ms))


def exposures_of(conn: Connection, lot: str, now_ms: int) -> list[Exposure]:
    """The windows of a lot, the oldest first."""
    return [exposure_in(lot, found, at_ms, now_ms) for found, at_ms in runs_of_lot(conn, lot)]


def load_seen(
    conn: Connection, window: Exposure, metric: str, silence_ms: int | None, points: int = 600
) -> Seen:
    """What a lot saw of a metric. `silence_ms`: the longest silence the contract allows."""
    found = load_series(
        conn, window.station, metric, window.from_ms, window.to_ms, points, silence_ms
    )
    gaps = [(gap.from_ms, gap.to_ms) for gap in found.gaps]
    share = covered_ppm(gaps, window.from_ms, window.to_ms) if silence_ms else None
    return Seen(found, share, clock_worst(conn, window, metric))


def clock_worst(conn: Connection, window: Exposure, metric: str) -> int | None:
    """The worst state of the edge's clock among the samples of a window; None: there is none."""
    key = series_key(conn, window.station, metric)
    if key is None:
        return None
    states = _chunk_clocks(conn, key[0], window)
    for came in load_fresh(conn, key[0]):
        times = came.samples.times
        inside = (times >= window.from_ms) & (times <= window.to_ms)
        if inside.any():
            states.append(int(came.clocks[inside].min()))
    return min(states, default=None)


def _chunk_clocks(conn: Connection, series: int, window: Exposure) -> list[int]:
    hours = range(window.from_ms // HOUR_MS, window.to_ms // HOUR_MS + 1)
    states = []
    for start in range(0, len(hours), _HOURS_AT_ONCE):
        part = hours[start : start + _HOURS_AT_ONCE]
        query = (
            f"SELECT min(clock_worst) FROM chunk WHERE hour IN ({', '.join('?' * len(part))}) "  # noqa: S608
            "AND series = ? AND t_first <= ? AND t_last >= ?"
        )
        worst = run(conn, query, (*part, series, window.to_ms, window.from_ms)).scalar()
        states += [] if worst is None else [int(worst)]
    return states
