"""Milliseconds that only go forward, and short waits, on both interpreters."""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def ticks_ms() -> int:
    """A count of milliseconds; on a board it starts again at some time: compare by apart()."""
    if hasattr(time, "ticks_ms"):
        found: Any = time.ticks_ms()
        return int(found)
    return time.monotonic_ns() // 1000000  # type: ignore[attr-defined,unused-ignore]  # of CPython


def apart(later: int, earlier: int) -> int:
    """Milliseconds between two counts."""
    if hasattr(time, "ticks_diff"):
        return int(time.ticks_diff(later, earlier))
    return later - earlier


def later(ticks: int, ms: int) -> int:
    """A count so many milliseconds on. By plain addition it may leave the range a board compares in."""
    if hasattr(time, "ticks_add"):
        add: Any = time.ticks_add  # counts are a type of their own to the stubs
        return int(add(ticks, ms))
    return ticks + ms


def sleep_us(us: int) -> None:
    if hasattr(time, "sleep_us"):
        time.sleep_us(us)
    else:
        time.sleep(us / 1000000)
