"""The journal's storage on a partition of its own (edge_agent.ports.Storage), without a file system.

Files grow over whole erase blocks, taken in the order of the ring, so that all wear alike. A block is

    mark 4 | head 32: magic, sequence, index in its file, name, CRC-32 | mark 4 | data → … ← ends, 4 each

`ends` grow down from the end of the block: how far the data is durable, one for each sync; what is beyond
was being written when the power failed. A mark that is no longer erased: the block is free. Small files
(`notes`) share blocks, one version after the other; a full one is copied into a new block before it counts.
Nothing is programmed twice, and a head with one flipped bit is mended.
"""

import errno
import struct
from array import array

from firmware.onboard.flash import Flash, is_erased
from firmware.onboard.ringheads import DATA, MARK, NAME_MAX, head_bytes, is_marked, read_head
from firmware.onboard.ringnotes import NOTES, Notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.onboard.flash import Device

_END = "<HH"  # end of the durable data, and its complement
_END_BYTES = 4
_KEPT_FREE = (
    2  # blocks that only small files may take: the state of the journal must always find room
)
_FREE, _TAKEN, _BAD = 0, 1, 2
_NO_SPACE = 28  # MicroPython's errno does not name it


class _File:
    """Its blocks in order, and how many bytes are in each."""

    def __init__(self) -> None:
        self.blocks = array("H")
        self.sizes = array("H")
        self.size = 0

    def add(self, block: int, size: int) -> None:
        self.blocks.append(block)
        self.sizes.append(size)
        self.size += size


