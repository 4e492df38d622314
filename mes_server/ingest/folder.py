"""Drives the fold and, when nothing waits, merging and trimming: small steps between two commits."""

from collections import Counter

from mes_server.actions.fold_inbox import fold_inbox
from mes_server.actions.fold_turn import Folded
from mes_server.actions.folding import Folding
from mes_server.actions.merge_series import merge_series, trim_journal_positions
from mes_server.actions.retry_quarantine import retry_quarantine
from mes_server.store.engine import reading
from mes_server.store.inbox import SHARDS, count_messages

EVERY_MS = 400  # a shard's messages wait so long for company: larger turns make larger blocks
STEP_MESSAGES = 400  # about 10 ms of work: what is being received does not wait longer
MERGE_MS = 1_000
MERGE_CHUNKS = 32
RETRY_MS = 5_000
RETRY_MESSAGES = 100
TRIM_MS = 600_000


class Folder:
    """Knows what waits to be folded, and does the most urgent part of it."""

    def __init__(self, folding: Folding) -> None:
        self._folding = folding
        self._waiting: Counter[int] = Counter()
        self._due_ms = [0] * SHARDS
        self._merge_ms = 0
        self._retry_ms = 0
        self._trim_ms = 0
        self._retry_more = True

    def load(self) -> None:
        """Count what an earlier process left; raises StoreFault."""
        with reading(self._folding.engine) as conn:
            self._waiting = Counter(count_messages(conn))

    @property
    def depth(self) -> int:
        """How many messages wait."""
        return self._waiting.total()

    def came(self, shards: Counter[int]) -> None:
        """Messages were put into the inbox."""
        self._waiting += shards

    def next_ms(self) -> int | None:
        """When there will be something to fold, None: when something comes."""
        return min((self._due_ms[shard] for shard in self._waiting), default=None)

    def step(self, tick_ms: int, now_ms: int) -> Folded | None:
        """Fold the shards that are due, about STEP_MESSAGES in all; None: there was nothing to do.

        `tick_ms`: of a clock that never jumps. Raises StoreFault (nothing happened) and LeaseLost.
        """
        due = sorted((self._due_ms[s], s) for s in self._waiting if self._due_ms[s] <= tick_ms)
        shards: list[int] = []
        room = STEP_MESSAGES
        for _, shard in due:
            if shards and self._waiting[shard] > room:
                break
            shards.append(shard)
            room -= self._waiting[shard]
        if not shards:
            return None
        folded = fold_inbox(self._folding, shards, STEP_MESSAGES, now_ms)
        self._waiting -= folded.messages
        for shard in shards:
            self._due_ms[shard] = tick_ms + (0 if self._waiting[shard] else EVERY_MS)
        self._retry_more |= folded.retries
        return folded

    def tidy(self, tick_ms: int, now_ms: int) -> Folded | None:
        """Something less urgent, if it is due; what a retry did, else None.

        Raises StoreFault and LeaseLost.
        """
        if self._retry_more or tick_ms >= self._retry_ms:
            self._retry_ms = tick_ms + RETRY_MS
            folded = retry_quarantine(self._folding, RETRY_MESSAGES, now_ms)
            self._retry_more = folded.retries
            return folded
        engine = self._folding.engine
        if tick_ms >= self._merge_ms:
            more = merge_series(engine, now_ms, MERGE_CHUNKS) >= MERGE_CHUNKS
            self._merge_ms = tick_ms + (0 if more else MERGE_MS)
        elif tick_ms >= self._trim_ms and not trim_journal_positions(engine, now_ms):
            self._trim_ms = tick_ms + TRIM_MS
        return None
