"""A serial line: through pyserial on a computer, machine.UART on a board, termios on MicroPython's unix port.

args: port ("/dev/ttyUSB0") or uart (a board's number, with tx, rx); baud (default 9600), parity
"none" | "even" | "odd", bytesize 8 | 7, stopbits 1 | 2; de: what switches an RS-485 driver on, a pin of
a board or "rts" of a computer. One line is open once: its devices share it.
"""

import select
import sys

from firmware.drivers.ticks import sleep_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Line(Protocol):
        """What masters and readers need of a line. Every fault is an OSError."""

        char_us: int  # how long one character takes

        def write(self, data: bytes) -> None:
            """Returns when all of it is sent, and the line is free for an answer."""

        def read(self, wait_ms: int) -> bytes:
            """What has come; waits at most so long for the first of it, then b""."""

        def close(self) -> None: ...


_EIO = 5
_EBUSY = 16
_PARITIES = {"none": None, "even": 0, "odd": 1}
_CHUNK = 256
_USUAL = (("baud", 9600), ("parity", "none"), ("bytesize", 8), ("stopbits", 1))
# Linux writes speeds as numbers of its own (asm-generic/termbits.h).
_SPEEDS = {
    1200: 9, 2400: 11, 4800: 12, 9600: 13, 19200: 14, 38400: 15, 57600: 4097, 115200: 4098,
    230400: 4099, 460800: 4100, 921600: 4103,
}  # fmt: skip
_CSIZE, _CS7, _CS8, _CSTOPB, _CREAD, _PARENB, _PARODD, _CLOCAL = (
    0x30, 0x20, 0x30, 0x40, 0x80, 0x100, 0x200, 0x800,
)  # fmt: skip
_VTIME, _VMIN = 5, 6


def character_us(settings: "dict[str, Any]") -> int:
    """One start bit, the data, parity and stop bits."""
    bits = 1 + settings["bytesize"] + (settings["parity"] != "none") + settings["stopbits"]
    return int(bits * 1000000 // settings["baud"])


class SerialPort:
    """A port of a computer by pyserial; nobody else can open it meanwhile."""

    def __init__(self, settings: "dict[str, Any]") -> None:
        import termios

        import serial

        self.gone: Any = termios.error  # of a port that went away; no OSError
        self.char_us = character_us(settings)
        self.rts = settings["de"] == "rts"
        self.port: Any = serial.Serial(
            settings["port"],
            settings["baud"],
            settings["bytesize"],
            settings["parity"][0].upper(),
            settings["stopbits"],
            timeout=0,
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
        except self.gone as fault:
            raise OSError(_EIO, str(fault)) from None
        if self.rts:
            self.port.rts = False

    def read(self, wait_ms: int) -> bytes:
        ready, _, _ = select.select([self.port.fileno()], [], [], wait_ms / 1000)
        return bytes(self.port.read(_CHUNK)) if ready else b""

    def close(self) -> None:
        self.port.close()


class TerminalPort:
    """A port of MicroPython's unix port."""

    def __init__(self, settings: "dict[str, Any]") -> None:
        import termios

        if settings["baud"] not in _SPEEDS:
            raise ValueError(f"no port goes at {settings['baud']} baud")
        self.char_us = character_us(settings)
        self.file: Any = open(settings["port"], "r+b", buffering=0)  # noqa: SIM115
        number = self.file.fileno()
        termios.setraw(number)  # type: ignore[attr-defined,unused-ignore]
        state: list[Any] = termios.tcgetattr(number)
        control = state[2] & ~(_CSIZE | _CSTOPB | _PARENB | _PARODD) | _CREAD | _CLOCAL
        control |= _CS8 if settings["bytesize"] == 8 else _CS7
        control |= _CSTOPB if settings["stopbits"] == 2 else 0
        control |= {"none": 0, "even": _PARENB, "odd": _PARENB | _PARODD}[settings["parity"]]
        state[2] = control
        state[4] = state[5] = _SPEEDS[settings["baud"]]
        state[6][_VMIN] = state[6][_VTIME] = 0  # a read takes what is there
        termios.tcsetattr(number, termios.TCSANOW, state)
        self.poll: Any = select.poll()
        self.poll.register(self.file, select.POLLIN)

    def write(self, data: bytes) -> None:
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


class BoardPort:
    """A UART of a board, with a pin for the RS-485 driver where it needs one."""

    def __init__(self, settings: "dict[str, Any]", uart: "Any", pin: "Any") -> None:
        self.char_us = character_us(settings)
        self.uart = uart
        self.pin = pin

    def write(self, data: bytes) -> None:
        if self.pin is not None:
            self.pin.value(1)
        self.uart.write(data)
        self.uart.flush()
        if self.pin is not None:
            self.pin.value(0)

    def read(self, wait_ms: int) -> bytes:
        waited_us = 0
        while not (waiting := self.uart.any()):
            if waited_us >= wait_ms * 1000:
                return b""
            sleep_us(500)
            waited_us += 500
        return bytes(self.uart.read(waiting) or b"")

    def close(self) -> None:
        self.uart.deinit()


def _board_port(settings: "dict[str, Any]") -> BoardPort:
    from machine import UART, Pin  # type: ignore[import-not-found,attr-defined,unused-ignore]

    pins = {name: Pin(settings[name]) for name in ("tx", "rx") if settings[name] is not None}
    uart: Any = UART(
        settings["uart"],
        baudrate=settings["baud"],
        bits=settings["bytesize"],
        parity=_PARITIES[settings["parity"]],
        stop=settings["stopbits"],
        timeout=0,
        rxbuf=512,
        **pins,
    )
    pin: Any = None if settings["de"] is None else Pin(settings["de"], Pin.OUT, value=0)
    return BoardPort(settings, uart, pin)


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
        self.port: Line | None = None

    def _opened(self) -> "Line":
        if self.port is None:
            try:
                if self.settings["port"] is None:
                    self.port = _board_port(self.settings)
                elif sys.implementation.name == "micropython":
                    self.port = TerminalPort(self.settings)
                else:
                    self.port = SerialPort(self.settings)
            except (ImportError, AttributeError, KeyError, ValueError, OSError) as problem:
                raise OSError(_EIO, f"no serial line {self.name}: {problem}") from None
        return self.port

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
