"""What a value in 16-bit registers is: its format, the order of its words and bytes, its decimals, its range.

format "int16" … "uint64", "float32", "float64", "text" (with `registers`), "bit" (with `bit`); word_order
"big" (most significant first), "little", and the same with the bytes of each register "big_swapped",
"little_swapped". `no_value`: readings that mean a fault, with its words. `range`: what it can show.
"""

import struct

from firmware.drivers.bus_fault import BusFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EIO = 5
_NO_WORDS: "dict[str, str]" = {}
_LEAST, _MOST = 1e-20, 1e24  # beyond is no measurement: words in a wrong order make such numbers
FORMATS = {
    "int16": (1, ">h"),
    "uint16": (1, ">H"),
    "int32": (2, ">i"),
    "uint32": (2, ">I"),
    "int64": (4, ">q"),
    "uint64": (4, ">Q"),
    "float32": (2, ">f"),
    "float64": (4, ">d"),
}
WORD_ORDERS = ("big", "little", "big_swapped", "little_swapped")


def in_order(data: bytes, order: str) -> bytes:
    """The bytes, most significant first."""
    words = [data[n : n + 2] for n in range(0, len(data), 2)]
    if order.endswith("_swapped"):
        words = [word[1:] + word[:1] for word in words]
    if order.startswith("little"):
        words.reverse()
    return b"".join(words)


_PARTS = ["format", "word_order", "registers", "bit", "decimals", "scale", "no_value", "range"]
_values: "dict[str, Value]" = {}


def value_of(args: "dict[str, Any]") -> "Value":
    """A Value; one for all that are read in the same way, as a board has little memory."""
    key = " ".join([str(args.get(part, "")) for part in _PARTS])
    if key not in _values:
        _values[key] = Value(args)
    return _values[key]


class Value:
    """How the bytes of one value are read."""

    def __init__(self, args: "dict[str, Any]") -> None:
        self.format: str = args.get("format", "int16")
        self.order: str = args.get("word_order", "big")
        if self.order not in WORD_ORDERS:
            raise OSError(_EIO, f"word_order is one of {', '.join(WORD_ORDERS)}")
        if self.format == "text":
            self.registers, self.form = args.get("registers", 1), ""
        elif self.format == "bit":
            self.registers, self.form = 1, ">H"
        elif self.format in FORMATS:
            self.registers, self.form = FORMATS[self.format]
        else:
            raise OSError(_EIO, f"format is text, bit or one of {', '.join(sorted(FORMATS))}")
        self.bit: int = args.get("bit", 0)
        self.decimals: int = args.get("decimals", 0)
        self.scale: float = args.get("scale", 1)
        self.no_value: dict[str, str] = args.get("no_value", _NO_WORDS)
        self.range: tuple[float, float] | None = None
        if "range" in args:
            low, high = args["range"]
            self.range = (low, high)

    def of(self, data: bytes, decimals: "int | None" = None) -> "float | int | bool | str":
        """The value, with the decimals of the instrument where it says them. OSError when it is none."""
        if len(data) != 2 * self.registers:
            raise OSError(_EIO, f"{len(data)} bytes for {self.registers} registers")
        if self.format == "text":
            return self._text(data)
        raw: float | int = struct.unpack(self.form, in_order(data, self.order))[0]
        if self.format == "bit":
            return bool(raw >> self.bit & 1)  # type: ignore[operator]
        if str(raw) in self.no_value:
            raise BusFault("sensor", self.no_value[str(raw)])
        return self.judged(self.scaled(raw, self.decimals if decimals is None else decimals))

    def scaled(self, raw: "float | int", decimals: int) -> "float | int":
        if not 0 <= decimals <= 9:
            raise OSError(_EIO, f"an instrument with {decimals} decimals")
        if decimals:
            raw = raw / 10**decimals
        return raw if self.scale == 1 else raw * self.scale

    def judged(self, value: "float | int") -> "float | int":
        """The value when an instrument can show it."""
        if value - value != 0:
            raise OSError(_EIO, "no number")
        if value and not _LEAST < abs(value) < _MOST:
            raise OSError(_EIO, f"{value} is no measurement: is word_order right?")
        if self.range is not None and not self.range[0] <= value <= self.range[1]:
            low, high = self.range
            words = f"{value} is outside of what the instrument can show ({low} to {high})"
            raise OSError(_EIO, words + (": is word_order right?" if self.registers > 1 else ""))
        return value

    def _text(self, data: bytes) -> str:
        if self.order.endswith("_swapped"):
            data = b"".join([data[n + 1 : n + 2] + data[n : n + 1] for n in range(0, len(data), 2)])
        try:
            return data.split(b"\x00")[0].decode().strip()
        except ValueError:  # on CPython UnicodeDecodeError is one
            raise OSError(_EIO, "no text") from None
