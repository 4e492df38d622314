"""A computer as `hardware` (firmware/onboard/running.py): the journal in a folder, the network its own."""

import asyncio
import sys

from edge_agent.clock import Clock
from firmware.boards.unix.dog import Life, SoftDog
from firmware.boards.unix.plant_drivers import PlantDrivers
from firmware.onboard.identity import own_serial
from firmware.onboard.station import beside
from firmware.onboard.storage import FileStorage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge_agent.agent import Agent
    from edge_agent.ports import Storage
    from firmware.onboard.drivers import Drivers
    from firmware.onboard.running import Chore, Network
    from firmware.onboard.watchdog import Dog
    from schemas.board_config import Board

_MICROPYTHON = sys.implementation.name == "micropython"


class Host:
    """Its network is not ours to keep."""

    def link(self) -> str:
        return "host"

    def up(self) -> bool:
        return True

    async def run(self) -> None:
        pass


class Computer:
    """Implements firmware.onboard.running.Hardware."""

    reserve = 65_536

    def __init__(self, path: str, board: "Board") -> None:
        """Raises OSError when there is no folder for the journal."""
        place = beside(path, board.journal.path)
        self._files = FileStorage(place)
        self._life = Life(f"{place}.life")
        self._dog = SoftDog()

    def say(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        if not _MICROPYTHON:
            sys.stdout.flush()

    def identity(self) -> str:
        return own_serial()

    def reason(self) -> str:
        return self._life.reason

    def clock(self) -> Clock:
        return Clock()

    def drivers(self, board: "Board", clock: Clock) -> "Drivers":
        return PlantDrivers(board, clock)

    def storage(self, board: "Board", path: str) -> "tuple[Storage, Board]":
        return self._files, board

    def dog(self) -> "Dog":
        return self._dog

    def network(self, path: str) -> "Network":
        return Host()

    def chores(self, board: "Board") -> "list[Chore]":
        return []

    def starved(self) -> None:
        self._life.note("watchdog")

    def begun(self, agent: "Agent") -> None:
        if not _MICROPYTHON:
            import signal

            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, agent.stop)

    def end(self) -> None:
        """In order."""
        self._dog.end()
        self._life.note("soft")
