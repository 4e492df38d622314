"""A ratio over days comes with an interval that holds what it says, and small samples look small."""

import random
from math import isclose

import pytest

from mes_server.domain.estimates import Estimate, combined, difference_percent, mean, ratio


def test_the_ratio_and_its_error_are_those_of_cochran() -> None:
    """Worked by hand: R = 30 / 10, rests 1, -1, 0, 0; s² = 2 / 3; se = sqrt(s² / 4) / 2.5; t(3) = 3.1824."""
    found = ratio([(7, 2), (5, 2), (9, 3), (9, 3)], 0.95)
    assert found is not None
    assert found.value == 3
    half = 3.18245 * (2 / 3 / 4) ** 0.5 / 2.5
    assert found.half == pytest.approx(half, rel=1e-4)
    assert (found.least, found.most) == (2.5, 3.5)


def test_one_day_has_no_interval_and_no_basis_no_ratio() -> None:
    one = ratio([(7, 2)], 0.95)
    assert one is not None
    assert (one.value, one.low, one.high, one.sd) == (3.5, None, None, None)
    assert ratio([(7, 0)], 0.95) is None
    assert ratio([], 0.95) is None


def test_the_interval_holds_the_truth_as_often_as_it_says_and_a_wrong_factor_does_not() -> None:
    dice = random.Random(7)
    held = wrong = 0
    for _ in range(600):
        alike = 1 + dice.gauss(0, 0.025)  # one laboratory, the same on all days
        days = [(x * 4.0 * alike * (1 + dice.gauss(0, 0.2)), x) for x in (dice.uniform(2, 9) for _ in range(12))]  # fmt: skip
        found = ratio(days, 0.95, 0.05)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 4.0 <= found.high
        wrong += found.low <= 4.0 * 1.5 <= found.high
    assert 0.92 <= held / 600 <= 0.985
    assert wrong / 600 < 0.02
    blind = sum(_holds(random.Random(n)) for n in range(300)) / 300
    assert blind < 0.9, "without the laboratory's own error it holds too seldom"


def _holds(dice: random.Random) -> bool:
    alike = 1 + dice.gauss(0, 0.05)
    days = [(x * 4.0 * alike * (1 + dice.gauss(0, 0.05)), x) for x in (dice.uniform(2, 9) for _ in range(12))]  # fmt: skip
    found = ratio(days, 0.95)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return found.low <= 4.0 <= found.high


def test_products_and_quotients_add_relative_uncertainties_in_quadrature() -> None:
    one, other = Estimate(10, 9, 7, 13), Estimate(4, 5, 2.4, 5.6)
    both = combined(one, other)
    assert both.value == 40
    assert isclose(both.half or 0, 40 * 0.5)
    part = combined(one, other, divided=True)
    assert (part.value, isclose(part.half or 0, 2.5 * 0.5)) == (2.5, True)
    assert combined(one, Estimate(4, 1)).high is None
    assert mean([4.0, 6.0], 0.95) is not None


def test_a_difference_is_said_only_where_both_are_known_to_be_more_than_nothing() -> None:
    found = difference_percent(Estimate(5, 9, 4.5, 5.5), Estimate(10, 9, 9, 11))
    assert found is not None
    assert found[0] == pytest.approx(-50)
    assert found[1] < -50 < found[2] < 0
    assert difference_percent(Estimate(5, 9, 0.0, 11), Estimate(10, 9, 9, 11)) is None
    assert difference_percent(Estimate(5, 1), Estimate(10, 9, 9, 11)) is None
    assert Estimate(2, 3, 1, 3).times(10) == Estimate(20, 3, 10, 30)
