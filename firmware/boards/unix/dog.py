"""A computer's watchdog: the kernel ends the process with SIGALRM when it was not fed for a minute.

An alarm ends a process that hangs in a driver, too, on either interpreter. Whoever started it starts it
again: `mes run --demo`, or systemd with Restart=always (firmware/flash/controller.py).
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HUNGRY_S = 60


def _alarm() -> "Callable[[int], int] | None":
    """alarm(2) of the C library; None where this interpreter has no way to it."""
    if sys.implementation.name != "micropython":
        import signal

        return getattr(signal, "alarm", None)
    try:
        import ffi  # type: ignore[import-not-found]  # of MicroPython on a computer, without stubs

        found: Callable[[int], int] = ffi.open("libc.so.6").func("i", "alarm", "i")
    except (ImportError, OSError):
        return None
    return found


class SoftDog:
    """As machine.WDT."""

    def __init__(self) -> None:
        self._set = _alarm()
        self.feed()

    def feed(self) -> None:
        if self._set is not None:
            self._set(HUNGRY_S)

    def end(self) -> None:
        """The process ends in order: nobody bites any more."""
        if self._set is not None:
            self._set(0)


class Life:
    """Tells the next start how this one ended, by a small file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.reason = self._read()
        self.note("reset")  # until it is known better: killed, or the power failed

    def _read(self) -> str:
        try:
            with open(self._path, "rb") as file:
                return file.read().decode()
        except (OSError, ValueError):
            return "power_on"

    def note(self, reason: str) -> None:
        """What to tell if this is the end."""
        try:
            with open(self._path, "wb") as file:
                file.write(reason.encode())
        except OSError:
            return  # only a word on the nodes page
