"""What data means by the birth of its station; what cannot be explained is told by word and sentence."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.nodes import (
    ALIVE,
    CHANGED,
    DATATYPE,
    DOUBTED,
    FUTURE_MS,
    MISSED,
    NAME,
    SURE,
    TIME,
    TIME_MIN_MS,
    WAITING,
    Layout,
    NodeRegister,
    NodeState,
    UnreadableError,
    layout_of,
)
from mes_server.domain.readings import Reading, resolve
from schemas.samples import BAD, GOOD, STALE, bad_because
from schemas.sparkplug import DATATYPES, Metric
from tests.mes_server.edge import NOW_MS, plain

DOUBLE = DATATYPES["double"]
TEMPERATURE = Layout(False, {"t": DOUBLE}, {7: "t"})


def one(metric: Metric, layout: Layout = TEMPERATURE, payload_ms: int | None = NOW_MS) -> Reading:
    (reading,) = resolve(layout, [metric], payload_ms, NOW_MS)
    return reading


def refused(metric: Metric, layout: Layout = TEMPERATURE) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        resolve(layout, [metric], NOW_MS, NOW_MS)
    return caught.value


def test_a_birth_without_a_datatype_takes_that_of_its_value() -> None:
    layout = layout_of([plain("t", None, 1.5), plain("n", None, 3), plain("x", None, None)])
    assert layout.datatypes == {"t": DOUBLE, "n": DATATYPES["int64"], "x": 0}
    assert one(plain("x", None, "on"), layout).datatype == DATATYPES["string"]


def test_a_reading_has_its_own_time_else_that_of_the_message_else_that_of_its_coming() -> None:
    assert one(plain("t", None, 1.0, at_ms=NOW_MS - 5)).at_ms == NOW_MS - 5
    assert one(plain("t", None, 1.0, at_ms=None), payload_ms=NOW_MS - 9).at_ms == NOW_MS - 9
    assert one(plain("t", None, 1.0, at_ms=None), payload_ms=None).at_ms == NOW_MS


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_is_no_number_is_no_value_and_bad(value: float | None) -> None:
    reading = one(plain("t", None, value))
    assert (reading.value, reading.quality) == (None, BAD)


def test_quality_is_kept_and_why_it_is_bad() -> None:
    assert one(plain("t", None, 1.0)).quality == GOOD
    stale = one(plain("t", None, 1.0, quality=STALE))
    assert (stale.value, stale.quality) == (1.0, STALE)
    for code in (BAD, bad_because("check")):
        for value in (1.0, None, math.nan):
            bad = one(plain("t", None, value, quality=code))
            assert (bad.value, bad.quality) == (None, code)


@pytest.mark.parametrize(
    "at_ms", [0, TIME_MIN_MS - 1, NOW_MS + FUTURE_MS + 1, 4_000_000_000_000, 1 << 63]
)
def test_a_time_no_working_clock_can_tell_is_refused(at_ms: int) -> None:
    assert refused(plain("t", None, 1.0, at_ms=at_ms)).reason == TIME


def test_a_value_of_another_datatype_is_refused_by_name() -> None:
    error = refused(plain("t", None, "warm"))
    assert error.reason == DATATYPE
    assert "t:" in error.detail


def test_a_text_that_is_not_utf8_or_has_a_zero_byte_is_refused() -> None:
    layout = Layout(False, {"s": DATATYPES["string"]}, {})
    assert (
        refused(Metric("s", None, NOW_MS, None, b"\xff", None, False, False), layout).reason
        == DATATYPE
    )
    assert refused(plain("s", None, "a\0b"), layout).reason == DATATYPE


def test_an_alias_stands_for_the_name_of_its_birth() -> None:
    assert one(plain(None, None, 2.5, alias=7)).metric == "t"
    assert refused(plain(None, None, 2.5, alias=8)).reason == WAITING
    assert refused(plain(None, None, 2.5)).reason == NAME


def test_an_alias_is_not_believed_when_births_may_have_been_missed() -> None:
    register = NodeRegister({("g", "n"): NodeState(ALIVE, layouts={"s": TEMPERATURE})})
    register.doubt()
    layout = register.layout(("g", "n"), "s")
    assert refused(plain(None, None, 2.5, alias=7), layout).reason == WAITING
    assert one(plain("t", None, 2.5), layout).value == 2.5
    assert refused(plain("t", None, "warm"), layout).reason == WAITING
    assert register.state(("g", "n")).standing == DOUBTED


def test_a_name_the_birth_did_not_tell_waits_for_one_unless_a_stranger_explains_it() -> None:
    assert refused(plain("new", None, 1.0)).reason == WAITING
    assert one(plain("new", "double", 1.0)).metric == "new"
    own = Layout(True, {"t": DOUBLE}, {})
    assert refused(plain("new", "double", 1.0), own).reason == WAITING


def test_commands_the_journal_and_kinds_that_are_no_series_are_passed_over() -> None:
    layout = Layout(
        False, {"Node Control/Rebirth": 11, "image": DATATYPES["bytes"], "t": DOUBLE}, {}
    )
    metrics = [
        plain("Node Control/Rebirth", None, False),
        plain("bdSeq", "int64", 3),
        Metric("image", None, NOW_MS, None, b"\x00\xff", None, False, False),
        plain("t", None, 1.0),
        plain("t", None, 2.0),
    ]
    assert [r.value for r in resolve(layout, metrics, NOW_MS, NOW_MS)] == [1.0, 2.0]


@given(st.sampled_from(["int8", "int16", "int32", "int64"]), st.data())
def test_negative_integers_come_back_from_any_width_of_twos_complement(
    kind: str, data: st.DataObject
) -> None:
    bits = int(kind[3:])
    value = data.draw(st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1))
    width = data.draw(st.sampled_from([w for w in (8, 16, 32, 64) if w >= bits]))
    layout = Layout(False, {"n": DATATYPES[kind]}, {})
    assert one(plain("n", None, value & ((1 << width) - 1)), layout).value == value


@pytest.mark.parametrize("trust", [MISSED, CHANGED])
@pytest.mark.parametrize(
    ("kind", "number", "waits"),
    [
        ("int32", 5, False),
        ("int32", 0xFFFFFFFF, True),
        ("uint32", 0x80000000, True),
        ("uint32", 0x7FFFFFFF, False),
        ("int8", 200, True),
        ("uint64", 0xFFFFFFFE, True),
        ("uint64", 1_795_500_000_000, False),
        ("int64", (1 << 64) - 2, True),
    ],
)
def test_an_integer_that_another_birth_would_read_otherwise_waits_for_it(
    trust: int, kind: str, number: int, waits: bool
) -> None:
    layout = Layout(False, {"n": DATATYPES[kind]}, {}, trust=trust)
    if waits:
        assert refused(plain("n", None, number), layout).reason == WAITING
    else:
        assert one(plain("n", None, number), layout).value == number
    assert one(plain("n", None, number), replace(layout, trust=SURE)).value is not None


@pytest.mark.parametrize("kind", ["dataset", "bytes", "template"])
def test_a_single_value_that_its_birth_calls_something_else_does_not_vanish(kind: str) -> None:
    layout = Layout(False, {"n": DATATYPES[kind]}, {})
    assert refused(plain("n", None, 20.5), layout).reason == DATATYPE
    assert refused(plain("n", None, 20.5), replace(layout, trust=CHANGED)).reason == WAITING
    assert (
        resolve(layout, [plain("n", "bytes", b"1"), plain("n", None, None)], NOW_MS, NOW_MS) == []
    )


def test_a_birth_that_says_other_things_of_others_leaves_no_doubt_of_what_it_says_again() -> None:
    before = Layout(False, {"n": DATATYPES["int32"], "m": DATATYPES["int32"]}, {1: "n"})
    after = Layout(False, {"n": DATATYPES["int32"], "m": DATATYPES["uint32"]}, {2: "n"})
    layout = after.following(before)
    assert layout.trust == CHANGED
    assert one(plain("n", None, 0xFFFFFFFE), layout).value == -2
    assert one(plain(None, None, 0xFFFFFFFE, alias=2), layout).value == -2
    assert refused(plain("m", None, 0xFFFFFFFE), layout).reason == WAITING
    assert refused(plain("n", None, "two"), layout).reason == DATATYPE
    assert refused(plain("n", None, 0xFFFFFFFE), layout.doubted()).reason == WAITING
