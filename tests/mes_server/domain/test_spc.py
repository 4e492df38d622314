"""Charts against printed figures and against numpy; rules by what they are."""

from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain import spc
from mes_server.domain.spc import CannotChart
from mes_server.domain.spc_constants import (
    a2,
    a3,
    c4,
    d2,
    limits_of_range,
    limits_of_s,
)
from mes_server.domain.spc_rules import RULE_SETS, Rule, broken_rules, rules_of
from schemas.limit_rows import load_rows
from tests.mes_server.domain.published import PISTON_RINGS

DAY = "2026-11-28"
# AIAG SPC, 2nd ed., appendix E (the same as ASTM STP 15D): A2, A3, c4, B3, B4, d2, D3, D4.
TABLE = {
    2: (1.880, 2.659, 0.7979, 0, 3.267, 1.128, 0, 3.267), 3: (1.023, 1.954, 0.8862, 0, 2.568, 1.693, 0, 2.574),
    4: (0.729, 1.628, 0.9213, 0, 2.266, 2.059, 0, 2.282), 5: (0.577, 1.427, 0.9400, 0, 2.089, 2.326, 0, 2.114),
    6: (0.483, 1.287, 0.9515, 0.030, 1.970, 2.534, 0, 2.004), 7: (0.419, 1.182, 0.9594, 0.118, 1.882, 2.704, 0.076, 1.924),
    8: (0.373, 1.099, 0.9650, 0.185, 1.815, 2.847, 0.136, 1.864), 9: (0.337, 1.032, 0.9693, 0.239, 1.761, 2.970, 0.184, 1.816),
    10: (0.308, 0.975, 0.9727, 0.284, 1.716, 3.078, 0.223, 1.777),
}  # fmt: skip


@pytest.mark.parametrize("n", TABLE)
def test_the_constants_are_those_of_the_tables(n: int) -> None:
    found = (a2(n), a3(n), c4(n), *limits_of_s(n), d2(n), *limits_of_range(n))
    assert found == pytest.approx(TABLE[n], abs=1.1e-3)


def test_the_piston_rings_give_what_montgomery_printed() -> None:
    by_range, by_s = spc.xbar_r(PISTON_RINGS), spc.xbar_s(PISTON_RINGS)
    means, ranges = by_range.traces
    assert round(means.centre, 2) == 1.18, "74.00118 mm"
    assert round(ranges.centre, 2) == 23.24
    assert (round(means.lower[0]), round(means.upper[0])) == (-12, 15), "73.988 and 74.0146 mm"
    assert round(ranges.upper[0]) == 49, "0.049 mm"
    assert by_range.sigma_within == pytest.approx(9.99, abs=0.01)
    assert round(by_s.traces[1].centre, 1) == 9.4
    for rule_set in ("aiag", "western_electric"):
        assert by_range.judged(rules_of(rule_set, DAY)).is_stable, (
            "the process is in control, it says"
        )


groups = st.lists(
    st.lists(st.floats(-50, 50).map(lambda v: round(v, 4)), min_size=4, max_size=4),
    min_size=2,
    max_size=30,
)


@given(groups)
def test_charts_agree_with_numpy(values: list[list[float]]) -> None:
    array = np.asarray(values)
    for chart in (spc.xbar_r(values), spc.xbar_s(values)):
        assert chart.traces[0].values == pytest.approx(array.mean(axis=1), abs=1e-9)
        assert chart.traces[0].centre == pytest.approx(array.mean(), abs=1e-9)
    assert spc.xbar_r(values).traces[1].values == pytest.approx(np.ptp(array, axis=1), abs=1e-9)
    assert spc.xbar_s(values).traces[1].values == pytest.approx(array.std(axis=1, ddof=1), abs=1e-9)
    flat = array.ravel().tolist()
    moving = spc.i_mr(flat).traces[1]
    assert moving.values == pytest.approx(np.abs(np.diff(flat)), abs=1e-9)
    assert moving.upper[0] == pytest.approx(3.267 * moving.centre, rel=1e-3)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(20, 200)), min_size=2, max_size=30))
