"""Question and answer on a shared serial line: the silence before, one deadline for all of the answer.

An answer that comes too late must never be taken for that of the next question. The question stays
owed for `late_ms`; another one to the same device waits until it was answered or that time is over.
"""

from firmware.drivers.bus_device import Bus
from firmware.drivers.bus_fault import BusFault
from firmware.drivers.ticks import apart, later, sleep_us, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from firmware.drivers.serial_line import Line, SharedLine

    # find(what came, MORE | QUIET | OVER) → where the answer ends, and the answer; None while it may
    # still come. When the time is over, or the device refused, it raises BusFault.
    Find = Callable[[bytes, int], tuple[int, bytes] | None]

MORE, QUIET, OVER = 0, 1, 2
_QUIET_MS = 50  # no adapter holds back the rest of a frame for so long
_GAP_FAST_US = 1750  # above 19200 baud, as the specification of Modbus RTU recommends
_NOISY = 64
_TOO_MUCH = 1024  # bytes; the longest answer has 256
_NEVER_QUIET = "the line is never quiet: is there another master?"


class Turns:
    """One line; its devices take turns."""

    def __init__(self, line: "Line", late_ms: int = 600) -> None:
        self.line = line
        self.bus = Bus()
        self.late_ms = late_ms
        self.grace_ms = 0  # of that, what lies behind the time of an answer: sending goes on top
        fast = line.char_us < 500  # a character of ten or eleven bits at more than 19200 baud
        self.gap_us = _GAP_FAST_US if fast else line.char_us * 7 // 2
        # unit, question, until when its answer may come, how it looks
        self.owed: list[tuple[int, bytes, int, Find]] = []

    def ask(self, unit: int, question: bytes, find: "Find", timeout_ms: int) -> bytes:
        """The answer of a device. Raises BusFault, or OSError of the port."""
        self._wait_for_late(unit, question)
        self._be_quiet()
        asked = ticks_ms()
        self.line.write(question)
        late_ms = max(self.late_ms, timeout_ms + self.grace_ms)
        self.owed.append((unit, question, later(asked, late_ms), find))
        try:
            end, answer, came = self._listen(find, asked, timeout_ms)
        except BusFault as fault:
            if fault.kind in ("exception", "check"):
                self._settle(unit, question)
            raise
        self._settle(unit, question)
        self._take_late(came[end:])
        return answer

    def sent_ms(self, characters: int) -> int:
        """How long so many characters take."""
        return characters * self.line.char_us // 1000

    def _listen(self, find: "Find", asked: int, timeout_ms: int) -> "tuple[int, bytes, bytes]":
        """Where the answer ends in what came, the answer, all that came."""
        came = b""
        while (left := timeout_ms - apart(ticks_ms(), asked)) > 0:
            part = self.line.read(min(left, _QUIET_MS) if came else left)
            came += part
            if len(came) > _TOO_MUCH:
                raise BusFault("other", _NEVER_QUIET)
            if came:
                found = find(came, MORE if part else QUIET)
                if found is not None:
                    return (found[0], found[1], came)
        if came:
            find(came, OVER)
        raise BusFault("silence", "no answer")

    def _settle(self, unit: int, question: bytes) -> None:
        """The oldest of these questions is answered."""
        for owed in self.owed:
            if owed[:2] == (unit, question):
                self.owed.remove(owed)
                return

    def _take_late(self, came: bytes) -> bytes:
        """Settle the questions that are answered in what came late; what is left of it."""
        for owed in list(self.owed):
            try:
                found = owed[3](came, MORE)
            except BusFault:  # it refused, late
                found = (len(came), b"")
            if found is not None:
                self.owed.remove(owed)
                came = came[found[0] :]
        return came

    def _wait_for_late(self, unit: int, question: bytes) -> None:
        came = b""
        while len(came) < _TOO_MUCH:
            now = ticks_ms()
            self.owed = [owed for owed in self.owed if apart(owed[2], now) > 0]
            others = [owed[2] for owed in self.owed if owed[0] == unit and owed[1] != question]
            if not others:
                return
            came = self._take_late(came + self.line.read(apart(others[0], now)))

    def _be_quiet(self) -> None:
        """Throw away what still comes, and leave the line alone for three and a half characters."""
        quiet, came = False, b""
        for _ in range(_NOISY):
            part = self.line.read(0)
            came += part
            if part:
                quiet = False
            elif quiet:
                self._take_late(came)
                return
            else:
                sleep_us(self.gap_us)
                quiet = True
        raise BusFault("other", _NEVER_QUIET)


_turns: "dict[str, Turns]" = {}


def turns_on(line: "SharedLine", args: "dict[str, Any]") -> Turns:
    """The one Turns of a line; an answer may be as late as its slowest device allows."""
    timeout_ms: int = args.get("timeout_ms", 300)
    late_ms: int = args.get("late_ms", 2 * timeout_ms)
    if line.name not in _turns:
        _turns[line.name] = Turns(line, late_ms)
    turns = _turns[line.name]
    turns.late_ms = max(turns.late_ms, late_ms)
    turns.grace_ms = max(turns.grace_ms, late_ms - timeout_ms)
    return turns
