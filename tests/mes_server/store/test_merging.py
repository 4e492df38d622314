"""mes_server.store.merging: when hours are merged, how much at a time, and what cannot be merged."""

import numpy as np
from sqlalchemy import Engine, text

from mes_server.store.alarms import list_alarms
from mes_server.store.engine import reading
from mes_server.store.fresh import ROWS_MAX
from mes_server.store.merging import CHUNK_BROKEN, PART_MAX
from mes_server.store.telemetry import load_series, merge_due
from mes_server.store.transaction import writing
from tests.mes_server.store.making import (
    HOUR,
    T0,
    append,
    column,
    count_rows,
    merge_all,
    series_of,
    stored,
)

PATIENT_S = 60.0


def test_merging_waits_until_the_hour_is_over_and_a_moment_of_its_own(engine: Engine) -> None:
    _, series = series_of(engine)
    for second in range(ROWS_MAX):
        append(engine, column(series, [T0 + second * 1000], [1.0]))
    with writing(engine) as conn:
        assert merge_due(conn, T0 + 64_000) == 1
    assert count_rows(engine, "chunk", "number > 0") == 1
    with writing(engine) as conn:
        assert merge_due(conn, T0 + HOUR) == 0
        assert merge_due(conn, T0 + 2 * HOUR) == 1
    assert count_rows(engine, "chunk", "number <= 0") == 1


def test_merging_does_no_more_at_a_time_than_it_may(engine: Engine) -> None:
    pairs = [series_of(engine) for _ in range(12)]
    for _, series in pairs:
        append(engine, column(series, [T0], [1.0]))
    done = []
    while True:
        with writing(engine) as conn:
            more = merge_due(conn, T0 + 10 * HOUR, 5, PATIENT_S)
        if not more:
            break
        done.append(more)
    assert max(done) <= 5
    assert count_rows(engine, "chunk", "number <= 0") == 12


def test_merging_begins_nothing_more_when_its_time_is_over(engine: Engine) -> None:
    for _, series in [series_of(engine) for _ in range(3)]:
        append(engine, column(series, [T0], [1.0]))
    done = []
    while not done or done[-1]:
        with writing(engine) as conn:
            done.append(merge_due(conn, T0 + 10 * HOUR, 100, 0.0))
    assert done == [1] * 6 + [0]


def test_series_are_merged_at_different_times(engine: Engine) -> None:
    pairs = [series_of(engine) for _ in range(30)]
    append(engine, *(column(series, [T0], [1.0]) for _, series in pairs))
    with writing(engine) as conn:
        merge_due(conn, T0 + HOUR - 1, 1000, PATIENT_S)
    with reading(engine) as conn:
        due = conn.execute(text("SELECT due_ms FROM chunk_due ORDER BY due_ms")).scalars().all()
    assert len(set(due)) == 30
    assert due[-1] - due[0] > 600_000


def test_times_far_off_are_merged_soon_and_never_in_the_way(engine: Engine) -> None:
    _, series = series_of(engine)
    far = [0, T0 + 10**12, 2**50]
    append(engine, column(series, far, [1.0, 2.0, 3.0], received_ms=T0))
    with writing(engine) as conn:
        while merge_due(conn, T0 + 3 * HOUR):
            pass
    assert count_rows(engine, "chunk_due") == 0
    assert [row[0] for row in stored(engine, series, (0, 2**51))] == far


def test_a_large_hour_is_kept_in_parts(engine: Engine) -> None:
    _, series = series_of(engine)
    count = PART_MAX * 2 + 5
    times = T0 + np.arange(count) * HOUR // count
    append(engine, column(series, times, np.arange(count) % 100 / 10))
    merge_all(engine)
    assert count_rows(engine, "chunk") == 3
    assert len(stored(engine, series)) == count


def test_a_broken_chunk_stops_neither_merging_nor_reading(engine: Engine) -> None:
    station, broken = series_of(engine)
    _, sound = series_of(engine)
    append(engine, column(broken, [T0], [1.0]), column(sound, [T0], [1.0]))
    with writing(engine) as conn:
        assert merge_due(conn, T0 + HOUR - 1, 10, PATIENT_S) == 2
    append(engine, column(broken, [T0 + HOUR], [1.0]))
    with writing(engine) as conn:
        garbage = {"blob": b"not a chunk", "series": broken}
        conn.execute(text("UPDATE chunk SET blob = :blob WHERE series = :series"), garbage)
    merge_all(engine)
    with reading(engine) as conn:
        alarms = list_alarms(conn)
        curve = load_series(conn, station, "value", T0, T0 + 2 * HOUR)
    assert [alarm.kind for alarm in alarms] == [CHUNK_BROKEN]
    assert [gap.reason for gap in curve.gaps] == ["corrupt"]
    assert curve.times_ms == [T0 + HOUR]
    assert len(stored(engine, sound)) == 1
