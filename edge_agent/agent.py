"""Composes the tasks of a node and restarts the one that faults; the others go on."""

import asyncio

from edge_agent.bugs import ended, print_trace
from edge_agent.journal import PENDING_MAX, Journal, Limits
from edge_agent.session import Session
from edge_agent.state import State
from edge_agent.stations import Stations
from schemas.journal_metrics import CLOCK_UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from edge_agent.ports import Hands
    from schemas.board_config import Board

_SAVE_MS = 60_000
_RESTART_S = (1, 60)  # a task that faults is restarted after so long, at first and at most
_GOODBYE_S = 5


class Agent:
    """A node."""

    def __init__(self, board: "Board", hands: "Hands") -> None:
        self._board = board
        self._clock = hands.clock
        self._say = hands.say
        self._machine = hands.machine
        self.stations = Stations(board.stations, hands.open_channel, hands.clock.mono_ms, hands.say)
        self._state = State(hands.storage)
        limits = Limits(board.journal.bytes, board.journal.segment_bytes)
        self.journal = Journal(hands, self._state, self.stations.layouts, limits)
        self.session = Session(board, hands, self.journal, self._state, self.stations)
        self._closing = asyncio.Event()
        self._storage_fault = ""

    async def run(self) -> None:
        """Until stop() was called: then all is recorded, NDEATH is published, and it returns."""
        session = asyncio.create_task(self.guard("session", self.session.run))
        works: list[tuple[str, Callable[[], Awaitable[None]]]] = [("keeper", self._keep)]
        for slot, station in enumerate(self._board.stations):
            works.append((f"sampler of {station.station}", self._sampling(slot)))
        tasks = [asyncio.create_task(self.guard(name, work)) for name, work in works]
        await self._closing.wait()
        for task in tasks:
            task.cancel()
        self._goodbye()
        try:
            await asyncio.wait_for(session, _GOODBYE_S)
        except asyncio.TimeoutError:
            self._say("link: no time to say goodbye")

    def stop(self) -> None:
        """Ask run() to end."""
        self._closing.set()

    def _goodbye(self) -> None:
        for slot in range(len(self._board.stations)):
            self.stations.record(slot, self.journal, self._clock.now_ms())
        try:
            self.session.recorded(self.journal.close())
        except OSError as fault:
            self._say(f"journal: {fault}; the last samples are not recorded")
        self.session.close()

    async def guard(self, name: str, work: "Callable[[], Awaitable[None]]") -> None:
        """Run a task; when it faults say so and start it again, ever more slowly."""
        wait = _RESTART_S[0]
        while True:
            begun = self._clock.mono_ms()
            if await ended(work, lambda bug: self._bug(name, bug)):
                return
            self._machine.faulted(name)
            if self._clock.mono_ms() - begun > 1000 * _RESTART_S[1]:
                wait = _RESTART_S[0]
            await asyncio.sleep(wait)
            wait = min(wait * 2, _RESTART_S[1])

    def _bug(self, name: str, bug: Exception) -> None:
        self._say(f"{name}: {type(bug).__name__}: {bug}; it is restarted")
        print_trace(bug)

    def _sampling(self, slot: int) -> "Callable[[], Awaitable[None]]":
        async def work() -> None:
            sampler = self.stations.samplers[slot]
            part = f"sampler of {self._board.stations[slot].station}"
            while True:
                sampler.thinning = self.journal.thinning
                sampler.take()
                if sampler.record_is_full():
                    urgent = sampler.urgent
                    self.stations.record(slot, self.journal, self._clock.now_ms())
                    if urgent or self.journal.pending_bytes > PENDING_MAX // 2:
                        self._sync()
                self._machine.progress(part)
                left = sampler.next_ms - self._clock.mono_ms()
                await asyncio.sleep(max(left, 1) / 1000)

        return work

    def _sync(self) -> None:
        """Make durable what was appended, and pass it on."""
        try:
            frames = self.journal.sync()
        except OSError as fault:
            if str(fault) != self._storage_fault:
                self._storage_fault = str(fault)
                self._say(f"journal: {fault}; what is not recorded yet is kept in memory")
            return
        if self._storage_fault:
            self._storage_fault = ""
            self._say("journal: the storage works again")
        self._machine.progress("keeper")
        self.session.recorded(frames)

    async def _keep(self) -> None:
        """What happens all the time: sync, watch the clock, remember the acknowledgement."""
        saved = self._clock.mono_ms()
        told = (self.journal.ack, self.journal.lost)
        state = self._clock.state
        while True:
            await asyncio.sleep(self._board.journal.sync_ms / 1000)
            self._sync()
            if step := self._clock.watch():
                self._say(f"clock: it jumped by {step} ms")
                self.session.tell()
            if self._clock.state != state:
                state = self._clock.state
                if state != CLOCK_UNSET:
                    self.journal.clock_is_set()
                self.session.tell()
            now = self._clock.mono_ms()
            if now - saved >= _SAVE_MS and told != (self.journal.ack, self.journal.lost):
                saved = now
                told = (self.journal.ack, self.journal.lost)
                self.journal.save()
