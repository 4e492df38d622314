"""What meters counted is shared out among runs and lots, and the shares add up to the meter to the last unit."""

import itertools
import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.allocation import (
    BY_AREA,
    BY_MASS,
    BY_NUMBER,
    Shared,
    Stint,
    share_by,
    share_meter,
    split,
    weights_of,
)
from mes_server.domain.meter_curves import MeterCurve, Ways, curve_of
from mes_server.domain.waterworks import Meter

MIN = 60_000
DAY = (0, 24 * 60 * MIN)
METER = Meter("w", "water", "", "pl-1", "water_m3", Decimal(1), None, ("pl-1",), "run")
WAYS = Ways(Decimal(100), 15 * MIN)


def curve(readings: list[tuple[int, float]], meter: Meter = METER, ways: Ways = WAYS) -> MeterCurve:
    return curve_of(meter, readings, ways)


def stint(run: str, begun: int, ended: int, area: int = 1000, mass: int = 500) -> Stint:
    """In minutes of the day."""
    return Stint(run, "pl-1", "electroplating", begun * MIN, ended * MIN, area, mass)


RUNS = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 600), st.integers(0, 10**9), st.integers(0, 10**9)),
    max_size=8,
)  # fmt: skip
READINGS = st.lists(st.tuples(st.integers(-200, 1700), st.floats(0, 30)), max_size=40)


@given(READINGS, RUNS, st.randoms(use_true_random=False))
def test_shares_and_what_nobody_used_are_what_the_meter_says_in_any_order(
    readings: list[tuple[int, float]], runs: list[tuple[int, int, int, int]], dice: random.Random
) -> None:
    found = curve(sorted({at * MIN: value for at, value in readings}.items()))
    stints = [
        stint(f"R{n}", begun, min(begun + length, 1440), area, mass)
        for n, (begun, length, area, mass) in enumerate(runs)
    ]
    shared = share_meter(found, DAY, stints)
    told = found.gone(*DAY)
    assert (shared is None) == (told is None)
    if shared is None or told is None:
        return
    assert shared.whole == sum(told)
    assert all(part >= 0 for part in (*shared.runs.values(), shared.unallocated))
    assert shared.unallocated == 0 or not stints, "the rest of a day with runs is theirs"
    dice.shuffle(stints)
    assert share_meter(found, DAY, stints) == shared


@given(st.integers(0, 10**13), st.dictionaries(st.text("abc", min_size=1), st.integers(0, 10**12)))
def test_whole_shares_add_up_and_none_is_further_than_one_from_its_part(
    amount: int, weights: dict[str, int]
) -> None:
    shares = split(amount, weights)
    whole = sum(weights.values())
    assert sum(shares.values()) == (amount if whole else 0)
    assert all(abs(shares[n] * whole - amount * weights[n]) < whole for n in shares)
    assert shares == split(amount, dict(reversed(weights.items())))


@given(st.integers(0, 10**12), st.integers(0, 10**6), st.integers(0, 10**6), RUNS)
def test_what_lines_share_adds_up_too(
    amount: int, one: int, other: int, runs: list[tuple[int, int, int, int]]
) -> None:
    stints = [stint(f"R{n}", b, b + length, a, m) for n, (b, length, a, m) in enumerate(runs)]
    shared = share_by(amount, {"pl-1": one, "ph-1": other}, stints)
    assert shared.whole == amount
    if not stints or one + other == 0:
        assert shared == Shared({}, amount), "nobody ran, or nobody drained"


def test_a_run_has_what_went_on_in_its_time_and_its_area_of_the_night() -> None:
    flow = [(0, 0.0), (8 * 60, 0.08), (10 * 60, 1.08), (12 * 60, 1.08), (13 * 60, 1.58), (24 * 60, 1.68)]  # fmt: skip
    steady = [(m * MIN, value) for m, value in _filled(flow)]
    stints = [stint("A", 480, 600, 3_000_000), stint("B", 720, 780, 1_000_000)]
    shared = share_meter(curve(steady), DAY, stints)
    assert shared is not None
    assert shared.runs["A"] == pytest.approx(1_000_000 + 135_000, abs=5)
    assert shared.runs["B"] == pytest.approx(500_000 + 45_000, abs=5)
    assert shared.whole == 1_680_000


