"""The process behind checks: which chart they make, what it asks for, and how it lies on paper."""

from decimal import Decimal

import pytest

from mes_server.domain.checks import Check, Reading
from mes_server.domain.control_plan import Characteristic
from mes_server.domain.process import (
    capability_of,
    needs_on,
    process_of,
    reaction_of,
    subgroups_needed,
)
from mes_server.domain.spc import CannotChart, xbar_r
from mes_server.web.control_chart import HEIGHT, WIDTH, draw, written
from tests.mes_server.domain.published import PISTON_RINGS

DAY = "2026-11-28"


def check(number: int, *values: str, sample: int = 0, rejected: int = 0, voided: str = "") -> Check:
    readings = tuple(
        Reading(Decimal(v.removeprefix(">")), v, beyond=v.startswith(">")) for v in values
    )
    return Check(
        f"CK-{number}", number, number, "P1", "mill-1", "CP-1/A", "d", "mill", "during", "", "", "P-1", "",
        readings, sample or len(values), rejected, "ok", "api", voided=voided,
    )  # fmt: skip


def rings() -> list[Check]:
    return [check(i, *(str(v) for v in group)) for i, group in enumerate(PISTON_RINGS)]


def test_the_chart_follows_from_the_subgroups() -> None:
    assert process_of(rings()).chart.kind == "xbar_r"
    assert process_of([check(i, str(i)) for i in range(3)]).chart.kind == "i_mr"
    tens = [check(i, *(str(i + v) for v in range(10))) for i in range(3)]
    assert process_of(tens).chart.kind == "xbar_s"
    counted = [check(i, sample=50, rejected=i) for i in range(3)]
    assert process_of(counted).chart.kind == "p"
    assert [process_of(counted, kind).chart.kind for kind in ("np", "c", "u")] == ["np", "c", "u"]


def test_the_limits_are_those_that_montgomery_printed() -> None:
    """Introduction to Statistical Quality Control, 6th ed., example 6.1: UCL 74.014, LCL 73.988; range 0.049."""
    mean, spread = process_of(rings()).chart.traces
    assert 74 + mean.upper[0] / 1000 == pytest.approx(74.01458, abs=5e-5)
    assert 74 + mean.lower[0] / 1000 == pytest.approx(73.98777, abs=5e-5)
    assert spread.upper[0] / 1000 == pytest.approx(0.04914, abs=5e-5)


def test_what_is_no_subgroup_like_the_others_is_left_out_and_counted() -> None:
    odd = [check(90, "1", "2"), check(91, ">5", "1", "1", "1", "1"), check(92, voided="x")]
    found = process_of([*rings(), *odd])
    assert (len(found.checks), found.left_out) == (25, 2), "a voided one is no check at all"
    for none in ([], [check(1, "5")], [check(1, sample=5)]):
        with pytest.raises(CannotChart):
            process_of(none)
    with pytest.raises(CannotChart, match="subgroups_are_alike"):
        process_of([check(1, sample=5), check(2, sample=6)], "c")


def test_a_moving_range_is_of_the_later_check() -> None:
    found = process_of([check(i, v) for i, v in enumerate(("1", "2", "4"))])
    assert [found.check_at(0, 0).code, found.check_at(1, 0).code] == ["CK-0", "CK-1"]


def test_only_what_the_newest_point_breaks_asks_for_a_reaction() -> None:
    steady = [check(i, str(10 + i % 2)) for i in range(24)]
    assert reaction_of(process_of(steady).chart) is None
    jumped = reaction_of(process_of([*steady, check(30, "40")]).chart)
    assert jumped is not None
    assert (jumped.rules, jumped.first) == (("1",), 23), "the range is of the point before it, too"
    over = process_of([*steady, check(30, "40"), check(31, "10"), check(32, "11")])
    assert not over.chart.is_stable
    assert reaction_of(over.chart) is None, "it was an earlier one"
    trend = reaction_of(process_of([check(i, str(i)) for i in range(8)]).chart)
    assert trend is not None
    assert "3" in trend.rules
    assert trend.first == 2


def test_capability_takes_the_limits_of_the_plan() -> None:
    line = Characteristic("d", {}, "mill", lower=Decimal(-50), upper=Decimal(50))
    found = capability_of(process_of(rings()), line)
    assert found is not None
    assert found.cp is not None
    # Montgomery, the same example: spec 74.000 +- 0.05; he prints Cp 1.68 of sigma 0.00999 cut to 0.0099.
    assert found.sigma_within == pytest.approx(9.99, abs=0.01)
    assert found.cp.value == pytest.approx(1.68 * 0.0099 / 0.00999, abs=0.005)
    bare = capability_of(process_of(rings()), None)
    assert bare is not None
    assert bare.refused == ("spec_is_given",)
    assert capability_of(process_of([check(i, sample=9) for i in range(3)]), line) is None
    assert (needs_on(DAY).readings_min, subgroups_needed(DAY)) == (30, 25)


def test_a_chart_lies_within_its_frame_and_marks_what_is_broken() -> None:
    chart = process_of([*(check(i, str(10 + i % 2)) for i in range(24)), check(30, "40")]).chart
    drawing = draw(chart.traces[0], 25)
    assert all(0 < m.x < WIDTH and 0 < m.y < HEIGHT for m in drawing.marks)
    assert drawing.marks[-1].rules == "1"
    assert drawing.marks[-1].y == min(mark.y for mark in drawing.marks)
    ys = {level.name: level.y for level in drawing.levels}
    assert ys["upper"] < ys["centre"] < ys["lower"], "up is less in a drawing"
    assert len(draw(chart.traces[1], 25).marks) == 24
    flat = xbar_r([[1.0, 1.0], [1.0, 1.0]])
    assert draw(flat.traces[0], 2).values == ("1.0000", "1.0000")
    assert written(-0.5, 2) == "\N{MINUS SIGN}0.50"
