"""How far the records of one journal (node, epoch) are stored without a gap."""

from bisect import bisect_right
from dataclasses import dataclass, field

RANGES_MAX = 2_000  # of one journal; a real one has a few: more are the work of no edge
CONFIRM_MS = 25_000  # an edge tells its First every 10 s: a false one is contradicted before that
_END = 1 << 33


@dataclass(frozen=True, slots=True)
class Gap:
    """Records `first` … `last` that the edge no longer has; `count` of them were never stored."""

    first: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An edge said that it holds nothing before `first`, of which records are missing here."""

    first: int
    since_ms: int


@dataclass(slots=True)
class Watermark:
    """`stored`: ranges (first, last) of what is stored, in order, neither overlapping nor touching.

    `floor`: the edge has nothing before it. `stated`: all that is missing before it was stated as lost
    once; it may still come. A record counts as stored only when it is.
    """

    stored: list[tuple[int, int]] = field(default_factory=list)
    floor: int = 1
    stated: int = 1

    def _at(self, seq: int) -> int:
        """The index of the last range that begins at or before `seq`, or -1."""
        return bisect_right(self.stored, (seq, _END)) - 1

    @property
    def seq(self) -> int:
        """Every record up to here is stored, or gone at the edge: what may be acknowledged."""
        at = self._at(self.floor)
        return max(self.stored[at][1] if at >= 0 else 0, self.floor - 1)

    def has(self, seq: int) -> bool:
        """Whether the record is stored already."""
        at = self._at(seq)
        return at >= 0 and seq <= self.stored[at][1]

    def has_room(self, seq: int) -> bool:
        """Whether a record that is not stored yet may be: with too many gaps only one beside another.

        The next one always may, or the journal would never go on.
        """
        if len(self.stored) < RANGES_MAX or seq == self.seq + 1:
            return True
        return self.has(seq - 1) or self.has(seq + 1)

    def add(self, seq: int) -> None:
        """A record that was not stored yet is now."""
        at = self._at(seq)
        first = last = seq
        if at + 1 < len(self.stored) and self.stored[at + 1][0] == seq + 1:
            last = self.stored.pop(at + 1)[1]
        if at >= 0 and self.stored[at][1] == seq - 1:
            self.stored[at] = (self.stored[at][0], last)
        else:
            self.stored.insert(at + 1, (first, last))

    def tell(self, first: int, claim: Claim | None, now_ms: int) -> tuple[Claim | None, Gap | None]:
        """The edge says that it holds nothing before `first`: what it claims from now on, and a loss.

        Nothing is given up for one word, which may be forged or a mistake: it must be said again
        CONFIRM_MS later, and nothing less in between. A lower word than was believed is believed at
        once: then the records are there after all, and the watermark goes back to them.
        """
        if first < self.floor:
            self.floor = first
        if first <= self.seq + 1:
            return None, None
        if claim is None or first < claim.first:
            return Claim(first, now_ms), None
        if now_ms - claim.since_ms < CONFIRM_MS:
            return claim, None
        return None, self._give_up(claim.first)

    def _give_up(self, first: int) -> Gap | None:
        """Go on from `first`; what is missing before it and was not stated lost yet."""
        start = max(self.seq + 1, self.stated)
        present = sum(max(min(b, first - 1) - max(a, start) + 1, 0) for a, b in self.stored)
        self.floor = first
        count = max(first - start, 0) - present
        self.stated = max(self.stated, first)
        return Gap(start, first - 1, count) if count > 0 else None

    def ranges_text(self) -> str:
        """The ranges as a store keeps them."""
        return ",".join(f"{first}-{last}" for first, last in self.stored)


def restored(ranges: str, floor: int, stated: int) -> Watermark:
    """The Watermark a store remembers."""
    parts = [part.partition("-") for part in ranges.split(",") if part]
    return Watermark([(int(first), int(last)) for first, _, last in parts], floor, stated)
