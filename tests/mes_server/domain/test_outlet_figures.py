"""The smaller rules of a judged day: totaliser, doubt, lab figures, mixing, forecast, substitution, digest."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from mes_server.domain.analyser_doubt import by_checks, by_state
from mes_server.domain.benchmark import Mixed, alternative, with_alternative
from mes_server.domain.day_digest import canonical, digest_of
from mes_server.domain.discharge import Hour
from mes_server.domain.flow_means import Span
from mes_server.domain.forecast import Pace, mean_at_end, pace_of
from mes_server.domain.lab_figures import lab_figures, sampled
from mes_server.domain.substituted import substituted_load
from mes_server.domain.totaliser import volume
from mes_server.domain.water_samples import AnalyserCheck, Result, WaterSample
from tests.mes_server.domain.test_flow_means import counted, flow
from tests.mes_server.domain.test_judge_discharge import limit

NONDETECT = {"average_share": "0.5", "compliance_share": "1"}
EVER = 10_000


def minutes(*values: float) -> Any:
    """A counter that is read once a minute."""
    told = np.array(values)
    return 0, told, told, told, told


def test_a_totaliser_goes_on_over_its_rollover_and_not_backwards() -> None:
    told = volume(minutes(98, 99, 1, 2), 97.0, Decimal(100), None, ())
    assert (told.amount, [one.kind for one in told.steps]) == (Decimal("5.0"), ["rolled_over"])
    told = volume(minutes(50, 51, 40, 41), None, None, None, ())
    assert (told.amount, {one.kind for one in told.steps}) == (Decimal("1.0"), {"backwards"})
    told = volume(minutes(50, 0, 51, 52), None, None, None, ())
    assert (told.amount, [one.kind for one in told.steps]) == (Decimal("2.0"), ["reset"])
    told = volume(minutes(50, 0, *range(1, 61)), None, None, None, ())
    assert told.amount == Decimal("60.0"), "it began anew, and went beyond where it was"
    told = volume(minutes(50, 51, 9000, 9001), None, None, Decimal(60), ())
    assert (told.amount, [one.kind for one in told.steps]) == (Decimal("2.0"), ["jumped"])
    told = volume(minutes(50, 51, 3, 4), None, None, None, (90_000,))
    assert (told.amount, [one.kind for one in told.steps]) == (Decimal("2.0"), ["reset"])
    assert volume(minutes(), None, None, None, ()).amount is None


def test_a_meter_that_was_reset_within_a_minute_is_seen() -> None:
    first, low, high, last = (np.array([one]) for one in (7.0, 0.0, 8.0, 0.5))
    told = volume((0, first, low, high, last), None, None, None, ())
    assert (told.amount, [one.kind for one in told.steps]) == (Decimal("1.5"), ["reset"])


def test_states_in_which_an_analyser_does_not_measure_are_doubt() -> None:
    turns = [(0, "measuring"), (10, "calibrating"), (20, "fault"), (30, "measuring")]
    assert by_state(turns, 99) == [Span(10, 20, "calibrating"), Span(20, 30, "fault")]
    assert by_state([(0, "maintenance")], 99) == [Span(0, 99, "maintenance")]
    assert by_state([], 99) == []


def check(kind: str, at_ms: int, passed: bool | None, to_ms: int | None = None) -> AnalyserCheck:
    return AnalyserCheck(f"c{at_ms}", "o", "ni", kind, at_ms, to_ms, "P", None, None, passed)


def test_a_failed_check_makes_all_since_the_last_good_one_doubtful_until_one_passes() -> None:
    told = [check("span", 10, True), check("span", 30, False), check("span", 50, True)]
    assert by_checks(told, "ni", EVER) == [Span(10, 50, "span_failed")]
    assert by_checks(told[:2], "ni", EVER) == [Span(10, EVER, "span_failed")]
    assert by_checks(told[1:], "ni", EVER) == [Span(0, 50, "span_failed")]
    assert by_checks(told, "cu", EVER) == []
    zero = [check("zero", 20, True), *told]
    assert by_checks(zero, "ni", EVER) == [Span(10, 50, "span_failed")]  # a good zero is no span


def test_maintenance_counts_until_it_ends() -> None:
    assert by_checks([check("maintenance", 5, None, 9)], "ni", EVER) == [Span(5, 9, "maintenance")]
    assert by_checks([check("maintenance", 5, None)], "ni", EVER) == [Span(5, EVER, "maintenance")]


def sample(code: str, kind: str, value: str, voided: str = "", to_ms: int = 20) -> WaterSample:
    qualifier = "<" if value.startswith("<") else ""
    result = Result("ni", Decimal(value.strip("<")), "mg/L", qualifier, "HJ 776", None)
    return WaterSample(code, "o", kind, 10, to_ms, "lab", "R", (result,), (), voided)


def test_a_non_detect_is_half_in_a_mean_and_whole_against_a_limit() -> None:
    found = lab_figures([sample("a", "grab", "<0.02")], "ni", 1000, 99, NONDETECT)
    assert (found.grabs, found.mean) == ((("a", 0.02),), 0.01)


def test_samples_that_do_not_count_are_listed_with_the_reason() -> None:
    bad = sample("e", "grab", "0.1")
    refused = WaterSample("f", "o", "grab", 1, 2, "", "", (), (), refused=bad.results)
    told = [
        sample("a", "grab", "0.1", voided="bottle broke"), sample("b", "grab", "0.1", to_ms=200),
        sample("c", "grab", "5000"), sample("d", "grab", "0.3"), refused,
    ]  # fmt: skip
    found = lab_figures(told, "ni", 1000, 99, NONDETECT)
    assert [(one.code, one.reason) for one in found.excluded] == [
        ("a", "voided"), ("b", "future"), ("c", "implausible"), ("f", "rejected"),
    ]  # fmt: skip
    assert (found.codes, found.mean) == (("d",), 0.3)
    assert sampled([refused]) == {"ni"}


def test_what_was_drawn_over_a_day_goes_before_single_samples() -> None:
    told = [sample("a", "grab", "0.9"), sample("b", "composite", "0.1")]
    assert lab_figures(told, "ni", 1000, 99, NONDETECT).mean == 0.1


def test_dilution_lowers_the_limit_of_mixed_water() -> None:
    mixed = Mixed([(60.0, Decimal("2.0")), (20.0, Decimal("4.0"))], 100.0, 10.0)
    assert alternative(mixed) == pytest.approx((60 * 2 + 20 * 4) / 80 * 90 / 100)
    told = with_alternative(limit(), mixed)
    assert (told.high, told.source) == (Decimal("2.25"), "GB 21900-2008; 40 CFR 403.6(e)")
    assert with_alternative(limit(), Mixed([], 100.0, 0.0)) == limit()


def test_a_running_day_goes_on_as_its_last_hours() -> None:
    values = np.concatenate((np.full(540, 0.1), np.full(180, 0.4), np.full(720, np.nan)))
    rate = np.concatenate((np.ones(720), np.full(720, np.nan)))
    now = flow(rate, elapsed=720)
    pace = pace_of(now, 3)
    assert pace == Pace(1.0, 12.0)
    mean = mean_at_end(counted(values), now, pace, 3)
    assert mean == pytest.approx((9 * 0.1 + 3 * 0.4 + 12 * 0.4) / 24)
    assert pace_of(flow(np.nan, elapsed=720), 3) is None
    assert mean_at_end(counted(np.full(1440, np.nan)), now, Pace(1.0, 12.0), 3) is None


def test_missing_hours_are_substituted_in_a_load_of_their_own_and_counted() -> None:
    hours = [Hour(n, mean, mean, mean, 10.0, 1.0) for n, mean in enumerate((1.0, None, 3.0, None))]
    assert substituted_load(hours) == (pytest.approx((1 + 2 + 3 + 3) * 10 / 1000), 2)
    assert substituted_load([Hour(0, None, None, None, 10.0, 0.0)]) == (None, 0)


def test_a_digest_forgives_rounding_and_nothing_else() -> None:
    one = Hour(0, 0.1 + 0.2, 0.1, 0.5, 1.0, 1.0)
    assert digest_of(one) == digest_of(Hour(0, 0.3, 0.1, 0.5, 1.0, 1.0))
    assert digest_of(one) != digest_of(Hour(0, 0.30001, 0.1, 0.5, 1.0, 1.0))
    assert canonical({"b": Decimal("1.50"), "a": (None, True)}) == "{a:[None,True],b:1.5}"
