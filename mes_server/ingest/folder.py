"""Drives the fold and, when nothing waits, merging and trimming: small steps between two commits."""

from collections import deque
from collections.abc import Iterable

from mes_server.actions.fold_inbox import fold_inbox
from mes_server.actions.fold_turn import Folded
from mes_server.actions.folding import Folding
from mes_server.actions.merge_series import (
    merge_series,
    pack_journal_positions,
    trim_journal_positions,
)
from mes_server.actions.retry_quarantine import retry_quarantine
from mes_server.store.engine import reading
from mes_server.store.inbox import InboxMessage, is_late_lane, live_lane, load_waiting

# A shard's messages wait for company: what a turn costs depends on its series more than on its samples.
CALM_MS = 500
BUSY_MS = 1_000
CALM_MESSAGES = 500  # so many waiting are folded sooner
QUIET_MS = 100  # nothing came for so long: there is no company to wait for
STEP_COST = 400  # about 10 ms of work: what is being received does not wait longer
EVENT_COST = 15  # of a birth or death, in data messages of one shape
LATE_EVERY = 4  # steps
DEPTH_MAX = 100_000  # more may not wait: receiving pauses, and what is not stored the edges keep
MERGE_MS = 1_000
MERGE_CHUNKS = 32
RETRY_MS = 5_000
RETRY_MESSAGES = 100
PACK_MS = 10_000
PACK_ALL_MS = 300_000
TRIM_MS = 3_600_000


def _affordable(waiting: list[InboxMessage], room: int) -> tuple[list[InboxMessage], int]:
    """The first messages that fit into the room (at least one), and the room they leave."""
    count = 0
    for message in waiting:
        room -= 0 if "/DDATA/" in message.topic else EVENT_COST
        room -= 1 + (len(message.payload) >> 11)
        count += 1
        if room <= 0:
            break
    return waiting[:count], room


class Folder:
    """Knows what waits to be folded, and does the most urgent part of it.

    The messages are those of the inbox, kept at hand since they were committed.
    """

    def __init__(self, folding: Folding) -> None:
        self._folding = folding
        self._waiting: dict[int, list[InboxMessage]] = {}
        self._births: dict[int, deque[int]] = {}  # those that wait, by shard
        self._since_ms: dict[int, int] = {}  # when a shard was last folded
        self._retry_more = True
        self._retry_ms = self._merge_ms = self._pack_ms = self._pack_all_ms = self._trim_ms = 0
        self._next_id = 1
        self._came_ms = 0
        self._steps = 0
        self.depth = 0

    @property
    def _late_first(self) -> bool:
        return self._steps % LATE_EVERY == 0

    def load(self) -> None:
        """Read what waits in the inbox; raises StoreFault."""
        with reading(self._folding.engine) as conn:
            self._waiting = load_waiting(conn)
        self._births = {}
        for rows in self._waiting.values():
            for message in rows:
                self._note_birth(message)
        self.depth = sum(map(len, self._waiting.values()))
        self._next_id = max((rows[-1].id + 1 for rows in self._waiting.values()), default=1)

    def came(self, messages: Iterable[InboxMessage], tick_ms: int) -> None:
        """These messages were put into the inbox, after all that were before."""
        self._came_ms = tick_ms
        for message in messages:
            self._note_birth(message)
            waiting = self._waiting.get(message.shard)
            if waiting is None:
                self._waiting[message.shard] = [message]
            else:
                waiting.append(message)
            self.depth += 1
            self._next_id = message.id + 1

    def _note_birth(self, message: InboxMessage) -> None:
        if "BIRTH/" in message.topic:
            self._births.setdefault(message.shard, deque()).append(message.id)

    def _ripe(self, shard: int, many: int) -> list[InboxMessage]:
        """The first that wait. Back-fill after a birth that waits still is none: it would not be understood."""
        waiting = self._waiting[shard][:many]
        births = self._births.get(live_lane(shard)) if is_late_lane(shard) else None
        return [message for message in waiting if message.id < births[0]] if births else waiting

    def _due(self, tick_ms: int) -> list[int]:
        """The shards whose messages have waited long enough, or are many, the longest waiting first.

        Live ones come before back-fill, but for every so many steps: neither waits for ever.
        """
        wait_ms = CALM_MS if self.depth <= CALM_MESSAGES else BUSY_MS
        if tick_ms - self._came_ms >= QUIET_MS:
            wait_ms = 0
        due = []
        for shard, waiting in self._waiting.items():
            since_ms = self._since_ms.get(shard, 0)
            long = tick_ms - since_ms >= wait_ms or len(waiting) >= STEP_COST
            if long and self._ripe(shard, 1):
                due.append((is_late_lane(shard) != self._late_first, since_ms, shard))
        return [shard for *_, shard in sorted(due)]

    def is_due(self, tick_ms: int) -> bool:
        """Whether `step` would do something."""
        return bool(self._due(tick_ms))

    def step(self, tick_ms: int, now_ms: int) -> Folded | None:
        """Fold the shards that are due, about STEP_COST in all; None: there was nothing to do.

        `tick_ms`: of a clock that never jumps. Raises StoreFault (then `load` again) and LeaseLost.
        """
        self._steps += 1
        turn: dict[int, list[InboxMessage]] = {}
        room = STEP_COST
        for shard in self._due(tick_ms):
            if turn and len(self._waiting[shard]) > room:
                break
            turn[shard], room = _affordable(self._ripe(shard, STEP_COST), room)
            if room <= 0:
                break
        if not turn:
            return None
        before_id = min((rows[0].id for rows in self._waiting.values()), default=self._next_id)
        folded = fold_inbox(self._folding, turn, before_id, now_ms)
        for shard, count in folded.messages.items():
            self._done(shard, count, tick_ms)
        self._retry_more |= folded.retries
        return folded

    def _done(self, shard: int, count: int, tick_ms: int) -> None:
        self.depth -= count
        self._since_ms[shard] = tick_ms
        births = self._births.get(shard)
        while births and births[0] <= self._waiting[shard][count - 1].id:
            births.popleft()
        left = self._waiting[shard][count:]
        if left:
            self._waiting[shard] = left
        else:
            del self._waiting[shard]

    def tidy(self, tick_ms: int, now_ms: int) -> Folded | None:
        """Something less urgent, if it is due; what a retry did, else None.

        Raises StoreFault and LeaseLost.
        """
        engine = self._folding.engine
        if self._retry_more or tick_ms >= self._retry_ms:
            self._retry_ms = tick_ms + RETRY_MS
            folded = retry_quarantine(self._folding, RETRY_MESSAGES, now_ms)
            self._retry_more = folded.retries
            return folded
        if tick_ms >= self._merge_ms:
            more = merge_series(engine, now_ms, MERGE_CHUNKS) > 0
            self._merge_ms = tick_ms + (0 if more else MERGE_MS)
        elif tick_ms >= self._pack_all_ms:
            pack_journal_positions(engine, 1)
            self._pack_all_ms = tick_ms + PACK_ALL_MS
        elif tick_ms >= self._pack_ms:
            pack_journal_positions(engine)
            self._pack_ms = tick_ms + PACK_MS
        elif tick_ms >= self._trim_ms:
            trim_journal_positions(engine, now_ms)
            self._trim_ms = tick_ms + TRIM_MS
        return None
