"""What the boards with a microcontroller share as `hardware` (firmware/onboard/running.py): chip, journal, time.

A board says `partition`, its own place for a journal, as (block device, unit) or None; and `connect`,
which gives its network.
"""

import os
import sys

from edge_agent.clock import Clock
from firmware.onboard import chip
from firmware.onboard.drivers import Drivers
from firmware.onboard.identity import own_serial
from firmware.onboard.ntp import Ntp
from firmware.onboard.station import beside
from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_RTC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge_agent.agent import Agent
    from edge_agent.ports import Storage
    from firmware.onboard.flash import Device
    from firmware.onboard.running import Chore, Network
    from firmware.onboard.watchdog import Dog
    from schemas.board_config import Board

    Partition = Callable[[], "tuple[Device, int] | None"]
    Connect = Callable[[str, Callable[[str], None]], Network]

_SEGMENTS_MIN = 6  # fewer make the ring too coarse: two are reserve
_BLOCK = 4096
_FREE_BYTES = 65_536  # of a file system that the journal leaves to others, and updates to them


def with_bytes(board: "Board", most: int) -> "Board":
    """The board with a journal no larger than that."""
    place = board.journal
    if place.bytes <= most:
        return board
    segments = max(most // place.segment_bytes, 1)
    smaller = type(place)(
        place.path, segments * place.segment_bytes, place.segment_bytes, place.sync_ms
    )
    fields: list[Any] = [smaller if field is place else field for field in board]
    return type(board)(*fields)


class BoardChip:
    """Implements firmware.onboard.running.Hardware."""

    def __init__(self, partition: "Partition", connect: "Connect") -> None:
        self._partition = partition
        self._connect = connect
        self.reserve = _FREE_BYTES
        self._ntp: Ntp | None = None
        self._network: Network | None = None

    def say(self, text: str) -> None:
        sys.stdout.write(text + "\n")

    def identity(self) -> str:
        return own_serial()

    def reason(self) -> str:
        return chip.reason()

    def dog(self) -> "Dog":
        dog: Dog = chip.dog()
        return dog

    def clock(self) -> Clock:
        return Clock(trust=self._trust)

    def _trust(self) -> int:
        return CLOCK_NETWORK if self._ntp is not None and self._ntp.known else CLOCK_RTC

    def drivers(self, board: "Board", clock: Clock) -> Drivers:
        return Drivers()

    def network(self, path: str) -> "Network":
        self._network = self._connect(path, self.say)
        return self._network

    def storage(self, board: "Board", path: str) -> "tuple[Storage, Board]":
        place = self._partition()
        found: Any
        if place is not None:
            from firmware.onboard.ringlog import RingLog

            found = RingLog(*place)
            return found, self._fitted(board, found.capacity(board.journal.segment_bytes))
        from firmware.onboard.storage import FileStorage

        self.say("journal: there is no partition of its own; it lies in the file system")
        self.reserve = _FREE_BYTES + _SEGMENTS_MIN * board.journal.segment_bytes
        found = FileStorage(beside(path, board.journal.path))
        status = os.statvfs(beside(path, board.journal.path))
        held = sum([found.size(name) for name in found.names()])
        most = status[0] * status[3] + held - _FREE_BYTES
        if held:  # it began here: a file system that filled up since must not end the board
            most = max(most, _SEGMENTS_MIN * board.journal.segment_bytes)
        return found, self._fitted(board, most)

    def _fitted(self, board: "Board", most: int) -> "Board":
        segment = board.journal.segment_bytes
        if most < _SEGMENTS_MIN * segment:
            words = (
                f"segments of {segment} are too large for the {most} bytes of the journal's place"
            )
            less = most // (2 * _SEGMENTS_MIN) // _BLOCK * _BLOCK
            raise OSError(22, f'{words}: write "segment_bytes": {max(less, _BLOCK)}')
        fitted = with_bytes(board, most)
        if fitted is not board:
            said = f"{board.journal.bytes} bytes do not fit, it has {fitted.journal.bytes}"
            self.say(f"journal: {said}")
        return fitted

    def _up(self) -> bool:
        return self._network is not None and self._network.up()

    def chores(self, board: "Board") -> "list[Chore]":
        self._ntp = Ntp([board.broker[0]], chip.set_clock, self.say, self._up)
        return [self._ntp.run]

    def starved(self) -> None:
        pass  # the chip bites by itself

    def begun(self, agent: "Agent") -> None:
        pass


def start(partition: "Partition", connect: "Connect", arguments: "list[str]") -> int:
    """Run the board of a station.json; the exit code, for whoever starts it anew."""
    from edge_agent.memory import keep_compact
    from firmware.onboard.station import loaded

    keep_compact()
    path = arguments[0] if arguments else "/station.json"
    board, faults = loaded(path, lean=True)
    if board is None:
        sys.stdout.write("\n".join(faults) + "\n")
        return 2
    from firmware.onboard.running import run

    return run(BoardChip(partition, connect), board, path)
