"""The receiving side of a test: a store, its intake and its fold, without a broker."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from mes_server.actions.fold_inbox import fold_inbox
from mes_server.actions.fold_turn import Folded
from mes_server.actions.folding import Folding
from mes_server.actions.hold_lease import hold_lease
from mes_server.actions.receive_messages import Intake, Receipt, receive_messages
from mes_server.actions.retry_quarantine import retry_quarantine
from mes_server.domain.messages import Message
from mes_server.store.engine import reading
from mes_server.store.inbox import load_waiting
from mes_server.store.quarantine import Quarantined, list_quarantine
from mes_server.store.series import series_key
from mes_server.store.telemetry import iter_samples
from schemas.samples import Sample
from schemas.station_types import StationType, load_station_types
from tests.mes_server.edge import NOW_MS

TYPES: dict[str, StationType] = load_station_types()
ALWAYS = (0, 1 << 50)


@dataclass
class Mes:
    """`now_ms` is the server's clock."""

    engine: Engine
    holder: str = "test"
    now_ms: int = NOW_MS
    intake: Intake = field(init=False)
    folding: Folding = field(init=False)

    def __post_init__(self) -> None:
        self.restart()
        assert hold_lease(self.engine, self.holder, self.now_ms) == self.holder

    def restart(self) -> None:
        """Forget everything that is not in the store."""
        self.intake = Intake(self.engine, self.holder)
        self.folding = Folding(self.engine, self.holder, TYPES)

    def receive(self, *messages: Message) -> Receipt:
        """One batch."""
        return receive_messages(self.intake, messages, self.now_ms)

    def fold(self, limit: int = 1000) -> Folded:
        """Fold everything that waits, so many messages of a shard in a turn."""
        whole = Folded()
        while True:
            with reading(self.engine) as conn:
                waiting = load_waiting(conn)
            first = min((rows[0].id for rows in waiting.values()), default=1 << 60)
            turn = {shard: rows[:limit] for shard, rows in waiting.items()}
            whole.add(fold_inbox(self.folding, turn, first, self.now_ms))
            if not waiting:
                return whole

    def take(self, *messages: Message) -> tuple[Receipt, Folded]:
        """Receive a batch and fold it."""
        return self.receive(*messages), self.fold()

    def retry(self) -> Folded:
        """Try again what is marked for it."""
        return retry_quarantine(self.folding, 100, self.now_ms)

    def samples(self, metric: str, station: str = "sinter-1") -> list[Sample]:
        """All samples of a series."""
        with reading(self.engine) as conn:
            found = series_key(conn, station, metric)
            return [] if found is None else list(iter_samples(conn, found[0], *ALWAYS))

    def values(self, metric: str, station: str = "sinter-1") -> list[Any]:
        """Their values, by time."""
        return [sample.value for sample in self.samples(metric, station)]

    def quarantined(self) -> list[Quarantined]:
        """What waits in quarantine, the oldest first."""
        with reading(self.engine) as conn:
            return list_quarantine(conn)[::-1]

    def reasons(self) -> list[str]:
        """Why it waits there."""
        return [kept.reason for kept in self.quarantined()]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query answers."""
        with reading(self.engine) as conn:
            return [tuple(row) for row in conn.exec_driver_sql(query)]

    def alarms(self) -> set[tuple[str, str]]:
        """Kind and subject of all open alarms."""
        return {
            (r[0], r[1])
            for r in self.rows("SELECT kind, subject FROM alarm WHERE settled_ms IS NULL")
        }


def batches(messages: Sequence[Message], sizes: Iterable[int]) -> list[Sequence[Message]]:
    """The messages cut into batches of these sizes; the last batch takes the rest."""
    cut, at = [], 0
    for size in sizes:
        if at < len(messages):
            cut.append(messages[at : at + size])
            at += size
    return [*cut, messages[at:]] if at < len(messages) else cut
