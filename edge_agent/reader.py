"""Reads the journal in the order of its numbers, and says so where a record can no longer be read.

The MES counts every number, so each must arrive: a damaged record is sent as the statement of its
loss, under its own number and with the checksum it was journalled with.
"""

import binascii
import struct
from collections import namedtuple

from edge_agent.records import LOSS_INDEX, RECORD, Head, encode_record, head_of
from schemas.samples import GOOD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge_agent.records import Layout, Reading
    from edge_agent.ring import Frames, Ring, Segment

# layout: the station's when the record was written; crc: of the record as journalled.
Entry = namedtuple("Entry", ("head", "crc", "body", "layout"))

_TRIES = 3


class Reader:
    """A place in the journal. `hole(first, last, from_ms, to_ms)` is told of what is unreadable."""

    def __init__(
        self,
        ring: "Ring",
        layouts: "list[Layout]",
        layouts_crc: int,
        hole: "Callable[[int, int, int, int], None]",
    ) -> None:
        self._ring = ring
        self._layouts = layouts
        self._layouts_crc = layouts_crc
        self._hole = hole
        self._tried = ""  # the last segment opened, and how often it could not be read
        self._faults = 0
        self._old: tuple[Segment | None, dict[int, Layout]] = (None, {})
        self.seek(1)

    def seek(self, seq: int) -> None:
        """The next record read is `seq`."""
        self.seq = seq
        self._segment: Any = None  # a Segment, and its Frames, once something was read
        self._frames: Any = None
        self._ahead: Entry | None = None  # read already, not due yet
        self._before: Head | None = None  # of the last record passed
        self._first_of_hole = True
        self._seen = 0
        self._crcs: dict[int, int] = {}  # of damaged records, by the number they must have had

    def next(self, limit: int) -> "Entry | None":
        """The record `seq`, if it is not above `limit`, the last one that is durable."""
        if self.seq > limit:
            return None
        if self._ahead is None:
            self._ahead = self._find()
        ahead = self._ahead
        if ahead is not None and ahead.head.seq == self.seq:
            self._ahead = None
            entry = ahead
            self._first_of_hole = True
        else:
            entry = self._substitute(ahead, limit)
        self._before = entry.head
        self.seq += 1
        return entry

    def _find(self) -> "Entry | None":
        """The next readable record from `seq` on; None when the journal ends before."""
        segments = self._ring.segments
        if self._segment is not None and self._segment not in segments:
            self.seek(self.seq)
        if self._segment is None:
            self._open(self._ring.index_of(self.seq))
        while True:
            index = segments.index(self._segment)
            found = self._in_segment(self._ring.bound(index))
            if found is not None:
                return found
            if index + 1 == len(segments):
                return None
            self._open(index + 1)

    def _open(self, index: int) -> None:
        self._segment = self._ring.segments[index]
        self._frames = self._ring.frames(self._segment)
        self._seen = self._segment.first - 1
        # A hole may reach over the end of the segment before.
        self._crcs = {seq: crc for seq, crc in self._crcs.items() if seq >= self.seq}
        if self._segment.name != self._tried:
            self._tried = self._segment.name
            self._faults = 0

    def _in_segment(self, bound: int) -> "Entry | None":
        frames = self._frames
        frames.extend(self._segment.size)
        while (entry := self._read(frames)) is not None:
            crc, body = entry
            if body is None:
                self._crcs[self._seen + 1] = crc
                continue
            if body[0] != RECORD:
                continue
            head = head_of(body)
            self._seen = head.seq
            if head.seq >= bound:
                break
            if head.seq < self.seq:
                self._before = head
            else:
                layout = self._layout(head.slot)
                if layout is not None:
                    return Entry(head, crc, body, layout)
                self._crcs[head.seq] = crc
        return None

    def _read(self, frames: "Frames") -> "tuple[int, bytes | None] | None":
        """The next frame. A segment the medium cannot read, tried a few times, is a hole."""
        if self._faults >= _TRIES:
            return None
        try:
            return frames.next()
        except OSError:
            self._faults += 1
            if self._faults < _TRIES:
                raise
            return None

    def _layout(self, slot: int) -> "Layout | None":
        segment = self._segment
        if segment.layouts_crc == self._layouts_crc:
            return self._layouts[slot]
        if self._old[0] is not segment:
            old = self._ring.layouts(segment)
            for layout in old.values():
                layout.changed = _changed(layout, self._layouts)
            self._old = (segment, old)
        return self._old[1].get(slot)

    def _substitute(self, ahead: "Entry | None", limit: int) -> Entry:
        """What is sent in place of `seq`: the loss at the first of the hole, then bare heads."""
        near = self._before or (ahead.head if ahead else Head(0, 0, 0, 0, 0, 0))
        head = Head(self.seq, 0, near.clock, near.boot, near.mono_ms, near.base_ms)
        readings: list[Reading] = []
        if self._first_of_hole:
            self._first_of_hole = False
            last = ahead.head.seq - 1 if ahead else limit
            to_ms = ahead.head.base_ms if ahead else 0
            self._hole(self.seq, last, near.base_ms, to_ms)
            loss = (near.base_ms, to_ms, -1, "corrupt")
            readings.append((LOSS_INDEX, near.mono_ms, loss, GOOD))
        crc = self._crcs.get(self.seq, 0) or binascii.crc32(struct.pack("<I", self.seq))
        body = bytes(encode_record(head, b"", readings))
        return Entry(head, crc, body, self._layouts[0])


def _changed(old: "Layout", layouts: "list[Layout]") -> dict[int, bytes]:
    """Datatype fields of the metrics whose datatype is no longer the one in the birth."""
    for layout in layouts:
        if layout.station == old.station:
            now = dict(layout.metrics)
            return {
                index: bytes((0x20, code))
                for index, (name, code) in enumerate(old.metrics)
                if now.get(name, code) != code
            }
    return {}
