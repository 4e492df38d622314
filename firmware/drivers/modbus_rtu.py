"""Modbus RTU master over RS-485: power meters, rectifiers, temperature controllers.

args: port ("/dev/ttyUSB0" by way of pyserial) or uart (a board's number, with tx, rx); baud;
parity "none" | "even" | "odd"; unit 1…247; table "holding" | "input" | "coil" | "discrete";
register (from 0); format "int16" | "uint16" | "int32" | "uint32" | "float32"; word_order
"big" | "little"; timeout_ms. Channels of one port share its line.
Source: MODBUS over serial line specification V1.02, MODBUS application protocol V1.1b3.
"""

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Line(Protocol):
        """A serial line: read() returns at most n bytes, fewer or none when its time is over."""

        def read(self, __n: int) -> bytes | None: ...
        def write(self, __frame: bytes) -> int | None: ...


_EIO = 5
_TIMED_OUT = 110
_FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
# format → (registers, struct format of the words in big order)
_FORMATS = {
    "int16": (1, ">h"),
    "uint16": (1, ">H"),
    "int32": (2, ">i"),
    "uint32": (2, ">I"),
    "float32": (2, ">f"),
}
_PARITIES = {"none": None, "even": 0, "odd": 1}
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal register",
    3: "illegal value",
    4: "device failure",
    6: "device busy",
    10: "gateway path",
    11: "gateway target",
}


def crc16(frame: bytes) -> int:
    """The check of a frame: polynomial 0xA001, preset 0xFFFF; low byte goes first."""
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


class RtuMaster:
    """One master on one line; a request is tried again once, as a spike on the line is common."""

    def __init__(self, line: "Line", tries: int = 2) -> None:
        self.line = line
        self.tries = tries

    def read_registers(self, unit: int, table: str, register: int, count: int) -> bytes:
        """The data bytes of `count` registers (or coils); OSError when the device does not say."""
        request = struct.pack(">BBHH", unit, _FUNCTIONS[table], register, count)
        request += struct.pack("<H", crc16(request))
        fault = OSError(_TIMED_OUT, "no answer")
        for _ in range(self.tries):
            self._drain()
            self.line.write(request)
            try:
                return self._answer(unit, _FUNCTIONS[table])
            except OSError as problem:
                fault = problem
        raise fault

    def _drain(self) -> None:
        """Throw away a late answer to an earlier request, where the line can say it has one."""
        waiting = getattr(self.line, "in_waiting", None)  # pyserial
        if waiting is None:
            waiting = self.line.any() if hasattr(self.line, "any") else 0  # machine.UART
        if waiting:
            self.line.read(waiting)

    def _take(self, n: int) -> bytes:
        taken = b""
        while len(taken) < n:
            part = self.line.read(n - len(taken))
            if not part:
                raise OSError(_TIMED_OUT, "no answer" if not taken else "half an answer")
            taken += part
        return taken

    def _answer(self, unit: int, function: int) -> bytes:
        head = self._take(3)
        # An exception is five bytes; any other answer says its length in the third.
        rest = self._take(2 if head[1] & 0x80 else head[2] + 2)
        frame = head + rest
        if crc16(frame[:-2]) != frame[-2] | frame[-1] << 8:
            raise OSError(_EIO, "wrong check sum")
        if frame[0] != unit or frame[1] & 0x7F != function:
            raise OSError(_EIO, "an answer to another question")
        if frame[1] & 0x80:
            raise OSError(_EIO, _EXCEPTIONS.get(frame[2], f"exception {frame[2]}"))
        return frame[3:-2]


class ModbusChannel:
    """One value of one device."""

    def __init__(self, master: RtuMaster, args: "dict[str, Any]") -> None:
        self.master = master
        self.unit: int = args["unit"]
        self.table: str = args.get("table", "holding")
        self.register: int = args["register"]
        self.registers, self.form = _FORMATS[args.get("format", "int16")]
        self.swapped = args.get("word_order", "big") == "little"

    def read(self) -> "float | int | bool":
        data = self.master.read_registers(self.unit, self.table, self.register, self.registers)
        if self.table in ("coil", "discrete"):
            if not data:
                raise OSError(_EIO, "an empty answer")
            return bool(data[0] & 1)
        if len(data) != 2 * self.registers:
            raise OSError(_EIO, f"{len(data)} bytes for {self.registers} registers")
        if self.swapped and self.registers == 2:
            data = data[2:] + data[:2]
        value: float | int = struct.unpack(self.form, data)[0]
        return value


_masters: "dict[str, RtuMaster]" = {}


def _open_line(args: "dict[str, Any]") -> "Line":
    timeout_ms = args.get("timeout_ms", 300)
    parity = args.get("parity", "none")
    if "port" in args:
        import serial

        found: Line = serial.Serial(
            args["port"],
            args.get("baud", 9600),
            parity=parity[0].upper(),
            timeout=timeout_ms / 1000,
        )
        return found
    import machine  # type: ignore[import-not-found,unused-ignore]

    line: Line = machine.UART(  # type: ignore[attr-defined,unused-ignore]
        args["uart"],
        args.get("baud", 9600),
        parity=_PARITIES[parity],
        tx=args["tx"],
        rx=args["rx"],
        timeout=timeout_ms,
        timeout_char=10,
    )
    return line


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> ModbusChannel:
    """A channel of the device args describes. OSError when the port or the library is not there."""
    name = str(args.get("port", args.get("uart")))
    if name not in _masters:
        try:
            _masters[name] = RtuMaster(_open_line(args))
        except (ImportError, AttributeError, KeyError) as problem:
            raise OSError(_EIO, f"{station}.{metric}: no serial line: {problem}") from None
    try:
        return ModbusChannel(_masters[name], args)
    except KeyError as problem:
        raise OSError(_EIO, f"{station}.{metric}: args lack or misname {problem}") from None
