"""A 4–20 mA loop that another driver reads, as what its transmitter measures; NAMUR NE 43 tells its failures.

args: of (the driver that reads it); low, high: the values at 4 and at 20 mA; reads "mA" (default) | "V" with
shunt_ohm | "raw" with raw_4ma and raw_20ma, the counts of an analogue module; bands: mA at which the transmitter says
that it has failed, [3.6, 21.0] by default; beyond them, broken below and short above.
Source: NAMUR NE 43 (2003): measurement 3.8 to 20.5 mA, failure at or below 3.6 and at or above 21.0 mA.
"""

from firmware.drivers.bus_stats import Counted
from firmware.drivers.inner import open_inner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Channel(Protocol):
        def read(self) -> "Any": ...


_EIO = 5
_LIVE_ZERO, _FULL = 4.0, 20.0
_BANDS = (3.6, 21.0)
_BROKEN, _SHORT = 0.5, 22.5  # no transmitter makes so little or so much by itself
_READS = ("mA", "V", "raw")


class CurrentLoop:
    """One loop."""

    def __init__(self, inner: "Channel", args: "dict[str, Any]") -> None:
        self.inner = inner
        self.low = float(args["low"])
        self.high = float(args["high"])
        self.reads: str = args.get("reads", "mA")
        if self.reads not in _READS:
            raise OSError(_EIO, f"reads is one of {', '.join(_READS)}")
        self.factor, self.zero = 1.0, 0.0
        if self.reads == "V":
            self.factor = 1000.0 / args["shunt_ohm"]
        elif self.reads == "raw":
            self.factor = (_FULL - _LIVE_ZERO) / (args["raw_20ma"] - args["raw_4ma"])
            self.zero = _LIVE_ZERO - args["raw_4ma"] * self.factor
        self.failed_low, self.failed_high = args.get("bands", _BANDS)

    def read(self) -> float:
        """What the transmitter measures. OSError when it, or its wire, has failed."""
        milliamperes: float = self.inner.read() * self.factor + self.zero
        if milliamperes <= self.failed_low:
            broken = milliamperes < _BROKEN
            self._fail(milliamperes, "the wire is broken" if broken else "the transmitter failed")
        if milliamperes >= self.failed_high:
            short = milliamperes > _SHORT
            self._fail(milliamperes, "a short circuit" if short else "the transmitter failed")
        share = (milliamperes - _LIVE_ZERO) / (_FULL - _LIVE_ZERO)
        return self.low + share * (self.high - self.low)

    def _fail(self, milliamperes: float, words: str) -> None:
        raise OSError(_EIO, f"loop at {milliamperes:.2f} mA: {words}")


def _by_volts(args: "dict[str, Any]") -> "dict[str, Any]":
    """A shunt of the driver below counts here: it would judge the loop itself, by other bands and in other words."""
    of = args["of"]
    below = of.get("args", {}) if isinstance(of, dict) else {}
    if "shunt_ohm" not in below:
        return args
    own = {"reads": "V", "shunt_ohm": below["shunt_ohm"]} if args.get("reads", "mA") == "mA" else {}
    volts = {key: below[key] for key in below if key != "shunt_ohm"}
    return args | own | {"of": of | {"args": volts}}


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> Counted:
    """The loop args describes. OSError when args are wrong or the driver below is not there."""
    try:
        args = _by_volts(args)
        loop = CurrentLoop(open_inner(args, station, metric, plant), args)
        return Counted(loop, f"loop {station} {metric}")
    except (KeyError, ValueError, TypeError, ZeroDivisionError) as problem:
        raise OSError(_EIO, f"{station}.{metric}: args lack or misname {problem}") from None
