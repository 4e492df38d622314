"""Puts a board together and runs its agent. What differs from board to board is its `hardware`."""

import asyncio

from edge_agent.agent import Agent
from edge_agent.clock import Clock
from edge_agent.link import open_stream
from edge_agent.ports import Hands
from firmware.onboard.durable import folder_of, is_there
from firmware.onboard.facts import BoardFacts, Buses
from firmware.onboard.link_tls import opener_of
from firmware.onboard.living import live
from firmware.onboard.machine import BoardMachine
from firmware.onboard.station import beside
from firmware.onboard.watchdog import Watchdog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, Protocol

    from edge_agent.ports import Storage
    from firmware.onboard.drivers import Drivers
    from firmware.onboard.renewal import Renewal
    from firmware.onboard.watchdog import Dog
    from schemas.board_config import Board

    Chore = Callable[[], Coroutine[Any, Any, None]]

    class Network(Protocol):
        def link(self) -> str: ...
        def up(self) -> bool: ...
        async def run(self) -> None: ...

    class Hardware(Protocol):
        """A board, as far as it differs from others."""

        reserve: (
            int  # bytes of its file system that an update must leave, once storage() was called
        )

        def say(self, text: str) -> None: ...
        def identity(self) -> str: ...
        def reason(self) -> str: ...
        def clock(self) -> Clock: ...
        def drivers(self, board: Board, clock: Clock) -> Drivers: ...
        def storage(self, board: Board, path: str) -> tuple[Storage, Board]:
            """The journal's storage, and the board with a journal that fits. Raises OSError."""

        def dog(self) -> Dog: ...
        def network(self, path: str) -> Network:
            """Raises OSError."""

        def chores(self, board: Board) -> list[Chore]:
            """More of what runs beside the agent."""

        def starved(self) -> None:
            """The watchdog is not fed any more."""

        def begun(self, agent: Agent) -> None:
            """The loop runs."""


_DOWN = 100  # ENETDOWN; MicroPython's errno does not name it
PUBLIC = "release.pub"  # as firmware.onboard.update has it


def _renewal(
    path: str, board: "Board", clock: Clock, say: "Callable[[str], None]"
) -> "Renewal | None":
    if board.tls is None:
        return None
    from firmware.onboard.renewal import Renewal

    try:
        return Renewal(folder_of(path), board.node, clock.now_ms, clock.mono_ms, say)
    except (OSError, ValueError) as fault:
        say(f"certificate: it cannot be renewed here ({fault})")
        return None


class WhenUp:
    """Opens nothing while the network is down: to ask for a name then would hold everything up."""

    def __init__(self, network: "Network", opener: "Any") -> None:
        self._network = network
        self._open = opener
        self.tag: str = getattr(opener, "tag", "")  # of the client id: firmware/onboard/link_tls.py

    async def __call__(self, host: str, port: int) -> "tuple[Any, Any]":
        if not self._network.up():
            raise OSError(_DOWN, "the network is down")
        reader, writer = await self._open(host, port)
        return reader, writer


class Running:
    """One board from its start to its end. Raises OSError when the journal cannot be opened."""

    def __init__(self, hardware: "Hardware", board: "Board", path: str) -> None:
        self._hardware = hardware
        say = hardware.say
        self.clock = clock = hardware.clock()
        drivers = hardware.drivers(board, clock)
        network = hardware.network(path)
        storage, board = hardware.storage(board, path)
        self.watchdog = Watchdog(hardware.dog(), clock.mono_ms, say, hardware.starved)
        drivers.rested = self.watchdog.feed
        renewal = _renewal(path, board, clock, say)
        updater = self._updater(path)
        image, reason = "", hardware.reason()
        if updater is not None:
            reason = updater.slots.boot_reason or reason
        facts = [BoardFacts(image, reason, network.link), _buses()]
        parts = facts + [part for part in (renewal, updater) if part is not None] + [self.watchdog]
        chain = renewal.chain if renewal is not None else None
        serial = board.serial or hardware.identity()
        opener = WhenUp(network, opener_of(board, path, chain) or open_stream)
        hands = Hands(storage, clock, drivers.open, serial, say, opener, BoardMachine(parts))
        self.agent = Agent(board, hands)
        self.watchdog.expect_agent(board)
        self.chores: list[Chore] = [self.watchdog.run, network.run] + hardware.chores(board)
        if updater is not None:
            updater.tell = self.agent.session.tell
            updater.reserve = hardware.reserve
            self.chores.append(updater.run)
        for station in board.stations:
            station.metrics.clear()  # memory: what a sensor needs is kept with it until it is open

    def _updater(self, path: str) -> "Any":
        if not is_there(beside(path, PUBLIC)):
            return None  # memory: what takes updates is not even loaded
        from firmware.onboard.update import updater_of

        say = self._hardware.say
        return updater_of(folder_of(path), self.clock.mono_ms, lambda: self.agent.stop(), say)

    async def run(self) -> None:
        """Until the agent ends."""
        self._hardware.begun(self.agent)
        await live(self.agent, self.chores)


def _buses() -> Buses:
    from firmware.drivers.bus_stats import buses

    return Buses(buses)


def run(hardware: "Hardware", board: "Board", path: str) -> int:
    """Run the agent; the exit code."""
    try:
        running = Running(hardware, board, path)
    except OSError as fault:
        hardware.say(f"the board cannot be started: {fault}")
        return 1
    asyncio.run(running.run())
    return 0
