"""Each fault of a bus, by a device of ours on a pseudo-terminal, read by the drivers on both interpreters."""

import random
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from firmware.drivers import thyracont
from firmware.drivers.aibus import check_of
from firmware.drivers.rtu_master import framed
from tests.firmware.faulty import Device, Say, in_good_ways, once, only_echo, silent
from tests.firmware.ptys import stub
from tests.firmware.reading import INTERPRETERS, read

QUICK = {"unit": 1, "timeout_ms": 150, "tries": 1, "fresh_ms": 0}

pytestmark = pytest.mark.parametrize("interpreter", INTERPRETERS)


def reply(request: bytes) -> bytes:
    """What a healthy device says: register n holds 10 n."""
    unit, function, first, count = struct.unpack(">BBHH", request[:6])
    data = b"".join(struct.pack(">H", 10 * (first + n)) for n in range(count))
    return framed(bytes((unit, function, len(data))) + data)


HEALTHY = in_good_ways(reply)[0]


def cut_short(request: bytes, say: Say) -> None:
    say(reply(request)[:4])


def spoilt(request: bytes, say: Say) -> None:
    good = reply(request)
    say(good[:4] + bytes((good[4] ^ 4,)) + good[5:])


def of_another(request: bytes, say: Say) -> None:
    say(reply(b"\x02" + request[1:]))


def refuses(request: bytes, say: Say) -> None:
    say(framed(bytes((request[0], request[1] | 0x80, 2))))


