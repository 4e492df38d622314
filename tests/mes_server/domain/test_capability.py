"""Indices of capability: told or refused, with intervals as wide as their degrees of freedom make them."""

import numpy as np
import pytest

from mes_server.domain import spc
from mes_server.domain.capability import Needs, Spec, capability
from mes_server.domain.spc_constants import DEGREES_OF_MOVING, degrees_of_range, degrees_of_s
from mes_server.domain.spc_rules import rules_of

DAY = "2026-11-28"


def stable(count: int = 100, sigma: float = 1.0, mean: float = 0.0) -> list[list[float]]:
    draw = np.random.default_rng(20_261_128)
    while True:  # a draw that the rules let pass
        values = draw.normal(mean, sigma, (count // 5, 5)).tolist()
        if spc.xbar_r(values).judged(rules_of("aiag", DAY)).is_stable:
            return values


def indices(values: list[list[float]], spec: Spec, needs: Needs = Needs()) -> object:  # noqa: B008
    chart = spc.xbar_r(values).judged(rules_of("aiag", DAY))
    return capability([v for group in values for v in group], chart, spec, needs, 5)


def test_indices_are_their_formulas() -> None:
    values = stable()
    found = indices(values, Spec(-5.0, 4.0))
    flat = np.asarray(values).ravel()
    within = spc.xbar_r(values).sigma_within
    assert within is not None
    assert found.cp.value == pytest.approx(9 / (6 * within))  # type: ignore[attr-defined]
    assert found.cpk.value == pytest.approx((4 - flat.mean()) / (3 * within))  # type: ignore[attr-defined]
    assert found.ppk.value == pytest.approx((4 - flat.mean()) / (3 * flat.std(ddof=1)))  # type: ignore[attr-defined]
    for one in (found.cp, found.cpk, found.pp, found.ppk):  # type: ignore[attr-defined]
        assert one.low < one.value < one.high


def test_with_one_limit_there_is_no_cp() -> None:
    found = indices(stable(), Spec(-5.0, None))
    assert (found.cp, found.pp) == (None, None)  # type: ignore[attr-defined]
    assert found.cpk.value > 1.3  # type: ignore[attr-defined]
    assert found.band(Needs()) in ("good", "fair")  # type: ignore[attr-defined]


def test_the_interval_of_ppk_holds_the_truth_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(7), 0
    for _ in range(400):
        values = draw.normal(0, 1, 100)
        chart = spc.i_mr(values.tolist())
        found = capability(values.tolist(), chart, Spec(-4, 4), Needs(normal_p_min=0.0))
        assert found.ppk is not None
        held += found.ppk.low <= 4 / 3 <= found.ppk.high  # type: ignore[operator]
    assert 0.90 <= held / 400 <= 0.99


@pytest.mark.parametrize(
    ("values", "spec", "told"),
    [(stable(25), Spec(-5, 5), ["readings_are_enough"]),
     (stable(), Spec(None, None), ["spec_is_given"]),
     ([*stable(), [9.0, 9.1, 9.0, 9.2, 9.1]], Spec(-5, 5), ["process_is_stable"]),
     ([[1.0] * 5] * 20, Spec(0, 2), ["readings_differ"])],
)  # fmt: skip
def test_an_index_is_refused_and_it_is_said_why(
    values: list[list[float]], spec: Spec, told: list[str]
) -> None:
    found = indices(values, spec)
    assert list(found.refused) == told  # type: ignore[attr-defined]
    assert (found.cpk, found.ppk, found.band(Needs())) == (None, None, "unknown")  # type: ignore[attr-defined]


def test_what_is_not_normal_is_judged_by_percentiles() -> None:
    draw = np.random.default_rng(3)
    values = draw.lognormal(0, 0.6, 400).tolist()
    chart = spc.i_mr(values)
    found = capability(values, chart, Spec(None, 12.0), Needs(readings_min=30))
    assert found.by_percentiles
    assert found.cpk is None
    assert found.ppk is not None
    truth = (12 - 1) / (np.exp(3 * 0.6) - 1)
    assert found.ppk.value == pytest.approx(truth, rel=0.05)
    few = capability(values[:60], spc.i_mr(values[:60]), Spec(None, 12.0), Needs(readings_min=30))
    highest = (12 - np.median(values[:60])) / (max(values[:60]) - np.median(values[:60]))
    assert few.ppk is not None
    assert abs(few.ppk.value - truth) < abs(highest - truth), "the extremes of 60 lie far inside"
    many = draw.lognormal(0, 0.6, 800).tolist()
    told = capability(many, spc.i_mr(many), Spec(None, 12.0), Needs(normal_p_min=0.2))
    high, middle = np.quantile(many, [0.99865, 0.5])
    assert told.ppk is not None
    assert told.ppk.value == pytest.approx((12 - middle) / (high - middle)), "these are counted off"


def test_what_fits_no_curve_has_no_index() -> None:
    draw = np.random.default_rng(4)
    values = np.concatenate([draw.normal(2, 0.05, 60), draw.normal(4, 0.05, 60)])
    draw.shuffle(values)
    chart = spc.i_mr(values.tolist()).judged([])
    found = capability(values.tolist(), chart, Spec(1.0, 5.0), Needs())
    assert (found.refused, found.ppk) == (("readings_fit_a_curve",), None), "two heaps"


# AIAG MSA, 4th ed., appendix C (Duncan 1955): the row cd, and d2* of one, two and ten groups of two and three.
CD = {2: 0.876, 3: 1.815, 4: 2.738, 5: 3.623, 6: 4.466, 7: 5.267, 8: 6.031, 9: 6.759, 10: 7.453}


@pytest.mark.parametrize("n", CD)
def test_a_range_tells_as_many_degrees_of_freedom_as_duncan_has(n: int) -> None:
    assert degrees_of_range(n) == pytest.approx(CD[n], abs=5e-3)
    assert degrees_of_range(n) < degrees_of_s(n) + 0.01 < n


def test_a_moving_range_tells_less_than_a_standard_deviation() -> None:
    draw = np.random.default_rng(11)
    moving = [spc.i_mr(draw.normal(0, 1, 50).tolist()).sigma_within for _ in range(3_000)]
    variation = np.std(moving) / np.mean(moving)  # type: ignore[arg-type]
    assert 1 / (2 * variation**2) == pytest.approx(DEGREES_OF_MOVING * 49, rel=0.1)
