"""Yudian AIBUS over RS-485: temperature controllers of the AI series.

args: those of serial_line.py for the line and of bus_device.py; address 0…80; parameter "pv" | "sv" | "mv" (output,
%) | a number (a parameter's code); decimals, or decimal_parameter (12 is dIP) which the instrument is asked for;
scale, range, no_value as in registers.py; fresh_ms; or instrument and value (schemas/instruments).
Source: Yudian, AIBUS protocol (V7.0 and later): any answer holds PV, SV, MV, alarms and one parameter.
"""

import struct

from firmware.drivers.bus_device import Device
from firmware.drivers.bus_fault import ONLY_ECHO, BusFault
from firmware.drivers.mapped import mapped
from firmware.drivers.registers import Value
from firmware.drivers.serial_line import open_line
from firmware.drivers.serial_turns import MORE, OVER, Turns, turns_on
from firmware.drivers.ticks import apart, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from firmware.drivers.serial_turns import Find

_EIO = 5
_READ = 0x52
_ADDRESS_MAX = 80
_BYTES = 10
_OVER_RANGE = 0x10  # alarm bit 4, orAL: the sensor is open or beyond its range
_FIELDS = ("pv", "sv", "mv")
_SETPOINT = 0


def question(address: int, parameter: int) -> bytes:
    """Eight bytes: the address twice, the command, the parameter, nothing, the check."""
    check = (parameter * 256 + _READ + address) & 0xFFFF
    head = bytes((0x80 + address, 0x80 + address, _READ, parameter, 0, 0))
    return head + struct.pack("<H", check)


def check_of(address: int, frame: bytes) -> int:
    """The check of an answer: the sum of its words and the address."""
    return int(sum(struct.unpack("<4H", frame[:8])) + address) & 0xFFFF


def _finder(address: int, asked: bytes) -> "Find":
    def right(frame: bytes) -> bool:
        return len(frame) == _BYTES and check_of(address, frame) == frame[8] | frame[9] << 8

    def find(came: bytes, state: int) -> "tuple[int, bytes] | None":
        begin = len(asked) if came.startswith(asked) else 0
        if right(came[begin : begin + _BYTES]):
            return (begin + _BYTES, came[begin : begin + _BYTES])
        if state != MORE and right(came[-_BYTES:]):  # behind noise of the line turning round
            return (len(came), came[-_BYTES:])
        if state == OVER or (state != MORE and len(came) >= begin + _BYTES):
            raise _what_came(came[begin:])
        return None

    return find


def _what_came(came: bytes) -> BusFault:
    """Words for bytes that are no answer."""
    if not came:
        return BusFault("silence", ONLY_ECHO)
    if len(came) < _BYTES:
        return BusFault("short", f"{len(came)} of {_BYTES} bytes of an answer")
    return BusFault("check", "wrong check sum")


class AibusDevice:
    """One controller: its last answers, by the parameter asked for."""

    def __init__(self, turns: Turns, device: Device, address: int, args: "dict[str, Any]") -> None:
        self.turns = turns
        self.device = device
        self.address = address
        self.fresh_ms: int = args.get("fresh_ms", 500)
        self.kept: dict[int, tuple[int, bytes]] = {}

    def read(self, parameter: int) -> bytes:
        """An answer not older than fresh_ms. OSError with the reason."""
        now = self.device.ticks()
        if parameter in self.kept:
            when, answer = self.kept[parameter]
            if apart(now, when) < self.fresh_ms:
                return answer
            del self.kept[parameter]  # a count that began again must not make it fresh
        asked = question(self.address, parameter)
        find = _finder(self.address, asked)

        def ask(timeout_ms: int) -> bytes:
            timeout_ms += self.turns.sent_ms(len(asked) + _BYTES)
            return self.turns.ask(self.address, asked, find, timeout_ms)

        answer = self.device.ask(ask)
        self.kept[parameter] = (now, answer)
        return answer


class AibusChannel:
    """One value of one controller."""

    def __init__(self, device: AibusDevice, args: "dict[str, Any]") -> None:
        self.device = device
        self.parameter: str | int = args.get("parameter", "pv")
        a_code = isinstance(self.parameter, int) and 0 <= self.parameter <= 255
        if self.parameter not in _FIELDS and not a_code:
            raise OSError(_EIO, 'parameter is "pv", "sv", "mv" or a code from 0 to 255')
        self.value = Value(args)
        self.decimals: int | None = args.get("decimal_parameter")

    def read(self) -> "float | int | bool | str":
        """The value now. OSError with the reason when there is none."""
        return self.device.device.value(self._read)

    def _read(self) -> "float | int | bool | str":
        decimals = None
        if isinstance(self.parameter, int):
            raw = self.device.read(self.parameter)[6:8]
            if self.decimals is not None:
                decimals = _word(self.device.read(self.decimals)[6:8])
        else:
            # One answer holds all: it is asked for with the decimals, so that they belong together.
            answer = self.device.read(_SETPOINT if self.decimals is None else self.decimals)
            if self.decimals is not None:
                decimals = _word(answer[6:8])
            raw = self._field(answer)
            if self.parameter == "mv":
                decimals = 0
        return self.value.of(raw[1:] + raw[:1], decimals)

    def _field(self, answer: bytes) -> bytes:
        if self.parameter == "mv":
            mv = answer[4] - 256 if answer[4] > 127 else answer[4]  # below nothing: cooling
            return struct.pack("<h", mv)
        if self.parameter == "sv":
            return answer[2:4]
        if answer[5] & _OVER_RANGE:
            raise BusFault("sensor", "the input is out of range (orAL): is the sensor open?")
        return answer[0:2]


def _word(data: bytes) -> int:
    return data[0] | data[1] << 8


_devices: "dict[tuple[str, int], AibusDevice]" = {}


def open_value(
    name: str, turns: Turns, args: "dict[str, Any]", ticks: "Callable[[], int]" = ticks_ms
) -> AibusChannel:
    """The channel of a value; an address of one line is one device. KeyError: what args lack."""
    address = args["address"]
    if not isinstance(address, int) or not 0 <= address <= _ADDRESS_MAX:
        raise OSError(_EIO, f"address is a whole number from 0 to {_ADDRESS_MAX}")
    key = (name, address)
    if key not in _devices:
        device = Device(turns.bus, f"aibus {name} {address}", args, ticks)
        _devices[key] = AibusDevice(turns, device, address, args)
    return AibusChannel(_devices[key], args)


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> AibusChannel:
    """A value of the controller args describes. OSError when args are wrong; the port may come later."""
    args = mapped(args, "aibus")
    try:
        line = open_line(args)
        return open_value(line.name, turns_on(line, args), args)
    except KeyError as problem:
        raise OSError(_EIO, f"{station}.{metric}: args lack or misname {problem}") from None
