"""What the order of a node's messages tells: gaps in seq, old deaths, clones, when to ask for births.

Sparkplug 3.0 chapter 5 (operational-behavior-host-reordering-*). A gap loses nothing of our own edges,
whose journals resend; it may have lost a third-party edge's data or a birth.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

REBIRTH_EVERY_MS = 30_000
REBIRTH_JITTER_MS = 1_500
CLONE_WINDOW_MS = 600_000
NodeId = tuple[str, str]  # group, node

_NEAR = 128  # seq runs modulo 256: what is further ahead than this is behind


@dataclass(slots=True)
class SeqWatch:
    """The seq a node should send next; None: not known, whatever comes is taken."""

    expected: int | None = None
    early: set[int] = field(default_factory=set)
    gap_since_ms: int | None = None

    def born(self) -> None:
        """NBIRTH begins a new count with seq 0 (or, from strangers, whatever it carries)."""
        self.expected = None
        self.early.clear()
        self.gap_since_ms = None

    def see(self, seq: int | None, now_ms: int) -> None:
        """A message with this seq has arrived."""
        if seq is None:
            return
        seq %= 256  # some strangers count on
        if self.expected is None or seq == self.expected:
            self.expected = (seq + 1) % 256
            while self.expected in self.early:
                self.early.remove(self.expected)
                self.expected = (self.expected + 1) % 256
            if not self.early:
                self.gap_since_ms = None
        elif (seq - self.expected) % 256 < _NEAR:
            self.early.add(seq)
            if self.gap_since_ms is None:
                self.gap_since_ms = now_ms

    def gap_lasted(self, now_ms: int, reorder_ms: int) -> bool:
        """Whether a gap outlived the reorder timer; if so the count starts afresh."""
        if self.gap_since_ms is None or now_ms - self.gap_since_ms < reorder_ms:
            return False
        self.born()
        return True


def death_is_of(birth_bd_seq: int | None, death_bd_seq: int | None) -> bool:
    """Whether an NDEATH ends the session of the last birth, or is late and of an older one.

    Strangers leave bdSeq out, never count it, or send the next session's: all of these are believed.
    """
    if birth_bd_seq is None or death_bd_seq is None:
        return True
    return not 1 <= (birth_bd_seq - death_bd_seq) % 256 < _NEAR


@dataclass(slots=True)
class CloneWatch:
    """Recent identities of one node id: two boards that share it are born in turns."""

    births: list[tuple[int, Hashable]] = field(default_factory=list)

    def born(self, identity: Hashable, now_ms: int) -> bool:
        """Note a birth; whether an identity came back after another took its place."""
        self.births = [b for b in self.births if now_ms - b[0] < CLONE_WINDOW_MS][-16:]
        if self.births and self.births[-1][1] == identity:
            self.births[-1] = (now_ms, identity)
            return False
        returns = any(seen == identity for _, seen in self.births)
        self.births.append((now_ms, identity))
        return returns


@dataclass(slots=True)
class Rebirths:
    """Nodes to ask for their births: each at most once per REBIRTH_EVERY_MS, spread by `jitter_ms`."""

    jitter_ms: Callable[[], int]
    _asked_ms: dict[NodeId, int] = field(default_factory=dict)
    _due_ms: dict[NodeId, int] = field(default_factory=dict)

    def want(self, node: NodeId, now_ms: int) -> None:
        """A birth of this node is missing."""
        if node not in self._due_ms:
            free_ms = self._asked_ms.get(node, now_ms - REBIRTH_EVERY_MS) + REBIRTH_EVERY_MS
            self._due_ms[node] = max(now_ms, free_ms) + self.jitter_ms()

    def born(self, node: NodeId) -> None:
        """The node has just told everything: a request under way is not needed any more."""
        self._due_ms.pop(node, None)

    def take_due(self, now_ms: int) -> list[NodeId]:
        """The nodes to ask now."""
        due = [node for node, at_ms in self._due_ms.items() if at_ms <= now_ms]
        for node in due:
            del self._due_ms[node]
            self._asked_ms[node] = now_ms
        return due
