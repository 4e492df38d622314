"""mes_server.store.curves, buckets, gaps: points as few as asked, honest about what is missing."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from mes_server.store.engine import reading
from mes_server.store.gaps import Gap, Presence, Window, find_gaps
from mes_server.store.losses import Loss, append_loss
from mes_server.store.telemetry import Coverage, Series, load_series
from mes_server.store.transaction import writing
from schemas.samples import BAD, GOOD, STALE, bad_because
from tests.mes_server.store.making import HOUR, T0, append, column, furnace, make_series, merge_all

DAY = 24 * HOUR


def series_of(engine: Engine, datatype: str = "double") -> tuple[str, int]:
    with writing(engine) as conn:
        return make_series(conn, datatype)


def curve(engine: Engine, station: str, *span: Any, **more: Any) -> Series:
    with reading(engine) as conn:
        return load_series(conn, station, "value", *span, **more)


def lengths(found: Series) -> set[int]:
    return {
        len(found.times_ms),
        len(found.values),
        len(found.lows),
        len(found.highs),
        len(found.counts),
    }


def test_few_samples_come_as_they_were(engine: Engine) -> None:
    station, series = series_of(engine)
    append(engine, column(series, [T0, T0 + 7, T0 + 7], np.array([1.5, np.nan, 2.5])))
    found = curve(engine, station, T0, T0 + 1000)
    assert found.times_ms == [T0, T0 + 7, T0 + 7]
    assert found.values == found.lows == found.highs == [1.5, None, 2.5]
    assert found.counts == [1, 0, 1]
    assert found.count == 3


@pytest.mark.parametrize(
    ("datatype", "values"),
    [
        ("uint64", np.array([2**63 + 1], np.uint64)),
        ("boolean", np.array([True])),
        ("string", ["run"]),
    ],
)
def test_values_of_every_kind_come_as_they_were(engine: Engine, datatype: str, values: Any) -> None:
    station, series = series_of(engine, datatype)
    append(engine, column(series, [T0], values))
    found = curve(engine, station, T0, T0)
    assert found.values == list(values)
    assert type(found.values[0]) in (int, bool, str)


def test_nothing_is_known_of_a_series_that_is_not_there(engine: Engine) -> None:
    empty = Coverage(0, 0, 0, 0)
    assert curve(engine, "nobody", T0, T0 + 1) == Series("value", [], [], [], [], [], [], 0, empty)
    station, _ = series_of(engine)
    assert curve(engine, station, T0 + 1, T0).times_ms == []
    assert curve(engine, station, T0, T0 + 1).count == 0


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("hours", [1, 10, 60, 400])
def test_no_more_points_than_asked_and_every_sample_in_one_of_them(
    engine: Engine, merged: bool, hours: int
) -> None:
    station, series = series_of(engine)
    rng = np.random.default_rng(hours)
    times = np.sort(T0 + rng.integers(0, hours * HOUR, 5000))
    values = np.round(rng.normal(1000, 5, 5000), 1)
    append(engine, column(series, times, values))
    if merged:
        merge_all(engine)
    for points in (50, 600):
        found = curve(engine, station, T0, T0 + hours * HOUR - 1, points_max=points)
        assert 0 < len(found.times_ms) <= points
        assert lengths(found) == {len(found.times_ms)}
        assert found.times_ms == sorted(found.times_ms)
        assert sum(found.counts) == found.count == 5000
        assert min(found.lows) == values.min()
        assert max(found.highs) == values.max()
        total = sum(mean * count for mean, count in zip(found.values, found.counts, strict=True))
        assert np.isclose(total, values.sum())


def test_each_point_holds_what_lies_in_it(engine: Engine) -> None:
    station, series = series_of(engine)
    times, values = furnace(3600)
    append(engine, column(series, times, values))
    found = curve(engine, station, T0, T0 + HOUR - 1, points_max=60)
    inside = times // 60_000
    for at, (low, high, count) in enumerate(
        zip(found.lows, found.highs, found.counts, strict=True)
    ):
        part = values[inside == T0 // 60_000 + at]
        assert (low, high, count) == (part.min(), part.max(), len(part))
    assert found.times_ms[:2] == [T0 + 30_000, T0 + 90_000]


def test_numbers_too_large_to_add_up_still_make_a_curve(engine: Engine) -> None:
    station, series = series_of(engine)
    values = np.array([1.7e308, 1.7e308, -1.7e308, -1.7e308] * 200)
    append(engine, column(series, T0 + np.arange(800) * 1000, values))
    for _ in range(2):
        for span in (HOUR, 400 * HOUR):
            found = curve(engine, station, T0, T0 + span - 1, points_max=10)
            assert np.isfinite(found.values).all()
            assert (min(found.lows), max(found.highs)) == (-1.7e308, 1.7e308)
        merge_all(engine)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    span=st.tuples(st.integers(0, 90 * DAY), st.integers(1, 90 * DAY)),
    points=st.integers(1, 1000),
    state=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_the_bound_on_points_holds_for_any_span(
    sqlite_engine: Engine, span: tuple[int, int], points: int, state: list[bool]
) -> None:
    station, series = series_of(sqlite_engine)
    for day, merge in enumerate(state):
        times = T0 + day * 30 * DAY + np.arange(2000) * 60_000
        append(sqlite_engine, column(series, times, np.arange(2000.0)))
        if merge:
            merge_all(sqlite_engine)
    found = curve(sqlite_engine, station, T0 + span[0], T0 + sum(span), points_max=points)
    assert len(found.times_ms) <= points + 1
    assert lengths(found) == {len(found.times_ms)}
    assert sum(found.counts) == found.count


def test_what_is_merged_and_what_came_late_after_it_add_up(engine: Engine) -> None:
    station, series = series_of(engine)
    times = T0 + np.arange(0, 60 * HOUR, 5000)
    append(engine, column(series, times, np.ones(len(times))))
    merge_all(engine)
    append(engine, column(series, times[:50] + 1, np.full(50, 9.0), late=True))
    for span in (HOUR, 59 * HOUR, 500 * HOUR):
        found = curve(engine, station, T0, T0 + span - 1)
        inside = int((times < T0 + span).sum())
        assert found.count == sum(found.counts) == inside + 50
        assert max(found.highs) == 9.0
        assert found.coverage.late == 50


def test_texts_come_as_the_moments_at_which_they_changed(engine: Engine) -> None:
    station, series = series_of(engine, "string")
    times = T0 + np.arange(0, 60 * HOUR, 10_000)
    states = ["run" if (at // HOUR) % 2 else "hold" for at in times.tolist()]
    append(engine, column(series, times, states))
    before = [curve(engine, station, T0, T0 + span - 1) for span in (10 * HOUR, 60 * HOUR)]
    merge_all(engine)
    after = [curve(engine, station, T0, T0 + span - 1) for span in (10 * HOUR, 60 * HOUR)]
    for found, hours in zip(after, (10, 60), strict=True):
        assert found.times_ms[:-1] == [T0 + n * HOUR for n in range(hours)]
        assert found.values[0] != found.values[1]
    assert [found.values for found in before] == [found.values for found in after]
    year = curve(engine, station, T0, T0 + 600 * HOUR - 1)
    assert set(year.values) == {"run", "hold"}
    assert len(year.times_ms) == 60
    flickering = curve(engine, station, T0, T0 + 10 * HOUR - 1, points_max=4)
    assert len(flickering.values) == 4


def test_a_silence_is_a_gap_and_a_report_in_time_is_none(engine: Engine) -> None:
    station, series = series_of(engine)
    seconds = [10, 20, 31, 90, 100]
    append(engine, column(series, [T0 + s * 1000 for s in seconds], [1.0] * 5))
    found = curve(engine, station, T0, T0 + 110_000, silence_ms=10_000)
    assert found.gaps == [Gap(T0 + 31_000, T0 + 90_000, "silent")]
    assert found.coverage == Coverage(11, 5, 0, 0)
    assert curve(engine, station, T0, T0 + 110_000).gaps == []


def test_silence_at_both_ends_and_all_through_is_told(engine: Engine) -> None:
    station, series = series_of(engine)
    append(engine, column(series, [T0 + 60_000], [1.0]))
    found = curve(engine, station, T0, T0 + 120_000, silence_ms=10_000)
    assert found.gaps == [
        Gap(T0, T0 + 60_000, "silent"),
        Gap(T0 + 60_000, T0 + 120_000, "silent"),
    ]
    nothing = curve(engine, station, T0 + DAY, T0 + DAY + 60_000, silence_ms=10_000)
    assert nothing.gaps == [Gap(T0 + DAY, T0 + DAY + 60_000, "silent")]


def test_a_broken_sensor_is_a_gap_until_it_measures_again(engine: Engine) -> None:
    station, series = series_of(engine)
    values = np.array([1.0, np.nan, np.nan, 2.0, np.nan])
    append(engine, column(series, T0 + np.arange(5) * 1000, values))
    found = curve(engine, station, T0, T0 + 5000, silence_ms=10_000)
    assert found.gaps == [Gap(T0 + 1000, T0 + 3000, "bad"), Gap(T0 + 4000, T0 + 4000, "bad")]


def test_a_gap_says_why_nothing_was_measured(engine: Engine) -> None:
    station, series = series_of(engine)
    values = np.array([1.0, np.nan, np.nan, 2.0, np.nan, np.nan])
    why = [GOOD, bad_because("silence"), bad_because("check"), GOOD, BAD, STALE]
    append(engine, column(series, T0 + np.arange(6) * 1000, values, qualities=np.array(why)))
    spans = ((1, 2, "bad_silence"), (2, 3, "bad_check"), (4, 5, "bad"))
    meant = [Gap(T0 + 1000 * begin, T0 + 1000 * end, reason) for begin, end, reason in spans]
    assert curve(engine, station, T0, T0 + 5000, silence_ms=10_000).gaps == meant
    merge_all(engine)
    assert curve(engine, station, T0, T0 + 5000, silence_ms=10_000).gaps == meant


@pytest.mark.parametrize("whole_node", [False, True])
def test_a_stated_loss_explains_the_silence_it_touches(engine: Engine, whole_node: bool) -> None:
    station, series = series_of(engine)
    append(engine, column(series, [T0, T0 + 60_000], [1.0, 1.0]))
    with writing(engine) as conn:
        node = conn.execute(text("SELECT id FROM node")).scalar_one()
        key = None if whole_node else series // 65536
        append_loss(conn, Loss(node, key, T0 + 10_000, T0 + 40_000, 30, "full", T0 + 60_000))
        append_loss(conn, Loss(node, key, T0 + DAY, T0 + DAY + 1, 5, "full", T0))
    found = curve(engine, station, T0, T0 + 60_000, silence_ms=10_000)
    assert found.gaps == [Gap(T0, T0 + 60_000, "full")]
    assert found.coverage.lost == 30
    thinned = curve(engine, station, T0, T0 + 60_000)
    assert thinned.gaps == [Gap(T0 + 10_000, T0 + 40_000, "full")]


def test_gaps_are_seen_from_afar_as_well(engine: Engine) -> None:
    station, series = series_of(engine)
    times = T0 + np.arange(0, 20 * DAY, 10_000)
    times = times[(times < T0 + 5 * DAY) | (times >= T0 + 7 * DAY)]
    values = np.ones(len(times))
    values[times >= T0 + 19 * DAY] = np.nan
    append(engine, column(series, times, values))
    merge_all(engine)
    for span in (10 * DAY, 20 * DAY):
        gap = curve(engine, station, T0, T0 + span - 1, silence_ms=10_000).gaps[0]
        assert abs(gap.from_ms - (T0 + 5 * DAY)) <= 60_000
        assert gap.to_ms == T0 + 7 * DAY
        assert gap.reason == "silent"
    last = curve(engine, station, T0, T0 + 20 * DAY - 1, silence_ms=10_000).gaps[-1]
    assert (last.from_ms, last.reason) == (T0 + 19 * DAY, "bad")


def test_a_flapping_series_has_no_more_gaps_than_points(engine: Engine) -> None:
    station, series = series_of(engine)
    values = np.where(np.arange(2000) % 2, 1.0, np.nan)
    append(engine, column(series, T0 + np.arange(2000) * 1000, values))
    assert len(curve(engine, station, T0, T0 + HOUR, points_max=100).gaps) == 100


def test_spans_that_overlap_leave_no_gap() -> None:
    presence = Presence()
    presence.add_span(0, 100_000)
    presence.add_span(20_000, 30_000)
    presence.add_span(120_000, 130_000)
    assert find_gaps(presence, Window(0, 130_000, 10_000), []) == [Gap(100_000, 120_000, "silent")]


def test_reading_costs_the_same_in_a_store_ten_times_as_large(sqlite_engine: Engine) -> None:
    def statements(station: str) -> int:
        """Steps of SQLite's machine, in hundreds: a measure that does not depend on the clock."""
        steps = [0]

        def step() -> int:
            steps[0] += 1
            return 0

        with reading(sqlite_engine) as conn:
            conn.connection.driver_connection.set_progress_handler(step, 100)  # type: ignore[union-attr]
            load_series(conn, station, "value", T0, T0 + DAY)
            load_series(conn, station, "value", T0 - 300 * DAY, T0 + 30 * DAY)
        return steps[0]

    station, series = series_of(sqlite_engine)
    times = T0 + np.arange(0, DAY, 60_000)
    append(sqlite_engine, column(series, times, np.ones(len(times))))
    merge_all(sqlite_engine)
    small = statements(station)
    for _ in range(30):
        _, other = series_of(sqlite_engine)
        append(sqlite_engine, column(other, times, np.ones(len(times))))
    merge_all(sqlite_engine)
    assert statements(station) <= small + 5
