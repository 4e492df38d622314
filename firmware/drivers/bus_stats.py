"""What the instruments of this board answered since it started: asked, failed by kind, the last fault."""

from firmware.drivers.bus_fault import as_fault, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENTRIES_MAX = 16  # as many as are told; the worst go first
_WORDS_MAX = 60


class Tally:
    """The statistics of one instrument."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.asked = 0
        self.failed: dict[str, int] = {}
        self.last = ""

    def fault(self, kind: str, words: str) -> None:
        self.failed[kind] = self.failed.get(kind, 0) + 1
        self.last = words[:_WORDS_MAX]

    def failures(self) -> int:
        """Questions without an answer. One answer may hold several values that are none: they are told apart."""
        return sum([self.failed[kind] for kind in self.failed if kind != "value"])


class Counted:
    """A channel that is read without a bus: how often it was, and why it failed."""

    def __init__(self, channel: "Any", at: str) -> None:
        self.channel = channel
        self.tally = tally_of(at)

    def read(self) -> "float | int | bool | str":
        self.tally.asked += 1
        try:
            value: float | int | bool | str = self.channel.read()
        except OSError as fault:
            self.tally.fault("sensor", words_of(fault))
            raise as_fault("sensor", fault) from None
        return value


_tallies: "dict[str, Tally]" = {}


def tally_of(at: str) -> Tally:
    """The one of an instrument, which may be opened more than once."""
    if at not in _tallies:
        _tallies[at] = Tally(at)
    return _tallies[at]


def not_opened(at: str, words: str) -> None:
    """A channel could not be opened: its args are wrong, or the hardware is not there yet."""
    tally = tally_of(at)
    tally.asked += 1
    tally.fault("opening", words)


def opened(at: str) -> None:
    """It is open: what it is on tells the rest."""
    _tallies.pop(at, None)


def buses() -> "list[dict[str, Any]]":
    """One entry for each instrument that was opened."""
    told = sorted(_tallies.values(), key=lambda tally: (-sum(tally.failed.values()), tally.at))
    return [
        {"at": t.at, "asked": t.asked, "failed": t.failures(), "kinds": t.failed, "last": t.last}
        for t in told[:ENTRIES_MAX]
    ]
