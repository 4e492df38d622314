"""Means weighted by flow: what holds, what is left out, and what never changes a mean."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.flow_means import (
    Flow,
    Heard,
    Judged,
    Span,
    day_means,
    excluded,
    judged,
    without_stuck,
)

RULES = {"least_minutes_of_hour": 45, "least_hours_of_day": 18}
MINUTE_MS = 60_000
DAY_MIN = 1440


def heard(values: Any, counts: Any = None, bads: Any = None) -> Heard:
    """One sample a minute, none where NaN."""
    told = np.array(values, float)
    n = (~np.isnan(told)).astype(np.int64) if counts is None else np.array(counts, np.int64)
    b = np.zeros(len(told), np.int64) if bads is None else np.array(bads, np.int64)
    return Heard(told, told, told, told, n, b)


def counted(values: Any, spans: Any = (), hold: int = 1, top: float = 100.0, **more: Any) -> Judged:
    return judged(heard(values, **more), 0, hold, list(spans), (0.0, top))


def flow(rate: Any = 1.0, size: int = DAY_MIN, elapsed: int | None = None) -> Flow:
    rates = np.broadcast_to(np.array(rate, float), size).copy()
    return Flow(rates, size if elapsed is None else elapsed, 0.01)


def test_a_value_holds_as_long_as_its_contract_is_silent() -> None:
    nan = float("nan")
    found = counted([1, nan, nan, nan, 2], hold=2)
    assert found.means.tolist()[:3] == [1, 1, 1]
    assert np.isnan(found.means[3])
    assert found.counts.tolist() == [1, 0, 0, 0, 1]


def test_a_value_does_not_hold_behind_a_bad_sample_nor_behind_what_is_left_out() -> None:
    nan = float("nan")
    assert counted([1, nan, nan], hold=5, bads=[1, 0, 0]).valid.tolist() == [True, False, False]
    span = Span(0, MINUTE_MS, "calibrating")
    found = counted([1, nan, nan, 3], [span], hold=5)
    assert found.valid.tolist() == [False, False, False, True]
    (gone,) = excluded(found)
    assert (gone.from_ms, gone.to_ms, gone.count) == (0, 3 * MINUTE_MS, 1)


def test_every_reason_is_told_with_its_span_and_count() -> None:
    nan = float("nan")
    spans = [Span(2 * MINUTE_MS, 4 * MINUTE_MS, "fault"), Span(3 * MINUTE_MS, 5 * MINUTE_MS, "span_failed")]  # fmt: skip
    found = counted([1, 101, 1, 1, 1, -1, nan, 1], spans, hold=0, bads=[0, 0, 0, 0, 0, 0, 4, 0])
    told = [(one.reason, one.from_ms // MINUTE_MS, one.count) for one in excluded(found)]
    assert told == [("implausible", 1, 1), ("fault", 2, 2), ("span_failed", 4, 1), ("implausible", 5, 1), ("not_good", 6, 4)]  # fmt: skip


def test_a_value_that_stands_still_while_water_moves_is_left_out_from_where_it_began() -> None:
    values = np.concatenate((np.linspace(1, 2, 100), np.full(400, 3.0), np.linspace(1, 2, 100)))
    found = without_stuck(counted(values), np.ones(600, bool), 360)
    (gone,) = excluded(found)
    assert (gone.reason, gone.from_ms // MINUTE_MS, gone.count) == ("stuck", 100, 400)
    assert not excluded(without_stuck(counted(values), np.ones(600, bool), 400))
    assert not excluded(without_stuck(counted(values), np.zeros(600, bool), 360))  # no water


def test_a_value_that_stood_still_since_the_day_before_is_stuck_at_once() -> None:
    values = np.concatenate((np.full(60, 3.0), np.linspace(1, 2, 40)))
    moving = np.ones(100, bool)
    assert len(excluded(without_stuck(counted(values), moving, 360, before_min=310))) == 1
    assert not excluded(without_stuck(counted(values), moving, 360, before_min=300))


def test_an_hour_with_too_few_valid_minutes_has_no_mean_and_is_not_in_the_days() -> None:
    values = np.full(DAY_MIN, 1.0)
    values[:60] = 50.0
    values[:16] = np.nan
    found = day_means(counted(values), flow(), RULES)
    assert found.hours[0].mean is None
    assert found.hours[0].covered == pytest.approx(44 / 60, abs=0.02)
    assert (found.mean, found.heard, found.due) == (1.0, 23, 24)
    values[15] = 50.0
    assert day_means(counted(values), flow(), RULES).hours[0].mean == 50.0


def test_a_day_with_too_few_hours_has_no_mean_and_hours_without_water_are_not_asked_for() -> None:
    values = np.full(DAY_MIN, 1.0)
    values[: 7 * 60] = np.nan
    found = day_means(counted(values), flow(), RULES)
    assert (found.mean, found.heard) == (None, 17)
    rate = np.ones(DAY_MIN)
    rate[: 7 * 60] = 0.0
    found = day_means(counted(values), flow(rate), RULES)
    assert (found.mean, found.due, found.covered) == (1.0, 17, 1.0)
    assert found.hours[0].mean is None


def test_minutes_that_are_still_to_come_are_not_asked_for() -> None:
    values = np.full(DAY_MIN, np.nan)
    values[:90] = 2.0
    found = day_means(counted(values), flow(elapsed=90), RULES)
    assert (found.mean, found.due, found.heard, found.covered) == (2.0, 2, 2, 1.0)


def test_without_a_flow_nothing_is_weighed() -> None:
    found = day_means(counted(np.full(DAY_MIN, 1.0)), flow(np.nan), RULES)
    assert (found.mean, found.due, found.covered, found.high) == (None, 24, 0.0, 1.0)


minutes = st.integers(0, DAY_MIN - 1)


@given(
    st.lists(st.floats(0, 100), min_size=24, max_size=24),
    st.lists(st.floats(0.02, 50), min_size=24, max_size=24),
)
def test_a_mean_lies_between_the_least_and_the_greatest_value(
    values: list[float], rates: list[float]
) -> None:
    found = day_means(counted(np.repeat(values, 60)), flow(np.repeat(rates, 60)), RULES)
    for one in (found, *found.hours):
        assert one.mean is not None
        assert one.low is not None
        assert one.high is not None
        assert one.low - 1e-9 <= one.mean <= one.high + 1e-9


@given(minutes, st.integers(1, 200), st.floats(0, 100), st.sampled_from(("fault", "maintenance")))
def test_what_is_left_out_never_changes_a_mean(
    begin: int, length: int, value: float, reason: str
) -> None:
    values = np.linspace(1, 2, DAY_MIN)
    span = Span(begin * MINUTE_MS, (begin + length) * MINUTE_MS, reason)
    clean = day_means(counted(values, [span]), flow(), RULES)
    values[begin : begin + length] = value
    assert day_means(counted(values, [span]), flow(), RULES) == clean