FAULTS = {
    silent: ("no answer", "silence"),
    cut_short: ("4 of 7 bytes", "short"),
    spoilt: ("wrong check sum", "check"),
    only_echo: ("only the echo", "silence"),
    of_another: ("another question", "other"),
    refuses: ("illegal register", "exception"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_told_in_words_counted_and_over_when_the_device_is_well(
    interpreter: str, fault: Device
) -> None:
    with stub(once(fault, reply)) as port:
        args = QUICK | {"port": port, "register": 4, "timeout_ms": 1000}
        found = read(interpreter, [["modbus_rtu", args]], rounds=2)
    words, kind = FAULTS[fault]
    assert words in found["rounds"][0][0]["fault"]
    assert found["rounds"][0][0]["kind"] == kind, "the sample is bad for that reason"
    assert found["rounds"][1] == [40], "the negative control: the same device without the fault"
    (bus,) = found["buses"]
    assert (bus["asked"], bus["failed"], bus["kinds"]) == (2, 1, {kind: 1})


def after_noise(request: bytes, say: Say) -> None:
    say(b"\x00\xff" + reply(request))


@pytest.mark.parametrize("device", [*in_good_ways(reply), after_noise])
def test_an_answer_is_found_in_what_comes(interpreter: str, device: Device) -> None:
    with stub(device) as port:
        args = QUICK | {"port": port, "register": 4, "timeout_ms": 1000}
        assert read(interpreter, [["modbus_rtu", args]])["rounds"] == [[40]]


def late_by(late: list[bytes]) -> Device:
    """A device that answers the first question only when the next is asked, just before that one's answer."""
    asked = []

    def device(request: bytes, say: Say) -> None:
        asked.append(request)
        if len(asked) == 1:
            late.append(reply(request))
            threading.Timer(0.25, say, (late[0],)).start()
        else:
            say(reply(request))

    return device


def test_a_late_answer_is_not_taken_for_that_of_the_next_question(interpreter: str) -> None:
    late: list[bytes] = []
    with stub(late_by(late)) as port:
        args = QUICK | {"port": port, "timeout_ms": 100, "late_ms": 20000}
        channels = [["modbus_rtu", args | {"register": register}] for register in (4, 8)]
        found = read(interpreter, channels, rounds=2)
    assert len(late) == 1
    assert "no answer" in found["rounds"][0][0]["fault"]
    assert found["rounds"][0][1] == 80, "the answer to 4, which came meanwhile, would be 40"
    assert found["rounds"][1] == [40, 80]


def test_a_device_that_does_not_wait_for_late_answers_would_take_one(interpreter: str) -> None:
    """The negative control: with nothing owed for longer than the question, the wrong value is read."""

    def stale(request: bytes, say: Say) -> None:
        held.append(reply(request))
        if len(held) > 1:
            say(held[-2])

    held: list[bytes] = []
    with stub(stale) as port:
        args = QUICK | {"port": port, "timeout_ms": 100, "late_ms": 0}
        channels = [["modbus_rtu", args | {"register": register}] for register in (4, 8)]
        found = read(interpreter, channels)
    assert found["rounds"][0][1] == 40


def test_a_slow_device_is_never_read_wrongly(interpreter: str) -> None:
    """Its answers come before and after the time is over, as it likes; each value is right, or none."""
    chance = random.Random(7)

    def slow(request: bytes, say: Say) -> None:
        threading.Timer(chance.choice((0, 0.02, 0.09, 0.13)), say, (reply(request),)).start()

    with stub(slow) as port:
        args = QUICK | {"port": port, "timeout_ms": 80, "late_ms": 20000, "tries": 2}
        args |= {"silent_after": 1000}
        channels = [["modbus_rtu", args | {"register": register}] for register in (4, 8, 12)]
        found = read(interpreter, channels, rounds=12)
    right = 0
    for values in found["rounds"]:
        for value, expected in zip(values, (40, 80, 120), strict=True):
            assert value == expected or isinstance(value, dict), found["rounds"]
            right += value == expected
    assert right
    assert found["buses"][0]["kinds"]["silence"] > 0, "some answers were late"


def floats(order: str) -> Device:
    big = struct.pack(">f", 1085.5)

    def device(request: bytes, say: Say) -> None:
        say(framed(request[:2] + b"\x04" + (big if order == "big" else big[2:] + big[:2])))

    return device


@pytest.mark.parametrize("order", ["big", "little"])
def test_words_in_a_wrong_order_are_no_reading(interpreter: str, order: str) -> None:
    with stub(floats(order)) as port:
        args: dict[str, Any] = QUICK | {"port": port, "register": 4, "format": "float32"}
        args |= {"range": [0, 1400]}
        right = args | {"word_order": order}
        wrong = args | {"word_order": "little" if order == "big" else "big"}
        found = read(interpreter, [["modbus_rtu", right], ["modbus_rtu", wrong]])
    assert found["rounds"][0][0] == 1085.5
    assert "word_order" in found["rounds"][0][1]["fault"]


def test_a_silent_device_does_not_hold_up_the_one_beside_it(interpreter: str) -> None:
    def device(request: bytes, say: Say) -> None:
        if request[0] == 2:
            say(reply(request))

    with stub(device) as port:
        args = QUICK | {"port": port, "probe_ms": 60000}
        channels = [["modbus_rtu", args | {"unit": unit, "register": 4}] for unit in (1, 2)]
        found = read(interpreter, channels, rounds=40)
    assert [values[1] for values in found["rounds"]] == [40] * 40
    assert all("no answer" in values[0]["fault"] for values in found["rounds"])
    silence, other = sorted(found["buses"], key=lambda bus: bus["at"])
    assert (silence["asked"], silence["kinds"]) == (3, {"silence": 3}), "then it is left in peace"
    assert (other["asked"], other["failed"]) == (40, 0)


def test_a_device_left_in_peace_is_bad_for_what_it_was_left_for(interpreter: str) -> None:
    with stub(spoilt) as port:
        args = QUICK | {"port": port, "register": 4, "probe_ms": 60000}
        found = read(interpreter, [["modbus_rtu", args]], rounds=12)
    told = [values[0] for values in found["rounds"]]
    assert {one["kind"] for one in told} == {"check"}
    assert "left in peace" in told[-1]["fault"]


def test_an_instrument_that_says_its_sensor_failed_is_no_bad_reading_of_the_line(
    interpreter: str,
) -> None:
    with stub(lambda request, say: say(reply(request))) as port:
        args = QUICK | {"port": port, "register": 4}
        open_sensor = args | {"no_value": {"40": "the sensor is open"}}
        found = read(interpreter, [["modbus_rtu", open_sensor], ["modbus_rtu", args]])
    ((sensor, value),) = found["rounds"]
    assert (sensor["kind"], value) == ("sensor", 40)
    (bus,) = found["buses"]
    assert (bus["failed"], bus["kinds"]) == (0, {"value": 1}), "the line is well"


def test_a_controller_a_balance_and_a_vacuum_gauge_are_read_on_their_lines(
    interpreter: str,
) -> None:
    def controller(request: bytes, say: Say) -> None:
        frame = struct.pack("<hhBbh", 10855, 10900, 40, 0, 1)
        say(frame + struct.pack("<H", check_of(2, frame)))

    def balance(request: bytes, say: Say) -> None:
        say(b"S S    250.01 g\r\n")

    def gauge(request: bytes, say: Say) -> None:
        say(thyracont.framed("001M523417"))

    with stub(controller) as one, stub(balance) as two, stub(gauge) as three:
        yudian = {"instrument": "yudian_ai_aibus", "port": one, "address": 2, "timeout_ms": 2000}
        vacuum = {"instrument": "thyracont_vsh", "value": "pressure", "port": three, "address": 1}
        found = read(
            interpreter,
            [
                ["aibus", yudian | {"value": "pv"}],
                ["aibus", yudian | {"value": "mv"}],
                ["line_serial", {"protocol": "mettler_sics", "port": two, "timeout_ms": 2000}],
                ["thyracont", vacuum | {"timeout_ms": 2000}],
            ],
        )
    pv, mv, mass, pressure = found["rounds"][0]
    assert (pv, mv, mass) == (1085.5, 40, 250.01)
    assert abs(pressure / 5.234e-3 - 1) < 1e-6


def test_an_adapter_pulled_out_is_a_fault_and_its_port_is_opened_anew(
    interpreter: str, tmp_path: Path
) -> None:
    link = tmp_path / "port"
    replies: list[bytes] = []

    def pulled_out(request: bytes, say: Say) -> bool:
        if not replies:
            replies.append(reply(request))
            say(replies[0])
            return False
        link.unlink()
        link.symlink_to(other)
        return True

    with stub(HEALTHY) as other, stub(pulled_out) as port:
        link.symlink_to(port)
        args = QUICK | {"port": str(link), "register": 4, "timeout_ms": 2000}
        found = read(interpreter, [["modbus_rtu", args]], rounds=3)
    assert [values[0] for values in found["rounds"][::2]] == [40, 40]
    assert "is gone" in found["rounds"][1][0]["fault"]
    assert found["buses"][0]["kinds"] == {"line": 1}


def test_a_port_that_is_not_there_is_a_fault_of_its_channels(interpreter: str) -> None:
    with stub(HEALTHY) as port:
        args = QUICK | {"register": 4}
        channels = [["modbus_rtu", args | {"port": where}] for where in (port, port + "9")]
        found = read(interpreter, channels)
    assert found["rounds"][0][0] == 40
    assert "no serial line" in found["rounds"][0][1]["fault"]
