"""Milliseconds that only go forward, and short waits, on both interpreters."""

import time


def ticks_ms() -> int:
    """A count of milliseconds; on a board it starts again at some time: compare by apart()."""
    if hasattr(time, "ticks_ms"):
        return int(time.ticks_ms())
    return time.monotonic_ns() // 1000000


def apart(later: int, earlier: int) -> int:
    """Milliseconds between two counts."""
    if hasattr(time, "ticks_diff"):
        return int(time.ticks_diff(later, earlier))
    return later - earlier


def sleep_us(us: int) -> None:
    if hasattr(time, "sleep_us"):
        time.sleep_us(us)
    else:
        time.sleep(us / 1000000)
