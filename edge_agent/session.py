"""A node's life with Sparkplug: birth, data, death, one seq for all, rebirth when asked.

One task, run(), owns the link and the seq. What others want of it they leave here and wake it.
"""

import asyncio
import errno
import json
import random

from edge_agent.commands import read_commands
from edge_agent.link import Link, open_stream, topic_bytes
from edge_agent.messages import (
    death,
    interpreter,
    node_birth,
    node_data,
    station_birth,
    station_death,
)
from edge_agent.records import (
    FRAME_BYTES,
    Positions,
    framed,
    head_of,
    put_head,
    put_metrics,
    stored_crc,
)
from edge_agent.replay import Replay
from schemas.journal_metrics import CLOCK_UNSET
from schemas.sparkplug import varint
from schemas.topics import state_topic, topic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge_agent.clock import Clock
    from edge_agent.journal import Journal
    from edge_agent.reader import Entry
    from edge_agent.state import State
    from edge_agent.stations import Stations
    from schemas.board_config import Board

_LIVE_MAX = 32_768  # bytes of live records waiting for the link
_NODE_DATA_MS = 10_000
_CLOCK_WAIT_MS = 60_000  # so long a node waits for the time before it speaks with an estimate
_BACK_OFF_MAX_S = 60.0
_RATE = 200


