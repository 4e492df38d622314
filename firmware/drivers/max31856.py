"""MAX31856: a thermocouple of any common type, linearised in the chip, over SPI.

args: spi (a board's number), cs (a pin), type "B" "E" "J" "K" "N" "R" "S" "T"; mains_hz 50 | 60;
sck, mosi, miso where the board wants them.
Source: Maxim MAX31856 data sheet, rev 0 (registers, fault status, 0.0078125 °C per bit).
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
_TYPES = "BEJKNRST"
_CR0, _CR1, _LTC, _SR = 0x00, 0x01, 0x0C, 0x0F
_CONTINUOUS, _OPEN_DETECTION, _REJECT_50_HZ = 0x80, 0x10, 0x01
_FOUR_SAMPLES = 0x20
_FIRST_US = 350000  # the first conversion of four samples; until then the chip shows 0 °C
_LSB_C = 0.0078125
_FAULTS = (
    (0x01, "thermocouple open"),
    (0x02, "input over or under voltage"),
    (0x40, "thermocouple out of range"),
    (0x80, "cold junction out of range"),
)


class Max31856(SpiChip):
    """One chip behind its chip select."""

    def __init__(self, spi: "Spi", cs: "Pin", kind: str = "K", mains_hz: int = 50) -> None:
        super().__init__(spi, cs)
        cr0 = _CONTINUOUS | _OPEN_DETECTION | (_REJECT_50_HZ if mains_hz == 50 else 0)
        self.cr0 = cr0
        self.cr1 = _FOUR_SAMPLES | _TYPES.index(kind)
        self._set_up()

    def _set_up(self) -> None:
        self.put(_CR1, self.cr1)
        self.put(_CR0, self.cr0)
        self.converts = False

    def read(self) -> float:
        """°C; OSError when the chip reports a fault or does not answer."""
        if self.get(_CR1, 1)[0] != self.cr1:
            # A chip that lost its supply has lost its settings, too, and would read another type. It gets
            # them again, for the next reading.
            self._set_up()
            raise BusFault("silence", "chip does not answer with its settings")
        if not self.converts:
            sleep_us(_FIRST_US)
            self.converts = True
        status = self.get(_SR, 1)[0]
        for bit, words in _FAULTS:
            if status & bit:
                raise OSError(_EIO, words)
        data = self.get(_LTC, 3)
        raw = (data[0] << 16 | data[1] << 8 | data[2]) >> 5
        if raw & 0x40000:
            raw -= 0x80000
        return raw * _LSB_C


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> "Counted":
    """The chip args describes. OSError when this board has no SPI or args are wrong."""
    return open_chip(
        args, f"{station}.{metric}", "max31856",
        lambda spi, cs: Max31856(spi, cs, args.get("type", "K"), args.get("mains_hz", 50)),
    )  # fmt: skip
