"""Counts of a board that begin again after 12.4 days: what lay still for a week is not fresh; both interpreters."""

import struct

from firmware.drivers import aibus, bus_device, line_serial, pulse_counter
from firmware.drivers.aibus import AibusDevice, check_of
from firmware.drivers.bus_device import Bus, Device
from firmware.drivers.bus_fault import BusFault
from firmware.drivers.line_serial import LineChannel, reader_on
from firmware.drivers.pulse_counter import PulseCounter
from firmware.drivers.serial_turns import Turns
from tests.device_help import fault_of
from tests.firmware.lines import MemoryLine, Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_HALF = 1 << 29  # ticks_diff of a 32-bit board
DAY_MS = 86_400_000


def _apart(later: int, earlier: int) -> int:
    return (later - earlier + _HALF) % (2 * _HALF) - _HALF


def _later(ticks: int, ms: int) -> int:
    return (ticks + ms) % (2 * _HALF)


def on_a_board(*modules: "Any") -> "Callable[[Callable[[], None]], Callable[[], None]]":
    """Runs a test with the counts that a 32-bit board compares."""

    def around(test: "Callable[[], None]") -> "Callable[[], None]":
        def run() -> None:
            kept = [(one, name, getattr(one, name)) for one in modules for name in ("apart", "later") if hasattr(one, name)]  # fmt: skip
            for one, name, _ in kept:
                setattr(one, name, _apart if name == "apart" else _later)
            try:
                test()
            finally:
                for one, name, was in kept:
                    setattr(one, name, was)

        return run

    return around


@on_a_board(pulse_counter)
def test_pulses_after_a_week_of_none_are_counted() -> None:
    time = Time()
    counter = PulseCounter(5, time)
    counter.pulse()
    for days in (7, 10, 12):
        time.now += days * DAY_MS
        before = counter.count
        counter.pulse()
        assert counter.count == before + 1, days
        time.now += 2
        counter.pulse()
        assert counter.count == before + 1, "the negative control: it bounced"


@on_a_board(pulse_counter)
def test_a_meter_that_stood_still_for_a_week_has_no_rate_and_then_its_own() -> None:
    time = Time()
    counter = PulseCounter(5, time)
    for _ in range(20):
        time.now += 1000
        counter.pulse()
    assert abs(counter.per_min() - 60) < 1e-6
    for _ in range(15 * 24):
        time.now += DAY_MS // 24
        assert counter.per_min() == 0.0, time.now // DAY_MS
    for _ in range(3):
        time.now += 2000
        counter.pulse()
    assert abs(counter.per_min() - 30) < 1e-6
    for _ in range(3):
        time.now += 90_000
        counter.pulse()
    assert 0.6 < counter.per_min() < 30, "the negative control: a slow meter keeps its rate"


@on_a_board(line_serial)
def test_a_reading_of_last_week_is_not_fresh_again() -> None:
    line, time = MemoryLine(lambda _: []), Time()
    line.read = lambda wait_ms: line.waiting.pop(0) if line.waiting else b""  # type: ignore[method-assign]
    args = {"protocol": "mitutoyo_digimatic", "stale_ms": 5000}
    channel = LineChannel(reader_on(line, args, time), args)
    line.waiting = [b"01A+00012.345\r"]
    assert channel.read() == 12.345
    for _ in range(15 * 24):
        time.now += DAY_MS // 24
        assert "nothing came for" in str(fault_of(OSError, channel.read)), time.now // DAY_MS
    line.waiting = [b"01A+00012.346\r"]
    assert channel.read() == 12.346


@on_a_board(aibus, bus_device)
def test_an_answer_of_last_week_is_not_fresh_again() -> None:
    frame = struct.pack("<hhBBh", 8500, 9000, 0, 0, 1)
    answers = [[frame + struct.pack("<H", check_of(3, frame))]]
    line, time = MemoryLine(lambda _: answers.pop(0) if answers else []), Time()
    turns = Turns(line, 20)
    device = AibusDevice(turns, Device(turns.bus, "aibus week 3", {"timeout_ms": 20}, time), 3, {})
    assert device.read(12)[:2] == frame[:2]
    for _ in range(15 * 24):
        time.now += DAY_MS // 24
        fault_of(OSError, device.read, 12)


@on_a_board(bus_device)
def test_a_probe_of_last_week_holds_nobody_back() -> None:
    time, silent = Time(), [True]
    bus = Bus()

    def ask(timeout_ms: int) -> bytes:
        if silent[0]:
            raise BusFault("silence", "no answer")
        return b"well"

    device = Device(bus, "week", {"silent_after": 1, "tries": 1}, time)
    fault_of(BusFault, device.ask, ask)
    time.now += 5000
    fault_of(BusFault, device.ask, ask)
    silent[0] = False
    time.now += 5000
    assert device.ask(ask) == b"well"
    time.now += 7 * DAY_MS
    silent[0] = True
    fault_of(BusFault, device.ask, ask)
    time.now += 5000
    silent[0] = False
    assert device.ask(ask) == b"well", "it is asked whether it is back"
