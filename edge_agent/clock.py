"""The node's time: Unix ms UTC, and whether it may be trusted. Nobody else asks for the time.

Order comes from the journal's numbers, never from here; a time that is not known is never invented
here, and never 1970.
"""

import time

from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FLOOR_MS = 1_767_225_600_000  # 2026-01-01: a clock that says less was never set
CEILING_MS = 4_102_444_800_000  # 2100-01-01: nor one that says more
STEP_MS = 2000  # a larger jump is stated
_PERIOD = 1 << 62


def _may_be(unix_ms: int) -> bool:
    return FLOOR_MS <= unix_ms < CEILING_MS


def _system() -> "tuple[Callable[[], int], Callable[[], int], int]":
    """How this interpreter tells Unix ms, ticks in ms, and after how many the ticks begin anew."""
    epoch = 0 if time.gmtime(0)[0] == 1970 else 946_684_800_000  # ESP32 counts from 2000
    ticks = getattr(time, "ticks_ms", None)
    period = _PERIOD
    if ticks is None:
        monotonic_ns = time.monotonic_ns

        def ticks() -> int:
            return monotonic_ns() // 1_000_000

    else:
        period = time.ticks_add(0, -1) + 1  # type: ignore[attr-defined]
    return (lambda: time.time_ns() // 1_000_000 + epoch), ticks, period


class Clock:
    """Time of day and time since boot. The functions handed in serve boards and tests."""

    def __init__(
        self,
        unix_ms: "Callable[[], int] | None" = None,
        ticks_ms: "Callable[[], int] | None" = None,
        period: int = _PERIOD,
        trust: "Callable[[], int] | None" = None,
    ) -> None:
        """`trust` says where a set system clock has its time from: CLOCK_RTC or CLOCK_NETWORK."""
        own = _system()
        self._unix_ms = unix_ms or own[0]
        self._ticks_ms = ticks_ms or own[1]
        self._mask = (period if ticks_ms else own[2]) - 1
        self._trust = trust
        self._ticks = self._ticks_ms()
        self._mono = 0
        # Unix ms at boot, and whose word that is: the MES's, or the system clock's while it was set.
        self._beginning = 0
        self._source = CLOCK_UNSET
        self._offset = 0
        self.watch()
        self.stepped_ms = 0  # the last jump

    def mono_ms(self) -> int:
        """Milliseconds since boot; never jumps. To be called at least once per period of ticks."""
        ticks = self._ticks_ms()
        self._mono += (ticks - self._ticks) & self._mask
        self._ticks = ticks
        return self._mono

    def now_ms(self) -> int:
        """Unix ms UTC; 0 while the time is not known."""
        now = self._unix_ms()
        if _may_be(now):
            return now
        return self._beginning + self.mono_ms() if self._beginning else 0

    @property
    def state(self) -> int:
        """CLOCK_UNSET, CLOCK_RTC or CLOCK_NETWORK."""
        if _may_be(self._unix_ms()):
            return self._trust() if self._trust else CLOCK_NETWORK
        return self._source

    def offer(self, unix_ms: int) -> bool:
        """Take the time of the MES while the board knows none; whether it was taken."""
        if self.state != CLOCK_UNSET or not _may_be(unix_ms):
            return False
        self._beginning = unix_ms - self.mono_ms()
        self._source = CLOCK_NETWORK
        return True

    def offset_ms(self) -> int:
        """Unix ms of this boot's moment zero; 0 while the time is not known."""
        now = self.now_ms()
        return now - self.mono_ms() if now else 0

    def watch(self) -> int:
        """How far the time jumped since the last call: 0 unless more than STEP_MS.

        A system clock that is lost later, and says 1970, goes on from what it says now.
        """
        offset = self.offset_ms()
        before = self._offset
        self._offset = self._beginning = offset
        self._source = self.state
        if not before or not offset or abs(offset - before) <= STEP_MS:
            return 0
        self.stepped_ms = offset - before
        return self.stepped_ms
