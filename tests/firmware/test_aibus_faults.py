"""Each fault of an AIBUS line, by a controller of ours on a pseudo-terminal, read on both interpreters."""

import struct
import threading

import pytest

from firmware.drivers.aibus import check_of
from tests.firmware.faulty import Device, Say, in_good_ways, once, only_echo, silent
from tests.firmware.ptys import stub
from tests.firmware.reading import INTERPRETERS, read

QUICK = {"address": 2, "timeout_ms": 150, "tries": 1, "fresh_ms": 0, "decimals": 1}

pytestmark = pytest.mark.parametrize("interpreter", INTERPRETERS)


def reply(request: bytes, alarms: int = 0) -> bytes:
    """What a healthy controller says: parameter n holds 10 n."""
    address = request[0] - 0x80
    frame = struct.pack("<hhBBh", 10855, 10900, 40, alarms, 10 * request[3])
    return frame + struct.pack("<H", check_of(address, frame))


def cut_short(request: bytes, say: Say) -> None:
    say(reply(request)[:7])


def spoilt(request: bytes, say: Say) -> None:
    good = reply(request)
    say(b"\x00" + good[1:])


def of_another(request: bytes, say: Say) -> None:
    say(reply(bytes((request[0] + 1,)) + request[1:]))


def sensor_open(request: bytes, say: Say) -> None:
    say(reply(request, 0x10))


FAULTS = {
    # words, the kind of the sample's reason, and that of the line's statistics
    silent: ("no answer", "silence", {"silence": 1}),
    cut_short: ("7 of 10 bytes", "short", {"short": 1}),
    spoilt: ("wrong check sum", "check", {"check": 1}),
    only_echo: ("only the echo", "silence", {"silence": 1}),
    of_another: ("wrong check sum", "check", {"check": 1}),
    sensor_open: ("orAL", "sensor", {"value": 1}),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_told_in_words_counted_and_over_when_the_controller_is_well(
    interpreter: str, fault: Device
) -> None:
    with stub(once(fault, reply)) as port:
        found = read(interpreter, [["aibus", QUICK | {"port": port}]], rounds=2)
    words, kind, kinds = FAULTS[fault]
    assert words in found["rounds"][0][0]["fault"]
    assert found["rounds"][0][0]["kind"] == kind
    assert found["rounds"][1] == [1085.5], "the negative control: the same controller, well"
    assert found["buses"][0]["kinds"] == kinds


@pytest.mark.parametrize("controller", in_good_ways(reply))
def test_an_answer_is_found_in_what_comes(interpreter: str, controller: Device) -> None:
    with stub(controller) as port:
        args = QUICK | {"port": port, "timeout_ms": 2000}
        assert read(interpreter, [["aibus", args]])["rounds"] == [[1085.5]]


def test_a_late_answer_is_not_taken_for_that_of_another_parameter(interpreter: str) -> None:
    """An answer does not say which parameter it holds: only waiting tells two apart."""
    asked = []

    def controller(request: bytes, say: Say) -> None:
        asked.append(request)
        threading.Timer(0.25 if len(asked) == 1 else 0, say, (reply(request),)).start()

    with stub(controller) as port:
        args = QUICK | {"port": port, "timeout_ms": 100, "late_ms": 20000, "decimals": 0}
        channels = [["aibus", args | {"parameter": code}] for code in (4, 8)]
        found = read(interpreter, channels, rounds=2)
    assert "no answer" in found["rounds"][0][0]["fault"]
    assert found["rounds"][0][1] == 80, "the answer to 4, which came meanwhile, holds 40"
    assert found["rounds"][1] == [40, 80]
