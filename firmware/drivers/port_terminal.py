"""A serial port of MicroPython's unix port, by termios and poll."""

import select
import termios

from firmware.drivers.ticks import sleep_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EIO = 5
_CHUNK = 256
_WRITE_MS = 1000
# Linux writes speeds as numbers of its own (asm-generic/termbits.h).
_SPEEDS = {
    1200: 9, 2400: 11, 4800: 12, 9600: 13, 19200: 14, 38400: 15, 57600: 4097, 115200: 4098,
    230400: 4099, 460800: 4100, 921600: 4103,
}  # fmt: skip
_CSIZE, _CS7, _CS8, _CSTOPB, _CREAD, _PARENB, _PARODD, _CLOCAL = (
    0x30, 0x20, 0x30, 0x40, 0x80, 0x100, 0x200, 0x800,
)  # fmt: skip
_CRTSCTS = 0x80000000
_VTIME, _VMIN = 5, 6


class TerminalPort:
    """A port of MicroPython's unix port."""

    def __init__(self, settings: "dict[str, Any]", char_us: int) -> None:
        if settings["baud"] not in _SPEEDS:
            raise ValueError(f"no port goes at {settings['baud']} baud")
        self.char_us = char_us
        self.file: Any = open(settings["port"], "r+b", buffering=0)  # noqa: SIM115
        number = self.file.fileno()
        termios.setraw(number)  # type: ignore[attr-defined,unused-ignore]
        state: list[Any] = termios.tcgetattr(number)
        control = state[2] & ~(_CRTSCTS | _CSIZE | _CSTOPB | _PARENB | _PARODD) | _CREAD | _CLOCAL
        control |= _CS8 if settings["bytesize"] == 8 else _CS7
        control |= _CSTOPB if settings["stopbits"] == 2 else 0
        control |= {"none": 0, "even": _PARENB, "odd": _PARENB | _PARODD}[settings["parity"]]
        state[2] = control
        state[4] = state[5] = _SPEEDS[settings["baud"]]
        state[6][_VMIN] = state[6][_VTIME] = 0  # a read takes what is there
        termios.tcsetattr(number, termios.TCSANOW, state)
        self.poll: Any = select.poll()
        self.poll.register(self.file, select.POLLIN)
        self.room: Any = select.poll()
        self.room.register(self.file, select.POLLOUT)

    def write(self, data: bytes) -> None:
        if not self.room.poll(_WRITE_MS):
            raise OSError(_EIO, "the port takes nothing")
        self.file.write(data)
        sleep_us(len(data) * self.char_us)

    def read(self, wait_ms: int) -> bytes:
        for _, event in self.poll.poll(wait_ms):
            if event & select.POLLIN:
                data = self.file.read(_CHUNK)
                if data:
                    return bytes(data)
            raise OSError(_EIO, "the port is gone")
        return b""

    def close(self) -> None:
        self.file.close()
