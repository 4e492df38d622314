"""Feeds the hardware's watchdog while every part of the agent makes progress, and not otherwise.

Progress is: a sampler went round its sensors, whatever they answered; the keeper made the journal
durable; the session sent, or waited for something it knows the end of. A session without a network tries
again and again, and that is progress: a station that journals offline is healthy. What stands still, loops
in itself, or crashes each time it is restarted makes none.
"""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from schemas.board_config import Board

    class Dog(Protocol):
        """machine.WDT, or what stands for it."""

        def feed(self) -> None: ...


FEED_S = 1.0
SAMPLER_MS = 180_000  # it goes round at least once a minute
KEEPER_MS = (
    300_000  # it syncs every sync_ms; a flash that has been refusing for so long needs a boot
)
DOUBT_MS = 120_000  # so long after a crash nothing counts: it is restarted within a minute, and may crash again
SESSION_MS = 300_000  # its longest wait is a minute, each step of a connection has its own deadline


class Watchdog:
    """Give it to BoardMachine as a part, expect() each part of the agent, and keep run() running."""

    def __init__(
        self,
        dog: "Dog",
        mono_ms: "Callable[[], int]",
        say: "Callable[[str], None]",
        starved: "Callable[[], None] | None" = None,
    ) -> None:
        """`starved` is called when the dog is not fed any more."""
        self._dog = dog
        self._mono_ms = mono_ms
        self._say = say
        self._starved = starved
        self._within: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._doubted: dict[str, int] = {}  # until when, by part
        self._stuck = ""

    def expect(self, part: str, within_ms: int) -> None:
        """This part must report progress at least so often, from now on."""
        self._within[part] = within_ms
        self._last[part] = self._mono_ms()

    def expect_agent(self, board: "Board") -> None:
        """The parts of edge_agent.agent.Agent, by the names they report under."""
        for station in board.stations:
            self.expect(f"sampler of {station.station}", SAMPLER_MS)
        self.expect("keeper", max(KEEPER_MS, 10 * board.journal.sync_ms))
        self.expect("session", SESSION_MS)

    def progress(self, part: str) -> None:
        """As edge_agent.ports.Machine."""
        now = self._mono_ms()
        if now >= self._doubted.get(part, 0):
            self._last[part] = now

    def faulted(self, part: str) -> None:
        """As edge_agent.ports.Machine."""
        self._doubted[part] = self._mono_ms() + DOUBT_MS

    def late(self) -> "list[str]":
        """Parts that have not reported within their deadline."""
        now = self._mono_ms()
        return [part for part, ms in self._within.items() if now - self._last[part] > ms]

    def feed(self) -> bool:
        """Feed the dog if nothing is late; whether it was fed."""
        late = self.late()
        if not late:
            self._dog.feed()
            return True
        stuck = ", ".join(late)
        if stuck != self._stuck:
            self._stuck = stuck
            self._say(f"watchdog: no progress of {stuck}; it is not fed any more")
            if self._starved is not None:
                self._starved()
        return False

    async def run(self) -> None:
        """Feed for ever; a loop that is held up does not get here either."""
        while True:
            self.feed()
            await asyncio.sleep(FEED_S)
