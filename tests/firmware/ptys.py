"""Pseudo-terminals in place of RS-485: a device we script at one end, or a server of others by way of a bridge."""

import os
import pty
import select
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Wire:
    """One pseudo-terminal: `port` is what a driver or a server opens, `end` the other end of the wire."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.end, self._held = pty.openpty()
        tty.setraw(self._held)
        # Held open, so that the end of the wire does not fall off while nobody has the port open.
        self.port = os.ttyname(self._held)

    def say(self, data: bytes) -> None:
        """Nothing when it was closed: what a device says too late must not come out of the next one's port."""
        with self._lock:
            while data and self.end >= 0:
                data = data[os.write(self.end, data) :]

    def hang_up(self) -> None:
        """As of an adapter that is pulled out."""
        with self._lock:
            end, self.end = self.end, -1
            os.close(end)

    def close(self) -> None:
        os.close(self._held)
        if self.end >= 0:
            self.hang_up()


def _serve(ends: list[int], stop: int, came: Callable[[int, bytes], bool | None]) -> None:
    """Until stop is written to; an end whose came() is true has hung up."""
    while True:
        ready, _, _ = select.select([*ends, stop], [], [])
        if stop in ready:
            return
        for end in ready:
            if came(end, os.read(end, 4096)):
                ends.remove(end)


@contextmanager
def _thread(ends: list[int], came: Callable[[int, bytes], bool | None]) -> Iterator[None]:
    ear, mouth = os.pipe()
    thread = threading.Thread(target=_serve, args=(ends, ear, came))
    thread.start()
    try:
        yield
    finally:
        os.write(mouth, b"x")
        thread.join(10)
        os.close(ear)
        os.close(mouth)


@contextmanager
def stub(answer: Callable[[bytes, Callable[[bytes], None]], bool | None]) -> Iterator[str]:
    """A port with a device of ours behind it: answer(what came, say) is called for every piece; true: it hangs up."""
    wire = Wire()

    def came(end: int, data: bytes) -> bool:
        if answer(data, wire.say):
            wire.hang_up()
            return True
        return False

    try:
        with _thread([wire.end], came):
            yield wire.port
    finally:
        wire.close()


@contextmanager
def bridge() -> Iterator[tuple[str, str]]:
    """Two ports joined by a wire: one for the master, one for a server of others."""
    near, far = Wire(), Wire()
    try:
        other = {near.end: far, far.end: near}
        with _thread([near.end, far.end], lambda end, data: other[end].say(data)):
            yield near.port, far.port
    finally:
        near.close()
        far.close()
