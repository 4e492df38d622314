"""Points take in samples, sums of minutes and texts, and lose none of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mes_server.store.buckets import Buckets
from mes_server.store.columns import Column, Samples, samples_of
from mes_server.store.rollup import rolled_up

MINUTE = 60_000
T0 = 1_795_000_000_000 // 3_600_000 * 3_600_000


def samples(times: list[int], values: list[float | None]) -> Samples:
    numbers = np.array([np.nan if value is None else value for value in values])
    return samples_of(Column(1, np.array(times, np.int64), numbers, T0))


def test_a_point_has_mean_least_greatest_and_count_and_an_empty_one_is_left_out() -> None:
    buckets = Buckets(T0, 1000, 3, text=False)
    buckets.add_samples(samples([T0, T0 + 999, T0 + 2000, T0 + 2500], [1.0, 4.0, 7.0, None]))
    assert buckets.end_ms == T0 + 3000
    assert buckets.points() == (
        [T0 + 500, T0 + 2500], [2.5, 7.0], [1.0, 7.0], [4.0, 7.0], [2, 1],
    )  # fmt: skip


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=1, max_size=80), st.integers(1, 7))
def test_sums_of_minutes_come_to_what_the_samples_themselves_come_to(
    values: list[float | None], minutes: int
) -> None:
    taken = samples([T0 + at * 7_000 for at in range(len(values))], values)
    whole, summed = (Buckets(T0, minutes * MINUTE, 12, text=False) for _ in range(2))
    whole.add_samples(taken)
    assert summed.add_rollup(rolled_up(taken, MINUTE)) == len(values)
    (times, means, *ends), (times_too, means_too, *ends_too) = whole.points(), summed.points()
    assert (times, ends) == (times_too, ends_too)
    assert np.allclose(np.array(means, float), np.array(means_too, float), atol=1e-6)


def test_sums_that_begin_outside_are_not_taken() -> None:
    buckets = Buckets(T0 + MINUTE, MINUTE, 1, text=False)
    rollup = rolled_up(samples([T0, T0 + MINUTE, T0 + 2 * MINUTE], [1.0, 2.0, 3.0]), MINUTE)
    assert buckets.add_rollup(rollup) == 1
    assert buckets.points()[1] == [2.0]


def test_a_sum_too_large_for_a_number_shows_the_middle_of_its_ends() -> None:
    buckets = Buckets(T0, 1000, 1, text=False)
    buckets.add_samples(samples([T0, T0 + 1], [1.7e308, 1.5e308]))
    assert buckets.points()[1] == [1.6e308]


def test_of_texts_the_last_of_a_point_is_shown_in_whatever_order_they_come() -> None:
    buckets = Buckets(T0, 1000, 2, text=True)
    times, counts = np.array([T0 + 900, T0 + 100, T0 + 5000]), np.array([3, 2, 9])
    buckets.add_labels(times, counts, ["run", "idle", "outside"])
    buckets.add_labels(np.array([T0 + 950]), np.array([1]), [None])
    assert buckets.points() == ([T0 + 500], ["run"], ["run"], ["run"], [5])
