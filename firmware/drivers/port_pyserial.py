"""A serial port of a computer, by pyserial."""

import select
import termios

import serial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EIO = 5
_CHUNK = 256
_WRITE_S = 1  # a port that takes nothing for so long is a fault


class SerialPort:
    """A port of a computer by pyserial; nobody else can open it meanwhile."""

    def __init__(self, settings: "dict[str, Any]") -> None:
        self.rts = settings["de"] == "rts"
        self.port: Any = serial.Serial(
            settings["port"],
            settings["baud"],
            settings["bytesize"],
            settings["parity"][0].upper(),
            settings["stopbits"],
            timeout=0,
            write_timeout=_WRITE_S,
            exclusive=True,
        )
        if self.rts:
            self.port.rts = False

    def write(self, data: bytes) -> None:
        if self.rts:
            self.port.rts = True
        self.port.write(data)
        try:
            self.port.flush()  # the last stop bit must be out before the driver is switched off
        except termios.error as fault:  # the port went away; this is no OSError
            raise OSError(_EIO, str(fault)) from None
        if self.rts:
            self.port.rts = False

    def read(self, wait_ms: int) -> bytes:
        seconds: Any = wait_ms / 1000  # of CPython: boards have another port
        ready, _, _ = select.select([self.port.fileno()], [], [], seconds)
        return bytes(self.port.read(_CHUNK)) if ready else b""

    def close(self) -> None:
        self.port.close()
