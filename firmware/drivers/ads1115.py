"""ADS1115: four 16-bit analogue inputs over I²C; volts, or milliamperes through a shunt.

args: i2c (a board's number), sda, scl where the board wants them; address (default 0x48);
channel 0…3; range_v 6.144 | 4.096 | 2.048 | 1.024 | 0.512 | 0.256; shunt_ohm for a 4–20 mA loop.
Sources: Texas Instruments SBAS444; NAMUR NE 43 for what a broken loop looks like.
"""

import struct
import time

from firmware.drivers.bus_fault import as_fault
from firmware.drivers.bus_stats import Counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class I2c(Protocol):
        def writeto(self, __address: int, __data: bytes) -> object: ...
        def readfrom(self, __address: int, __n: int) -> bytes: ...


_EIO = 5
_TIMED_OUT = 110
_RANGES = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256)
_START, _SINGLE_SHOT, _128_PER_S, _NO_COMPARATOR = 0x8000, 0x0100, 0x0080, 0x0003
_CONVERSION, _CONFIG = b"\x00", b"\x01"
_LOOP_MA = (3.6, 21.0)  # NE 43: a loop outside says that its transmitter or wire has failed
_TRIES = 20


class Ads1115:
    """One input of one chip; a conversion takes 8 ms."""

    def __init__(
        self, i2c: "I2c", channel: int, range_v: float = 4.096, shunt_ohm: float = 0.0,
        address: int = 0x48,
    ) -> None:  # fmt: skip
        self.i2c = i2c
        self.address = address
        self.range_v = range_v
        self.shunt_ohm = shunt_ohm
        mux = 0x4000 | channel << 12  # against ground
        gain = _RANGES.index(range_v) << 9
        self.config = _START | mux | gain | _SINGLE_SHOT | _128_PER_S | _NO_COMPARATOR

    def read(self) -> float:
        """V, or mA with a shunt; OSError when the chip is silent or the loop broken."""
        try:
            raw = self._convert()
        except OSError as fault:
            raise as_fault("silence", fault) from None
        if raw in (-32768, 32767):
            raise OSError(_EIO, f"the input is beyond its range of {self.range_v} V")
        volts = raw * self.range_v / 32768
        if not self.shunt_ohm:
            return volts
        milliamperes = volts / self.shunt_ohm * 1000
        if not _LOOP_MA[0] <= milliamperes <= _LOOP_MA[1]:
            raise OSError(_EIO, f"loop at {milliamperes:.2f} mA")
        return milliamperes

    def _convert(self) -> int:
        self.i2c.writeto(self.address, _CONFIG + struct.pack(">H", self.config))
        for _ in range(_TRIES):
            time.sleep(0.001)
            if self.i2c.readfrom(self.address, 2)[0] & 0x80:
                break
        else:
            raise OSError(_TIMED_OUT, "no conversion")
        self.i2c.writeto(self.address, _CONVERSION)
        raw: int = struct.unpack(">h", self.i2c.readfrom(self.address, 2))[0]
        return raw


_buses: "dict[int, Any]" = {}


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> Counted:
    """The input args describes. OSError when this board has no I²C or args are wrong."""
    try:
        number = args["i2c"]
        if number not in _buses:
            import machine

            pins: dict[str, Any] = {
                name: machine.Pin(args[name]) for name in ("scl", "sda") if name in args
            }
            _buses[number] = machine.I2C(number, freq=400000, **pins)
        chip = Ads1115(
            _buses[number],
            args["channel"],
            args.get("range_v", 4.096),
            args.get("shunt_ohm", 0.0),
            args.get("address", 0x48),
        )
        return Counted(chip, f"ads1115 i2c{number} {chip.address:#04x} input {args['channel']}")
    except (ImportError, AttributeError, KeyError, ValueError) as problem:
        raise OSError(_EIO, f"{station}.{metric}: {problem}") from None