def test_counts_agree_with_their_formulas(samples: list[tuple[int, int]]) -> None:
    bad, sizes = [b for b, _ in samples], [n for _, n in samples]
    p = spc.p_chart(bad, sizes).traces[0]
    share = sum(bad) / sum(sizes)
    assert p.centre == pytest.approx(share)
    assert all(
        0 <= low <= share + 1e-12 and share - 1e-12 <= high <= 1
        for low, high in zip(p.lower, p.upper, strict=True)
    )
    assert p.upper == pytest.approx(
        [min(1.0, share + 3 * sqrt(share * (1 - share) / n)) for n in sizes]
    )
    u = spc.u_chart(bad, sizes).traces[0]
    assert u.centre == pytest.approx(share)
    assert u.lower == pytest.approx([max(0.0, share - 3 * sqrt(share / n)) for n in sizes])
    c = spc.c_chart(bad).traces[0]
    assert c.upper[0] == pytest.approx(np.mean(bad) + 3 * sqrt(np.mean(bad)))
    np_ = spc.np_chart(bad, [200] * len(bad)).traces[0]
    assert np_.centre == pytest.approx(200 * sum(bad) / (200 * len(bad)))


@pytest.mark.parametrize(
    "make",
    [lambda: spc.xbar_r([[1, 2]]), lambda: spc.xbar_r([[1, 2], [1, 2, 3]]), lambda: spc.xbar_s([[1], [2]]),
     lambda: spc.i_mr([1.0]), lambda: spc.p_chart([3], [2]), lambda: spc.p_chart([3, 1], [2, 2]),
     lambda: spc.np_chart([1, 1], [5, 6]), lambda: spc.u_chart([1, 1], [0, 5])],
)  # fmt: skip
def test_what_makes_no_chart_is_refused(make: object) -> None:
    with pytest.raises(CannotChart):
        make()  # type: ignore[operator]


ONE = {
    "beyond": ([0, 0, 3.1], 1), "side": ([1, 1, 1, 1, 1, 1, 1], 7), "trend": ([0, 1, 2, 3, 4, 5], 6),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule_set", "side"), [("aiag", 7), ("nelson", 9), ("western_electric", 8)]
)
def test_so_many_on_one_side_are_one_too_many_in_each_set(rule_set: str, side: int) -> None:
    rules = rules_of(rule_set, DAY)
    assert broken_rules([0.5, 0.4] * 20, [r for r in rules if r.kind == "side"])
    few = [0.5, 0.6] * 20
    (rule,) = [r for r in rules if r.kind == "side"]
    assert broken_rules(few[: side - 1], [rule]) == []
    (found,) = broken_rules(few[:side], [rule])
    assert (found.points, found.last) == (tuple(range(side)), side - 1)
    assert broken_rules([*few[: side - 1], 0.0, 0.5], [rule]) == [], "a point on the line ends it"


@pytest.mark.parametrize(
    ("kind", "z", "broken"),
    [("trend", [0, 1, 2, 3, 4, 5], True), ("trend", [0, 1, 2, 3, 4], False),
     ("trend", [9, 0, 1, 2, 3, 4, 5], True), ("trend", [0, 1, 2, 3, 3, 4, 5, 6], False),
     ("trend", [5, 4, 3, 2, 1, 0], True),
     ("alternating", [1, -1] * 7, True), ("alternating", [1, -1] * 6 + [1], False),
     ("within", [0.9, -0.9] * 7 + [0.1], True), ("within", [0.9, -0.9] * 7, False),
     ("outside", [1.5, -1.5] * 4, True), ("outside", [1.5, -1.5] * 3 + [1.5], False)],
)  # fmt: skip
def test_each_kind_of_rule_at_its_edge(kind: str, z: list[float], broken: bool) -> None:
    rules = [r for r in rules_of("nelson", DAY) if r.kind == kind]
    assert bool(broken_rules(z, rules)) is broken


