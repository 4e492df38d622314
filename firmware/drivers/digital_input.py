"""A contact on a pin: a door, a pump that runs, a full bin. It has changed when it has been at rest for debounce_ms.

args: pin; pull "up" (default) | "down" | "none"; inverted (a contact to ground that is closed is true); debounce_ms
(default 30).
"""

from firmware.drivers.ticks import apart, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Level(Protocol):
        def value(self) -> int: ...


_EIO = 5


class DigitalInput:
    """edge() is called from the pin's interrupt: it must not allocate."""

    def __init__(self, pin: "Level", inverted: bool, debounce_ms: int, ticks: "Callable[[], int]") -> None:  # fmt: skip
        self.pin = pin
        self.inverted = inverted
        self.debounce_ms = debounce_ms
        self._ticks = ticks
        self._moved = ticks() - debounce_ms
        self._seen = pin.value()  # the last level, at rest or not
        self._at_rest = self._seen

    def edge(self, _pin: object = None) -> None:
        self._moved = self._ticks()

    def read(self) -> bool:
        """The level at rest; while it bounces, the one before."""
        level = self.pin.value()
        now = self._ticks()
        if level != self._seen:  # also where a board has no interrupt to tell of it
            self._seen = level
            self._moved = now
        if apart(now, self._moved) >= self.debounce_ms:
            self._at_rest = level
        return bool(self._at_rest) != self.inverted


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> DigitalInput:
    """The contact args describes. OSError when this board has no pins or args are wrong."""
    try:
        import machine

        kind: Any = machine.Pin
        pulls = {"up": kind.PULL_UP, "down": kind.PULL_DOWN, "none": None}
        pin = kind(args["pin"], kind.IN, pulls[args.get("pull", "up")])
        found = DigitalInput(
            pin, bool(args.get("inverted", False)), args.get("debounce_ms", 30), ticks_ms
        )
        pin.irq(found.edge, kind.IRQ_RISING | kind.IRQ_FALLING)
        return found
    except (ImportError, AttributeError, KeyError, ValueError) as problem:
        raise OSError(_EIO, f"{station}.{metric}: {problem}") from None
