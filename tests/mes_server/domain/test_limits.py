"""mes_server.domain.limits: stretches outside, against walking sample by sample."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.limits import ALARM, HIGH, LOW, NORMAL, Excursion, Range, excursions

RANGE = (20.0, 30.0)
WIDE = (10.0, 40.0)


def judge(
    values: list[float],
    opened: list[Excursion] | None = None,
    first_ms: int = 0,
    normal: Range = RANGE,
    alarm: Range = None,
    late: bool = False,
) -> tuple[list[Excursion], list[Excursion]]:
    times = first_ms + np.arange(len(values), dtype=np.int64) * 1000
    return excursions(times, np.array(values, float), (normal, alarm), opened or [], late=late)


def walk(values: list[float], normal: Range) -> list[Excursion]:
    """All stretches outside, the plain way; the last one open where it is."""
    low, high = normal or (None, None)
    found: list[Excursion] = []
    opened: Excursion | None = None
    for at, value in enumerate(values):
        if math.isnan(value):
            continue
        side = (
            LOW
            if low is not None and value < low
            else HIGH
            if high is not None and value > high
            else None
        )
        if opened is not None and side != opened.side:
            found.append(replace(opened, to_ms=at * 1000))
            opened = None
        if side is None:
            continue
        if opened is None:
            bound = low if side == LOW else high
            opened = Excursion(NORMAL, side, bound or 0.0, at * 1000, at * 1000, None, value, 1)
        else:
            worst = min(opened.worst, value) if side == LOW else max(opened.worst, value)
            opened = replace(opened, last_ms=at * 1000, worst=worst, count=opened.count + 1)
    return [*found, opened] if opened else found


VALUES = st.lists(
    st.one_of(st.sampled_from([math.nan, 15.0, 20.0, 25.0, 30.0, 35.0]), st.floats(0, 50))
)
LIMITS = st.tuples(st.one_of(st.none(), st.floats(0, 25)), st.one_of(st.none(), st.floats(25, 50)))


@given(VALUES, LIMITS, st.data())
def test_any_cutting_into_batches_shows_the_same_excursions(
    values: list[float], limits: tuple[float | None, float | None], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=4)))
    done: list[Excursion] = []
    opened: list[Excursion] = []
    for start, end in zip([0, *cuts], [*cuts, len(values)], strict=True):
        closed, opened = judge(values[start:end], opened, start * 1000, normal=limits)
        done += closed
    assert [*done, *opened] == walk(values, limits)


def test_the_limits_themselves_are_inside() -> None:
    assert judge([20.0, 30.0]) == ([], [])


def test_without_limits_nothing_is_outside() -> None:
    assert judge([-1e9, 1e9], normal=None) == ([], [])
    assert judge([-1e9, 1e9], normal=(None, None)) == ([], [])


def test_an_excursion_says_side_bound_worst_and_count() -> None:
    closed, opened = judge([25, 31, 35, 32, 25])
    assert closed == [Excursion(NORMAL, HIGH, 30.0, 1000, 3000, 4000, 35.0, 3)]
    assert opened == []


def test_from_one_side_to_the_other_is_two_excursions() -> None:
    closed, opened = judge([35, 15])
    assert [(e.side, e.to_ms) for e in closed] == [(HIGH, 1000)]
    assert [(e.side, e.from_ms) for e in opened] == [(LOW, 1000)]


def test_normal_and_alarm_are_judged_apart() -> None:
    closed, opened = judge([25, 35, 45, 35], alarm=WIDE)
    assert [(e.kind, e.from_ms, e.to_ms) for e in closed] == [(ALARM, 2000, 3000)]
    assert [(e.kind, e.from_ms, e.worst) for e in opened] == [(NORMAL, 1000, 45.0)]


def test_an_excursion_goes_on_over_batches_and_over_samples_without_value() -> None:
    _, opened = judge([35])
    _, opened = judge([math.nan], opened, 1000)
    closed, opened = judge([36, 25], opened, 2000)
    assert closed == [Excursion(NORMAL, HIGH, 30.0, 0, 2000, 3000, 36.0, 2)]
    assert opened == []


def test_an_open_excursion_stays_open_when_nothing_comes() -> None:
    _, opened = judge([35])
    assert judge([], opened, 1000) == ([], opened)


def test_a_range_that_is_no_longer_in_the_contract_leaves_what_is_open() -> None:
    _, opened = judge([35])
    assert judge([25], opened, 1000, normal=None) == ([], opened)


def test_late_samples_end_no_open_excursion() -> None:
    _, opened = judge([35], first_ms=100_000)
    closed, still = judge([25, 35, 25], opened, first_ms=50_000, late=True)
    assert still == opened
    assert closed == [Excursion(NORMAL, HIGH, 30.0, 51_000, 51_000, 52_000, 35.0, 1)]


def test_a_late_stretch_without_end_ends_with_its_last_sample() -> None:
    closed, opened = judge([25, 35, 36], late=True)
    assert opened == []
    assert [(e.from_ms, e.to_ms, e.last_ms) for e in closed] == [(1000, 2000, 2000)]


def test_late_samples_within_the_open_excursion_belong_to_it() -> None:
    _, opened = judge([35, 35, 35], first_ms=10_000)
    closed, still = judge([38], opened, first_ms=11_500, late=True)
    assert closed == []
    assert [(e.from_ms, e.last_ms, e.worst, e.count) for e in still] == [(10_000, 12_000, 38.0, 4)]


def test_samples_older_than_the_open_excursion_are_of_the_past_without_being_told() -> None:
    _, opened = judge([35], first_ms=100_000)
    times = np.array([90_000, 91_000, 101_000])
    closed, still = excursions(times, np.array([35.0, 25.0, 25.0]), (RANGE, None), opened)
    assert [(e.from_ms, e.to_ms) for e in closed] == [(90_000, 91_000), (100_000, 101_000)]
    assert still == []


def test_samples_out_of_order_are_judged_by_time() -> None:
    times = np.array([2000, 0, 1000])
    closed, opened = excursions(times, np.array([25.0, 25.0, 35.0]), (RANGE, None))
    assert [(e.from_ms, e.to_ms) for e in closed] == [(1000, 2000)]
    assert opened == []


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.bool_])
def test_numbers_of_every_kind_can_be_judged(dtype: type) -> None:
    values = np.array([1, 0, 1], dtype)
    closed, _ = excursions(np.arange(3), values, ((0.5, None), None))
    assert [(e.side, e.worst) for e in closed] == [(LOW, 0.0)]
