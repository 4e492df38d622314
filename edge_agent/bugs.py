"""What to do with an exception that nobody foresaw: tell it, and let the others go on."""

import errno
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any


class DriverBugError(OSError):
    """As a reading ends whose driver raised what it must not."""

    kind = "bug"


async def ended(work: "Callable[[], Awaitable[None]]", tell: "Callable[[Exception], None]") -> bool:
    """Await work(); whether it came to its end. A bug is told."""
    try:
        await work()
    except Exception as bug:  # noqa: BLE001  whatever it is, the other tasks go on
        tell(bug)
        return False
    return True


def attempt(
    work: "Callable[[int, Any], Any]",
    index: int,
    what: "Any",
    tell: "Callable[[int, Exception], None]",
) -> "Any":
    """What work(index, what) returns. Raises OSError and nothing else: a bug is told, with its index."""
    try:
        return work(index, what)
    except OSError:
        raise
    except Exception as bug:  # noqa: BLE001  the sensor is bad, and the others are read
        tell(index, bug)
    raise DriverBugError(errno.EIO, "the driver has a bug")


class DriverBugs:
    """Tells a driver's bug once for each metric."""

    def __init__(self, say: "Callable[[str], None]") -> None:
        self._say = say
        self._known: dict[str, str] = {}  # kind of the last bug, by metric

    def tell(self, name: str, bug: Exception) -> None:
        kind = type(bug).__name__
        if self._known.get(name) != kind:
            self._known[name] = kind
            self._say(f"driver of {name}: {kind}: {str(bug)[:200]!r}; its readings are bad")
            print_trace(bug)


def print_trace(bug: Exception) -> None:
    show = getattr(sys, "print_exception", None)
    if show is not None:
        show(bug)
    else:
        sys.excepthook(type(bug), bug, bug.__traceback__)