class Session:
    """Connects again and again until close(); `stations` tells what is measured now."""

    def __init__(
        self,
        board: "Board",
        journal: "Journal",
        state: "State",
        clock: "Clock",
        stations: "Stations",
        say: "Callable[[str], None]",
    ) -> None:
        self._board = board
        self._journal = journal
        self._state = state
        self._clock = clock
        self._stations = stations
        self._say = say
        self.opener: Any = open_stream
        self._replay = Replay(journal, _RATE, clock.mono_ms)
        self._positions = Positions(journal.epoch)
        self._topics: dict[str, bytes] = {}
        self._live: list[tuple[bytearray, int]] = []
        self._live_bytes = 0
        self._wake = asyncio.Event()
        self._link: Any = None
        self._reading: Any = None  # the task that receives
        self._fault: OSError | None = None
        self._alive: set[str] = set()  # stations whose last word was a DBIRTH
        self._host_ms = 0  # timestamp of the primary host's last STATE
        self._host_online = False
        self._refused = -1  # the last position that was not taken
        self._rebirth = False
        self._closing = False
        self.born = False
        self.births = 0
        self._seq = 0
        self._told_ms = 0
        self._told_thinning = 1

    # -- what others ask ---------------------------------------------------------------------

    def recorded(self, frames: bytearray) -> None:
        """Records just became durable: send them live, or leave them to the replay."""
        if not self.born or not frames:
            return
        if self._live_bytes + len(frames) > _LIVE_MAX:
            self._live = []
            self._live_bytes = 0
            self._replay.missed()
        else:
            self._live.append((frames, 0))
            self._live_bytes += len(frames)
        self._wake.set()

    def tell(self) -> None:
        """Something about the node changed that the MES should hear at once."""
        self._told_ms = self._clock.mono_ms() - _NODE_DATA_MS
        self._wake.set()

    def close(self) -> None:
        """Let run() publish NDEATH, disconnect and return."""
        self._closing = True
        self._wake.set()

    # -- life --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until close()."""
        span = self._board.reconnect_s
        await self._wait_for_time()
        while not self._closing:
            births = self.births
            try:
                await self._live_once()
            except OSError as fault:
                self._say(f"link: {fault.args[-1] if fault.args else fault}")
            if self._closing:
                break
            if self.births > births:
                span = self._board.reconnect_s
            await self._pause(random.random() * span)
            span = min(span * 2, max(_BACK_OFF_MAX_S, self._board.reconnect_s))

    async def _wait_for_time(self) -> None:
        while self._clock.state == CLOCK_UNSET and self._clock.mono_ms() < _CLOCK_WAIT_MS:
            if self._closing:
                return
            await self._pause(1.0)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not through close()."""
        end = self._clock.mono_ms() + int(seconds * 1000)
        while not self._closing and self._clock.mono_ms() < end:
            await self._sleep(end - self._clock.mono_ms())

    async def _sleep(self, ms: int) -> None:
        """Until somebody wakes us, or so long."""
        try:
            await asyncio.wait_for(self._wake.wait(), max(ms, 1) / 1000)
        except asyncio.TimeoutError:
            return
        self._wake.clear()

    async def _live_once(self) -> None:
        """One connection, from CONNECT to its end."""
        board = self._board
        state = self._state
        state.bd_seq = random.randint(0, 255) if state.bd_seq < 0 else (state.bd_seq + 1) % 256
        state.save()
        self._fault = None
        self._link = link = Link(board.keepalive_s, self._clock.mono_ms, self.opener)
        self._reading = None
        try:
            will = death(state.bd_seq, self._journal.now_ms())
            await link.connect(
                board.broker, f"{board.group}-{board.node}", self._node_topic("NDEATH"), will
            )
            topics = [self._node_topic("NCMD")]
            if board.primary_host:
                topics.append(state_topic(board.primary_host))
            await link.subscribe(topics)
            self._reading = asyncio.create_task(self._receive())
            await self._wait_for_host()
            self._rebirth = True
            while not self._closing:
                await self._send_once()
            await self._die()
        finally:
            self.born = False
            self._live = []
            self._live_bytes = 0
            if self._reading is not None:
                self._reading.cancel()
            link.close()

    def _node_topic(self, verb: str) -> str:
        return topic(self._board.group, verb, self._board.node)

    async def _die(self) -> None:
        """NDEATH, then DISCONNECT: an intended end."""
        payload = death(self._state.bd_seq, self._journal.now_ms())
        self._link.publish(topic_bytes(self._node_topic("NDEATH")), payload)
        await self._link.disconnect()

    async def _wait_for_host(self) -> None:
        self._host_online = not self._board.primary_host
        while not self._host_online and not self._closing:
            await self._tick(1000)

    async def _tick(self, ms: int) -> None:
        """Wait for something to do, keeping the connection alive."""
        if self._fault is not None:
            raise self._fault
        left = self._link.keep()
        await self._link.flush()
        await self._sleep(min(ms, left))

    # -- receiving ---------------------------------------------------------------------------

    async def _receive(self) -> None:
        commands = self._node_topic("NCMD")
        try:
            while True:
                where, data = await self._link.receive()
                if where == commands:
                    self._obey(data)
                elif self._board.primary_host:
                    self._hear_host(data)
                self._wake.set()
        except OSError as fault:
            self._fault = fault
            self._wake.set()

    def _obey(self, data: bytes) -> None:
        asked = read_commands(data)
        if asked.unknown:
            self._say(f"command: not understood: {', '.join(asked.unknown)[:200]}")
        if asked.at_ms is not None and self._clock.offer(asked.at_ms):
            self._journal.clock_is_set()
        if asked.rebirth:
            self._rebirth = True
        if asked.ack is not None:
            self._acknowledged(asked.ack)
        if asked.rewind:
            self._acknowledged(asked.rewind - 1)

    def _acknowledged(self, pos: int) -> None:
        if self._journal.acknowledge(pos):
            self._replay.acknowledged()
        elif pos != self._refused:
            self._refused = pos
            self._say(f"command: {pos:#x} is not a position of ours that was sent; it is ignored")

    def _hear_host(self, data: bytes) -> None:
        """STATE of the primary host; an older one than known is late and means nothing."""
        try:
            state = json.loads(data)
            online = state["online"] is True
            at_ms = int(state["timestamp"])
        except (ValueError, KeyError, TypeError):
            self._say("STATE of the primary host cannot be read")
            return
        if at_ms < self._host_ms:
            return
        self._host_ms = at_ms
        if self._host_online and not online:
            self._fault = OSError(errno.ECONNRESET, "the primary host is offline")
        self._host_online = online

    # -- sending -----------------------------------------------------------------------------

    async def _send_once(self) -> None:
        """Send what there is, the most urgent first; wait when there is nothing."""
        link = self._link
        if self._fault is not None:
            if self._board.primary_host and not self._host_online:
                await self._die()
            raise self._fault
        if self._rebirth:
            await self._give_birth()
        busy = self._send_live() or self._send_old()
        self._send_condition()
        if busy or link.out:
            link.keep()
            await link.flush()
        if not busy:
            due = self._told_ms + _NODE_DATA_MS - self._clock.mono_ms()
            await self._tick(min(self._replay.wait_ms(), due))

    async def _give_birth(self) -> None:
        """NBIRTH, then every DBIRTH, before any data."""
        self._rebirth = False
        now = self._journal.now_ms()
        self._seq = 0
        link = self._link
        payload = node_birth(
            self._journal, self._state.bd_seq, self._board.serial, self._clock, now
        )
        link.publish(topic_bytes(self._node_topic("NBIRTH")), payload)
        self._topics = {}
        self._alive = set()
        for station in self._stations.names(self._journal.old_layouts()):
            self._bear(station)
            await link.flush()
        if not self.born:
            self._replay.begin()
        self.born = True
        self.births += 1
        if self.births == 1:
            journal = self._journal
            self._say(
                f"born: {self._board.group}/{self._board.node} on {interpreter()}, "
                f"journal {journal.epoch:08x} at {journal.durable + 1}"
            )
        self._told_ms = self._clock.mono_ms()

    def _bear(self, station: str) -> None:
        """DBIRTH of one station."""
        kind, metrics = self._stations.now(station, self._journal.old_layouts())
        payload = station_birth(kind, metrics, self._journal.now_ms(), self._next_seq())
        self._publish("DBIRTH", station, payload)
        self._alive.add(station)

    def _publish(self, verb: str, station: str, payload: "bytes | bytearray") -> None:
        board = self._board
        if verb != "DDATA":
            name = topic_bytes(topic(board.group, verb, board.node, station))
        else:
            if station not in self._topics:
                self._topics[station] = topic_bytes(topic(board.group, verb, board.node, station))
            name = self._topics[station]
        self._link.publish(name, payload)

    def _next_seq(self) -> int:
        self._seq = (self._seq + 1) & 255
        return self._seq

    def _send_live(self) -> bool:
        """Records that became durable since: one message each."""
        if not self._live:
            return False
        frames, at = self._live[0]
        while at < len(frames) and len(self._link.out) < _LIVE_MAX:
            body = bytes(frames[at + FRAME_BYTES : at + FRAME_BYTES + framed(frames, at)])
            self._send_live_record(body, stored_crc(frames, at))
            at += FRAME_BYTES + len(body)
        self._live[0] = (frames, at)
        if at >= len(frames):
            self._live.pop(0)
            self._live_bytes -= len(frames)
        return True

    def _send_live_record(self, body: bytes, crc: int) -> None:
        journal = self._journal
        head = head_of(body)
        layout = journal.layouts[head.slot]
        if layout.station not in self._alive:
            self._bear(layout.station)
        when = journal.when(head)
        out = bytearray(b"\x08")
        out += varint(journal.now_ms())
        put_head(out, head, self._positions.field(head.seq), crc, when, False)
        put_metrics(out, body, layout, when, False)
        out += b"\x18" + varint(self._next_seq())
        self._publish("DDATA", layout.station, out)
        self._replay.sent(head.seq)

    def _send_old(self) -> bool:
        """A batch of what must be sent again, or of what was recorded before this session."""
        batch = self._replay.batch()
        for station, entries in batch.items():
            if station not in self._alive:
                self._bear(station)
            for start in range(0, len(entries), 20):
                self._send_batch(station, entries[start : start + 20])
        return bool(batch)

    def _send_batch(self, station: str, entries: "list[Entry]") -> None:
        out = bytearray(b"\x08")
        out += varint(self._journal.now_ms())
        for entry in entries:
            when = self._journal.when(entry.head)
            pos = self._positions.field(entry.head.seq)
            put_head(out, entry.head, pos, entry.crc, when, True)
            put_metrics(out, entry.body, entry.layout, when, True)
        out += b"\x18" + varint(self._next_seq())
        self._publish("DDATA", station, out)
        for entry in entries:
            self._replay.sent(entry.head.seq)

    def _send_condition(self) -> None:
        """NDATA every few seconds, and DDEATH of stations that are lost and wholly told."""
        now = self._clock.mono_ms()
        if self._journal.thinning != self._told_thinning:
            self._told_ms = now - _NODE_DATA_MS
        if now - self._told_ms >= _NODE_DATA_MS:
            self._told_ms = now
            self._told_thinning = self._journal.thinning
            payload = node_data(
                self._journal, self._clock, self._journal.now_ms(), self._next_seq()
            )
            self._link.publish(topic_bytes(self._node_topic("NDATA")), payload)
        if not self._live and self._replay.idle():
            for station in list(self._alive):
                if self._stations.is_lost(station):
                    payload = station_death(self._journal.now_ms(), self._next_seq())
                    self._publish("DDEATH", station, payload)
                    self._alive.remove(station)
