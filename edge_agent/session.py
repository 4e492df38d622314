"""A node's life with Sparkplug: connect, birth, data, death, again; rebirth when asked.

One task, run(), owns the link and what is sent. What others want of it they leave here and wake it.
"""

import asyncio
import errno
import json
import random

from edge_agent.commands import read_commands
from edge_agent.link import Link, open_stream
from edge_agent.messages import death, interpreter
from edge_agent.sender import Sender
from schemas.journal_metrics import CLOCK_UNSET
from schemas.topics import state_topic, topic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge_agent.commands import Commands
    from edge_agent.journal import Journal
    from edge_agent.ports import Hands
    from edge_agent.state import State
    from edge_agent.stations import Stations
    from schemas.board_config import Board

_CLOCK_WAIT_MS = 60_000  # so long a node waits for the time before it speaks with an estimate
_BACK_OFF_MAX_S = 60.0
_FAREWELL_S = 2.0
_RATE = 200  # old records per second
_COMPLAIN_MS = 60_000
_AHEAD_MS = 86_400_000  # a STATE that is further ahead of our time does not say when it was said


class Session:
    """Connects again and again until close()."""

    def __init__(
        self,
        board: "Board",
        hands: "Hands",
        journal: "Journal",
        state: "State",
        stations: "Stations",
    ) -> None:
        self._board = board
        self._hands = hands
        self._journal = journal
        self._state = state
        self._clock = hands.clock
        self._say = hands.say
        self._sender = Sender((board.group, board.node), journal, stations, hands, _RATE)
        self._begun = journal.durable  # what is above it was recorded in this boot
        self._wake = asyncio.Event()
        self._link: Any = None
        self._reading: Any = None  # the task that receives
        self._fault: OSError | None = None
        self._host_ms = 0  # timestamp of the primary host's last STATE
        self._host_online = False
        self._complained: dict[str, int] = {}  # kind of complaint: when it was last said
        self._rebirth = False
        self._closing = False
        self.births = 0

    # -- what others ask ---------------------------------------------------------------------

    def recorded(self, frames: bytearray) -> None:
        """Records just became durable."""
        self._sender.recorded(frames)
        self._wake.set()

    def tell(self) -> None:
        """Something about the node changed that the MES should hear at once."""
        self._sender.tell_soon()
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
        """Until somebody wakes us, or so long: a wait with an end is progress, with a network or without."""
        self._hands.machine.progress("session")
        try:
            await asyncio.wait_for(self._wake.wait(), max(ms, 1) / 1000)
        except asyncio.TimeoutError:
            return
        self._wake.clear()

    async def _live_once(self) -> None:
        """One connection, from CONNECT to its end."""
        self._fault = None
        opener = self._hands.opener or open_stream
        self._link = link = Link(self._board.keepalive_s, self._clock.mono_ms, opener)
        self._sender.begin(link)
        self._reading = None
        self._host_ms = 0  # STATE is retained: it is told anew
        try:
            await self._connect(link)
            self._reading = asyncio.create_task(self._receive())
            await self._wait_for_host()
            self._rebirth = True
            while not self._closing:
                await self._send()
                self._hands.machine.progress("session")
            await self._leave()
        finally:
            self._sender.end()
            if self._reading is not None:
                self._reading.cancel()
            link.close()

    async def _leave(self) -> None:
        """NDEATH, DISCONNECT, and wait until the broker closes.

        Who closes a socket that holds unread bytes throws away what the other side has not read yet.
        """
        self._sender.die(self._state.bd_seq)
        await self._link.disconnect()
        try:
            await asyncio.wait_for(self._reading, _FAREWELL_S)
        except asyncio.TimeoutError:
            return  # it closes when it closes

    async def _connect(self, link: Link) -> None:
        board = self._board
        await link.open(board.broker)
        state = self._state
        state.bd_seq = (state.bd_seq + 1) % 256
        state.save()  # if it cannot be written the number may come twice; the session matters more
        will = death(state.bd_seq, self._journal.now_ms())
        tag = getattr(self._hands.opener, "tag", "")
        await link.connect(f"{board.group}-{board.node}{tag}", self._topic("NDEATH"), will)
        topics = [self._topic("NCMD")]
        if board.primary_host:
            topics.append(state_topic(board.primary_host))
        await link.subscribe(topics)

    def _topic(self, verb: str) -> str:
        return topic(self._board.group, verb, self._board.node)

    async def _wait_for_host(self) -> None:
        self._host_online = not self._board.primary_host
        while not self._host_online and not self._closing:
            self._check()
            await self._wait(1000)

    def _check(self) -> None:
        """Raise what ended the receiving task."""
        if self._fault is not None:
            raise self._fault
        if self._reading.done():
            raise RuntimeError("the receiving task has ended")

    async def _wait(self, ms: int) -> None:
        """Until there is something to do, keeping the connection alive."""
        left = self._link.keep()
        await self._link.flush()
        await self._sleep(min(ms, left))

    async def _send(self) -> None:
        """Send what there is, the most urgent first; wait when there is nothing."""
        if self._fault is not None and self._board.primary_host and not self._host_online:
            fault = self._fault
            await self._leave()
            raise fault
        self._check()
        sender = self._sender
        if self._rebirth:
            self._rebirth = False
            await sender.give_birth(self._state.bd_seq)
            self._say_born()
        busy = sender.data()
        sender.condition()
        if busy:
            self._link.keep()
            await self._link.flush()
        else:
            await self._wait(min(sender.replay.wait_ms(), sender.condition_due_ms()))

    def _say_born(self) -> None:
        self.births += 1
        if self.births == 1:
            journal = self._journal
            node = f"{self._board.group}/{self._board.node} on {interpreter()}"
            self._say(f"born: {node}, journal {journal.epoch:08x} at {journal.durable + 1}")

    # -- receiving ---------------------------------------------------------------------------

    async def _receive(self) -> None:
        commands = self._topic("NCMD")
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
            self._complain("command: not understood", ", ".join(asked.unknown)[:200])
        if asked.at_ms is not None and self._clock.offer(asked.at_ms):
            self._journal.clock_is_set()
        if asked.rebirth:
            self._rebirth = True
        if asked.anchor:
            self._journal.anchors.take(asked.anchor, self._journal.now_ms())
        for name, value in asked.board:
            if not self._hands.machine.heard(name, value):
                self._complain("command: not for this board, ignored", name)
        self._obey_positions(asked)

    def _obey_positions(self, asked: "Commands") -> None:
        if asked.ack is not None:
            if self._journal.acknowledge(asked.ack):
                self._sender.replay.acknowledged()
                if self._journal.ack > self._begun:
                    self._hands.machine.saved()
            else:
                self._refuse(asked.ack)
        if asked.rewind:
            seq = self._journal.number_of(asked.rewind)
            if seq is not None:
                self._sender.replay.rewind(seq)
            else:
                self._refuse(asked.rewind)

    def _refuse(self, pos: int) -> None:
        self._complain("command: not a position of ours that was sent, ignored", f"{pos:#x}")

    def _complain(self, what: str, of: str) -> None:
        """Say what is wrong with a message, each kind once a minute: it may be a flood, or a forged line."""
        now = self._clock.mono_ms()
        if what not in self._complained or now - self._complained[what] >= _COMPLAIN_MS:
            self._complained[what] = now
            self._say(f"{what}: {of!r}")

    def _hear_host(self, data: bytes) -> None:
        """STATE of the primary host; an older one than known is late and means nothing."""
        try:
            state = json.loads(data)
            online = state["online"] is True
            at_ms = int(state["timestamp"])
        except (ValueError, KeyError, TypeError, OverflowError, RuntimeError):
            # OverflowError: 1e999; RuntimeError: nested too deeply.
            self._complain("STATE of the primary host cannot be read", str(data[:80]))
            return
        # A time far ahead of ours is not kept: nothing true could ever come after it. What was kept
        # while our clock was unset is judged again.
        now = self._clock.now_ms()
        known = 0 if now and self._host_ms > now + _AHEAD_MS else self._host_ms
        if at_ms < known:
            return
        self._host_ms = known if now and at_ms > now + _AHEAD_MS else at_ms
        if self._host_online and not online:
            self._fault = OSError(errno.ECONNRESET, "the primary host is offline")
        self._host_online = online
