"""Talks with a MicroPython board by its raw REPL, every wait with an end.

mpremote can do this too, but waits without end where a board falls silent, and says that its API will change.
The protocol: docs.micropython.org/en/latest/reference/repl.html (raw mode, raw-paste mode).
"""

import contextlib
import time
from types import TracebackType
from typing import Any

import serial

from firmware.flash.faults import Fault, cable_gone, cannot_open, fell_silent, silent

_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_INTERRUPT, _RAW, _END = b"\x03", b"\x01", b"\x04"
_ANSWER_S = 10.0
_TRIES = 6  # a board that just started takes some seconds until it listens


class BoardError(Exception):
    """Code raised on the board; the text is its traceback."""


class Repl:
    """A board whose program was interrupted, ready to run code. Raises Fault when it goes away."""

    def __init__(self, port: str, opened: Any = None) -> None:
        """`opened`: instead of a serial port, anything with read, write, close and in_waiting."""
        self.port = port
        try:
            self._serial = opened or serial.Serial(port, 115200, timeout=0.1, exclusive=True)
        except (OSError, ValueError) as fault:
            raise cannot_open(
                port, fault if isinstance(fault, OSError) else OSError(str(fault))
            ) from None
        self._paste = True
        self._come = bytearray()  # what has come and was not looked at yet
        try:
            self.enter()
        except Fault:
            self.close()
            raise

    def __enter__(self) -> "Repl":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            self._serial.close()

    def enter(self) -> None:
        """Stop what runs on the board and get its raw prompt."""
        for _ in range(_TRIES):
            self._write(b"\r" + _INTERRUPT + _INTERRUPT)
            self._drain()
            self._write(b"\r" + _RAW)
            if self._until(_BANNER, 2.0).endswith(_BANNER):
                return
        raise silent(self.port)

    def run(self, code: str, wait_s: float = _ANSWER_S) -> str:
        """What the code printed. Raises BoardError, Fault."""
        self._send(code.encode())
        printed = self._until(_END, wait_s)
        failed = self._until(_END, _ANSWER_S)
        prompt = self._until(b">", _ANSWER_S)
        if not (printed.endswith(_END) and failed.endswith(_END) and prompt.endswith(b">")):
            raise fell_silent(self.port)
        if failed[:-1]:
            raise BoardError(failed[:-1].decode(errors="replace").strip())
        return printed[:-1].decode(errors="replace").replace("\r\n", "\n")

    def start(self, code: str) -> None:
        """Run what does not answer, for it resets the board."""
        self._send(code.encode())

    # -- sending code -----------------------------------------------------------------------

    def _send(self, code: bytes) -> None:
        if self._paste:
            self._write(b"\x05A\x01")
            answer = self._exactly(2)
            if answer == b"R\x01":
                self._send_by_windows(code)
                return
            self._paste = False
            if answer != b"R\x00":  # it took the three bytes for the beginning of code
                self._write(_INTERRUPT + _RAW)
                self._until(_BANNER, _ANSWER_S)
        for at in range(0, len(code), 256):
            self._write(code[at : at + 256])
            time.sleep(0.01)  # a UART without flow control
        self._write(_END)
        if self._exactly(2) != b"OK":
            raise fell_silent(self.port)

    def _send_by_windows(self, code: bytes) -> None:
        window = int.from_bytes(self._exactly(2), "little")
        room, at = window, 0
        while at < len(code):
            while room == 0 or self._come or self._serial.in_waiting:
                signal = self._exactly(1)
                if signal == b"\x01":
                    room += window
                else:  # the board ends it
                    self._write(_END)
                    return
            piece = code[at : at + room]
            self._write(piece)
            at += len(piece)
            room -= len(piece)
        self._write(_END)
        if not self._until(_END, _ANSWER_S).endswith(_END):
            raise fell_silent(self.port)

    # -- bytes ------------------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        try:
            self._serial.write(data)
        except OSError:
            raise cable_gone(self.port) from None

    def _more(self) -> bool:
        """Take in what has come; whether anything had."""
        try:
            piece = bytes(self._serial.read(max(1, self._serial.in_waiting)))
        except (OSError, TypeError):  # TypeError: pyserial, when it was closed meanwhile
            raise cable_gone(self.port) from None
        self._come += piece
        return bool(piece)

    def _drain(self) -> None:
        end = time.monotonic() + 2.0
        while self._more() and time.monotonic() < end:
            pass
        self._come.clear()

    def _exactly(self, count: int) -> bytes:
        end = time.monotonic() + _ANSWER_S
        while len(self._come) < count:
            if not self._more() and time.monotonic() > end:
                raise fell_silent(self.port)
        return self._taken(count)

    def _until(self, ending: bytes, wait_s: float) -> bytes:
        """What comes until `ending`; or all that came in so long: a board that starts over and over never stops."""
        end = time.monotonic() + wait_s
        seen = 0
        while (at := self._come.find(ending, max(seen - len(ending), 0))) < 0:
            seen = len(self._come)
            self._more()
            if time.monotonic() > end:
                return self._taken(len(self._come))
        return self._taken(at + len(ending))

    def _taken(self, count: int) -> bytes:
        data = bytes(self._come[:count])
        del self._come[:count]
        return data