class RingLog:
    """Implements edge_agent.ports.Storage."""

    def __init__(self, device: "Device", unit: int = 1) -> None:
        """`unit`: see firmware.onboard.flash. Raises OSError."""
        self._flash = flash = Flash(device, unit)
        self._states = bytearray(flash.blocks)  # of each block: _FREE, _TAKEN or _BAD
        self._files: dict[str, _File] = {}
        self._notes = Notes(flash, DATA, self._take_for_notes, self._release)
        self._sequence = 0
        self._next = 0  # the block that is looked at first for the next one to take
        self._name = ""  # of the file that is being appended to
        self._block = -1  # its last block; -1: the next data begins a new one
        self._at = self._down = 0  # where data and the next end go
        self._waiting = False  # data of it is not durable yet
        self._mount()

    @property
    def erases(self) -> int:
        """Blocks erased since this was opened."""
        return self._flash.erases

    def capacity(self, segment_bytes: int) -> int:
        """Bytes of files that are sure to fit, however small the pieces they are written in."""
        flash = self._flash
        of_block = (flash.size - DATA) * 7 // 8
        in_segment = -(-segment_bytes // of_block)
        segments = max(flash.blocks - _KEPT_FREE - 2, 0) // (in_segment + 1)
        return segments * in_segment * of_block

    # -- opening -----------------------------------------------------------------------------

    def _mount(self) -> None:
        found: dict[str, list[tuple[int, int]]] = {}  # (sequence, block) of each file
        begun: dict[
            str, tuple[int, bool]
        ] = {}  # sequence of its first block; whether it is removed
        for block in range(self._flash.blocks):
            self._look_at(block, found, begun)
        for name, blocks in found.items():
            blocks.sort()
            if name == NOTES:
                self._notes.open([block for _, block in blocks])
            else:
                self._claim(name, blocks, begun.get(name, (0, False)))

    def _look_at(
        self,
        block: int,
        found: "dict[str, list[tuple[int, int]]]",
        begun: "dict[str, tuple[int, bool]]",
    ) -> None:
        raw = self._flash.read(block, 0, DATA)
        head = read_head(raw[MARK:-MARK])
        if head is None:
            return
        sequence, index, name = head
        if sequence >= self._sequence:
            self._sequence = sequence + 1
            self._next = (block + 1) % self._flash.blocks
        gone = is_marked(raw)
        if index == 0 and sequence >= begun.get(name, (0, False))[0]:
            begun[name] = (sequence, gone)
        if not gone:
            self._states[block] = _TAKEN
            found.setdefault(name, []).append((sequence, block))

    def _claim(self, name: str, blocks: "list[tuple[int, int]]", begun: "tuple[int, bool]") -> None:
        """Take up a file; what is left of one that was being removed goes."""
        file = _File()
        for sequence, block in blocks:
            if begun[1] or sequence < begun[0]:
                self._release(block)
            else:
                file.add(block, self._durable(block)[0] - DATA)
        if len(file.blocks):
            self._files[name] = file

    def _durable(self, block: int) -> "tuple[int, int, bool]":
        """Where its durable data ends, where the next end goes, and whether it may be gone on with."""
        flash = self._flash
        end = DATA
        at = edge = flash.size
        damaged = False
        while at - _END_BYTES >= end:
            raw = flash.read(block, at - _END_BYTES, _END_BYTES)
            if is_erased(raw):
                break
            value, check = struct.unpack(_END, raw)
            if value ^ check == 0xFFFF and end <= value < at:
                end = value
                damaged = False
            elif not damaged:
                damaged = True
                edge = at - _END_BYTES
            at -= _END_BYTES
        if (
            damaged
        ):  # torn, or a bit flipped in it: then all that was programmed may have been durable
            data = flash.read(block, end, edge - end)
            while data and data[-1] == 0xFF:
                data = data[:-1]
            return end + len(data), at, False
        return end, at, is_erased(flash.read(block, end, at - end))

    # -- as a storage has them ---------------------------------------------------------------

    def names(self) -> list[str]:
        return list(self._files) + self._notes.names()

    def size(self, name: str) -> int:
        if name in self._files:
            return self._files[name].size
        if name in self._notes.names():
            return self._notes.size(name)
        raise OSError(errno.ENOENT, name)

    def read(self, name: str, offset: int, count: int) -> bytes:
        file = self._files.get(name)
        if file is None:
            self.size(name)
            return self._notes.read(name, offset, count)
        found = b""
        for n in range(len(file.blocks)):
            size = file.sizes[n]
            if offset < size:
                part = min(count - len(found), size - offset)
                found += self._flash.read(file.blocks[n], DATA + offset, part)
                offset = size
                if len(found) == count:
                    break
            offset -= size
        return found

    def write(self, name: str, data: "bytes | bytearray") -> None:
        self._notes.write(name, data)

    def remove(self, name: str) -> None:
        file = self._files.get(name)
        if file is None:
            self._notes.remove(name)
            return
        if name == self._name:
            self._name, self._block, self._waiting = "", -1, False
        for block in file.blocks:
            self._release(block)
        self._files.pop(name)

    def append(self, name: str, data: "bytes | bytearray") -> None:
        if name != self._name:
            self.sync()
            self._go_on_with(name)
        file = self._files[name]
        left = memoryview(data)
        while len(left):
            room = self._down - _END_BYTES - self._at
            if self._block < 0 or room < 1:
                self.sync()
                self._extend(name, file)
                continue
            part = left[:room]
            block, self._block = self._block, -1  # if this fails, nothing is added to it any more
            self._flash.program(block, self._at, part)
            self._block = block
            self._at += len(part)
            self._waiting = True
            file.sizes[len(file.sizes) - 1] += len(part)
            file.size += len(part)
            left = left[len(part) :]

    def sync(self) -> None:
        if self._waiting:
            self._waiting = False
            block, self._block = self._block, -1
            if block < 0:
                raise OSError(errno.EIO, "what came before a fault is not durable")
            self._down -= _END_BYTES
            end = struct.pack(_END, self._at, self._at ^ 0xFFFF)
            self._flash.program(block, self._down, end)
            self._block = block

    # -- blocks ------------------------------------------------------------------------------

    def _go_on_with(self, name: str) -> None:
        """Make a file the one that is appended to, in its last block where that is clean."""
        file = self._files.get(name)
        if file is None:
            if len(name) > NAME_MAX:
                raise OSError(errno.EINVAL, f"{name} is too long a name")
            file = self._files[name] = _File()
        self._name, self._block, self._waiting = name, -1, False
        if len(file.blocks):
            block = file.blocks[len(file.blocks) - 1]
            self._at, self._down, clean = self._durable(block)
            self._block = block if clean else -1

    def _extend(self, name: str, file: _File) -> None:
        if self._states.count(b"\x00") <= _KEPT_FREE:
            raise OSError(_NO_SPACE, "the journal's partition is full")
        self._block = self._take(len(file.blocks), name)
        self._at, self._down = DATA, self._flash.size
        file.add(self._block, 0)

    def _take(self, index: int, name: str) -> int:
        """An erased block with its head. One that cannot be erased or programmed is left out till the next boot."""
        for _ in range(self._flash.blocks):
            block = self._next
            self._next = (block + 1) % self._flash.blocks
            if self._states[block] == _FREE:
                try:
                    self._flash.erase(block)
                    self._flash.program(block, MARK, head_bytes(index, self._sequence, name))
                except OSError:
                    self._states[block] = _BAD
                    continue
                self._sequence += 1
                self._states[block] = _TAKEN
                return block
        raise OSError(_NO_SPACE, "the journal's partition is full")

    def _take_for_notes(self) -> int:
        return self._take(0, NOTES)

    def _release(self, block: int) -> None:
        """Free a block. One that takes neither marks nor an erase is left out till the next boot."""
        self._states[block] = _FREE
        try:
            self._mark(block)
        except OSError:
            try:
                self._flash.erase(block)
            except OSError:
                self._states[block] = _BAD

    def _mark(self, block: int) -> None:
        """Before and behind its head, for an erase that is cut may begin at either."""
        for at in (0, DATA - MARK):
            before = self._flash.read(block, at, MARK)
            if is_erased(before):
                self._flash.program(block, at, bytes(MARK))
                continue
            for n in range(MARK):  # it was torn
                if before[n] == 0xFF:
                    self._flash.program(block, at + n, b"\x00")
