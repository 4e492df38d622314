"""Nonconformances as they stand, computed from the ledger; found by state and by lot."""

from collections.abc import Sequence

from sqlalchemy import Connection, Index
from sqlmodel import Field, SQLModel

from mes_server.domain.nonconformance import (
    CLOSED,
    CONTAINED,
    DISPOSED,
    OPENED,
    SETTLED,
    SHUT,
    Nonconformance,
    replay_nc,
    stream_of,
)
from mes_server.domain.seal import Event
from mes_server.store.ledger import load_stream
from mes_server.store.tables import CLUSTERED, run, run_many, wide

STREAMS = ("nc:",)
_IN_MAX = 500


class NonconformanceRow(SQLModel, table=True):
    """One nonconformance: what lists show of it; the rest is replayed."""

    __tablename__ = "nonconformance"
    __table_args__ = (Index("nonconformance_state", "state", "opened_ms"), CLUSTERED)

    code: str = Field(primary_key=True)
    state: str
    opened_ms: int = wide()


class NonconformanceLotRow(SQLModel, table=True):
    """A lot that a nonconformance is about."""

    __tablename__ = "nonconformance_lot"
    __table_args__ = (Index("nonconformance_lot_code", "code"), CLUSTERED)

    lot: str = Field(primary_key=True)
    code: str = Field(primary_key=True)


_STATE = {DISPOSED: SETTLED, CLOSED: SHUT}
_TELL_LOTS = (OPENED, CONTAINED, DISPOSED)


def follow(conn: Connection, event: Event) -> None:
    """Bring the tables up to an event."""
    code = event.stream.removeprefix("nc:")
    if event.kind == OPENED:
        query = "INSERT INTO nonconformance (code, state, opened_ms) VALUES (?, ?, ?)"
        run(conn, query, (code, "open", event.noted_ms))
    elif event.kind in _STATE:
        query = "UPDATE nonconformance SET state = ? WHERE code = ?"
        run(conn, query, (_STATE[event.kind], code))
    rows = [(lot, code) for lot in sorted({*_texts(event, "lots"), *_texts(event, "held")})]
    query = "INSERT INTO nonconformance_lot (lot, code) VALUES (?, ?) ON CONFLICT DO NOTHING"
    run_many(conn, query, rows)


def _texts(event: Event, name: str) -> list[str]:
    return [str(one) for one in event.facts().get(name, ())] if event.kind in _TELL_LOTS else []


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    for table in ("nonconformance", "nonconformance_lot"):
        run(conn, f"DELETE FROM {table}")  # noqa: S608


def load_nc(conn: Connection, code: str) -> Nonconformance | None:
    """A nonconformance as it stands."""
    return replay_nc(load_stream(conn, stream_of(code)))


def any_nc(conn: Connection) -> bool:
    """Whether there is any at all."""
    return run(conn, "SELECT 1 FROM nonconformance LIMIT 1").first() is not None


def list_ncs(conn: Connection, limit: int = 500, state: str = "") -> list[Nonconformance]:
    """The last ones, the newest first; of one state, if it is told."""
    where, values = ("WHERE state = ? ", (state,)) if state else ("", ())
    query = f"SELECT code FROM nonconformance {where}ORDER BY opened_ms DESC, code DESC LIMIT ?"  # noqa: S608
    codes = [row.code for row in run(conn, query, (*values, limit))]
    return [one for code in codes if (one := load_nc(conn, code)) is not None]


def ncs_of_lots(conn: Connection, lots: Sequence[str]) -> list[Nonconformance]:
    """Those that are about any of these lots, the oldest first."""
    codes: set[str] = set()
    for start in range(0, len(lots), _IN_MAX):
        part = tuple(lots[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        query = f"SELECT DISTINCT code FROM nonconformance_lot WHERE lot IN ({marks})"  # noqa: S608
        codes |= {row.code for row in run(conn, query, part)}
    return [one for code in sorted(codes) if (one := load_nc(conn, code)) is not None]
