"""mes_server.store.rollup: what an hour and its minutes come to, against counting by hand."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from mes_server.store.chunks import ChunkBroken
from mes_server.store.columns import Samples, samples_of
from mes_server.store.engine import reading
from mes_server.store.rollup import (
    HOUR_MS,
    MINUTE_MS,
    MINUTES_FROM,
    decode_minutes,
    encode_minutes,
    load_hours,
    load_minutes,
    rolled_up,
    turns,
)
from mes_server.store.transaction import writing
from tests.mes_server.store.making import T0, append, column, furnace, make_series, merge_all

ROWS = st.lists(
    st.tuples(
        st.integers(T0, T0 + HOUR_MS - 1),
        st.one_of(st.none(), st.integers(-(10**6), 10**6).map(lambda n: n / 10)),
    ),
    min_size=1,
    max_size=80,
)


def samples_from(rows: list[tuple[int, Any]]) -> Samples:
    values = np.array([math.nan if value is None else value for _, value in rows], np.float64)
    return samples_of(column(1, [at for at, _ in rows], values)).sorted()


def by_hand(samples: Samples, span_ms: int) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for at, value in zip(samples.times.tolist(), samples.python_values(), strict=True):
        found.setdefault(at // span_ms * span_ms, []).append(value)
    return found


@given(ROWS, st.sampled_from([MINUTE_MS, HOUR_MS]))
def test_a_rollup_equals_counting_by_hand(rows: list[tuple[int, Any]], span_ms: int) -> None:
    samples = samples_from(rows)
    rollup = rolled_up(samples, span_ms)
    expected = by_hand(samples, span_ms)
    assert rollup.t0.tolist() == sorted(expected)
    for at, t0 in enumerate(rollup.t0.tolist()):
        values = [value for value in expected[t0] if value is not None]
        assert rollup.counts[at] == len(values)
        assert rollup.bads[at] == len(expected[t0]) - len(values)
        if values:
            assert (rollup.lows[at], rollup.highs[at]) == (min(values), max(values))
            assert (rollup.firsts[at], rollup.lasts[at]) == (values[0], values[-1])
            assert math.isclose(rollup.totals[at], math.fsum(values), abs_tol=1e-6)
        else:
            assert math.isnan(rollup.lows[at])
            assert math.isnan(rollup.totals[at])


@given(ROWS)
def test_packed_minutes_come_back_as_they_were(rows: list[tuple[int, Any]]) -> None:
    minutes = rolled_up(samples_from(rows), MINUTE_MS)
    back = decode_minutes(encode_minutes(minutes, T0 // HOUR_MS), T0 // HOUR_MS, with_ends=True)
    for name in ("t0", "counts", "bads", "lows", "highs", "totals", "firsts", "lasts"):
        assert np.array_equal(getattr(back, name), getattr(minutes, name), equal_nan=True)


def test_broken_minutes_are_found() -> None:
    blob = bytearray(encode_minutes(rolled_up(samples_from([(T0, 1.0)]), MINUTE_MS), T0 // HOUR_MS))
    blob[-1] ^= 1
    with pytest.raises(ChunkBroken):
        decode_minutes(bytes(blob), T0 // HOUR_MS)


@given(st.lists(st.sampled_from(["run", "hold", None]), max_size=30))
def test_turns_keep_what_held_at_every_moment(texts: list[str | None]) -> None:
    samples = samples_of(column(1, np.arange(len(texts)), texts))
    kept = turns(samples)
    held: list[str | None] = []
    values = kept.python_values()
    for at in range(len(texts)):
        now = int(np.searchsorted(kept.times, at, side="right")) - 1
        held.append(values[now])  # type: ignore[arg-type]
    assert held == texts
    assert len(kept) <= max(len(texts), 2)


def test_a_merged_hour_has_a_row_and_packed_minutes(engine: Engine) -> None:
    with writing(engine) as conn:
        _, series = make_series(conn)
    times, values = furnace(3600)
    append(engine, column(series, times, values))
    merge_all(engine)
    with reading(engine) as conn:
        hours = load_hours(conn, series, T0, T0)
        minutes = load_minutes(conn, series, T0, T0)
    assert hours.rollup.counts.tolist() == [3600]
    assert hours.rollup.lows.tolist() == [values.min()]
    assert hours.rollup.highs.tolist() == [values.max()]
    assert hours.rollup.totals.tolist() == [round(values.sum(), 1)]
    unpacked = decode_minutes(minutes[T0 // HOUR_MS], T0 // HOUR_MS)
    assert unpacked.counts.tolist() == [60] * 60
    assert unpacked.lows.tolist() == values.reshape(60, 60).min(axis=1).tolist()
    assert len(minutes[T0 // HOUR_MS]) < 800


def test_a_sparse_hour_needs_no_minutes(engine: Engine) -> None:
    with writing(engine) as conn:
        _, series = make_series(conn)
    count = MINUTES_FROM - 1
    append(engine, column(series, T0 + np.arange(count) * 10_000, np.arange(count) / 10))
    merge_all(engine)
    with reading(engine) as conn:
        assert load_minutes(conn, series, T0, T0) == {}
        assert len(load_hours(conn, series, T0, T0).rollup) == 1


def test_a_late_sample_changes_the_rollup_of_its_hour(engine: Engine) -> None:
    with writing(engine) as conn:
        _, series = make_series(conn)
    append(engine, column(series, [T0], [1.0]))
    merge_all(engine)
    append(engine, column(series, [T0 + 1], [9.5], late=True))
    merge_all(engine)
    with reading(engine) as conn:
        hours = load_hours(conn, series, T0, T0)
    assert (hours.rollup.counts.tolist(), hours.rollup.highs.tolist()) == ([2], [9.5])
    assert hours.lates.tolist() == [1]


def test_the_last_text_of_an_hour_is_its_label(engine: Engine) -> None:
    with writing(engine) as conn:
        _, series = make_series(conn, "string")
    append(engine, column(series, [T0, T0 + 1, T0 + 2], ["idle", "run", None]))
    merge_all(engine)
    with reading(engine) as conn:
        hours = load_hours(conn, series, T0, T0)
    assert hours.labels == ["run"]
    assert (hours.rollup.counts.tolist(), hours.rollup.bads.tolist()) == ([2], [1])
