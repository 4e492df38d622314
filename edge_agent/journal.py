"""The board's durable memory of what the MES does not hold yet.

A record is recorded once sync() returned; only then may it be published, so that its number is
never used for anything else. Nothing unacknowledged is overwritten: a journal that fills up first
asks for fewer analogue samples, then for none, then refuses, and states every loss.
"""

import os
from collections import namedtuple

from edge_agent.anchors import Anchors
from edge_agent.clock import FLOOR_MS
from edge_agent.losses import Losses
from edge_agent.reader import Reader
from edge_agent.records import SEQ_END, Head, encode_record, frame
from edge_agent.recovery import find_end
from edge_agent.ring import Ring, layouts_crc, start_bytes
from schemas.journal_metrics import CLOCK_UNSET, position, split_position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge_agent.ports import Hands
    from edge_agent.records import Layout, Reading
    from edge_agent.state import State

Limits = namedtuple("Limits", ("bytes", "segment_bytes"))

# Above so many percent of unacknowledged records, analogue samples are kept at most every so many
# periods; EVENTS_ONLY: none; STOP: not even events.
EVENTS_ONLY, STOP = 255, 256
_LEVELS = ((100, STOP), (95, EVENTS_ONLY), (90, 16), (80, 4))
PENDING_MAX = 16_384  # bytes waiting to become durable
_LOSS_BYTES = 160  # of a record that states losses of every kind and nothing else


