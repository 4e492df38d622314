"""A Modbus RTU slave that can be read, bytes to bytes: functions 1 to 4 and their refusals.

Source: MODBUS over serial line specification V1.02, MODBUS application protocol V1.1b3.
"""

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # table, register, count → the data of the answer; raises Refusal
    Read = Callable[[str, int, int], bytes]

ILLEGAL_FUNCTION = 1
ILLEGAL_REGISTER = 2
ILLEGAL_VALUE = 3
DEVICE_FAILURE = 4
TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
_BITS_MOST = 2000
_REGISTERS_MOST = 125
_SHORT = 8  # bytes of a request of the functions 1 to 6


class Refusal(Exception):
    """What a device says instead of an answer."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _check_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CHECKS = tuple([_check_of(byte) for byte in range(256)])


def checked(body: bytes) -> bytes:
    """A frame with its check: polynomial 0xA001, preset 0xFFFF, the low byte first."""
    crc = 0xFFFF
    for byte in body:
        crc = (crc >> 8) ^ _CHECKS[(crc ^ byte) & 0xFF]
    return body + struct.pack("<H", crc)


def length(heard: bytes) -> int:
    """Bytes of the request that `heard` begins with; 0: none yet, or one whose end only silence tells."""
    if len(heard) < _SHORT:
        return 0
    count = _SHORT
    if heard[1] in (15, 16):
        count = 9 + heard[6]
    elif not 1 <= heard[1] <= 6:
        return 0
    if len(heard) < count or checked(heard[: count - 2]) != heard[:count]:
        return 0
    return count


def answer(frame: bytes, units: "Mapping[int, Read]") -> bytes:
    """What the line answers to a request; b"" when no unit here is meant, or the check is wrong."""
    if len(frame) < 4 or checked(frame[:-2]) != frame:
        return b""
    read = units.get(frame[0])
    if read is None:
        return b""
    try:
        data = _data(frame, read)
    except Refusal as refusal:
        return checked(bytes((frame[0], frame[1] | 0x80, refusal.code)))
    return checked(bytes((frame[0], frame[1], len(data))) + data)


def _data(frame: bytes, read: "Read") -> bytes:
    table = TABLES.get(frame[1])
    if table is None:
        raise Refusal(ILLEGAL_FUNCTION)
    if len(frame) != _SHORT:
        raise Refusal(ILLEGAL_VALUE)
    register, count = struct.unpack(">HH", frame[2:6])
    most = _BITS_MOST if table in ("coil", "discrete") else _REGISTERS_MOST
    if not 1 <= count <= most:
        raise Refusal(ILLEGAL_VALUE)
    return read(table, register, count)
