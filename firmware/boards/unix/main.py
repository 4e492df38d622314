"""The agent on a computer: micropython -m firmware.boards.unix.main path/to/station.json

Runs the same on CPython; there SIGTERM and Ctrl-C end it in order. Exit code 2: the file is wrong. Ended
by SIGALRM: its watchdog found no progress (dog.py).
"""

import asyncio
import sys

from edge_agent.agent import Agent
from edge_agent.clock import Clock
from edge_agent.ports import Hands
from firmware.boards.unix.dog import Life, SoftDog
from firmware.boards.unix.plant_drivers import PlantDrivers
from firmware.drivers.bus_stats import buses
from firmware.onboard.drivers import Drivers
from firmware.onboard.facts import BoardFacts, Buses
from firmware.onboard.link_tls import opener_of
from firmware.onboard.living import live
from firmware.onboard.machine import BoardMachine
from firmware.onboard.station import beside, load_board, read_bytes
from firmware.onboard.storage import FileStorage
from firmware.onboard.watchdog import Watchdog
from schemas.contract_check import ContractError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from schemas.board_config import Board

_MICROPYTHON = sys.implementation.name == "micropython"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    if not _MICROPYTHON:
        sys.stdout.flush()


def _serial() -> str:
    """What tells this host from a copy of it."""
    for path in ("/etc/machine-id", "/etc/hostname"):
        try:
            return read_bytes(path).decode().strip()
        except OSError:
            continue
    return "unknown"


def _stop_on_signals(agent: Agent) -> None:
    if not _MICROPYTHON:
        import signal

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, agent.stop)


def _run(path: str, board: "Board", clock: Clock, drivers: Drivers) -> int:
    place = beside(path, board.journal.path)
    try:
        storage = FileStorage(place)
        life = Life(f"{place}.life")
        dog = SoftDog()
        watchdog = Watchdog(dog, clock.mono_ms, say, lambda: life.note("watchdog"))
        # Whatever else belongs to this board is a part here: see firmware/onboard/machine.py.
        parts = [BoardFacts("", life.reason, lambda: "host"), Buses(buses), watchdog]
        drivers.rested = watchdog.feed
        hands = Hands(storage, clock, drivers.open, board.serial or _serial(), say,
                      opener_of(board, path), BoardMachine(parts))  # fmt: skip
        agent = Agent(board, hands)
    except OSError as fault:
        sys.stderr.write(f"{place}: the journal cannot be opened ({fault})\n")
        return 1
    watchdog.expect_agent(board)
    for station in board.stations:
        station.metrics.clear()  # memory: what a sensor needs is kept with it until it is open

    async def work() -> None:
        _stop_on_signals(agent)
        await live(agent, [watchdog.run])

    asyncio.run(work())
    dog.end()
    life.note("soft")
    return 0


def main(arguments: list[str]) -> int:
    """Run the agent of a station.json; the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m firmware.boards.unix.main path/to/station.json\n")
        return 2
    path = arguments[0]
    try:
        board = load_board(path)
        clock = Clock()
        drivers = PlantDrivers(board, clock)
        faults = drivers.faults(board)
        if faults:
            raise ContractError(faults)
    except ContractError as error:
        sys.stderr.write("\n".join(error.faults) + "\n")
        return 2
    except OSError as fault:
        sys.stderr.write(f"{path}: cannot be read ({fault})\n")
        return 2
    return _run(path, board, clock, drivers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
