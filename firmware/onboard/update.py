"""Takes updates over the air: a part of the board's machine, with a task of its own, run().

An offer is fetched into the spare slot and checked, the boot record switched, a restart asked for. The
running slot, the journal and the station's file are not touched. Whatever goes wrong is told as
"refused: …", and the board goes on with what it has.
"""

import asyncio

from firmware.onboard.disk import Disk
from firmware.onboard.fetch import Fetch
from firmware.onboard.install import Install, Offer, Refused
from firmware.onboard.slots import Slots
from schemas.journal_metrics import (
    BOARD,
    IMAGE,
    UPDATE_BLOCK,
    UPDATE_OFFER,
    UPDATE_STATE,
    UPDATE_WANT,
    WENT_BACK,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PUBLIC = "release.pub"  # beside the slots: the 32 bytes of the key that releases are signed by
TRIAL_MS = 1_800_000  # a slot on trial of which the MES acknowledged nothing so long: a bad boot
_NO_SPACE = 28  # MicroPython's errno does not name it
QUIET_MS = 600_000  # so long a restart waits for the MES to have acknowledged what was recorded
RESERVE = 32_768  # bytes that stay free, where nobody needs more


class _Withdrawn(Exception):
    """Another release is offered now, or none."""


def _nothing() -> None:
    pass


def _went_back(counter: int) -> str:
    return f"{WENT_BACK} {counter}"


class Updater:
    """`restart` ends the agent in order and starts the board anew; `tell`, when set, wakes the session."""

    def __init__(
        self,
        slots: "Slots",
        public: bytes,
        mono_ms: "Callable[[], int]",
        restart: "Callable[[], None]",
        say: "Callable[[str], None]",
    ) -> None:
        self.slots = slots
        self.news = False
        self.tell: Callable[[], None] = _nothing
        self.reserve = RESERVE  # bytes of the file system that an update leaves to others
        self._public = public
        self._mono_ms = mono_ms
        self._restart = restart
        self._say = say
        self._here = slots.head(slots.running)
        self._image = f"{self._here.get('version', 'unknown')} {slots.running}"
        self._offered = ""
        self._settled = ""  # the offer that was taken or refused
        self._install: Install | None = None
        self._fetch: Fetch | None = None
        self._wake = asyncio.Event()
        self._saved = False
        self._want = ""
        self._state = "trying" if slots.trying else "idle"
        if slots.record.back and not slots.trying:
            self._state = f"refused: {_went_back(slots.record.back)}"

    # -- as a part of the machine -----------------------------------------------------------

    def facts(self) -> "list[tuple[str, str, str | int]]":
        return [
            (IMAGE, "string", self._image),
            (UPDATE_STATE, "string", self._state),
            (UPDATE_WANT, "string", self._want),
            (BOARD, "string", str(self._here.get("board", ""))),
        ]

    def heard(self, name: str, value: object) -> bool:
        if name == UPDATE_OFFER and isinstance(value, str):
            self._offered = value
        elif name == UPDATE_BLOCK and isinstance(value, (bytes, bytearray)):
            fetch = self._fetch
            if fetch is None or not fetch.take(bytes(value)):
                return True
            if not fetch.complete and fetch.fault is None:
                self._ask(fetch)
        else:
            return False
        self._wake.set()
        return True

    def saved(self) -> None:
        self._saved = True
        try:
            self.slots.good()
        except OSError as fault:  # the next acknowledgement tries again
            self._say(f"update: the boot record cannot be written ({fault})")
        self._wake.set()

    # -- its task ---------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever."""
        await self._stand_trial()
        while True:
            if self._offered != self._settled:
                await self._consider(self._offered)
            else:
                await self._pause(TRIAL_MS)

    async def _stand_trial(self) -> None:
        """Until the MES acknowledged a record of this boot."""
        if not self.slots.trying:
            return
        end = self._mono_ms() + TRIAL_MS
        while self.slots.trying:
            if self._mono_ms() >= end:
                self._say("update: the MES acknowledged nothing of this release; restart")
                self._restart()
                end += TRIAL_MS
            await self._pause(end - self._mono_ms())
        self._show("idle", "")

    async def _pause(self, ms: int) -> None:
        """Until something happened, or so long."""
        try:
            await asyncio.wait_for(self._wake.wait(), max(ms, 1) / 1000)
        except asyncio.TimeoutError:
            return
        self._wake.clear()

    async def _consider(self, offered: str) -> None:
        self._settled = offered
        state = "idle"
        try:
            if offered and await self._take(Offer(offered)):
                state = "ready"
        except _Withdrawn:
            self._settled = ""
        except OSError as fault:
            full = fault.errno == _NO_SPACE
            state = "refused: the disk is full" if full else f"refused: the disk says {fault}"
        except MemoryError:
            state = "refused: the memory is full"
        except ValueError as no:  # Refused, ManifestError
            state = f"refused: {no}"
        self._fetch = self._install = None
        self._show(state, "")
        if state == "ready":
            await self._restart_when_quiet()

    async def _take(self, offer: Offer) -> bool:
        """Whether there is something to restart for."""
        here, installed = self._here, self.slots.counter()
        if here.get("counter") == offer.counter and here.get("version") == offer.version:
            return False
        if offer.counter == self.slots.record.back:
            raise Refused(_went_back(offer.counter))
        if offer.counter <= installed:
            raise Refused(f"counter {offer.counter} is not above {installed}")
        self._install = Install(self.slots, offer, self._public, self._get, self.reserve)
        await self._install.run()
        self.slots.switch(offer.counter)
        return True

    async def _restart_when_quiet(self) -> None:
        self._saved = False
        end = self._mono_ms() + QUIET_MS
        while not self._saved and self._mono_ms() < end:
            await self._pause(end - self._mono_ms())
        self._restart()

    async def _get(self, path: str, size: int, part: str) -> bytes:
        """A file of the release that is offered: its SHA-256 when it is there."""
        version = self._settled.split(" ")[0]
        self._fetch = fetch = Fetch(self.slots.disk, version, (path, size), part)
        fetch.resume()
        asked = self._mono_ms()
        missing = fetch.missing
        if not fetch.complete:
            self._ask(fetch)
        while not fetch.complete:
            await self._pause(asked + fetch.patience_ms() - self._mono_ms())
            if self._offered != self._settled:
                raise _Withdrawn
            if fetch.fault is not None:
                raise fetch.fault
            if fetch.missing < missing:
                missing, asked = fetch.missing, self._mono_ms()
            elif self._mono_ms() - asked >= fetch.patience_ms():
                fetch.was_silent()
                self._ask(fetch)
                asked = self._mono_ms()
        return fetch.digest()

    def _ask(self, fetch: Fetch) -> None:
        install = self._install
        share = 0
        if install is not None and install.total:
            share = (install.done + fetch.there) * 100 // install.total
        self._show(f"fetching {min(share, 100)}", fetch.ask())

    def _show(self, state: str, want: str) -> None:
        if state.split(" ")[0] != self._state.split(" ")[0]:
            self._say(f"update: {state}")
        if (state, want) != (self._state, self._want):
            self._state, self._want = state, want
            self.news = True
            self.tell()


def updater_of(
    folder: str,
    mono_ms: "Callable[[], int]",
    restart: "Callable[[], None]",
    say: "Callable[[str], None]",
) -> "Updater | None":
    """The updater of a board that the workshop gave slots and the public release key; None: it has none."""
    disk = Disk(folder)
    try:
        public = disk.read(PUBLIC)
    except OSError:
        return None
    return Updater(Slots(disk), public, mono_ms, restart, say)
