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

    # find(what came, MORE | QUIET | OVER) → the answer; None while it may still come. When the time
    # is over, or the device refused, it raises BusFault.
    Find = Callable[[bytes, int], bytes | None]

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
        self.owed.append((unit, question, later(asked, max(self.late_ms, timeout_ms)), find))
        try:
            answer = self._listen(find, asked, timeout_ms)
        except BusFault as fault:
            if fault.kind in ("exception", "check"):
                self._settle(unit, question)
            raise
        self._settle(unit, question)
        return answer

    def sent_ms(self, characters: int) -> int:
        """How long so many characters take."""
        return characters * self.line.char_us // 1000

    def _listen(self, find: "Find", asked: int, timeout_ms: int) -> bytes:
        came = b""
        while (left := timeout_ms - apart(ticks_ms(), asked)) > 0:
            part = self.line.read(min(left, _QUIET_MS) if came else left)
            came += part
            if len(came) > _TOO_MUCH:
                raise BusFault("other", _NEVER_QUIET)
            if came:
                answer = find(came, MORE if part else QUIET)
                if answer is not None:
                    return answer
        if came:
            find(came, OVER)
        raise BusFault("silence", "no answer")

    def _settle(self, unit: int, question: bytes) -> None:
        """The oldest of these questions is answered."""
        for owed in self.owed:
            if owed[:2] == (unit, question):
                self.owed.remove(owed)
                return

    def _wait_for_late(self, unit: int, question: bytes) -> None:
        now = ticks_ms()
        self.owed = [owed for owed in self.owed if apart(owed[2], now) > 0]
        others = [owed for owed in self.owed if owed[0] == unit and owed[1] != question]
        for owed in others:
            came = b""
            while (left := apart(owed[2], ticks_ms())) > 0 and len(came) < _TOO_MUCH:
                came += self.line.read(left)
                try:
                    if owed[3](came, MORE) is not None:
                        break
                except BusFault:
                    break  # it refused, late
            self.owed.remove(owed)

    def _be_quiet(self) -> None:
        """Throw away what still comes, and leave the line alone for three and a half characters."""
        quiet = False
        for _ in range(_NOISY):
            if self.line.read(0):
                quiet = False
            elif quiet:
                return
            else:
                sleep_us(self.gap_us)
                quiet = True
        raise BusFault("other", _NEVER_QUIET)


_turns: "dict[str, Turns]" = {}


def turns_on(line: "SharedLine", args: "dict[str, Any]") -> Turns:
    """The one Turns of a line; an answer may be as late as its slowest device allows."""
    late_ms = args.get("late_ms", 2 * args.get("timeout_ms", 300))
    if line.name not in _turns:
        _turns[line.name] = Turns(line, late_ms)
    turns = _turns[line.name]
    turns.late_ms = max(turns.late_ms, late_ms)
    return turns
