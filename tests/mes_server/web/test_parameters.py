"""What stands behind the `?` of an address is read whole: every fault at once, with what to do."""

import pytest
from werkzeug.datastructures import MultiDict

from mes_server.web.parameters import Parameter, read_parameters
from mes_server.web.problems import BadRequest
from mes_server.web.words import Words

T = Words("en")
SPAN = Parameter("from", "time", "Where it begins", required=True)
NAMES = Parameter("metric", "texts", "Which metrics", high=2)
LIMIT = Parameter("limit", "whole", "How many", default=200, low=1, high=1000)
RAW = Parameter("raw", "flag", "As it was stored", default=False)
ALL = (SPAN, NAMES, LIMIT, RAW)


def faults_of(*given: tuple[str, str]) -> dict[str, str]:
    with pytest.raises(BadRequest) as caught:
        read_parameters(ALL, MultiDict(given), T)
    assert all(fault.next_step for fault in caught.value.faults)
    return {fault.parameter: fault.fault for fault in caught.value.faults}


def test_values_come_in_their_kind_and_what_is_absent_by_default() -> None:
    given = [
        ("from", "2026-11-23T22:33:20.5+00:00"),
        ("metric", "a"),
        ("metric", "a"),
        ("raw", "1"),
    ]
    assert read_parameters(ALL, MultiDict(given), T) == {
        "from": 1_795_473_200_500, "metric": ["a"], "limit": 200, "raw": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T06:33:20+08:00", "2026-11-24T06:33:20 08:00", "2026-11-23T22:33:20Z"],
)
def test_one_moment_may_be_written_with_any_offset(text: str) -> None:
    assert read_parameters([SPAN], MultiDict([("from", text)]), T) == {"from": 1_795_473_200_000}


def test_every_fault_is_told_at_once() -> None:
    given = [("metric", "a"), ("metric", "b"), ("metric", "c"), ("limit", "0"), ("raw", "maybe"),
             ("lang", "en"), ("colour", "red")]  # fmt: skip
    assert set(faults_of(*given)) == {"from", "metric", "limit", "raw", "colour"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("from", "yesterday"),
        ("from", "2026-11-23T22:33:20"),  # without an offset it is no moment
        ("from", "1970-01-01T00:00:00Z"),
        ("limit", "٣"),  # a digit, but not one of ours
        ("limit", "1001"),
        ("limit", "9" * 5000),
        ("metric", "a\0b"),
        ("metric", "a" * 201),
    ],
)
def test_what_cannot_be_meant_is_refused_and_named(name: str, text: str) -> None:
    given = {"from": "2026-11-23T22:33:20Z"} | {name: text}
    assert set(faults_of(*given.items())) == {name}


def test_a_parameter_that_is_one_value_may_not_come_twice() -> None:
    moment = ("from", "2026-11-23T22:33:20Z")
    assert set(faults_of(moment, ("limit", "5"), ("limit", "6"))) == {"limit"}
