"""Finds out at boot where the journal ends: a torn tail was never recorded and does not count."""

from edge_agent.records import (
    FRAME_BYTES,
    HEAD_BYTES,
    RECORD,
    SCHEMA,
    head_of,
    layout_from_bytes,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.records import Head
    from edge_agent.ring import Ring, Segment


_LEAST_BYTES = FRAME_BYTES + HEAD_BYTES  # of a record


class End:
    """What the newest segment says."""

    def __init__(self) -> None:
        self.next = 1  # the number the next record gets
        self.boot = 0  # of the last record
        self.lost = 0  # records lost when the segment began
        self.times: dict[str, int] = {}  # Unix ms of each station's last record
        self.records = 0

    def passed(self, station: str, at_ms: int) -> None:
        self.times[station] = max(self.times.get(station, 0), at_ms)


def find_end(ring: "Ring", unix_ms: "Callable[[Head], int]", say: "Callable[[str], None]") -> End:
    """The end of the journal; segments begun but without a record are removed.

    Leaves the ring broken when its newest segment ends in a torn record: a new one is needed then.
    """
    while True:
        segment = ring.segments[-1]
        end = _read(ring, segment, unix_ms, say)
        if end.records or len(ring.segments) == 1:
            return end
        say(f"journal: {segment.name} holds no record; it is removed")
        try:
            ring.drop_newest()
        except OSError as fault:
            say(f"journal: {fault}")
            ring.broken = True
            return end


def _read(
    ring: "Ring", segment: "Segment", unix_ms: "Callable[[Head], int]", say: "Callable[[str], None]"
) -> End:
    end = End()
    end.next = segment.first
    end.lost, times = ring.told_at_start(segment)
    stations: dict[int, str] = {}
    frames = ring.frames(segment)
    good_to = 0
    while True:
        try:
            entry = frames.next()
        except OSError as fault:
            # What it hides may have been sent: none of its numbers may be used again.
            end.next += (segment.size - frames.at) // _LEAST_BYTES + 1
            end.records += 1
            say(f"journal: {segment.name}: {fault}; the numbers go on at {end.next}")
            break
        if entry is None:
            break
        body = entry[1]
        if body is None:
            continue
        good_to = frames.at
        if body[0] == SCHEMA:
            slot, layout = layout_from_bytes(body)
            stations[slot] = layout.station
            if slot < len(times):
                end.passed(layout.station, times[slot])
        elif body[0] == RECORD:
            head = head_of(body)
            end.records += 1
            end.next = head.seq + 1
            end.boot = head.boot
            end.passed(stations.get(head.slot, ""), unix_ms(head))
    ring.broken = good_to != segment.size
    return end
