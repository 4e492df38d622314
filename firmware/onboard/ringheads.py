"""The head of a block of a ring log, and the marks before and behind it that say that the block is free."""

import struct
from binascii import crc32

from firmware.onboard.flash import is_erased

_MAGIC = 0x474C  # "LG"
_HEAD = "<HHI20sI"  # magic, index in its file, sequence, name, CRC-32 of what stands before
NAME_MAX = 20
MARK = 4
DATA = 2 * MARK + 32  # where the data of a block begins


def head_bytes(index: int, sequence: int, name: str) -> bytes:
    head = struct.pack(_HEAD[:-1], _MAGIC, index, sequence, name.encode())
    return head + struct.pack("<I", crc32(head))


def read_head(raw: "bytearray") -> "tuple[int, int, str] | None":
    """`(sequence, index, name)` in what stands between the marks; None when it is no head."""
    if raw[0] == 0xFF and is_erased(raw):
        return None
    if not _is_whole(raw) and not _mend(raw):
        return None
    magic, index, sequence, name, _ = struct.unpack(_HEAD, raw)
    return (sequence, index, name.rstrip(b"\x00").decode()) if magic == _MAGIC else None


def _is_whole(raw: "bytearray") -> bool:
    return raw[-4:] == struct.pack("<I", crc32(raw[:-4]))


def _mend(raw: "bytearray") -> bool:
    """Find the one bit that flipped, if one did."""
    if abs(raw[0] - 0x4C) + abs(raw[1] - 0x47) > 128:  # not even nearly a head
        return False
    for bit in range(8 * len(raw)):
        raw[bit >> 3] ^= 1 << (bit & 7)
        if _is_whole(raw):
            return True
        raw[bit >> 3] ^= 1 << (bit & 7)
    return False


def is_marked(raw: "bytearray") -> bool:
    """Two bytes of a mark that are not erased are no flipped bit."""
    before = raw[:MARK]
    behind = raw[-MARK:]
    return min(_ones(before), _ones(behind)) <= MARK - 2


def _ones(data: "bytearray") -> int:
    return bytes(data).count(b"\xff")
