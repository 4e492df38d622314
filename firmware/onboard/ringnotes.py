"""Small files of a ring log: versions one after the other in a block, the newest whole one counts.

An entry is: magic, kind, bytes of name and data, CRC-32, name, data. What was torn is passed over.
"""

import errno
import struct
from binascii import crc32

from firmware.onboard.flash import is_erased

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.onboard.flash import Flash

NOTES = "<notes>"  # in the head of such a block
_ENTRY = "<BBHI"  # magic | 1 when the file was removed, bytes of name, bytes of data, CRC-32
_ENTRY_BYTES = 8
_MAGIC = 0x6E


class Notes:
    """`take()` gives an erased block for them; `free(block)` takes one back that holds nothing that counts."""

    def __init__(
        self, flash: "Flash", begin: int, take: "Callable[[], int]", free: "Callable[[int], None]"
    ) -> None:
        """`begin`: where the entries of a block begin."""
        self._flash = flash
        self._begin = begin
        self._take = take
        self._free = free
        self._places: dict[str, tuple[int, int, int]] = {}  # block, offset, bytes of the data
        self._block = -1
        self._at = 0

    # -- finding -----------------------------------------------------------------------------

    def open(self, blocks: "list[int]") -> None:
        """Blocks of notes, the oldest first."""
        for block in blocks:
            self._block = block
            self._at = self._scan(block)
        for block in blocks:
            self._let_go(block)

    def _scan(self, block: int) -> int:
        """Take up what a block holds; where it may be gone on with, its end when nowhere."""
        data = self._flash.read(block, self._begin, self._flash.size - self._begin)
        at = 0
        torn = False
        while at < len(data) and not is_erased(data[at:]):
            size = self._take_up(block, data, at)
            torn = torn or not size
            at += size or 1
        return self._flash.size if torn else self._begin + at

    def _take_up(self, block: int, data: bytearray, at: int) -> int:
        """Bytes of the entry at `at`; 0 when there is none that is whole."""
        if data[at] & 0xFE != _MAGIC or at + _ENTRY_BYTES > len(data):
            return 0
        gone, name_bytes, size, crc = struct.unpack_from(_ENTRY, data, at)
        body = at + _ENTRY_BYTES
        end: int = body + name_bytes + size
        if end > len(data) or crc32(data[body:end], data[at] & 1) != crc:
            return 0
        name = data[body : body + name_bytes].decode()
        if gone & 1:
            self._places.pop(name, None)
        else:
            self._places[name] = (block, self._begin + body + name_bytes, size)
        return end - at

    # -- as a storage has them ---------------------------------------------------------------

    def names(self) -> list[str]:
        return list(self._places)

    def size(self, name: str) -> int:
        return self._places[name][2]

    def read(self, name: str, offset: int, count: int) -> bytes:
        block, at, size = self._places[name]
        return bytes(self._flash.read(block, at + offset, max(min(count, size - offset), 0)))

    def write(self, name: str, data: "bytes | bytearray") -> None:
        """A new version; before it is whole the old one counts."""
        self._put(name, data, 0)

    def remove(self, name: str) -> None:
        if name in self._places:
            self._put(name, b"", 1)

    # -- programming -------------------------------------------------------------------------

    def _put(self, name: str, data: "bytes | bytearray", gone: int) -> None:
        entry = _entry(name, data, gone)
        if self._block < 0 or self._at + len(entry) > self._flash.size:
            self._move(name, len(entry))
        at = self._at
        block = self._block
        self._at = self._flash.size  # if this fails the rest of the block is not touched any more
        self._flash.program(block, at, entry)
        self._at = at + len(entry)
        old = self._places.pop(name, None)
        if not gone:
            self._places[name] = (block, self._at - len(data), len(data))
        if old is not None and old[0] != block:
            self._let_go(old[0])

    def _move(self, name: str, more: int) -> None:
        """Begin a new block with the newest version of every other small file."""
        moved = bytearray()
        places = {}
        for other, (_, _, size) in self._places.items():
            if other != name:
                moved += _entry(other, self.read(other, 0, size), 0)
                places[other] = (self._begin + len(moved) - size, size)
        if self._begin + len(moved) + more > self._flash.size:
            raise OSError(errno.EINVAL, f"{name} is no small file")
        block = self._take()
        if moved:
            self._flash.program(block, self._begin, moved)
        self._block = block
        self._at = self._begin + len(moved)
        for other, (at, size) in places.items():
            old = self._places[other][0]
            self._places[other] = (block, at, size)
            self._let_go(old)

    def _let_go(self, block: int) -> None:
        if block != self._block and not any(place[0] == block for place in self._places.values()):
            self._free(block)


def _entry(name: str, data: "bytes | bytearray", gone: int) -> bytes:
    body = name.encode() + data
    return struct.pack(_ENTRY, _MAGIC | gone, len(name), len(data), crc32(body, gone)) + body
