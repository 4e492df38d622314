"""The agent on a computer: micropython -m firmware.boards.unix.main path/to/station.json

Runs the same on CPython; there SIGTERM and Ctrl-C end it in order. Exit code 2: the file is wrong.
"""

import asyncio
import sys

from edge_agent.agent import Agent
from edge_agent.clock import Clock
from edge_agent.ports import Bare, Hands
from firmware.onboard.storage import FileStorage
from schemas.board_config import read_board, types_named
from schemas.contract_check import ContractError
from schemas.station_types import FOLDER, read_station_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from schemas.board_config import Board
    from schemas.station_types import StationType

_MICROPYTHON = sys.implementation.name == "micropython"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    if not _MICROPYTHON:
        sys.stdout.flush()


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _read(path: str) -> str:
    return _bytes(path).decode()


def _folder_of(path: str) -> str:
    return path.rsplit("/", 1)[0] if "/" in path else "."


def load_board(path: str) -> "Board":
    """The board in a station.json. Raises ContractError with every fault, OSError."""
    try:
        text = _read(path)
    except ValueError:
        raise ContractError([f"{path}: is not UTF-8; save it as such"]) from None
    types: dict[str, StationType] = {}
    faults: list[str] = []
    for name in types_named(text):
        file = f"{name}.json"
        try:
            types[name] = read_station_type(_read(f"{FOLDER}/{file}"), file)
        except OSError:
            continue  # read_board says that there is no such type
        except ContractError as error:
            faults += error.faults
    try:
        board = read_board(text, path, types)
    except ContractError as error:
        faults += error.faults
    if faults:
        raise ContractError(faults)
    return board


def _serial() -> str:
    """What tells this host from a copy of it."""
    for path in ("/etc/machine-id", "/etc/hostname"):
        try:
            return _read(path).strip()
        except OSError:
            continue
    return "unknown"


def _opener(board: "Board", path: str) -> "Any":
    """What opens the stream to the broker: with TLS where station.json names the files."""
    if board.tls is None:
        return None
    from firmware.onboard.tls import opener

    files = [name if name.startswith("/") else f"{_folder_of(path)}/{name}" for name in board.tls]

    async def open_stream(host: str, port: int) -> "tuple[Any, Any]":
        # Read anew for each connection: a certificate is renewed while this runs.
        ca, cert, key = [_bytes(file) for file in files]
        return await opener(ca, [cert], key)(host, port)

    return open_stream


_ADVANCE_MS = 200  # the simulated plant moves in steps no shorter than this


class Simulated:
    """A simulated channel; reading it moves the plant."""

    def __init__(self, channel: "Any", advance: "Any") -> None:
        self._channel = channel
        self._advance = advance

    def read(self) -> "float | int | bool | str":
        self._advance()
        value: float | int | bool | str = self._channel.read()
        return value


class Drivers:
    """Opens channels by the name of their driver; the plant serves the simulated ones."""

    def __init__(self, board: "Board", clock: Clock) -> None:
        self._clock = clock
        self._moved_ms = -_ADVANCE_MS
        self._types = {station.station: station.type for station in board.stations}
        self._plant: Any = None
        drivers = [metric.driver for station in board.stations for metric in station.metrics]
        if board.plant is not None and "simulated" in drivers:
            from firmware.plant.box import PlantBox

            plant = board.plant
            self._plant = PlantBox(
                plant.get("seed", 1),
                plant.get("speed", 1),
                plant.get("origin_ms", 0),
                plant.get("faults"),
                clock.now_ms(),
            )

    def faults(self, board: "Board") -> list[str]:
        """Drivers that do not exist."""
        found = []
        for station in board.stations:
            for metric in station.metrics:
                try:
                    self._module(metric.driver)
                except ImportError:
                    found.append(f"{station.station}.{metric.name}: no driver {metric.driver!r}")
        return found

    def _module(self, driver: str) -> "Any":
        return __import__(f"firmware.drivers.{driver}", None, None, ("open_channel",))

    def open(self, driver: str, args: "dict[str, Any]", station: str, metric: str) -> "Any":
        """As edge_agent.ports.OpenChannel."""
        if driver == "simulated":
            args = {"type": self._types[station]} | args
        channel = self._module(driver).open_channel(args, station, metric, self._plant)
        return Simulated(channel, self._advance) if driver == "simulated" else channel

    def _advance(self) -> None:
        mono_ms = self._clock.mono_ms()
        if mono_ms - self._moved_ms >= _ADVANCE_MS:
            self._moved_ms = mono_ms
            self._plant.advance(self._clock.now_ms())


async def _run(agent: Agent) -> None:
    if not _MICROPYTHON:
        import signal

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, agent.stop)
    await agent.run()


def main(arguments: list[str]) -> int:
    """Run the agent of a station.json; the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m firmware.boards.unix.main path/to/station.json\n")
        return 2
    path = arguments[0]
    try:
        board = load_board(path)
        clock = Clock()
        drivers = Drivers(board, clock)
        faults = drivers.faults(board)
        if faults:
            raise ContractError(faults)
    except ContractError as error:
        sys.stderr.write("\n".join(error.faults) + "\n")
        return 2
    except OSError as fault:
        sys.stderr.write(f"{path}: cannot be read ({fault})\n")
        return 2
    place = board.journal.path
    if not place.startswith("/"):
        place = f"{_folder_of(path)}/{place}"
    try:
        storage = FileStorage(place)
        serial = board.serial or _serial()
        hands = Hands(storage, clock, drivers.open, serial, say, _opener(board, path), Bare())
        agent = Agent(board, hands)
    except OSError as fault:
        sys.stderr.write(f"{place}: the journal cannot be opened ({fault})\n")
        return 1
    for station in board.stations:
        station.metrics.clear()  # memory: what a sensor needs is kept with it until it is open
    asyncio.run(_run(agent))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
