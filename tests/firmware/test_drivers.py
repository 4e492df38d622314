"""Drivers against the frames and registers of their data sheets; both interpreters run this file."""

import struct

from firmware.drivers import ads1115, max31856, pulse_counter
from firmware.drivers.ads1115 import Ads1115
from firmware.drivers.max31856 import Max31856
from firmware.drivers.pulse_counter import PulseCounter, RateChannel
from tests.device_help import fault_of


class Chip:
    """Registers of a MAX31856 behind SPI and chip select."""

    def __init__(self) -> None:
        self.registers = [0] * 16
        self.address: int | None = None
        self.selected = False

    def value(self, level: int) -> None:
        self.selected = level == 0
        self.address = None

    def write(self, data: bytes) -> None:
        assert self.selected
        if data[0] & 0x80:
            for n, byte in enumerate(data[1:]):
                self.registers[(data[0] & 0x7F) + n] = byte
        else:
            self.address = data[0]

    def read(self, n: int) -> bytes:
        assert self.selected and self.address is not None
        return bytes(self.registers[self.address : self.address + n])

    def show(self, raw: int) -> None:
        raw = (raw & 0x7FFFF) << 5
        self.registers[0x0C:0x0F] = [raw >> 16 & 0xFF, raw >> 8 & 0xFF, raw & 0xFF]


def test_temperatures_are_those_of_the_data_sheet() -> None:
    chip = Chip()
    sensor = Max31856(chip, chip, "S")
    assert chip.registers[0] == 0x91, "continuous, open detection, 50 Hz"
    assert chip.registers[1] & 0x0F == 6, "type S"
    for raw, celsius in (
        (0x32000, 1600.0),
        (0x00C80, 25.0),
        (0x00008, 0.0625),
        (-8, -0.0625),
        (-32000, -250.0),
    ):
        chip.show(raw)
        assert sensor.read() == celsius


def test_an_open_thermocouple_is_a_fault_and_not_a_temperature() -> None:
    chip = Chip()
    sensor = Max31856(chip, chip)
    chip.show(3200)
    for bit, word in ((0x01, "open"), (0x02, "voltage"), (0x40, "range")):
        chip.registers[0x0F] = bit
        assert word in str(fault_of(OSError, sensor.read))
    chip.registers[0x0F] = 0x3C  # the alarm thresholds nobody set are no fault
    assert sensor.read() == 25.0


def test_a_chip_that_forgot_its_settings_is_not_believed() -> None:
    chip = Chip()
    sensor = Max31856(chip, chip, "S")
    chip.registers = [0] * 16
    fault = fault_of(OSError, sensor.read)
    assert "settings" in str(fault) and fault.kind == "silence"
    chip.show(0x32000)
    assert sensor.read() == 1600.0, "it is set up again"
    assert chip.registers[1] & 0x0F == 6


def test_a_chip_that_has_not_converted_yet_does_not_say_0_degrees() -> None:
    chip, waited = Chip(), []

    def wait(us: int) -> None:
        waited.append(us)
        chip.show(0x32000)

    was, max31856.sleep_us = max31856.sleep_us, wait
    try:
        sensor = Max31856(chip, chip, "S")
        assert [sensor.read(), sensor.read()] == [1600.0, 1600.0]
    finally:
        max31856.sleep_us = was
    assert waited == [350000], "once after it was set up"


class Adc:
    """An ADS1115 on I²C: a conversion is ready at the second look."""

    def __init__(self, raw: int) -> None:
        self.raw = raw
        self.pointer = 0
        self.config = b""
        self.looks = 0
        self.ready_after = 2

    def writeto(self, address: int, data: bytes) -> None:
        assert address == 0x48
        self.pointer = data[0]
        if len(data) == 3:
            self.config = data[1:]
            self.looks = 0

    def readfrom(self, address: int, n: int) -> bytes:
        assert address == 0x48 and n == 2
        if self.pointer == 0:
            return struct.pack(">h", self.raw)
        self.looks += 1
        busy = self.looks < self.ready_after
        return bytes([self.config[0] & 0x7F if busy else self.config[0] | 0x80, self.config[1]])


def test_volts_follow_the_range_and_the_channel_is_selected() -> None:
    adc = Adc(16384)
    assert Ads1115(adc, 2, 4.096).read() == 2.048
    assert adc.config[0] & 0x70 == 0x60, "input 2 against ground"
    assert Ads1115(Adc(-8192), 0, 2.048).read() == -0.512


def test_an_input_at_the_end_of_its_range_is_no_reading() -> None:
    for raw in (32767, -32768):
        assert "beyond its range" in str(fault_of(OSError, Ads1115(Adc(raw), 0).read))
    Ads1115(Adc(32766), 0).read()


def test_a_loop_outside_its_live_zero_is_broken() -> None:
    milliamperes = Ads1115(Adc(9600), 0, 4.096, 100.0).read()
    assert abs(milliamperes - 12.0) < 0.001
    for raw in (0, 2400, 24000):
        assert "loop" in str(fault_of(OSError, Ads1115(Adc(raw), 0, 4.096, 100.0).read))


def test_a_converter_that_never_finishes_is_a_fault() -> None:
    adc = Adc(100)
    adc.ready_after = 1000
    fault = fault_of(OSError, Ads1115(adc, 0).read)
    assert "no conversion" in str(fault) and fault.kind == "silence"


def test_pulses_are_counted_and_bounces_are_not() -> None:
    now = [1000]
    counter = PulseCounter(5, lambda: now[0])
    for pause in (100, 1, 2, 100, 4, 100):
        now[0] += pause
        counter.pulse()
    assert counter.read() == 3


def test_a_rate_is_that_of_the_last_pulses_and_falls_when_they_stop() -> None:
    now = [0]
    counter = PulseCounter(5, lambda: now[0])
    rate = RateChannel(counter)
    assert rate.read() == 0.0
    for _ in range(40):
        now[0] += 500
        counter.pulse()
    assert rate.read() == 120.0
    now[0] += 5000
    assert rate.read() == 12.0
    now[0] += 100000
    assert rate.read() == 0.0


def test_without_the_hardware_opening_a_channel_is_a_fault_of_that_channel() -> None:
    fault_of(OSError, max31856.open_channel, {"spi": 1}, "s", "m", None)
    fault_of(OSError, ads1115.open_channel, {"i2c": 1}, "s", "m", None)
    fault_of(OSError, pulse_counter.open_channel, {}, "s", "m", None)