@pytest.mark.parametrize(
    ("sigmas", "count", "of", "z", "broken"),
    [(2, 2, 3, [2.1, 0, 2.1], True), (2, 2, 3, [2.1, 0, 0, 2.1], False), (2, 2, 3, [2.1, -2.1, 0], False),
     (1, 4, 5, [1.1, 1.1, 0, 1.1, 1.1], True), (3, 1, 1, [3.0], False), (3, 1, 1, [-3.01], True)],
)  # fmt: skip
def test_so_many_of_so_many_beyond(
    sigmas: float, count: int, of: int, z: list[float], broken: bool
) -> None:
    rule = Rule("x", "beyond", count, of, sigmas, True)
    assert bool(broken_rules(z, [rule])) is broken


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=60))
def test_a_mirror_changes_no_verdict(z: list[float]) -> None:
    for rule_set in RULE_SETS:
        rules = rules_of(rule_set, DAY)
        mirrored = broken_rules([-value for value in z], rules)
        assert [(b.rule, b.points) for b in broken_rules(z, rules)] == [
            (b.rule, b.points) for b in mirrored
        ]


def test_a_range_that_grew_is_seen_on_the_spread_alone() -> None:
    wild = [*[[1.0, 2.0, 1.5, 1.2]] * 9, [-8.0, 11.0, 1.5, 1.2]]
    chart = spc.xbar_r(wild).judged(rules_of("aiag", DAY))
    assert [b.last for b in chart.traces[1].broken if b.kind == "beyond"] == [9]
    assert not chart.is_stable


def test_zones_are_asked_for_on_means_only() -> None:
    counts = [10, 11, 16, 10, 16, 10, 9, 11, 10, 8, 10, 9]
    p = spc.p_chart(counts, [100] * 12).judged(rules_of("western_electric", DAY))
    assert p.traces[0].broken == (), "two of three beyond 2 sigma say nothing of counts"
    far = spc.p_chart([*counts[:-1], 40], [100] * 12).judged(rules_of("western_electric", DAY))
    assert {b.kind for b in far.traces[0].broken} == {"beyond"}
    moving = spc.i_mr([0.0, 3.0, 0.1, 3.1, 0.0, 3.0, 0.2, 3.0, 0.0]).judged(rules_of("aiag", DAY))
    assert moving.traces[1].broken == (), "moving ranges share readings: no runs are asked for"


def test_means_that_differ_without_any_spread_are_out_of_control() -> None:
    same = [[5.01, 5.01]] * 9
    assert spc.xbar_r(same).judged(rules_of("aiag", DAY)).is_stable
    coarse = spc.xbar_r([*same, [5.02, 5.02]]).judged(rules_of("aiag", DAY))
    assert not coarse.is_stable, "all ranges are 0: the gauge is too coarse for the process"


def test_many_readings_are_charted_by_their_deviation_not_as_individuals() -> None:
    draw = np.random.default_rng(5)
    values = draw.normal(0, 1, (25, 30)) + draw.normal(0, 0.5, (25, 1))
    chart = spc.xbar_s(values.tolist())
    pooled = float(np.sqrt(np.mean(values.var(axis=1, ddof=1))))
    assert chart.sigma_within == pytest.approx(pooled, rel=0.01)


def test_the_reference_data_name_their_source() -> None:
    assert {row["rule_set"] for row in load_rows("spc_rules")} == set(RULE_SETS)
    (row,) = load_rows("capability")
    assert (row["good"], row["fair"]) == ("1.67", "1.33")
    with pytest.raises(KeyError):
        rules_of("astrology", DAY)
    assert all(b > a for a, b in pairwise([d2(n) for n in range(2, 26)]))
