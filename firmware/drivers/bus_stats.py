"""What the instruments of this board answered since it started: asked, failed by kind, the last fault."""

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
        return sum(self.failed.values())


_tallies: "dict[str, Tally]" = {}


def tally_of(at: str) -> Tally:
    """The one of an instrument, which may be opened more than once."""
    if at not in _tallies:
        _tallies[at] = Tally(at)
    return _tallies[at]


def buses() -> "list[dict[str, Any]]":
    """One entry for each instrument that was opened."""
    told = sorted(_tallies.values(), key=lambda tally: (-tally.failures(), tally.at))
    return [
        {"at": t.at, "asked": t.asked, "failed": t.failures(), "kinds": t.failed, "last": t.last}
        for t in told[:ENTRIES_MAX]
    ]