class Journal:
    """Opens, or creates, the journal in the storage; the layouts are those of the stations now."""

    def __init__(
        self,
        hands: "Hands",
        state: "State",
        layouts: "list[Layout]",
        limits: Limits,
    ) -> None:
        self._state = state
        self._clock = hands.clock
        self._say = hands.say
        self._limits = limits
        self.layouts = layouts
        self._layouts_crc = layouts_crc(layouts)
        self._start_bytes = start_bytes(layouts)
        self._ring = Ring(hands.storage, hands.say)
        self.anchors = Anchors(hands.storage)
        self._pending = bytearray()
        self._pending_from = 0
        self._failed = False
        self.next = 1
        self._boot_before = 0
        self._times = [0] * len(layouts)  # Unix ms of each station's last record
        self._recorded_times = self._times
        self._losses = Losses(len(layouts))
        self._holes: list[int] = []
        self._open()
        self.durable = self.next - 1  # the last recorded record
        self.sent = self.durable  # the last one that may have reached the MES
        self.ack = min(max(state.ack, self.first - 1), self.durable)
        self.thinning = 1  # 4, 16: keep analogue samples so many periods apart; EVENTS_ONLY; STOP
        self._measure()

    # -- opening -----------------------------------------------------------------------------

    def _open(self) -> None:
        state = self._state
        found = self._ring.open(state.epoch)
        if not found:
            if state.epoch:
                self._say("journal: its segments are gone; a new journal begins")
            self._ring.epoch = int.from_bytes(os.urandom(4), "big") or 1
        if state.epoch != self._ring.epoch:
            state.new_journal(self._ring.epoch)
        if found:
            self._recover()
        else:
            self._create()
        self._begin_boot()

    def _create(self) -> None:
        """Make the epoch durable before anybody hears of it."""
        try:
            self._ring.append(self._ring.start(1, self.layouts, 0, self._times))
        except OSError as fault:
            self._say(f"journal: {fault}; nothing can be recorded yet")

    def _recover(self) -> None:
        """Take up where the last boot ended."""
        end = find_end(self._ring, lambda head: self.when(head)[0], self._say)
        self.next = max(end.next, self._state.ack + 1)  # the MES has those, whatever rotted since
        self._boot_before = end.boot
        self._state.lost = max(self._state.lost, end.lost)
        self._times = [end.times.get(layout.station, 0) for layout in self.layouts]
        if self.next > end.next or self._ring.segments[-1].layouts_crc != self._layouts_crc:
            self._ring.broken = True

    def _begin_boot(self) -> None:
        state = self._state
        state.boot = max(state.boot, self._boot_before) + 1
        if self._clock.state == CLOCK_UNSET:
            state.boot_began_unset(max([FLOOR_MS] + self._times) + 1)
        if state.boot > 1:
            for slot in range(len(self.layouts)):
                self._losses.add(slot, "restart", (self._times[slot], 0), -1)
        if not state.save():
            self._say("journal: the state of this boot cannot be written")

    # -- numbers and times -------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        return self._ring.epoch

    @property
    def boot(self) -> int:
        return self._state.boot

    @property
    def lost(self) -> int:
        return self._state.lost

    @property
    def first(self) -> int:
        """The oldest record that is still held."""
        segments = self._ring.segments
        return segments[0].first if segments else 1

    @property
    def pending_bytes(self) -> int:
        return len(self._pending)

    def position(self, seq: int) -> int:
        return position(self.epoch, seq)

    def now_ms(self) -> int:
        """Unix ms; estimated from the last record while the clock is unset."""
        beginning = self._state.beginning(self.boot)[0]
        return self._clock.now_ms() or beginning + self._clock.mono_ms()

    def when(self, head: Head) -> tuple[int, int]:
        """Unix ms of a record's base and the clock state that stands for it."""
        if head.base_ms:
            return head.base_ms, head.clock
        beginning, clock = self._state.beginning(head.boot)
        return beginning + head.mono_ms, clock

    def clock_is_set(self) -> None:
        """Remember this boot's moment zero, for what was recorded without a time."""
        if self._state.boot_began(self._clock.offset_ms(), self._clock.state):
            self._state.save()

    # -- writing -----------------------------------------------------------------------------

    def append(self, slot: int, mono_ms: int, readings: "list[Reading]") -> int:
        """Take one record of the station `slot`; its number, or 0 when there is no room.

        `mono_ms` is the moment of its first reading. It is recorded when sync() has returned.
        """
        now_ms = self._clock.now_ms()
        if len(self._pending) >= min(PENDING_MAX, self._room) or self.next >= SEQ_END:
            self.give_up(slot, "full", now_ms, len(readings))
            return 0
        base_ms = now_ms + mono_ms - self._clock.mono_ms() if now_ms else 0
        return self._put(slot, mono_ms, base_ms, self._losses.take(slot, mono_ms) + readings)

    def _put(self, slot: int, mono_ms: int, base_ms: int, readings: "list[Reading]") -> int:
        clock = self._clock.state if base_ms else CLOCK_UNSET
        head = Head(self.next, slot, clock, self.boot, mono_ms, base_ms)
        body = encode_record(head, self.layouts[slot].codes, readings)
        if not self._pending:
            self._pending_from = self.next
            self._recorded_times = list(self._times)
        self._pending += frame(body)
        self._times[slot] = self.when(head)[0]
        self.next += 1
        return self.next - 1

    def sync(self) -> bytearray:
        """Make durable what was appended; the frames of those records. Raises OSError."""
        pending = self._pending
        if not pending:
            return pending
        ring = self._ring
        limits = self._limits
        data = pending
        size = ring.segments[-1].size if ring.segments else 0
        if ring.broken or size + len(pending) > limits.segment_bytes:
            # After a failed write everything the MES holds makes room: the medium may be full.
            lost = self._state.lost
            most = limits.bytes - max(limits.segment_bytes, self._start_bytes + len(pending))
            self._make_room(0 if self._failed else most)
            start = ring.start(self._pending_from, self.layouts, lost, self._recorded_times)
            data = bytearray(start) + pending
        else:
            self._make_room(limits.bytes - len(pending))
        self._failed = True
        ring.append(data)
        self._failed = False
        self._pending = bytearray()
        self.durable = self.next - 1
        self._measure()
        return pending

    def _make_room(self, most: int) -> None:
        ring = self._ring
        while ring.bytes > most and len(ring.segments) > 1 and ring.bound(0) - 1 <= self.ack:
            ring.drop_oldest()

    def _measure(self) -> None:
        """How full it is. Two segments are reserve: one is being freed, one states the losses."""
        unacked, self._held = self._ring.unfreed(self.ack, self.durable)
        limits = self._limits
        most = limits.bytes - 2 * limits.segment_bytes
        # A segment that took long to become durable may be large, and is freed as a whole.
        spare = limits.bytes - limits.segment_bytes - self._start_bytes - self._held
        self._room = min(most - unacked, spare)
        self.used_pct = 100 * unacked / most
        self.thinning = 1
        for above, level in _LEVELS:
            if self.used_pct >= above:
                self.thinning = level
                break

    def give_up(self, slot: int, reason: str, at_ms: int, count: int) -> None:
        """Count samples that are not recorded; a later record of the station states them."""
        self._state.lost += 1
        self._losses.add(slot, reason, (at_ms, at_ms), count)

    def _hole_found(self, first: int, last: int, from_ms: int, to_ms: int) -> None:
        """The reader met records it cannot read: it states the loss for one station, we for all."""
        if first in self._holes:
            return
        self._holes.append(first)
        self._state.lost += last - first + 1
        self._say(f"journal: records {first} to {last} cannot be read; they are stated as lost")
        for slot in range(1, len(self.layouts)):
            self._losses.add(slot, "corrupt", (from_ms, to_ms), -1)

    # -- what the MES says -------------------------------------------------------------------

    def number_of(self, pos: int) -> "int | None":
        """The number of a position the MES names; None when it is not one that was sent."""
        epoch, seq = split_position(pos)
        return seq if epoch == self.epoch and seq <= self.sent else None

    def acknowledge(self, pos: int) -> bool:
        """Take the MES's word that it holds everything up to `pos`; whether it can be meant.

        A lower one than before comes from a MES that was restored: what is still here is unacked
        again.
        """
        seq = self.number_of(pos)
        if seq is None:
            return False
        self.ack = max(seq, self.first - 1)
        self._measure()
        return True

    def save(self) -> None:
        """Remember the acknowledgement and the count of losses, if the medium can."""
        self._state.ack = self.ack
        self._state.save()

    def close(self) -> bytearray:
        """State the losses there was no room for, from the reserve; make all durable.

        A node that nobody acknowledges may end many times. When the reserve is gone, the gap that
        the next boot states covers what is not stated here.
        """
        spare = self._limits.bytes - self._held - self._start_bytes - _LOSS_BYTES
        for slot in range(len(self.layouts)):
            if self._losses.waiting(slot) and len(self._pending) <= spare:
                mono_ms = self._clock.mono_ms()
                loss = self._losses.take(slot, mono_ms, at_once=True)
                self._put(slot, mono_ms, self._clock.now_ms(), loss)
        frames = self.sync()
        self.save()
        return frames

    def reader(self) -> Reader:
        return Reader(self._ring, self.layouts, self._layouts_crc, self._hole_found)

    def old_layouts(self) -> "list[Layout]":
        """Layouts of records not acknowledged yet that were written under another contract."""
        seen = [self._layouts_crc]
        found: list[Layout] = []
        for index, segment in enumerate(self._ring.segments):
            last = min(self._ring.bound(index) - 1, self.durable)
            if last > self.ack and segment.layouts_crc not in seen:
                seen.append(segment.layouts_crc)
                found.extend(self._ring.layouts(segment).values())
        return found
