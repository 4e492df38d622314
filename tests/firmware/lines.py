"""A serial line in memory, for tests of masters on both interpreters."""

import struct

from firmware.drivers.bus_device import Bus
from firmware.drivers.modbus import ModbusChannel, open_value
from firmware.drivers.rtu_master import RtuMaster, framed
from firmware.drivers.serial_turns import Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class MemoryLine:
    """A device at its far end: request → what comes, in pieces; b"" among them is a pause."""

    def __init__(self, answer: "Callable[[bytes], list[bytes]]") -> None:
        self.answer = answer
        self.waiting: list[bytes] = []
        self.requests: list[bytes] = []
        self.char_us = 100

    def write(self, data: bytes) -> None:
        self.requests.append(data)
        self.waiting += self.answer(data)

    def read(self, wait_ms: int) -> bytes:
        return self.waiting.pop(0) if self.waiting and wait_ms else b""

    def close(self) -> None:
        pass


class Time:
    """A count of milliseconds that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def answer_to(request: bytes, registers: "Callable[[int], int]") -> bytes:
    """The frame of a healthy device that has all registers."""
    unit, function, first, count = struct.unpack(">BBHH", request[:6])
    data = b"".join([struct.pack(">H", registers(first + n)) for n in range(count)])
    return framed(bytes((unit, function, len(data))) + data)


_opened = [0]


def channels(line: MemoryLine, every: "list[dict[str, Any]]", time: Time) -> "list[ModbusChannel]":
    """Channels of one device on a line of its own."""
    _opened[0] += 1
    master = RtuMaster(Turns(line, 20))
    name = f"memory{_opened[0]}"
    usual = {"unit": 1, "timeout_ms": 20}
    bus = Bus()
    return [open_value(name, bus, master, usual | args, time) for args in every]
