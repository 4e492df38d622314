"""Counts the pulses of a meter or a switch on a pin: water, energy, strokes; or goes on where a counter rolls over.

args: pin; edge "falling" | "rising"; debounce_ms (default 5); what "count" | "per_min". Or of (the driver that reads
a counter in an instrument or a module); bits (default 16), at which it begins again with 0.
A count begins at 0 when the board starts: the scale and the meter's own stand are the MES's work.
"""

from firmware.drivers.bus_fault import BusFault
from firmware.drivers.bus_stats import Counted
from firmware.drivers.inner import open_inner
from firmware.drivers.ticks import apart, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Counter(Protocol):
        def read(self) -> "Any": ...


_EIO = 5
_WINDOW = 16  # pulses the rate is taken over
_STANDSTILL_MS = 60000
_FORGET_MS = 3600000


class PulseCounter:
    """pulse() is called from the pin's interrupt: it must not allocate."""

    def __init__(self, debounce_ms: int, ticks_ms: "Callable[[], int]") -> None:
        self.count = 0
        self.debounce_ms = debounce_ms
        self._ticks_ms = ticks_ms
        self._times = [0] * _WINDOW
        self._last = ticks_ms() - debounce_ms
        self._before = 0  # pulses before a long standstill make no rate

    def pulse(self, _pin: object = None) -> None:
        now = self._ticks_ms()
        if 0 <= apart(now, self._last) < self.debounce_ms:  # below 0: the count began again since
            return
        self._last = now
        self._times[self.count % _WINDOW] = now
        self.count += 1

    def read(self) -> int:
        """Pulses since the start."""
        return self.count

    def per_min(self) -> float:
        """Pulses per minute over the last ones."""
        count = self.count
        kept = min(count - self._before, _WINDOW)
        if kept < 2:
            return 0.0
        newest = self._times[(count - 1) % _WINDOW]
        oldest = self._times[(count - kept) % _WINDOW]
        # The pause since the last pulse counts as soon as it is longer than the usual one.
        span = apart(newest, oldest)
        pause = apart(self._ticks_ms(), newest)
        if not 0 <= pause < _FORGET_MS:
            self._before = count  # before a board's count of time begins again
        if pause > _STANDSTILL_MS or span <= 0 or self._before == count:
            return 0.0
        usual = span / (kept - 1)
        return 60000.0 / max(usual, pause)


class RateChannel:
    """The same pulses, read as a rate."""

    def __init__(self, counter: PulseCounter) -> None:
        self.counter = counter

    def read(self) -> float:
        return self.counter.per_min()


class RolloverChannel:
    """Counts what a counter of some bits counts, over its end. A counter that was set back counts nothing."""

    def __init__(self, inner: "Counter", bits: int) -> None:
        self.inner = inner
        self.size = 1 << bits
        self.count = 0
        self.last: int | None = None

    def read(self) -> int:
        """Counted since the start. OSError when the counter cannot be read, or makes a leap."""
        now = int(self.inner.read())
        if not 0 <= now < self.size:
            raise BusFault("value", f"{now} is no count from 0 to {self.size - 1}")
        last, self.last = self.last, now
        if last is None:
            return self.count
        passed = (now - last) % self.size
        if passed > self.size // 2:
            # Between two readings nothing counts so far: the counter, not what it counts, has changed.
            raise BusFault("value", f"the counter went from {last} to {now}: it was set back")
        self.count += passed
        return self.count


_counters: "dict[object, PulseCounter]" = {}


def _counter_on(args: "dict[str, Any]") -> PulseCounter:
    """The one counter of a pin: a pin has one interrupt."""
    number = args["pin"]
    if number not in _counters:
        import machine

        pin: Any = machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP)
        counter = PulseCounter(args.get("debounce_ms", 5), ticks_ms)
        rising = args.get("edge", "falling") == "rising"
        pin.irq(counter.pulse, pin.IRQ_RISING if rising else pin.IRQ_FALLING)
        _counters[number] = counter
    return _counters[number]


def open_channel(
    args: "dict[str, Any]", station: str, metric: str, plant: object
) -> "PulseCounter | RateChannel | Counted":
    """The counter on a pin. OSError when this board has no pins or args are wrong."""
    try:
        if "of" in args:
            inner = open_inner(args, station, metric, plant)
            return Counted(
                RolloverChannel(inner, args.get("bits", 16)), f"counter {station} {metric}"
            )
        counter = _counter_on(args)
    except (ImportError, AttributeError, KeyError, ValueError) as problem:
        raise OSError(_EIO, f"{station}.{metric}: {problem}") from None
    return RateChannel(counter) if args.get("what") == "per_min" else counter
