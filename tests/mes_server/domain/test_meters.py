"""A meter counts what went through it: over its rollover and its exchange, and never backwards."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.meters import BACKWARDS, JUMPED, RESET, ROLLED, advanced

HOUR = 3_600_000
# name, readings, rolls_at, most per hour, exchanges, amount, kinds of steps
CASES = [
    ("it goes on", [10, 12, 15], None, None, [], 5, []),
    ("it stands", [10, 10], None, None, [], 0, []),
    ("it rolls over", [9990, 9998, 4], 10000, None, [], 14, [ROLLED]),
    ("it runs backwards", [500, 490, 495], None, None, [], 0, [BACKWARDS, BACKWARDS]),
    ("it comes back from where it ran", [100, 50, 101], None, None, [], 1, [BACKWARDS]),
    ("it begins again and goes beyond where it was, hours later", [100, 0, 101], None, None, [], 101, [RESET]),
    ("it begins again and is first heard of above nothing", [100, 3, 9], None, None, [], 6, [RESET]),
    ("it jitters", [100] + [101, 100] * 10, None, None, [], 1, [BACKWARDS] * 10),
    ("an exchange ends a run backwards", [100, 50, 20, 25], None, None, [2 * HOUR], 5, [BACKWARDS, RESET]),
    ("it falls to the middle, which is no rollover", [9990, 5000], 10000, None, [], 0, [BACKWARDS]),
    ("it begins again at zero", [500, 0, 7], None, None, [], 7, [RESET]),
    ("another one was put in", [500, 120, 130], None, None, [HOUR], 10, [RESET]),
    ("a higher one was put in", [500, 900, 901], None, None, [HOUR], 1, [RESET]),
    ("it jumps by what no pipe carries", [500, 90_500, 90_501], None, 100, [], 1, [JUMPED]),
    ("one reading tells nothing", [500], None, None, [], 0, []),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[one[0] for one in CASES])
def test_a_meter_counts_what_went_through_it(case: tuple) -> None:
    """Each oddity is told and counts as the docstring says."""
    _, readings, rolls, most, exchanged, amount, kinds = case
    found = advanced(
        [(n * HOUR, Decimal(value)) for n, value in enumerate(readings)],
        None if rolls is None else Decimal(rolls),
        None if most is None else Decimal(most),
        exchanged,
    )
    assert found.amount == amount
    assert [one.kind for one in found.steps] == kinds


def test_a_reading_of_nothing_is_no_new_beginning() -> None:
    """One bad reading of a minute, and many of them: back where it was, it counts what it went on by."""
    for times in (1, 9):
        values = [100, *[0, 100] * times, 101]
        found = advanced([(n * 60_000, Decimal(value)) for n, value in enumerate(values)])
        assert (found.amount, [one.kind for one in found.steps]) == (1, [RESET] * times)


def test_nothing_heard_is_not_zero() -> None:
    """A meter nobody heard of has no amount."""
    assert advanced([]).amount is None


@given(st.lists(st.integers(0, 900), min_size=1, max_size=40))
def test_a_meter_that_rolls_over_counts_the_same_as_one_that_does_not(steps: list[int]) -> None:
    """Any way of cutting the dial: the amounts agree."""
    true = [Decimal(sum(steps[:n])) for n in range(len(steps) + 1)]
    shown = [(n * HOUR, value % 10_000) for n, value in enumerate(true)]
    assert advanced(shown, Decimal(10_000)).amount == sum(steps)
