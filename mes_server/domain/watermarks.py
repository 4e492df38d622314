"""How far the records of one journal (node, epoch) are stored without a gap."""

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Gap:
    """Records `first` … `last` that the edge no longer has; `count` of them were never stored."""

    first: int
    last: int
    count: int


@dataclass(slots=True)
class Watermark:
    """`seq`: every record 1 … seq is stored or stated lost. `ahead`: the ranges stored beyond it.

    Ranges are (first, last), in order, neither overlapping nor touching: an edge that fills in a
    day's backlog while it goes on measuring has two or three of them.
    """

    seq: int = 0
    ahead: list[tuple[int, int]] = field(default_factory=list)

    def has(self, seq: int) -> bool:
        """Whether the record is stored already (or stated lost)."""
        if seq <= self.seq:
            return True
        at = bisect_right(self.ahead, (seq, seq)) - 1
        near = self.ahead[max(at, 0) : at + 2]
        return any(first <= seq <= last for first, last in near)

    def add(self, seq: int) -> None:
        """A record that was not stored yet is now."""
        if seq == self.seq + 1:
            self.seq = seq
            self._close()
            return
        at = bisect_right(self.ahead, (seq, seq))
        first = last = seq
        if at < len(self.ahead) and self.ahead[at][0] == seq + 1:
            last = self.ahead.pop(at)[1]
        if at and self.ahead[at - 1][1] == seq - 1:
            first = self.ahead.pop(at - 1)[0]
            at -= 1
        self.ahead.insert(at, (first, last))

    def skip_to(self, first: int) -> Gap | None:
        """The edge holds nothing before `first`: give up what is missing; the Gap, if there is one."""
        if first <= self.seq + 1:
            return None
        start = self.seq + 1
        present = sum(min(b, first - 1) - a + 1 for a, b in self.ahead if a < first)
        gap = Gap(start, first - 1, first - start - present)
        self.ahead = [(max(a, first), b) for a, b in self.ahead if b >= first]
        self.seq = first - 1
        self._close()
        return gap if gap.count else None

    def _close(self) -> None:
        while self.ahead and self.ahead[0][0] == self.seq + 1:
            self.seq = self.ahead.pop(0)[1]

    def ahead_text(self) -> str:
        """The ranges as a store keeps them."""
        return ",".join(f"{first}-{last}" for first, last in self.ahead)


def restored(seq: int, ahead: str) -> Watermark:
    """The Watermark a store remembers."""
    ranges = [part.partition("-") for part in ahead.split(",") if part]
    return Watermark(seq, [(int(first), int(last)) for first, _, last in ranges])
