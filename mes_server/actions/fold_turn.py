"""One turn of the fold: what its transaction reads, gathers and writes."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Connection

from mes_server.actions.boundary import LeaseLost, Trouble
from mes_server.actions.folding import Folding
from mes_server.actions.gathering import Gathering
from mes_server.actions.hold_lease import LEASE_MS
from mes_server.actions.put_aside import put_aside
from mes_server.domain.boards import NOTHING, BoardAsks
from mes_server.domain.limits import Limits, excursions
from mes_server.domain.messages import Message
from mes_server.domain.nodes import ALIVE, DEAD, WAITING, NodeId, NodeRegister
from mes_server.store.excursions import Judged, save_excursions
from mes_server.store.inbox import InboxMessage
from mes_server.store.leases import renew_lease
from mes_server.store.nodes import note_node, note_seen
from mes_server.store.stations import set_station_online
from mes_server.store.telemetry import Column, append_samples
from mes_server.store.transaction import writing


@dataclass(slots=True)
class Folded:
    """What a turn did. `messages`: by shard; `rebirths`: nodes whose births are missing;
    `asks`: what boards want."""

    messages: Counter[int] = field(default_factory=Counter)
    quarantined: int = 0
    rebirths: set[NodeId] = field(default_factory=set)
    asks: dict[NodeId, BoardAsks] = field(default_factory=dict)
    retries: bool = False  # a birth came for which something waits in quarantine

    def add(self, other: "Folded") -> None:
        """Take in what another part of the turn did."""
        self.messages += other.messages
        self.quarantined += other.quarantined
        self.rebirths |= other.rebirths
        for node, asks in other.asks.items():
            self.ask(node, asks)
        self.retries |= other.retries

    def ask(self, node: NodeId, asks: BoardAsks) -> None:
        """A board wants something; what it wanted before and did not say again, it still wants."""
        self.asks[node] = asks.after(self.asks.get(node, NOTHING))


@dataclass(frozen=True, slots=True)
class Fault:
    """What of a message could not be taken: these records of it, or all (None)."""

    trouble: Trouble
    node: NodeId | None = None
    records: bytes | None = None


@dataclass(slots=True)
class Turn:
    """The state of one transaction. `live`: its messages have just come; what is tried again has not."""

    conn: Connection
    folding: Folding
    register: NodeRegister
    now_ms: int
    live: bool = True
    folded: Folded = field(default_factory=Folded)
    gathering: Gathering = field(default_factory=Gathering)
    seen: dict[NodeId, int] = field(default_factory=dict)

    def aside(self, row: InboxMessage, fault: Fault) -> None:
        """Into quarantine; where a birth may cure it, the node is to be asked for one."""
        node = fault.node
        known = None if node is None else (self.folding.node_key(self.conn, node), node)
        message = Message(row.topic, row.payload, row.received_ms)
        put_aside(self.conn, message, fault.trouble, known, fault.records)
        self.folded.quarantined += 1
        if node is not None and fault.trouble.reason == WAITING:
            self.folded.rebirths.add(node)

    def heard(self, node: NodeId, station: str | None, at_ms: int) -> None:
        """Data came: what we doubted is alive; what said farewell owes us a birth."""
        if not self.live:
            return
        self.seen[node] = max(at_ms, self.seen.get(node, 0))
        state = self.register.state(node)
        if state.standing == DEAD:
            self.folded.rebirths.add(node)
            return
        if state.standing != ALIVE:
            state.standing = ALIVE
            note_node(self.conn, self.folding.node_key(self.conn, node), online=True)
        if station is None or state.stations.get(station) == ALIVE:
            return
        if state.stations.get(station) == DEAD:
            self.folded.rebirths.add(node)
        elif station in state.layouts:
            self.stand(node, station, ALIVE, at_ms)

    def stand(self, node: NodeId, station: str, standing: str, at_ms: int) -> None:
        """A station is there now, or gone."""
        state = self.register.state(node)
        state.stations[station] = standing
        keys = self.folding.station_keys(self.conn, node, station, state.layouts[station])
        set_station_online(self.conn, keys.key, standing == ALIVE, at_ms)

    def store(self) -> None:
        """Write what was gathered: samples, excursions, who was heard."""
        columns = list(self.gathering.columns())
        if columns:
            append_samples(self.conn, [column for column, _ in columns])
        judged = [self._judge(column, limits) for column, limits in columns if limits is not None]
        save_excursions(self.conn, judged)
        note_seen(
            self.conn,
            [(at_ms, self.folding.node_key(self.conn, node)) for node, at_ms in self.seen.items()],
        )

    def _judge(self, column: Column, limits: Limits) -> Judged:
        values = np.asarray(column.values)
        if column.nulls is not None:
            values = np.where(column.nulls, np.nan, values.astype(np.float64))
        before = self.folding.opened.get(column.series_pk, [])
        closed, still_open = excursions(column.times_ms, values, limits, before, late=column.late)
        if not closed and still_open == before:
            return column.series_pk, [], column.late
        self.folding.opened[column.series_pk] = still_open
        return column.series_pk, [*closed, *still_open], column.late


@contextmanager
def open_turn(folding: Folding, now_ms: int, live: bool = True) -> Iterator[Turn]:
    """A transaction of the holder of the lease; when it fails, so does what the fold remembers."""
    done = False
    try:
        with writing(folding.engine) as conn:
            if renew_lease(conn, folding.holder, now_ms + LEASE_MS) is None:
                raise LeaseLost
            yield Turn(conn, folding, folding.known(conn), now_ms, live)
        done = True
    finally:
        if not done:
            folding.forget()
