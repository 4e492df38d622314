"""What a lot saw: exactly the samples of its window, the late ones too, with coverage and clock."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.domain.exposure import Exposure
from mes_server.store.engine import reading
from mes_server.store.exposures import Seen, load_seen
from mes_server.store.telemetry import Column, append_samples, merge_due
from mes_server.store.transaction import writing
from tests.mes_server.store.making import HOUR, T0, make_series

FROM, TO = T0 + 600_000, T0 + 2 * HOUR
CUT = (T0 + 1_200_000, T0 + 1_800_000)
DAYS_2 = 48 * HOUR


def take(engine: Engine, key: int, from_ms: int, to_ms: int, **more: int | bool) -> None:
    times = np.arange(from_ms, to_ms, 1000)
    with writing(engine) as conn:
        append_samples(conn, [Column(key, times, times / 1e6, to_ms, **more)])  # type: ignore[arg-type]


@pytest.fixture
def watched(engine: Engine) -> tuple[str, int]:
    """A station with a sample a second for three hours, but for ten minutes."""
    with writing(engine) as conn:
        station, key = make_series(conn)
    take(engine, key, T0, CUT[0])
    take(engine, key, CUT[1], T0 + 3 * HOUR)
    return station, key


def seen(engine: Engine, station: str) -> Seen:
    window = Exposure("L1", "CH1", station, "sinter", FROM, TO)
    with reading(engine) as conn:
        return load_seen(conn, window, "value", 1000, 100_000)


def test_a_window_holds_exactly_the_samples_between_load_and_unload(
    engine: Engine, watched: tuple[str, int]
) -> None:
    station, key = watched
    before = seen(engine, station)
    wanted = [at for at in range(FROM, TO + 1, 1000) if not CUT[0] <= at < CUT[1]]
    assert before.series.times_ms == wanted
    (gap,) = before.series.gaps
    assert (gap.from_ms, gap.to_ms, gap.reason) == (CUT[0] - 1000, CUT[1], "silent")
    assert before.covered_ppm == (TO - FROM - (gap.to_ms - gap.from_ms)) * 1_000_000 // (TO - FROM)
    take(engine, key, *CUT, late=True)
    after = seen(engine, station)
    assert after.series.times_ms == list(range(FROM, TO + 1, 1000)), "two days late belongs, too"
    assert (after.series.gaps, after.covered_ppm) == ([], 1_000_000)
    assert after.series.coverage.late == 600
    with writing(engine) as conn:
        merge_due(conn, T0 + DAYS_2, 100)
    assert replace(seen(engine, station).series, coverage=after.series.coverage) == after.series


def test_the_worst_clock_of_a_window_is_told_and_not_that_of_another_time(
    engine: Engine, watched: tuple[str, int]
) -> None:
    station, key = watched
    assert seen(engine, station).clock == 2
    take(engine, key, T0 + 3 * HOUR, T0 + 3 * HOUR + 5000, clock=0)
    assert seen(engine, station).clock == 2
    take(engine, key, T0 + HOUR, T0 + HOUR + 5000, clock=1)
    assert seen(engine, station).clock == 1
    with writing(engine) as conn:
        merge_due(conn, T0 + DAYS_2, 100)
    assert seen(engine, station).clock == 1
    with reading(engine) as conn:
        window = Exposure("L1", "CH1", station, "sinter", FROM, TO)
        nothing = load_seen(conn, window, "unknown", None)
    assert (nothing.clock, nothing.covered_ppm, nothing.series.count) == (None, None, 0)
