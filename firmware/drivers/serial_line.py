"""A serial line: through pyserial on a computer, machine.UART on a board, termios on MicroPython's unix port.

args: port ("/dev/ttyUSB0") or uart (a board's number, with tx, rx); baud (default 9600), parity
"none" | "even" | "odd", bytesize 8 | 7, stopbits 1 | 2; de: what switches an RS-485 driver on, a pin of
a board or "rts" of a computer. One line is open once: its devices share it.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Port(Protocol):
        """A line as the machine has it: port_pyserial, port_terminal, port_uart. Every fault is an OSError."""

        def write(self, data: bytes) -> None:
            """Returns when all of it is sent, and the line is free for an answer."""

        def read(self, wait_ms: int) -> bytes:
            """What has come; waits at most so long for the first of it, then b""."""

        def close(self) -> None: ...

    class Line(Port, Protocol):
        """What masters and readers need."""

        char_us: int  # how long one character takes


_EIO = 5
_EBUSY = 16
_PARITIES = ("none", "even", "odd")
_USUAL = (("baud", 9600), ("parity", "none"), ("bytesize", 8), ("stopbits", 1))


def character_us(settings: "dict[str, Any]") -> int:
    """One start bit, the data, parity and stop bits."""
    bits = 1 + settings["bytesize"] + (settings["parity"] != "none") + settings["stopbits"]
    return int(bits * 1000000 // settings["baud"])


_lines: "dict[str, SharedLine]" = {}


def _name(settings: "dict[str, Any]") -> str:
    port = settings["port"]
    if port is None:
        return f"uart{settings['uart']}"
    return str(port)[5:] if str(port).startswith("/dev/") else str(port)


class SharedLine:
    """The one line of a port. A port that went away, as of an adapter pulled out, is opened anew."""

    def __init__(self, settings: "dict[str, Any]") -> None:
        self.settings = settings
        self.char_us = character_us(settings)
        self.name = _name(settings)
        self.port: Port | None = None

    def _opened(self) -> "Port":
        if self.port is None:
            try:
                self.port = self._open()
            except (ImportError, AttributeError, KeyError, ValueError, OSError) as problem:
                raise OSError(_EIO, f"no serial line {self.name}: {problem}") from None
        return self.port

    def _open(self) -> "Port":
        # Imported here: a board has neither pyserial nor the memory for what it does not use.
        if self.settings["port"] is None:
            from firmware.drivers.port_uart import board_port

            return board_port(self.settings)
        if sys.implementation.name == "micropython":
            from firmware.drivers.port_terminal import TerminalPort

            return TerminalPort(self.settings, self.char_us)
        from firmware.drivers.port_pyserial import SerialPort

        return SerialPort(self.settings)

    def write(self, data: bytes) -> None:
        port = self._opened()
        try:
            port.write(data)
        except OSError as fault:
            self._lost(fault)

    def read(self, wait_ms: int) -> bytes:
        port = self._opened()
        try:
            return port.read(wait_ms)
        except OSError as fault:
            self._lost(fault)
            return b""

    def _lost(self, fault: OSError) -> None:
        self.close()
        raise OSError(_EIO, f"the port {self.name} is gone ({fault})")

    def close(self) -> None:
        port, self.port = self.port, None
        if port is not None:
            try:
                port.close()
            except OSError:
                pass  # it is gone


def open_line(args: "dict[str, Any]") -> SharedLine:
    """The line args describes. OSError when its settings are wrong or others than it is open with."""
    if "port" not in args and "uart" not in args:
        raise OSError(_EIO, 'args lack "port" or "uart"')
    settings = {key: args.get(key) for key in ("port", "uart", "tx", "rx", "de")}
    for key, usual in _USUAL:
        settings[key] = args.get(key, usual)
    if settings["parity"] not in _PARITIES or not isinstance(settings["baud"], int):
        raise OSError(_EIO, 'baud is a whole number, parity "none", "even" or "odd"')
    name = _name(settings)
    line = _lines.get(name)
    if line is None:
        line = _lines[name] = SharedLine(settings)
    if line.settings != settings:
        other = ", ".join([k for k in settings if line.settings[k] != settings[k]])
        raise OSError(_EBUSY, f"{line.name} is used with another {other}: one line, one setting")
    return line
