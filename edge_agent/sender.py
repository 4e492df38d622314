"""Puts records, births and deaths on the link, under one seq. The session's one task calls it.

Live records go out once, as they become durable, each in its own message; what is older, or was not
acknowledged, comes from the replay in batches and is marked historical.
"""

from edge_agent.link import topic_bytes
from edge_agent.memory import is_small
from edge_agent.messages import (
    death,
    facts_metrics,
    node_birth,
    node_data,
    station_birth,
    station_death,
)
from edge_agent.records import (
    FRAME_BYTES,
    Positions,
    framed,
    head_metrics,
    head_of,
    put_metrics,
    stored_crc,
)
from edge_agent.replay import BATCH_RECORDS, Replay
from schemas.sparkplug import varint
from schemas.topics import topic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge_agent.journal import Journal
    from edge_agent.link import Link
    from edge_agent.ports import Hands
    from edge_agent.reader import Entry
    from edge_agent.stations import Stations

_LIVE_MAX = 32_768  # bytes of live records waiting for the link
_LIVE_MAX_SMALL = 4096  # in a small heap
_OUT_MAX = 32_768  # bytes that wait in the link before they are sent
_OUT_MAX_SMALL = 2048
_CONDITION_MS = 10_000


class Sender:
    """What is known in one session about what the hosts were told."""

    def __init__(
        self,
        place: tuple[str, str],
        journal: "Journal",
        stations: "Stations",
        hands: "Hands",
        rate: int,
    ) -> None:
        """`place`: group and node; `rate`: old records per second at most."""
        self._place = place
        self._journal = journal
        self._stations = stations
        self._clock = hands.clock
        self._serial = hands.serial
        self._machine = hands.machine
        self._facts: list[tuple[str, str, str | int]] = []  # as they were told last
        self.replay = Replay(journal, rate, hands.clock.mono_ms)
        self._positions = Positions(journal.epoch)
        small = is_small()
        self._live_max = _LIVE_MAX_SMALL if small else _LIVE_MAX
        self._out_max = _OUT_MAX_SMALL if small else _OUT_MAX
        self._topics: dict[tuple[str, str], bytes] = {}
        self.end()

    def begin(self, link: "Link") -> None:
        """A connection is there; nothing is born yet."""
        self._link = link

    def end(self) -> None:
        """The connection is gone."""
        self.born = False
        self._seq = 0
        self._live: list[bytearray] = []
        self._live_at = 0  # where the next record of the first begins
        self._live_bytes = 0
        self._alive: list[str] = []  # stations whose last word was a DBIRTH
        self._told_ms = 0
        self._told_thinning = 1

    def recorded(self, frames: bytearray) -> None:
        """Records just became durable: to be sent live, or left to the replay."""
        if not self.born or not frames:
            return
        if self._live_bytes + len(frames) > self._live_max:
            self._live = []
            self._live_at = self._live_bytes = 0
            self.replay.missed()
            return
        self._live.append(frames)
        self._live_bytes += len(frames)

    def tell_soon(self) -> None:
        """The next condition() speaks, whenever the last did."""
        self._told_ms = self._clock.mono_ms() - _CONDITION_MS

    def condition_due_ms(self) -> int:
        return self._told_ms + _CONDITION_MS - self._clock.mono_ms()

    # -- births and deaths -------------------------------------------------------------------

    async def give_birth(self, bd_seq: int) -> None:
        """NBIRTH, then every DBIRTH, before any data."""
        now = self._journal.now_ms()
        self._seq = 255
        self._machine.news = False
        self._facts = self._machine.facts()
        facts = facts_metrics(self._facts, now)
        payload = node_birth(self._journal, self._clock, (bd_seq, self._serial), facts, now)
        self._journal.anchors.news = False
        self._next_seq()
        self._publish("NBIRTH", "", payload)
        await self._link.flush()
        self._alive = []
        for station in self._stations.names(self._journal.old_layouts()):
            self._bear(station)
            await self._link.flush()
        if not self.born:
            self.replay.begin()
        self.born = True
        self._told_ms = self._clock.mono_ms()

    def _bear(self, station: str) -> None:
        """DBIRTH of one station."""
        kind, metrics = self._stations.now(station, self._journal.old_layouts())
        out = self._link.begin(self._topic("DBIRTH", station))
        station_birth(out, kind, metrics, self._journal.now_ms(), self._next_seq())
        self._link.end()
        self._alive.append(station)

    def die(self, bd_seq: int) -> None:
        """NDEATH, before an intended disconnect."""
        self._publish("NDEATH", "", death(bd_seq, self._journal.now_ms()))

    def condition(self) -> None:
        """NDATA every few seconds, and DDEATH of stations that are lost and wholly told."""
        if self._machine.news or self._journal.thinning != self._told_thinning:
            self.tell_soon()
        if self.condition_due_ms() <= 0:
            self._told_ms = self._clock.mono_ms()
            self._told_thinning = self._journal.thinning
            now = self._journal.now_ms()
            facts = facts_metrics(self._changed(), now)
            payload = node_data(self._journal, self._clock, facts, now, self._next_seq())
            self._journal.anchors.news = False
            self._publish("NDATA", "", payload)
        if not self._live and self.replay.idle():
            for station in list(self._alive):
                if self._stations.is_lost(station):
                    payload = station_death(self._journal.now_ms(), self._next_seq())
                    self._publish("DDEATH", station, payload)
                    self._alive.remove(station)

    def _changed(self) -> "list[tuple[str, str, str | int]]":
        """Facts of the board that are not as they were told last."""
        self._machine.news = False
        before, self._facts = self._facts, self._machine.facts()
        return [fact for fact in self._facts if fact not in before]

    def _next_seq(self) -> int:
        self._seq = (self._seq + 1) & 255
        return self._seq

    def _publish(self, verb: str, station: str, payload: bytes) -> None:
        self._link.publish(self._topic(verb, station), payload)

    def _topic(self, verb: str, station: str) -> bytes:
        name = self._topics.get((verb, station))
        if name is None:
            group, node = self._place
            name = topic_bytes(topic(group, verb, node, station or None))
            if verb == "DDATA":
                self._topics[(verb, station)] = name
        return name

    # -- records -----------------------------------------------------------------------------

    def data(self) -> bool:
        """Queue live records, or else a batch of old ones; whether there were any."""
        return self._send_live() or self._send_old()

    def _begin_data(self, station: str) -> bytearray:
        """A DDATA that is written where the link sends it from: memory."""
        out = self._link.begin(self._topic("DDATA", station))
        out += b"\x08" + varint(self._journal.now_ms())
        return out

    def _end_data(self, out: bytearray) -> None:
        out += b"\x18" + varint(self._next_seq())
        self._link.end()

    def _send_live(self) -> bool:
        if not self._live:
            return False
        frames = self._live[0]
        at = self._live_at
        while at < len(frames) and len(self._link.out) < self._out_max:
            begin = at + FRAME_BYTES
            body = bytes(memoryview(frames)[begin : begin + framed(frames, at)])
            self._send_live_record(body, stored_crc(frames, at))
            at += FRAME_BYTES + len(body)
        self._live_at = at
        if at >= len(frames):
            self._live.pop(0)
            self._live_at = 0
            self._live_bytes -= len(frames)
        return True

    def _send_live_record(self, body: bytes, crc: int) -> None:
        journal = self._journal
        head = head_of(body)
        layout = journal.layouts[head.slot]
        if layout.station not in self._alive:
            self._bear(layout.station)
        when = journal.when(head)
        out = self._begin_data(layout.station)
        out += head_metrics(head, self._positions.field(head.seq), crc, when, False)
        put_metrics(out, body, layout, when, False)
        self._end_data(out)
        self.replay.sent(head.seq)

    def _send_old(self) -> bool:
        batch = self.replay.batch()
        for station, entries in batch.items():
            if station not in self._alive:
                self._bear(station)
            for start in range(0, len(entries), BATCH_RECORDS):
                self._send_batch(station, entries[start : start + BATCH_RECORDS])
        return bool(batch)

    def _send_batch(self, station: str, entries: "list[Entry]") -> None:
        out = self._begin_data(station)
        for entry in entries:
            when = self._journal.when(entry.head)
            pos = self._positions.field(entry.head.seq)
            out += head_metrics(entry.head, pos, entry.crc, when, True)
            put_metrics(out, entry.body, entry.layout, when, True)
        self._end_data(out)
        for entry in entries:
            self.replay.sent(entry.head.seq)
