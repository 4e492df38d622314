"""AIBUS on a line in memory; both interpreters run this file."""

import struct

from firmware.drivers import aibus
from firmware.drivers.aibus import check_of, open_value, question
from firmware.drivers.serial_turns import Turns
from tests.device_help import fault_of
from tests.firmware.lines import MemoryLine, Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_opened = [0]


def answer(address: int, words: "list[int]", mv: int = 50, alarms: int = 0) -> bytes:
    """PV, SV, a parameter, with the output and the alarms between."""
    pv, sv, parameter = words
    frame = struct.pack("<hhbBh", pv, sv, mv, alarms, parameter)
    return frame + struct.pack("<H", check_of(address, frame))


def channel(line: MemoryLine, **args: "Any") -> "aibus.AibusChannel":
    _opened[0] += 1
    usual = {"address": 2, "timeout_ms": 20, "tries": 1}
    return open_value(f"memory{_opened[0]}", Turns(line, 20), usual | args, Time())


def test_a_question_is_that_of_the_protocol() -> None:
    # Address 1, parameter 0: 81 81 52 00 00 00 53 00, known from the maker's examples.
    assert question(1, 0) == b"\x81\x81\x52\x00\x00\x00\x53\x00"
    assert question(2, 0x0C) == b"\x82\x82\x52\x0c\x00\x00\x54\x0c"


def test_one_answer_holds_value_setpoint_output_and_decimals() -> None:
    line = MemoryLine(lambda _: [answer(2, [10855, 10900, 1], mv=-30)])
    with_decimals = {"decimal_parameter": 12}
    assert channel(line, parameter="pv", **with_decimals).read() == 1085.5
    assert line.requests == [question(2, 12)]
    assert channel(line, parameter="sv", **with_decimals).read() == 1090.0
    assert channel(line, parameter="mv", **with_decimals).read() == -30
    assert channel(line, parameter=12).read() == 1
    assert channel(line, decimals=2).read() == 108.55
    assert channel(MemoryLine(lambda _: [answer(2, [-400, 0, 0])])).read() == -400


def test_an_answer_in_pieces_with_an_echo_or_noise_before_it_is_found() -> None:
    good = answer(2, [100, 200, 0])
    for pieces in (
        [good[:1], good[1:]],
        [question(2, 0), good],
        [question(2, 0)[:3], question(2, 0)[3:] + good[:5], good[5:]],
        [b"\x00" + good],
    ):
        line = MemoryLine(lambda _, pieces=pieces: list(pieces))
        assert channel(line).read() == 100, pieces


def test_what_is_wrong_is_told_in_words() -> None:
    good = answer(2, [100, 200, 0])
    spoilt = good[:2] + b"\x01" + good[3:]
    for came, words in (
        ([], "no answer"),
        ([good[:6]], "6 of 10 bytes"),
        ([spoilt], "wrong check sum"),
        ([answer(3, [100, 200, 0])], "wrong check sum"),
        ([question(2, 0)], "only the echo"),
        ([answer(2, [100, 200, 0], alarms=0x10)], "orAL"),
    ):
        line = MemoryLine(lambda _, came=came: list(came))
        assert words in str(fault_of(OSError, channel(line).read)), words
    line = MemoryLine(lambda _: [good])
    assert "decimals" in str(fault_of(OSError, channel(line, decimals=99).read))
    alarms = answer(2, [100, 200, 0], alarms=0x6F)
    assert channel(MemoryLine(lambda _: [alarms])).read() == 100, (
        "other alarms are no broken sensor"
    )


def test_an_answer_is_shared_while_it_is_fresh() -> None:
    line, time = MemoryLine(lambda _: [answer(2, [100, 200, 0])]), Time()
    turns = Turns(line, 20)
    args = {"address": 2, "timeout_ms": 20}
    pv, sv = [open_value("fresh", turns, args | {"parameter": p}, time) for p in ("pv", "sv")]
    assert (pv.read(), sv.read(), len(line.requests)) == (100, 200, 1)
    time.now += 500
    pv.read()
    assert len(line.requests) == 2


def test_args_that_are_wrong_are_a_fault_of_their_channel() -> None:
    for args, word in (
        ({"port": "/dev/null"}, "address"),
        ({"address": 1}, "port"),
        ({"port": "/dev/null", "address": 81}, "from 0 to 80"),
        ({"port": "/dev/null", "address": 1, "parameter": "out"}, "parameter"),
        ({"port": "/dev/null", "address": 1, "parameter": 300}, "parameter"),
    ):
        assert word in str(fault_of(OSError, aibus.open_channel, args, "s", "m", None))
