"""mes_server.store.telemetry, fresh, merging, sources: every sample is there, once, wherever it lies."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from mes_server.store.columns import samples_of
from mes_server.store.engine import reading
from mes_server.store.telemetry import (
    Column,
    append_samples,
    load_series,
    merge_due,
)
from mes_server.store.transaction import writing
from tests.mes_server.store.making import (
    HOUR,
    T0,
    append,
    column,
    count_rows,
    furnace,
    merge_all,
    series_of,
    stored,
)

ON_ONE_ENGINE = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def expected(columns: list[Column]) -> list[tuple[int, Any, int]]:
    """What must be there: by time, and of one time in the order in which it came."""
    rows = []
    for one in columns:
        samples = samples_of(one)
        values, qualities = samples.python_values(), samples.quality_codes().tolist()
        rows += list(zip(samples.times.tolist(), values, qualities, strict=True))
    return sorted(rows, key=lambda row: row[0])


VALUES: dict[str, tuple[Any, Any]] = {
    "double": (st.one_of(st.floats(), st.integers(-9999, 9999).map(lambda n: n / 10)), np.float64),
    "int64": (st.integers(-(2**63), 2**63 - 1), np.int64),
    "uint64": (st.integers(0, 2**64 - 1), np.uint64),
    "boolean": (st.booleans(), np.bool_),
    "string": (
        st.one_of(st.none(), st.text(st.characters(exclude_characters="\0"), max_size=5)),
        None,
    ),
}


@st.composite
def batches(draw: st.DrawFn, datatype: str) -> list[list[dict[str, Any]]]:
    """Commits of one series, each of a few columns: late, doubled, empty, of several hours."""
    values, dtype = VALUES[datatype]
    row = st.tuples(st.integers(T0 - 2 * HOUR, T0 + 2 * HOUR), values)
    found = []
    for commit in draw(st.lists(st.lists(st.lists(row, max_size=8), max_size=3), max_size=5)):
        columns = []
        for rows in commit:
            given_values: Any = [value for _, value in rows]
            columns.append(
                {
                    "times": [at for at, _ in rows],
                    "values": given_values if dtype is None else np.array(given_values, dtype),
                    "late": draw(st.booleans()),
                    "received_ms": T0 + draw(st.integers(0, HOUR)),
                }
            )
        found.append(columns)
    return found


@pytest.mark.parametrize("datatype", VALUES)
@ON_ONE_ENGINE
@given(data=st.data())
def test_every_sample_comes_back_before_and_after_merging(
    engine: Engine, datatype: str, data: st.DataObject
) -> None:
    _, series = series_of(engine, datatype)
    appended = []
    for commit in data.draw(batches(datatype)):
        columns = [column(series, **facts) for facts in commit]
        append(engine, *columns)
        appended += columns
        if data.draw(st.booleans()):
            merge_all(engine)
    assert stored(engine, series) == expected(appended)
    merge_all(engine)
    assert stored(engine, series) == expected(appended)
    assert count_rows(engine, "chunk", "number > 0") == count_rows(engine, "fresh") == 0


def test_samples_of_a_span_are_those_of_its_ends_and_between(engine: Engine) -> None:
    _, series = series_of(engine)
    append(engine, column(series, T0 + np.arange(10) * 1000, np.arange(10.0)))
    assert [at for at, _, _ in stored(engine, series, (T0 + 2000, T0 + 4000))] == [
        T0 + 2000,
        T0 + 3000,
        T0 + 4000,
    ]


def test_merged_and_unmerged_show_the_same_curve(engine: Engine) -> None:
    station, series = series_of(engine)
    times, values = furnace(2 * 3600)
    for start in range(0, len(times), 90):
        append(engine, column(series, times[start : start + 90], values[start : start + 90]))
    spans = [(T0, T0 + 60_000), (T0, T0 + 2 * HOUR - 1), (T0 + 1_234_567, T0 + 5_000_000)]

    def curves() -> list[Any]:
        with reading(engine) as conn:
            return [load_series(conn, station, "value", *span, 600, 10_000) for span in spans]

    before = curves()
    assert merge_all(engine) > 0
    after = curves()
    for one, other in zip(before, after, strict=True):
        assert one.times_ms == other.times_ms
        assert one.lows == other.lows
        assert one.highs == other.highs
        assert np.allclose(one.values, other.values)
        assert (one.count, one.gaps, one.coverage) == (other.count, other.gaps, other.coverage)


def test_late_samples_reach_their_hour_after_it_was_merged(engine: Engine) -> None:
    station, series = series_of(engine)
    append(engine, column(series, [T0, T0 + 2000], [1.0, 3.0]))
    merge_all(engine)
    append(engine, column(series, [T0 + 1000], [2.0], late=True, received_ms=T0 + 9 * HOUR))
    assert [row[1] for row in stored(engine, series)] == [1.0, 2.0, 3.0]
    merge_all(engine)
    assert [row[1] for row in stored(engine, series)] == [1.0, 2.0, 3.0]
    assert count_rows(engine, "chunk") == 1
    with reading(engine) as conn:
        assert load_series(conn, station, "value", T0, T0 + 5000).coverage.late == 1
        facts = conn.execute(
            text("SELECT late_count, clock_worst, received_first_ms, received_last_ms FROM chunk")
        ).one()
    assert tuple(facts) == (1, 2, T0 + 2000, T0 + 9 * HOUR)


def test_the_worst_clock_of_an_hour_is_remembered(engine: Engine) -> None:
    _, series = series_of(engine)
    append(engine, column(series, [T0], [1.0]), column(series, [T0 + 1], [1.0], clock=0))
    merge_all(engine)
    with reading(engine) as conn:
        assert conn.execute(text("SELECT clock_worst FROM chunk")).scalar() == 0


def test_a_station_that_changes_a_datatype_keeps_both_kinds_of_values(engine: Engine) -> None:
    _, series = series_of(engine, "int64")
    append(engine, column(series, [T0], np.array([2**60 + 1])))
    append(engine, column(series, [T0 + 1], np.array([0.5])), column(series, [T0 + 2], ["on"]))
    append(engine, column(series, [T0 + 3], np.array([2**63], np.uint64)))
    merge_all(engine)
    assert [row[1] for row in stored(engine, series)] == [2**60 + 1, 0.5, "on", 2**63]


def test_columns_without_samples_are_taken_and_leave_nothing(engine: Engine) -> None:
    _, series = series_of(engine)
    append(engine, column(series, [], np.array([])))
    with writing(engine) as conn:
        append_samples(conn, [])
    assert count_rows(engine, "fresh") == 0
    assert stored(engine, series) == []


def test_a_commit_writes_one_row_a_station(engine: Engine) -> None:
    pairs = [series_of(engine) for _ in range(3)]
    append(engine, *(column(series, [T0], [1.0]) for _, series in pairs for _ in range(2)))
    assert count_rows(engine, "fresh") == 3


def test_appending_and_merging_either_happen_or_do_not(engine: Engine) -> None:
    _, series = series_of(engine)
    append(engine, column(series, [T0], [1.0]))

    def write() -> None:
        with writing(engine) as conn:
            append_samples(conn, [column(series, [T0 + 1], [2.0])])
            merge_due(conn, T0 + 10**9)
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        write()
    assert [row[1] for row in stored(engine, series)] == [1.0]
