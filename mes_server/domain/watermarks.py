"""How far the records of one journal (node, epoch) are stored without a gap."""

from collections.abc import Iterable
from dataclasses import dataclass, field

SEQ_MAX = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Gap:
    """Records `first` … `last` that the edge no longer has; `count` of them were never stored."""

    first: int
    last: int
    count: int


@dataclass(slots=True)
class Watermark:
    """`seq`: every record 1 … seq is stored or stated lost. `ahead`: records stored beyond it."""

    seq: int = 0
    ahead: set[int] = field(default_factory=set)

    def has(self, seq: int) -> bool:
        """Whether the record is stored already (or stated lost)."""
        return seq <= self.seq or seq in self.ahead

    def add(self, seq: int) -> None:
        """A record that was not stored yet is now."""
        if seq == self.seq + 1 and not self.ahead:
            self.seq = seq
            return
        self.ahead.add(seq)
        self._close()

    def skip_to(self, first: int) -> Gap | None:
        """The edge holds nothing before `first`: give up what is missing; the Gap, if there is one."""
        if first <= self.seq + 1:
            return None
        start = self.seq + 1
        present = [seq for seq in self.ahead if seq < first]
        gap = Gap(start, first - 1, first - start - len(present))
        self.ahead.difference_update(present)
        self.seq = first - 1
        self._close()
        return gap if gap.count else None

    def _close(self) -> None:
        while self.seq + 1 in self.ahead:
            self.seq += 1
            self.ahead.remove(self.seq)


def restored(seq: int, ahead: Iterable[int]) -> Watermark:
    """The Watermark a store remembers."""
    return Watermark(seq, set(ahead))
