"""Readings and their verdicts; what cannot be a reading; figures as they are written (decimals)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.checks import (
    ACTION,
    OK,
    OUT,
    Reading,
    impossible,
    incomplete,
    reading_from,
    readings_from,
    verdict_of,
)
from mes_server.domain.control_plan import Characteristic, plan_from
from mes_server.domain.decimals import NoFigure, figure, figure_or_none, written
from tests.mes_server.domain.plan_making import attribute, line, plan


def characteristic(said: dict[str, Any]) -> Characteristic:
    return plan_from(plan(said)).characteristics[0]


def readings(*texts: str) -> list[Reading]:
    return [reading_from(text) for text in texts]


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=6))
def test_a_figure_is_what_was_written(value: Decimal) -> None:
    assert figure(format(value, "f")) == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [("4,95", "figure_has_a_point"), ("4.95mm", "figure_is_written"), ("", "figure_is_written"),
     ("1e3", "figure_is_written"), ("NaN", "figure_is_written"), ("=1+1", "figure_is_written"),
     ("٤", "figure_is_written"), ("1_0", "figure_is_written")],
)  # fmt: skip
def test_what_is_no_figure_is_not_guessed_at(text: str, rule: str) -> None:
    with pytest.raises(NoFigure) as bad:
        figure(text)
    assert bad.value.rule == rule
    assert figure_or_none(text) is None
    _, refused = readings_from([{"value": "5.0"}, {"value": text}])
    assert [(one.rule, one.facts["number"]) for one in refused] == [(rule, "2")]


def test_a_computed_figure_has_no_exponent() -> None:
    assert written(0.00000123456) == "0.00000123456"
    assert written(1234567.0, 4) == "1235000"


@pytest.mark.parametrize(
    ("texts", "rejected", "verdict"),
    [(["5.00", "4.96"], 0, OK), (["5.00", "4.95"], 0, ACTION), (["5.00", "4.949"], 0, OUT),
     (["5.05", "5.04"], 0, ACTION), (["5.051"], 0, OUT), (["5.00"], 1, OUT)],
)  # fmt: skip
def test_the_limits_belong_to_the_spec(texts: list[str], rejected: int, verdict: str) -> None:
    assert verdict_of(characteristic(line()), readings(*texts), rejected) == verdict


def test_a_test_that_ended_before_anything_was_seen_reaches_its_limit() -> None:
    salt = characteristic(line("sst", kind="life", unit="h", lower="48", upper=None, nominal=None,
                               action_lower=None, action_upper=None))  # fmt: skip
    assert verdict_of(salt, readings(">24")) == OK, "no rust when it was taken out"
    assert verdict_of(salt, readings("36")) == OUT
    assert impossible(salt, readings("2000"), Decimal(5), Decimal(6)) == [], "longer is no mistake"


@pytest.mark.parametrize(
    ("text", "guess"),
    [("0.197", "5.0038"), ("5000", "5"), ("127", "5"), ("-5.00", "")],
)
def test_a_reading_in_another_unit_is_told_and_never_taken(text: str, guess: str) -> None:
    (told,) = impossible(characteristic(line()), readings("5.00", text), Decimal(5), Decimal(6))
    assert (told.rule, told.facts["number"], told.facts["guess"]) == (
        "reading_is_possible",
        "2",
        guess,
    )


def test_what_is_out_of_the_spec_is_possible() -> None:
    assert (
        impossible(characteristic(line()), readings("4.60", "5.50"), Decimal(5), Decimal(6)) == []
    )


def test_the_sample_is_whole() -> None:
    of_places = characteristic(line(positions=["T1", "T2"]))
    told = incomplete(of_places, [reading_from("5", "T1"), reading_from("5", "T3")])
    assert [(one.rule, one.facts.get("positions")) for one in told] == [
        ("positions_are_told", "T2")
    ]
    assert [one.rule for one in incomplete(of_places, readings("5"))] == [
        "sample_is_whole", "positions_are_told",
    ]  # fmt: skip
    assert incomplete(characteristic(attribute("cracks")), []) == []
