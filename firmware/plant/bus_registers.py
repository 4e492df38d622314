"""The registers of a simulated device: which reading lies where, and in which format.

An args object is that of the driver modbus_rtu: what a station.json reads is what lies here. While a
sensor is open its registers hold what instruments show then: no number, where they are floats; the
first of `no_value`, where args name one; bytes that are no text. Else the device refuses.
"""

import struct

from firmware.plant.bus_modbus import DEVICE_FAILURE, ILLEGAL_REGISTER, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Value = float | int | bool | str
    Reading = Callable[[], Value]  # raises OSError while the sensor is open

# format → (registers, struct format with the most significant word first)
_FLOATS = {"float32": (2, ">f"), "float64": (4, ">d")}
# format → (registers, struct format, least, most)
_WHOLE = {
    "int16": (1, ">h", -(1 << 15), (1 << 15) - 1),
    "uint16": (1, ">H", 0, (1 << 16) - 1),
    "int32": (2, ">i", -(1 << 31), (1 << 31) - 1),
    "uint32": (2, ">I", 0, (1 << 32) - 1),
    "int64": (4, ">q", -(1 << 63), (1 << 63) - 1),
    "uint64": (4, ">Q", 0, (1 << 64) - 1),
}
_BITS = ("coil", "discrete")


class Field:
    """One reading in its registers."""

    def __init__(self, args: "dict[str, Any]", reading: "Reading") -> None:
        self.register: int = args["register"]
        self._format: str = args.get("format", "int16")
        self._swapped = args.get("word_order", "big") == "little"
        self._factor = 10 ** args.get("decimals", 0)
        self._no_value = [int(raw) for raw in args.get("no_value", ())][:1]
        self._reading = reading
        if args.get("table", "holding") in _BITS:
            self.count = 1
        elif self._format == "text":
            self.count = args["registers"]
        else:
            self.count = (_FLOATS.get(self._format) or _WHOLE[self._format])[0]

    def bit(self) -> bool:
        """What a coil or a discrete input is now."""
        try:
            return bool(self._reading())
        except OSError:
            raise Refusal(DEVICE_FAILURE) from None

    def data(self) -> bytes:
        """What lies in the registers now."""
        try:
            value = self._reading()
        except OSError:
            return self._without()
        if self._format == "text":
            return _text(str(value), 2 * self.count)
        if self._format in _FLOATS:
            return self._packed(float(value))
        # Not by way of a float: it would cost a large counter its last digits.
        if isinstance(value, float):
            return self._packed(round(value * self._factor))
        return self._packed(int(value) * self._factor)

    def _without(self) -> bytes:
        """What stands for a reading that there is not."""
        if self._format == "text":
            return b"\xff" * (2 * self.count)
        if self._format in _FLOATS:
            return self._packed(float("nan"))
        if not self._no_value:
            raise Refusal(DEVICE_FAILURE)
        return self._packed(self._no_value[0])

    def _packed(self, number: float) -> bytes:
        if self._format in _FLOATS:
            data = struct.pack(_FLOATS[self._format][1], number)
        else:
            _, form, least, most = _WHOLE[self._format]
            if not least <= number <= most:
                raise Refusal(DEVICE_FAILURE)
            data = struct.pack(form, number)
        if self._swapped:
            data = b"".join([data[n : n + 2] for n in range(len(data) - 2, -1, -2)])
        return data


def _text(text: str, size: int) -> bytes:
    """UTF-8, cut between characters, filled up with zeros."""
    while len(text.encode()) > size:
        text = text[:-1]
    data = text.encode()
    return data + bytes(size - len(data))


class Registers:
    """One unit on a line."""

    def __init__(self, moved: "Callable[[], None]") -> None:
        self._moved = moved  # brings the readings to this moment
        self._fields: dict[tuple[str, int], Field] = {}
        self._plans: dict[tuple[str, int, int], list[Field]] = {}

    def place(self, args: "dict[str, Any]", reading: "Reading") -> None:
        """Put a reading where the args of a channel say that it lies."""
        field = Field(args, reading)
        for register in range(field.register, field.register + field.count):
            self._fields[args.get("table", "holding"), register] = field
        self._plans = {}

    def read(self, table: str, register: int, count: int) -> bytes:
        """As firmware.plant.bus_modbus.Read."""
        key = (table, register, count)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(table, register, count)
        self._moved()
        if table in _BITS:
            return _bits([field.bit() for field in plan])
        data = b"".join([field.data() for field in plan])
        begin = 2 * (register - plan[0].register)
        return data[begin : begin + 2 * count]

    def _plan(self, table: str, register: int, count: int) -> "list[Field]":
        plan: list[Field] = []
        for at in range(register, register + count):
            field = self._fields.get((table, at))
            if field is None:
                raise Refusal(ILLEGAL_REGISTER)
            if not plan or plan[-1] is not field:
                plan.append(field)
        return plan


def _bits(bits: "list[bool]") -> bytes:
    """The first bit is the lowest of the first byte."""
    data = bytearray((len(bits) + 7) // 8)
    for n, bit in enumerate(bits):
        if bit:
            data[n // 8] |= 1 << (n % 8)
    return bytes(data)
