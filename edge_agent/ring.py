"""The journal's files: a ring of segments, each readable without the others.

A segment begins with a START frame (epoch, first number, checksum of the layouts) and one SCHEMA
frame per station, so that records outlive a change of firmware or contract. A segment is valid up
to where the next one begins: what a failed write left behind its last good record is never read.
"""

import binascii
import struct

from edge_agent.memory import is_small
from edge_agent.records import (
    FRAME_BYTES,
    SCHEMA,
    START,
    Layout,
    frame,
    framed,
    layout_from_bytes,
    stored_crc,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.ports import Storage

    Say = Callable[[str], None]

# START, mark, epoch, first, checksum of the layouts, records lost; then a time per station.
_START = "<B4sIIII"
_START_BYTES = 21
_MARK = b"LSJ1"
_WINDOW = 2048  # bytes read at once
_WINDOW_SMALL = 512  # in a small heap
_HEX = "0123456789abcdef"


class Frames:
    """Reads the frames of one file between two offsets, a window at a time."""

    def __init__(self, storage: "Storage", name: str, end: int, least: int = _WINDOW) -> None:
        """`least`: so many bytes are read at once, or more."""
        self._storage = storage
        self._name = name
        self._end = end
        self._least = least
        self._window = b""
        self._base = 0
        self.at = 0  # where the next frame begins

    def extend(self, end: int) -> None:
        """The file has grown."""
        self._end = end

    def _fill(self, count: int) -> int:
        """Have `count` bytes from `at` in the window, as far as there are; its offset there."""
        off = self.at - self._base
        if off + count > len(self._window) and self._base + len(self._window) < self._end:
            size = min(max(self._least, count), self._end - self.at)
            self._window = self._storage.read(self._name, self.at, size)
            self._base = self.at
            off = 0
        return off

    def _body(self) -> "bytes | None":
        """The body at `at` when its checksum is right."""
        off = self._fill(FRAME_BYTES)
        if off + FRAME_BYTES > len(self._window):
            return None
        size = framed(self._window, off)
        if size < 1:
            return None
        off = self._fill(FRAME_BYTES + size)
        body = self._window[off + FRAME_BYTES : off + FRAME_BYTES + size]
        if len(body) < size or binascii.crc32(body) != stored_crc(self._window, off):
            return None
        return body

    def next(self) -> "tuple[int, bytes | None] | None":
        """`(crc, body)` of the next frame; the body is None over a damaged stretch; None: the end.

        Over a stretch whose length is still believable, crc is that of the record that was there.
        """
        if self.at >= self._end:
            return None
        body = self._body()
        if body is not None:
            crc = stored_crc(self._window, self.at - self._base)
            self.at += FRAME_BYTES + len(body)
            return crc, body
        return self._skip(), None

    def _skip(self) -> int:
        """Go to the next frame that can be read, or to the end."""
        start = self.at
        off = self._fill(FRAME_BYTES)
        if off + FRAME_BYTES <= len(self._window):
            size = framed(self._window, off)
            crc = stored_crc(self._window, off)
            self.at = start + FRAME_BYTES + size
            if size > 0 and (self.at == self._end or (self.at < self._end and self._body())):
                return crc
        self.at = start + 1
        while self.at < self._end:
            off = self._fill(1)
            if off >= len(self._window):
                break  # the file is shorter than it was
            found = self._window.find(b"\xa5", off)
            self.at = self._base + (len(self._window) if found < 0 else found)
            if found >= 0:
                if self._body() is not None:
                    return 0
                self.at += 1
        self.at = self._end
        return 0


class Segment:
    """One file of the ring."""

    def __init__(self, name: str, first: int, size: int, layouts_crc: int) -> None:
        self.name = name
        self.first = first
        self.size = size
        self.layouts_crc = layouts_crc  # 0: not readable


def _name(epoch: int, first: int) -> str:
    return f"{epoch:08x}{first:08x}.seg"


def _is_segment(name: str) -> bool:
    return len(name) == 20 and name.endswith(".seg") and all(c in _HEX for c in name[:16])


def layouts_crc(layouts: "list[Layout]") -> int:
    """What tells one set of layouts from another; never 0."""
    crc = 0
    for slot in range(len(layouts)):
        crc = binascii.crc32(layouts[slot].to_bytes(slot), crc)
    return crc or 1


def start_bytes(layouts: "list[Layout]") -> int:
    """How much a segment begins with."""
    size = FRAME_BYTES + _START_BYTES + 8 * len(layouts)
    for slot in range(len(layouts)):
        size += FRAME_BYTES + len(layouts[slot].to_bytes(slot))
    return size


class Ring:
    """The segments of one epoch, oldest first."""

    def __init__(self, storage: "Storage", say: "Say") -> None:
        self._storage = storage
        self._say = say
        self._window = (
            _WINDOW_SMALL if is_small() else _WINDOW
        )  # to ask takes long: a walk over the heap
        self.epoch = 0
        self.segments: list[Segment] = []
        self.bytes = 0
        self.broken = True  # the newest segment may not be appended to

    def open(self, epoch: int) -> bool:
        """Find the segments of `epoch`, or of the newest one there is; whether there are any."""
        names = sorted(n for n in self._storage.names() if _is_segment(n))
        if not names:
            return False
        mine = f"{epoch:08x}"
        if not any(n.startswith(mine) for n in names):
            mine = names[-1][:8]
        self.epoch = int(mine, 16)
        for name in names:
            if name.startswith(mine):
                size = self._storage.size(name)
                start = self._start_of(name, size)
                crc = struct.unpack_from(_START, start)[4] if start else 0
                self.segments.append(Segment(name, int(name[8:16], 16), size, crc))
                self.bytes += size
            else:
                self._say(f"journal: {name} belongs to another journal; it is left alone")
        return True

    def _start_of(self, name: str, size: int) -> "bytes | None":
        try:
            found = Frames(self._storage, name, size, self._window).next()
        except OSError as fault:  # a bad block costs what is in it, not the rest
            self._say(f"journal: {name}: {fault}")
            return None
        body = found[1] if found else None
        if body is None or body[0] != START or body[1:5] != _MARK:
            return None
        return body

    def told_at_start(self, segment: Segment) -> "tuple[int, list[int]]":
        """Records lost, and Unix ms of each station's last record, when the segment began."""
        start = self._start_of(segment.name, segment.size)
        if start is None:
            return 0, []
        count = (len(start) - _START_BYTES) // 8
        lost: int = struct.unpack_from(_START, start)[5]
        return lost, list(struct.unpack_from(f"<{count}Q", start, _START_BYTES))

    def layouts(self, segment: Segment) -> "dict[int, Layout]":
        """The layouts a segment was written with, by slot, as far as they can be read."""
        found: dict[int, Layout] = {}
        frames = self.frames(segment)
        try:
            while (entry := frames.next()) is not None:
                body = entry[1]
                if body is None or body[0] == START:
                    continue
                if body[0] != SCHEMA:
                    break
                slot, layout = layout_from_bytes(body)
                found[slot] = layout
        except OSError:
            return found
        return found

    def frames(self, segment: Segment) -> Frames:
        return Frames(self._storage, segment.name, segment.size, self._window)

    def bound(self, index: int) -> int:
        """The first number that is no longer in the segment `index`."""
        return self.segments[index + 1].first if index + 1 < len(self.segments) else 1 << 32

    def unfreed(self, ack: int, durable: int) -> "tuple[float, int]":
        """Bytes of records above `ack`; bytes of segments that hold them, or are the newest."""
        unacked = 0.0
        held = 0
        segments = self.segments
        for index in range(len(segments) - 1, -1, -1):
            bound = min(self.bound(index), durable + 1)
            if bound - 1 <= ack and held:
                break
            size = segments[index].size
            held += size
            count = bound - segments[index].first
            if count > 0:  # the newest may have been begun and hold nothing yet
                unacked += size * max(min(bound - 1 - ack, count), 0) / count
        return unacked, held

    def index_of(self, seq: int) -> int:
        """The segment that holds `seq`, or the oldest."""
        index = len(self.segments) - 1
        while index > 0 and self.segments[index].first > seq:
            index -= 1
        return index

    def start(
        self, first: int, layouts: "list[Layout]", lost: int, last_times: "list[int]"
    ) -> bytes:
        """Begin a new segment; the bytes that must be appended first."""
        crc = layouts_crc(layouts)
        name = _name(self.epoch, first)
        if self.segments and self.segments[-1].first == first:
            self.drop_newest()  # no record in it was ever durable
        body = struct.pack(_START, START, _MARK, self.epoch, first, crc, lost)
        body += struct.pack(f"<{len(last_times)}Q", *last_times)
        out = bytearray(frame(body))
        for slot in range(len(layouts)):
            out += frame(layouts[slot].to_bytes(slot))
        self.segments.append(Segment(name, first, 0, crc))
        self.broken = False
        return bytes(out)

    def append(self, data: "bytes | bytearray") -> None:
        """Make `data` durable at the end of the newest segment. After an OSError it is broken."""
        segment = self.segments[-1]
        broken = True
        try:
            self._storage.append(segment.name, data)
            self._storage.sync()
            broken = False
        finally:
            self.broken = broken
        segment.size += len(data)
        self.bytes += len(data)

    def drop_newest(self) -> None:
        """Forget a segment that never held a record."""
        segment = self.segments[-1]
        self._storage.remove(segment.name)
        self.segments.pop()
        self.bytes -= segment.size
        self.broken = True

    def drop_oldest(self) -> None:
        """Give the space of the oldest segment back."""
        segment = self.segments[0]
        self._storage.remove(segment.name)
        self.segments.pop(0)
        self.bytes -= segment.size
