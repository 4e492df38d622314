"""Drivers of sensors and of what others read, against data sheets; both interpreters run this file."""

import math

from firmware.drivers import ads1115, current_loop, digital_input, max31865, pulse_counter
from firmware.drivers.bus_stats import Counted, _tallies, buses, tally_of
from firmware.drivers.current_loop import CurrentLoop
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.max31865 import Max31865, celsius
from firmware.drivers.pulse_counter import RolloverChannel
from tests.device_help import fault_of
from tests.firmware.lines import Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Said:
    """A channel that says what it is told to; an OSError is raised."""

    def __init__(self, *values: "Any") -> None:
        self.values = list(values)

    def read(self) -> "Any":
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, OSError):
            raise value
        return value


def test_a_loop_is_scaled_between_4_and_20_milliamperes() -> None:
    for ma, expected in ((4.0, 0.0), (12.0, 7.0), (20.0, 14.0), (3.8, -0.175), (20.5, 14.4375)):
        assert abs(CurrentLoop(Said(ma), {"low": 0, "high": 14}).read() - expected) < 1e-6
    volts = {"low": 0, "high": 100, "reads": "V", "shunt_ohm": 100}
    assert abs(CurrentLoop(Said(1.2), volts).read() - 50) < 1e-6
    counts = {"low": 0, "high": 10, "reads": "raw", "raw_4ma": 5530, "raw_20ma": 27648}
    assert abs(CurrentLoop(Said(16589), counts).read() - 5) < 1e-3


def test_a_loop_that_failed_says_how() -> None:
    args = {"low": 0, "high": 14}
    for ma, words in (
        (0.02, "the wire is broken"),
        (3.6, "the transmitter failed"),
        (3.5, "the transmitter failed"),
        (21.0, "the transmitter failed"),
        (23.1, "a short circuit"),
    ):
        assert words in str(fault_of(OSError, CurrentLoop(Said(ma), args).read)), ma
    for ma in (3.61, 20.9):
        CurrentLoop(Said(ma), args).read()
    own = args | {"bands": [3.0, 22.0]}
    CurrentLoop(Said(3.2), own).read()
    assert "no number" in str(
        fault_of(OSError, CurrentLoop(Said(OSError(5, "no number")), args).read)
    )


def test_a_loop_through_the_shunt_of_a_converter_is_judged_once_by_its_own_bands() -> None:
    class Converter:
        """An ADS1115 that is ready at once."""

        def __init__(self) -> None:
            self.ma, self.pointer = 0.0, 0

        def writeto(self, address: int, data: bytes) -> None:
            self.pointer = data[0]

        def readfrom(self, address: int, n: int) -> bytes:
            volts = int(self.ma / 1000 * 100 / 4.096 * 32768 + 0.5)
            return bytes((0x80, 0)) if self.pointer else bytes((volts >> 8, volts & 255))

    chip = Converter()
    ads1115._buses[9] = chip
    below = {"driver": "ads1115", "args": {"i2c": 9, "channel": 1, "shunt_ohm": 100}}
    args = {"low": 0, "high": 14, "of": below}
    loop = current_loop.open_channel(args, "bath-1", "ph", None)
    wide = current_loop.open_channel(args | {"bands": [3.0, 22.0]}, "bath-1", "ph", None)
    own = current_loop.open_channel(args | {"reads": "V", "shunt_ohm": 100}, "bath-1", "ph", None)
    chip.ma = 12.0
    for channel in (loop, wide, own):
        assert abs(channel.read() - 7.0) < 0.001
    for chip.ma, words in (
        (0.02, "the wire is broken"), (3.5, "the transmitter failed"), (23.1, "a short circuit"),
    ):  # fmt: skip
        assert words in str(fault_of(OSError, loop.read)), chip.ma
    chip.ma = 3.4
    assert abs(wide.read() + 0.525) < 0.001, "its transmitter shows so little in good health"
    (adc,) = [bus for bus in buses() if bus["at"] == "ads1115 i2c9 0x48 input 1"]
    assert adc["failed"] == 0, "the converter is well"
    _tallies.clear()


def test_a_sensor_without_a_bus_tells_why_it_failed_too() -> None:
    _tallies.clear()
    loop = Counted(CurrentLoop(Said(12.0, 0.02), {"low": 0, "high": 14}), "loop bath-1 ph")
    assert loop.read() == 7.0
    assert fault_of(OSError, loop.read).kind == "sensor"
    (told,) = [bus for bus in buses() if bus["at"] == "loop bath-1 ph"]
    assert (told["asked"], told["failed"], told["kinds"]) == (2, 1, {"sensor": 1})
    assert "wire is broken" in told["last"]


def test_of_many_instruments_the_worst_are_told() -> None:
    for n in range(20):
        tally = tally_of(f"many {n}")
        for _ in range(n + 1):
            tally.fault("silence", "x" * 200)
    told = [bus for bus in buses() if bus["at"].startswith("many")]
    assert len(buses()) == 16
    assert told[0]["at"] == "many 19"
    assert all(len(bus["last"]) <= 60 for bus in told)
    _tallies.clear()