def _filled(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    found = []
    for (a, low), (b, high) in itertools.pairwise(points):
        found += [(m, low + (high - low) * (m - a) / (b - a)) for m in range(a, b, 5)]
    return [*found, points[-1]]


def test_without_a_run_it_stays_unallocated_and_without_readings_it_is_no_zero() -> None:
    steady = [(m * MIN, m / 1000) for m in range(0, 1441, 5)]
    assert share_meter(curve(steady), DAY, []) == Shared({}, 1_440_000)
    assert share_meter(curve([]), DAY, [stint("A", 0, 10)]) is None
    assert share_meter(curve([(-5 * MIN, 1.0)]), DAY, []) is None, "nothing was heard that day"


def test_over_a_gap_it_is_known_how_much_and_not_when() -> None:
    readings = [(0, 0.0), (10 * MIN, 0.1), (300 * MIN, 1.1), (310 * MIN, 1.2)]
    stints = [stint("A", 10, 300, 1_000_000), stint("B", 300, 310, 3_000_000)]
    shared = share_meter(curve(readings), DAY, stints)
    assert shared is not None
    assert shared.runs == {"A": 275_000, "B": 925_000}, "the metre in the gap and before: by area"


def test_two_days_have_together_what_the_meter_went_on_by_over_midnight() -> None:
    readings = [(DAY[1] - 7 * MIN, 1.0), (DAY[1] + 6 * MIN, 1.013001), (DAY[1] + 20 * MIN, 1.5)]
    found = curve(readings)
    first, second = found.gone(*DAY), found.gone(DAY[1], 2 * DAY[1])
    assert first is not None
    assert second is not None
    assert (sum(first), sum(first) + sum(second)) == (7_000, 500_000)


def test_rollover_exchange_and_running_backwards_are_told_and_counted_as_what_they_are() -> None:
    rolls = replace(METER, rolls_at=Decimal(1000))
    found = curve([(0, 999.5), (MIN, 0.5)], rolls)
    assert (found.totals[-1], found.steps[0].kind) == (1_000_000, "rolled_over")
    back = curve([(0, 5.0), (MIN, 4.0), (2 * MIN, 4.5)])
    assert (back.totals[-1], back.steps[0].kind) == (0, "backwards")
    back = curve([(0, 5.0), (MIN, 4.0), (2 * MIN, 5.5)])
    assert (back.totals[-1], [one.kind for one in back.steps]) == (500_000, ["backwards"])
    blink = curve([(0, 5.0), (MIN, 0.0), (2 * MIN, 5.5)])
    assert (blink.totals[-1], [one.kind for one in blink.steps]) == (500_000, ["reset"])
    begun = curve([(0, 5.0), (MIN, 0.0), (2 * MIN, 0.5)])
    assert begun.totals[-1] == 500_000
    other = curve([(0, 5.0), (10 * MIN, 1.0)], ways=replace(WAYS, exchanged_ms=(5 * MIN,)))
    assert (other.totals[-1], other.steps[0].kind) == (0, "reset")
    leap = curve([(0, 5.0), (MIN, 905.0)])
    assert (leap.totals[-1], leap.odd(0, MIN)[0].kind) == (0, "jumped")


@pytest.mark.parametrize(
    ("areas", "masses", "by"),
    [((2, 1), (1, 1), BY_AREA), ((2, 0), (3, 1), BY_MASS), ((0, 0), (0, 1), BY_NUMBER)],
)
def test_where_a_run_has_no_area_the_day_is_shared_by_mass_and_else_evenly(
    areas: tuple[int, int], masses: tuple[int, int], by: str
) -> None:
    stints = [stint("A", 0, 10, areas[0], masses[0]), stint("B", 20, 30, areas[1], masses[1])]
    weights, name = weights_of(stints)
    assert name == by
    assert weights == {BY_AREA: {"A": 2, "B": 1}, BY_MASS: {"A": 3, "B": 1}}.get(by, {"A": 1, "B": 1})  # fmt: skip
