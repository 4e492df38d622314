"""Yudian AIBUS slaves that can be read, bytes to bytes: one temperature controller per address.

Source: AIBUS of Yudian's AI series (manuals V7 to V9): request of 8 bytes, answer of 10, sums of 16
bits. That a parameter which is not there reads as 32767 is of medium certainty.
"""

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # The process value, whose OSError is a broken sensor, and the set point; in °C.
    Controller = tuple[Callable[[], float], Callable[[], float]]

_READ, _WRITE = 0x52, 0x43
_SV = 0x00
_DECIMAL_POINT = 0x0C  # dIP: how many decimals values have
_ABSENT = 32767
_OVER_RANGE = 0x10  # bit 4 of the alarm byte: orAL
_TOP = 32000  # what a controller shows while its input is over range
_LENGTH = 8
_DECIMALS = 1
_STEPS = 10  # of a degree


def length(heard: bytes) -> int:
    """Bytes of the request that `heard` begins with, 0 while it is none."""
    return _LENGTH if _is_request(heard[:_LENGTH]) else 0


def _is_request(frame: bytes) -> bool:
    if len(frame) != _LENGTH or frame[0] < 0x80 or frame[0] != frame[1]:
        return False
    value, check = struct.unpack("<HH", frame[4:])
    total = frame[3] * 256 + frame[2] + frame[0] - 0x80
    return bool((total + (value if frame[2] == _WRITE else 0)) & 0xFFFF == check)


def answer(frame: bytes, controllers: "Mapping[int, Controller]") -> bytes:
    """What the line answers; b"" when no controller here is meant, or the request is none."""
    if not _is_request(frame) or frame[2] not in (_READ, _WRITE):
        return b""
    address = frame[0] - 0x80
    controller = controllers.get(address)
    if controller is None:
        return b""
    pv, alarm = _process_value(controller[0])
    sv = _raw(controller[1]())
    # A write is answered by what holds after it: these are locked, as at the panel, and keep theirs.
    value = {_SV: sv, _DECIMAL_POINT: _DECIMALS}.get(frame[3], _ABSENT)
    words = (pv & 0xFFFF, sv & 0xFFFF, alarm << 8, value & 0xFFFF)
    return struct.pack("<5H", *words, (sum(words) + address) & 0xFFFF)


def _raw(celsius: float) -> int:
    return max(-32768, min(32767, round(celsius * _STEPS)))


def _process_value(read: "Callable[[], float]") -> "tuple[int, int]":
    """The process value and the alarm byte."""
    try:
        return _raw(read()), 0
    except OSError:
        return _TOP, _OVER_RANGE
