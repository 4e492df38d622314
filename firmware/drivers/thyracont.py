"""Thyracont vacuum gauges on RS-485 with protocol 1: pressure in mbar.

args: those of serial_line.py for the line and of bus_device.py; address 1…999; parameter "M" (the pressure);
scale, range as in registers.py; or instrument and value (schemas/instruments).
Source: Thyracont VSH operating instructions vsh-de-130326, 4.2: address, code, data, check, CR.
"""

from firmware.drivers.bus_device import Device
from firmware.drivers.bus_fault import ONLY_ECHO, BusFault
from firmware.drivers.mapped import mapped
from firmware.drivers.registers import Value
from firmware.drivers.serial_line import open_line
from firmware.drivers.serial_turns import MORE, OVER, Turns, turns_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from firmware.drivers.serial_turns import Find

_EIO = 5
_DIGITS = 6
_BYTES = 3 + 1 + _DIGITS + 1 + 1


def framed(text: str) -> bytes:
    """Address, code and data with the check and the end."""
    data = text.encode()
    return data + bytes((sum(data) % 64 + 64, 0x0D))


def _finder(asked: bytes) -> "Find":
    def find(came: bytes, state: int) -> "tuple[int, bytes] | None":
        begin = came.rfind(asked[:4])
        frame = came[begin:] if begin >= 0 else b""
        if len(frame) >= _BYTES and frame[_BYTES - 1] == 0x0D:
            if framed(_text(frame[: _BYTES - 2])) != frame[:_BYTES]:
                raise BusFault("check", "wrong check sum")
            return (begin + _BYTES, frame[4 : 4 + _DIGITS])
        if state == OVER and came == asked:
            raise BusFault("silence", ONLY_ECHO)
        if state == OVER or (state != MORE and len(came) >= len(asked) + _BYTES):
            raise BusFault("short", f"{_text(came)!r} is no answer")
        return None

    return find


def _text(data: bytes) -> str:
    return "".join([chr(byte) for byte in data])


def pressure(digits: str) -> float:
    """Four digits with three behind the point, and the exponent with 20 added. OSError when it is none."""
    try:
        mantissa, exponent = int(digits[:4]), int(digits[4:])
    except ValueError:
        raise OSError(_EIO, f"no pressure: {digits}") from None
    return mantissa / 1000.0 * 10.0 ** (exponent - 20)


class ThyracontChannel:
    """The pressure of one gauge."""

    def __init__(self, turns: Turns, device: Device, args: "dict[str, Any]") -> None:
        self.turns = turns
        self.device = device
        self.address: int = args["address"]
        self.question = framed(f"{self.address:03d}{args.get('parameter', 'M')}")
        self.value = Value(args)

    def read(self) -> "float | int | bool | str":
        """mbar; OSError with the reason."""
        return self.device.value(self._read)

    def _read(self) -> "float | int":
        find = _finder(self.question)

        def ask(timeout_ms: int) -> bytes:
            timeout_ms += self.turns.sent_ms(len(self.question) + _BYTES)
            return self.turns.ask(self.address, self.question, find, timeout_ms)

        found = pressure(_text(self.device.ask(ask)))
        return self.value.judged(self.value.scaled(found, 0))


def open_channel(
    args: "dict[str, Any]", station: str, metric: str, plant: object
) -> ThyracontChannel:
    """The gauge args describes. OSError when args are wrong; the port may come later."""
    args = mapped(args, "thyracont")
    try:
        line = open_line(args)
        turns = turns_on(line, args)
        device = Device(turns.bus, f"thyracont {line.name} {args['address']}", args)
        return ThyracontChannel(turns, device, args)
    except KeyError as problem:
        raise OSError(_EIO, f"{station}.{metric}: args lack or misname {problem}") from None