def test_a_channel_on_another_driver_says_what_is_wrong_with_its_args() -> None:
    for args, word in (
        ({"low": 0, "high": 1}, "of"),
        ({"of": {}, "low": 0, "high": 1}, "driver"),
        ({"of": {"driver": "nothing"}, "low": 0, "high": 1}, "no driver nothing"),
    ):
        assert word in str(fault_of(OSError, current_loop.open_channel, args, "s", "m", None))
    counter = {"of": {"driver": "modbus_rtu", "args": {"unit": 1, "register": 1}}}
    assert "port" in str(fault_of(OSError, pulse_counter.open_channel, counter, "s", "m", None))


def test_a_counter_goes_on_over_its_end() -> None:
    counter = RolloverChannel(Said(65530, 65535, 4, 4, 100), 16)
    assert [counter.read() for _ in range(5)] == [0, 5, 10, 10, 106]
    wide = RolloverChannel(Said((1 << 32) - 1, 1), 32)
    assert [wide.read(), wide.read()] == [0, 2]


def test_a_counter_that_was_set_back_counts_nothing() -> None:
    counter = RolloverChannel(Said(30000, 0, 7), 16)
    assert counter.read() == 0
    fault = fault_of(OSError, Counted(counter, "counter m").read)
    assert "set back" in str(fault) and fault.kind == "value"
    assert counter.read() == 7
    fault = fault_of(OSError, RolloverChannel(Said(-1), 16).read)
    assert "no count" in str(fault) and fault.kind == "value"


def test_a_counter_that_could_not_be_read_loses_no_pulse() -> None:
    counter = RolloverChannel(Said(65530, OSError(5, "no answer"), 3), 16)
    counter.read()
    fault_of(OSError, counter.read)
    assert counter.read() == 9


def test_resistances_are_temperatures_as_the_standard_has_them() -> None:
    # IEC 60751, Pt100.
    for ohm, degrees in (
        (18.52, -200),
        (60.26, -100),
        (92.16, -20),
        (100.0, 0),
        (138.51, 100),
        (280.98, 500),
        (390.48, 850),
    ):
        assert abs(celsius(ohm / 100) - degrees) < 0.05, degrees


class Rtd:
    """Registers of a MAX31865 behind SPI and chip select."""

    def __init__(self) -> None:
        self.registers = [0] * 8
        self.address = 0
        self.cleared = 0

    def value(self, level: int) -> None:
        pass

    def write(self, data: bytes) -> None:
        if data[0] & 0x80:
            self.registers[data[0] & 0x7F] = data[1] & ~0x02
            self.cleared += data[1] >> 1 & 1
        else:
            self.address = data[0]

    def read(self, n: int) -> bytes:
        return bytes(self.registers[self.address : self.address + n])

    def show(self, ohm: float, fault: int = 0) -> None:
        raw = round(ohm * 32768 / 430) << 1 | bool(fault)
        self.registers[1], self.registers[2] = raw >> 8, raw & 0xFF
        self.registers[7] = fault


def test_a_chip_for_resistances_is_set_and_read() -> None:
    chip = Rtd()
    sensor = Max31865(chip, chip, {"wires": 3})
    assert chip.registers[0] == 0xD1, "bias, continuous, three wires, 50 Hz"
    chip.show(138.51)
    assert abs(sensor.read() - 100) < 0.05
    chip.show(80.31)
    assert abs(sensor.read() + 50) < 0.05


def test_a_broken_wire_is_a_fault_and_over_when_it_is_mended() -> None:
    chip = Rtd()
    sensor = Max31865(chip, chip, {})
    for fault, word in ((0x80, "open"), (0x40, "shorted"), (0x20, "broken"), (0x04, "voltage")):
        chip.show(100, fault)
        before = chip.cleared
        assert word in str(fault_of(OSError, sensor.read))
        assert chip.cleared == before + 1
    chip.show(100)
    assert abs(sensor.read()) < 0.05
    chip.show(5)
    assert "no such sensor" in str(fault_of(OSError, sensor.read))
    chip.registers = [0] * 8
    assert "settings" in str(fault_of(OSError, sensor.read))
    chip.show(100)
    assert abs(sensor.read()) < 0.05, "a chip that lost its supply is set up again"


class Contact:
    def __init__(self) -> None:
        self.level = 1

    def value(self) -> int:
        return self.level


def test_a_contact_changes_when_it_is_at_rest() -> None:
    contact, time = Contact(), Time()
    door = DigitalInput(contact, True, 30, time)
    assert door.read() is False
    contact.level = 0
    door.edge()
    assert door.read() is False
    time.now += 20
    door.edge()  # it bounced: the time begins anew
    time.now += 20
    assert door.read() is False
    time.now += 10
    assert door.read() is True
    contact.level = 1
    assert door.read() is True, "a board without interrupts sees it when it looks"
    time.now += 30
    assert door.read() is False


def test_without_the_hardware_opening_a_channel_is_a_fault_of_that_channel() -> None:
    fault_of(OSError, max31865.open_channel, {"spi": 1, "cs": 1}, "s", "m", None)
    fault_of(OSError, digital_input.open_channel, {"pin": 1}, "s", "m", None)
    assert math.isfinite(celsius(0.5))
