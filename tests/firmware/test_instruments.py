"""Every value of every map of an instrument is read by its driver; both interpreters run this file."""

import struct

from firmware.drivers import thyracont
from firmware.drivers.bus_device import Device
from firmware.drivers.registers import Value
from firmware.drivers.serial_turns import Turns
from schemas.instrument_maps import filled, instrument_names, load_instrument
from tests.device_help import fault_of
from tests.firmware.lines import MemoryLine, Time, answer_to, channels


def test_every_register_of_every_map_can_be_asked_for() -> None:
    asked = 0
    for name in instrument_names():
        said = load_instrument(name)
        if said["protocol"] != "modbus":
            continue
        for value in said["values"]:
            line = MemoryLine(lambda request: [answer_to(request, lambda register: 0)])
            args = filled({"instrument": name, "value": value, "unit": 1}, "modbus")
            (channel,) = channels(line, [args | {"timeout_ms": 20}], Time())
            assert channel.read() in (0, False, ""), (name, value)
            asked += 1
    assert asked >= 30


def test_a_map_refuses_what_its_instrument_cannot_show() -> None:
    args = filled({"instrument": "trios_tph", "value": "ph"}, "modbus")
    assert abs(Value(args).of(struct.pack(">f", 8.31)) - 8.31) < 1e-6  # type: ignore[operator]
    swapped = struct.pack(">f", 8.31)[2:] + struct.pack(">f", 8.31)[:2]
    assert "word_order" in str(fault_of(OSError, Value(args).of, swapped))


def test_a_status_bit_of_the_instrument_makes_its_value_bad() -> None:
    broken = [0]
    registers = {32770: 0x4487, 32771: 0xB000}
    line = MemoryLine(
        lambda request: [
            answer_to(request, lambda r: broken[0] if r == 75 else registers.get(r, 0))
        ]
    )
    args = filled({"instrument": "eurotherm_3200", "value": "pv"}, "modbus")
    (channel,) = channels(line, [args | {"timeout_ms": 20, "fresh_ms": 0}], Time())
    assert channel.read() == 1085.5
    broken[0] = 1 << 5
    assert "sensor is broken" in str(fault_of(OSError, channel.read))
    broken[0] = 1 << 4
    assert channel.read() == 1085.5


_opened = [0]


def gauge(line: MemoryLine) -> thyracont.ThyracontChannel:
    _opened[0] += 1
    args = {"address": 1, "timeout_ms": 20, "tries": 1} | filled(
        {"instrument": "thyracont_vsh", "value": "pressure"}, "thyracont"
    )
    turns = Turns(line, 20)
    return thyracont.ThyracontChannel(turns, Device(turns.bus, f"gauge {_opened[0]}", args), args)


def test_a_vacuum_gauge_tells_its_pressure() -> None:
    # Check and end of both frames as in the maker's instructions: 001M^ and 001M100023D.
    line = MemoryLine(lambda _: [b"001M", b"100023D\r"])
    assert gauge(line).read() == 1000.0
    assert line.requests == [b"001M^\r"]
    good = thyracont.framed("001M523417")
    for pieces in ([good], [b"001M^\r" + good], [b"001M^", b"\r", good[:3], good[3:]]):
        line = MemoryLine(lambda _, pieces=pieces: list(pieces))
        assert abs(gauge(line).read() / 5.234e-3 - 1) < 1e-6


def test_what_no_vacuum_gauge_says_is_no_pressure() -> None:
    for came, word in (
        ([], "no answer"),
        ([b"001M^\r"], "only the echo"),
        ([b"001M100023E\r"], "wrong check sum"),
        ([b"001M1000"], "is no answer"),
        ([thyracont.framed("001Mnoanso")], "no pressure"),
        ([thyracont.framed("001M999939")], "outside"),
        ([thyracont.framed("002M100023")], "is no answer"),
    ):
        line = MemoryLine(lambda _, came=came: list(came))
        assert word in str(fault_of(OSError, gauge(line).read)), came
