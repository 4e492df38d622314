"""A serial port that is opened again whenever it was gone: /dev/ttyUSB0, COM3, socket://…, rfc2217://…"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import serial

from schemas.line_protocols import Frames

try:
    import termios

    GONE: tuple[type[Exception], ...] = (OSError, termios.error)
except ImportError:  # there is none on Windows
    GONE = (OSError,)

READ_S = 0.2
AGAIN_S = 1.0
SILENCE_READS = 5  # a line whose end has not come after so many empty reads has none
_AT_ONCE = 4096


class Port:
    """The lines of one gauge, for ever; faults of the port are told and waited out."""

    def __init__(
        self, url: str, protocol: Mapping[str, Any], over: Callable[[float], bool], tell: Callable[[str], None]
    ) -> None:  # fmt: skip
        """`over(seconds)` waits so long at most, and says whether all is over. Raises ValueError for settings that no
        port takes."""
        self._url, self._protocol, self._over, self._tell = url, protocol, over, tell
        self._frames = Frames(dict(protocol))
        self._quiet = 0
        self._asked = False
        self.listens = False  # it is open, and what comes is a line from its beginning
        serial.serial_for_url(url, do_not_open=True, **self._settings())

    def ask(self) -> None:
        """The gauge is asked for a value as soon as the port is open."""
        self._asked = True

    def lines(self) -> Iterator[bytes]:
        """Each line with its end as it comes, until all is over."""
        gone = False
        while not self._over(0):
            try:
                with serial.serial_for_url(self._url, **self._settings()) as port:
                    gone = False
                    self._tell(f"{self._url} is open.")
                    yield from self._read(port)
            except GONE as fault:
                if not gone:  # the same is told once
                    self._tell(f"{self._url} is not there ({fault}); it is opened when it is.")
                gone = True
                self._over(AGAIN_S)
            finally:
                self.listens = False

    def _settings(self) -> dict[str, Any]:
        row = self._protocol
        return {
            "baudrate": row["baud"], "bytesize": row["bytesize"], "parity": row["parity"],
            "stopbits": row["stopbits"], "timeout": READ_S, "exclusive": True,
        }  # fmt: skip

    def _read(self, port: Any) -> Iterator[bytes]:
        """What comes before the line was quiet once may be the rest of something: it is dropped up to an end."""
        self._frames = Frames(dict(self._protocol))
        begun = port.read(1)
        if begun:
            self._frames.skip()
            self._frames.feed(begun)
        self.listens = True
        self._quiet = 0
        while not self._over(0):
            if self._asked:
                self._asked = False
                port.write(self._protocol.get("request", "").encode())
            # One byte, and what lies there with it: read() alone would wait for more.
            data = port.read(1)
            data += port.read(min(port.in_waiting, _AT_ONCE)) if data else b""
            self._quiet = 0 if data else self._quiet + 1
            yield from self._frames.feed(data)
            if self._quiet == SILENCE_READS:
                yield from self._frames.silence()
