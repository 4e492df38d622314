"""Measurement system studies against the figures that AIAG and Fleiss printed, and against what must hold."""

from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mes_server.domain.msa import CannotStudy, bias, by_anova, by_ranges, linearity
from mes_server.domain.msa_attribute import BAD, GOOD, appraise, cohen_kappa, fleiss_kappa
from mes_server.domain.spc_constants import d2, d3
from schemas.limit_rows import load_rows
from tests.mes_server.domain.published import AIAG_BIAS, AIAG_GRR, AIAG_LINEARITY, FLEISS


def test_the_average_and_range_method_gives_what_aiag_printed() -> None:
    found = by_ranges(AIAG_GRR)
    assert found.repeatability == pytest.approx(0.20188, abs=2e-4)
    assert found.reproducibility == pytest.approx(0.22963, abs=2e-4)
    assert found.grr == pytest.approx(0.30575, abs=2e-4)
    assert found.part == pytest.approx(1.10456, abs=2e-3)
    assert found.total == pytest.approx(1.14610, abs=2e-3)
    assert found.grr_pct == pytest.approx(26.68, abs=0.05)
    assert found.ndc == 5


def test_the_anova_method_gives_what_aiag_printed() -> None:
    found = by_anova(AIAG_GRR)
    assert found.pooled, "the interaction of the printed study is pooled"
    assert found.repeatability == pytest.approx(0.199933, abs=1e-4)
    assert found.reproducibility == pytest.approx(0.226838, abs=1e-4)
    assert (found.interaction, found.part) == (0.0, pytest.approx(1.042327, abs=1e-4))
    assert found.grr == pytest.approx(0.302373, abs=1e-4)
    assert (round(found.grr_pct, 1), found.ndc) == (27.9, 4)
    kept = by_anova(AIAG_GRR, pool_p_min=1.0)
    assert not kept.pooled
    assert kept.interaction_p == pytest.approx(0.974, abs=1e-3)


def test_a_tolerance_is_compared_with_a_sixth_of_it() -> None:
    assert by_ranges(AIAG_GRR, tolerance=6.0).grr_pct == pytest.approx(30.575, abs=0.05)


def test_bias_and_linearity_give_what_aiag_printed() -> None:
    found = bias(AIAG_BIAS, 6.0)
    assert round(found.bias, 4) == 0.0067
    assert round(0.8 / hypot(d2(15), d3(15)), 4) == 0.2251, "printed by the range; s is used here"
    t = stats.ttest_1samp(AIAG_BIAS, 6.0)
    assert (found.t, found.p) == (pytest.approx(t.statistic), pytest.approx(t.pvalue))
    low, high = t.confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(low - 6.0), pytest.approx(high - 6.0))
    assert found.accepted
    line = linearity(list(AIAG_LINEARITY), list(AIAG_LINEARITY.values()))
    assert (round(line.slope, 4), round(line.intercept, 4)) == (-0.1317, 0.7367)
    assert round(line.r_squared, 3) == 0.714
    assert not line.accepted, "the printed system is not linear"


def test_of_few_ranges_the_mean_is_taken_with_d2_star() -> None:
    """AIAG MSA, 4th ed., appendix C: d2* of two trials and ten groups 1.16014; above 15 groups K1 is 1 / d2."""
    few = [[[1.0, 1.2]] + [[float(i), i + 0.1] for i in range(2, 6)] for _ in range(2)]
    mean_range = (0.2 + 4 * 0.1) / 5
    assert by_ranges(few).repeatability == pytest.approx(mean_range / 1.16014, rel=1e-5)
    many = [[[float(i), i + 0.1] for i in range(10)] for _ in range(2)]
    assert by_ranges(many).repeatability == pytest.approx(0.1 * 0.8862, rel=1e-4)


def test_a_gauge_that_shows_no_scatter_is_judged_by_its_offset() -> None:
    assert bias([6.1] * 12, 6.1).accepted
    assert not bias([6.1] * 12, 6.0).accepted
    known, off = [2.0, 4.0, 6.1], 0.5
    assert linearity(known, [[v, v] for v in known]).accepted
    constant = linearity(known, [[v + off, v + off] for v in known])
    assert (constant.slope_p, constant.intercept_p, constant.accepted) == (1.0, 0.0, False)
    steep = linearity(known, [[v * 1.01] * 2 for v in known])
    assert (steep.slope_p, steep.accepted) == (0.0, False)
    with pytest.raises(CannotStudy):
        linearity([2.0, 2.0, 2.0], [[2.0]] * 3)


def test_an_interaction_that_cannot_be_is_none() -> None:
    """Negative components of variance are 0 (AIAG MSA, 4th ed., chapter III B)."""
    alike = [[[1.0, 2.0], [2.0, 1.0], [1.5, 1.5]] for _ in range(2)]
    found = by_anova(alike)
    assert (found.interaction, found.reproducibility, found.part) == (0.0, 0.0, 0.0)
    assert found.ndc == 0


def test_kappa_gives_what_was_printed() -> None:
    assert fleiss_kappa(FLEISS) == pytest.approx(0.210, abs=5e-4)
    one = ["yes"] * 25 + [
        "no"
    ] * 25  # 20 both yes, 5 yes and no, 10 no and yes, 15 both no: kappa 0.4
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(one, other) == pytest.approx(0.4)


def test_an_appraiser_lets_bad_through_and_rejects_good() -> None:
    truth = [GOOD] * 6 + [BAD] * 4
    first = [GOOD] * 5 + [BAD] + [BAD] * 3 + [GOOD]
    second = [GOOD] * 6 + [BAD] * 4
    found = appraise("anna", [first, second], truth)
    assert (found.effectiveness_pct, found.repeats_pct) == (80.0, 80.0)
    assert (found.miss_pct, found.false_alarm_pct) == (12.5, pytest.approx(100 / 12))
    assert 0 < found.kappa < 1
    assert appraise("ben", [second], truth).kappa == 1.0


@pytest.mark.parametrize(
    "study",
    [[], [[[1.0, 2.0]]], [[[1.0]], [[2.0]]], [[[1.0, 2.0], [1.0]], [[1.0, 2.0], [1.0, 2.0]]]],
)
def test_what_is_no_study_is_refused(study: list[list[list[float]]]) -> None:
    for method in (by_ranges, by_anova):
        with pytest.raises(CannotStudy):
            method(study)


values = st.floats(-100, 100).map(lambda value: round(value, 3))
studies = st.lists(
    st.lists(st.lists(values, min_size=3, max_size=3), min_size=4, max_size=4),
    min_size=2,
    max_size=2,
)


@given(studies, st.floats(-50, 50), st.floats(0.5, 4))
def test_a_study_does_not_care_where_zero_is_and_scales_with_the_unit(
    study: list[list[list[float]]], shift: float, factor: float
) -> None:
    moved = [[[v * factor + shift for v in part] for part in one] for one in study]
    for method in (by_ranges, by_anova):
        before, after = method(study), method(moved)
        if getattr(before, "pooled", False) == after.pooled:
            assert after.grr == pytest.approx(before.grr * factor, rel=1e-6, abs=1e-4)
            assert after.total**2 == pytest.approx(after.grr**2 + after.part**2, rel=1e-9)


@given(st.lists(st.sampled_from([GOOD, BAD]), min_size=2, max_size=40))
def test_who_agrees_always_has_kappa_one(said: list[str]) -> None:
    assert cohen_kappa(said, said) == 1.0


def test_the_limits_of_a_study_have_a_source() -> None:
    (row,) = load_rows("measurement_systems")
    assert (row["grr_good_pct"], row["ndc_min"]) == ("10", 5)
