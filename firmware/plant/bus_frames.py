"""Requests out of what comes over a serial line: a silence ends a frame, a whole request as well.

A slave that waits for the silence alone would answer each request later by as much.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 256  # bytes: no frame of Modbus or AIBUS is longer
_BITS = 11.0  # of a character: start, eight, parity or a second stop, stop


def silence_us(baud: int) -> int:
    """3.5 characters; above 19200 baud the specification of Modbus fixes it."""
    return 1750 if baud > 19200 else int(3.5 * _BITS * 1e6 / baud)


class Frames:
    """`length` tells how long the request at the beginning of the bytes is, 0 while it is none."""

    def __init__(self, baud: int, length: "Callable[[bytes], int]") -> None:
        self.gap_us = silence_us(baud)
        self._length = length
        self._heard = b""
        self._last_us = 0

    def hear(self, data: bytes, at_us: int) -> bytes:
        """The request that is whole with these bytes, b"" when none is.

        Of several the last: a master that asks again has given up what it asked before.
        """
        if self._heard and at_us - self._last_us > self.gap_us:
            self._heard = b""
        self._last_us = at_us
        heard = self._heard + data
        frame = b""
        while heard:
            length = self._length(heard)
            if not length:
                break
            frame, heard = heard[:length], heard[length:]
        self._heard = b"" if len(heard) > _MOST else heard
        return frame

    def waits(self) -> bool:
        """Whether bytes were heard that the silence must end."""
        return bool(self._heard)

    def end(self, at_us: int) -> bytes:
        """What was heard before a silence that lasts since; b"" while it is too short."""
        if at_us - self._last_us <= self.gap_us:
            return b""
        frame, self._heard = self._heard, b""
        return frame
