"""MAX31865: a platinum resistance thermometer of two, three or four wires, over SPI.

args: spi (a board's number), cs (a pin); nominal_ohm 100 | 1000; reference_ohm (default 430 or 4300); wires 2 | 3 | 4;
mains_hz 50 | 60; sck, mosi, miso where the board wants them.
Sources: Maxim MAX31865 data sheet, rev 3 (registers, faults); IEC 60751 (Callendar-Van Dusen, also below 0 °C).
"""

from firmware.drivers.bus_fault import BusFault
from firmware.drivers.spi_chip import SpiChip, open_chip
from firmware.drivers.ticks import sleep_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from firmware.drivers.bus_stats import Counted
    from firmware.drivers.spi_chip import Pin, Spi

_EIO = 5
_CONFIG, _RTD, _STATUS = 0x00, 0x01, 0x07
_BIAS, _CONTINUOUS, _THREE_WIRE, _CLEAR, _REJECT_50_HZ = 0x80, 0x40, 0x10, 0x02, 0x01
_FAULTS = (
    (0x04, "input over or under voltage"),
    (0x20, "reference input too high: a wire is broken"),
    (0x10, "reference input too low: a force wire is open"),
    (0x08, "RTDIN- too low: a force wire is open"),
    (0x80, "the sensor is open"),
    (0x40, "the sensor is shorted"),
)
_FIRST_US = 100000  # bias and first conversion; until then the chip shows nothing
_A, _B, _C = 3.9083e-3, -5.775e-7, -4.183e-12
_STEPS = 8


def celsius(ratio: float) -> float:
    """The temperature at a resistance, given as a multiple of that at 0 °C."""
    # Above 0 °C this is the answer; below, Newton's method goes on from it.
    degrees: float = (-_A + (_A * _A - 4 * _B * (1 - ratio)) ** 0.5) / (2 * _B)
    if ratio >= 1:
        return degrees
    for _ in range(_STEPS):
        t = degrees
        wrong = 1 + t * (_A + t * (_B + _C * (t - 100) * t)) - ratio
        slope = _A + 2 * _B * t + _C * t * t * (4 * t - 300)
        degrees -= wrong / slope
    return degrees


class Max31865(SpiChip):
    """One chip behind its chip select."""

    def __init__(self, spi: "Spi", cs: "Pin", args: "dict[str, Any]") -> None:
        super().__init__(spi, cs)
        self.nominal: float = args.get("nominal_ohm", 100)
        self.reference: float = args.get("reference_ohm", 4.3 * self.nominal)
        self.config = _BIAS | _CONTINUOUS
        if args.get("wires", 4) == 3:
            self.config |= _THREE_WIRE
        if args.get("mains_hz", 50) == 50:
            self.config |= _REJECT_50_HZ
        self._set_up()

    def _set_up(self) -> None:
        # The filter may only be set while the chip does not convert.
        self.put(_CONFIG, self.config & ~(_BIAS | _CONTINUOUS))
        self.put(_CONFIG, self.config | _CLEAR)
        self.converts = False

    def read(self) -> float:
        """°C; OSError when the chip reports a fault or does not answer."""
        # The chip clears its order to clear faults by itself.
        if self.get(_CONFIG, 1)[0] & ~_CLEAR != self.config:
            self._set_up()  # it lost its supply, and has them again for the next reading
            raise BusFault("silence", "chip does not answer with its settings")
        if not self.converts:
            sleep_us(_FIRST_US)
            self.converts = True
        data = self.get(_RTD, 2)
        if data[1] & 1:
            status = self.get(_STATUS, 1)[0]
            self.put(_CONFIG, self.config | _CLEAR)  # a fault stays until it is cleared
            for bit, words in _FAULTS:
                if status & bit:
                    raise OSError(_EIO, words)
            raise OSError(_EIO, f"fault {status:#04x}")
        ohm = (data[0] << 8 | data[1]) // 2 * self.reference / 32768
        ratio = ohm / self.nominal
        if not 0.18 < ratio < 3.92:  # −200 to 850 °C, where IEC 60751 ends
            raise OSError(_EIO, f"{ohm:.1f} ohm is no such sensor")
        return celsius(ratio)


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> "Counted":
    """The chip args describes. OSError when this board has no SPI or args are wrong."""
    return open_chip(
        args, f"{station}.{metric}", "max31865",
        lambda spi, cs: Max31865(spi, cs, args),
    )  # fmt: skip
