"""The ledger: append-only, sealed, guarded by triggers. Nobody updates or deletes a row of it."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from mes_server.domain.seal import GENESIS, Anchor, Draft, Event, seal
from mes_server.store.tables import run, wide, wide_key

PAGE = 1_000
_COLUMNS = "number, stream, stream_number, kind, action, at_ms, noted_ms, person, place, reason, content, previous, hash"


class LedgerRow(SQLModel, table=True):
    """One event, as domain.seal.Event; `content` is canonical JSON."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("stream", "stream_number", name="ledger_stream"),
        Index("ledger_person", "person", "at_ms"),
    )

    number: int = wide_key()
    stream: str
    stream_number: int = wide()
    kind: str = Field(index=True)
    action: str = Field(index=True)
    at_ms: int = wide()
    noted_ms: int = wide()
    person: str
    place: str
    reason: str
    content: str
    previous: str
    hash: str


class Overtaken(Exception):
    """Somebody else wrote to the stream since it was read: read again and decide again."""


def head(conn: Connection, at_ms: int) -> Anchor:
    """How many events there are and the hash of the last."""
    row = run(conn, "SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1").first()
    return Anchor(0, GENESIS, at_ms) if row is None else Anchor(row.number, row.hash, at_ms)


def lock_ledger(conn: Connection) -> None:
    """Be the only one who writes to it until this transaction ends; reading goes on.

    A transaction that writes is alone on SQLite anyway.
    """
    if conn.dialect.name == "postgresql":
        run(conn, "LOCK TABLE ledger IN EXCLUSIVE MODE")


def append_events(conn: Connection, drafts: Sequence[Draft], noted_ms: int) -> list[Event]:
    """Seal and keep the drafts, in their order; raises Overtaken, then nothing is kept."""
    if not drafts:
        return []
    lock_ledger(conn)
    last = head(conn, noted_ms)
    expected: dict[str, int] = {}
    events = []
    previous = last.hash
    for number, draft in enumerate(drafts, last.number + 1):
        if draft.stream not in expected:
            expected[draft.stream] = stream_length(conn, draft.stream) + 1
        if draft.stream_number != expected[draft.stream]:
            raise Overtaken(f"{draft.stream}: {draft.stream_number} is taken")
        expected[draft.stream] += 1
        events.append(seal(previous, number, noted_ms, draft))
        previous = events[-1].hash
    marks = ", ".join("?" * len(Event._fields))
    run(conn, f"INSERT INTO ledger ({_COLUMNS}) VALUES ({marks})", [tuple(e) for e in events])  # noqa: S608
    return events


def stream_length(conn: Connection, stream: str) -> int:
    """How many events a stream has."""
    query = "SELECT coalesce(max(stream_number), 0) FROM ledger WHERE stream = ?"
    return int(run(conn, query, (stream,)).scalar_one())


def _events(conn: Connection, query: str, parameters: tuple[str | int, ...]) -> list[Event]:
    return [Event._make(row) for row in run(conn, query, parameters)]


def load_stream(conn: Connection, stream: str) -> list[Event]:
    """The events of a stream, the oldest first."""
    query = f"SELECT {_COLUMNS} FROM ledger WHERE stream = ? ORDER BY stream_number"  # noqa: S608
    return _events(conn, query, (stream,))


def list_action(conn: Connection, action: str) -> list[Event]:
    """All events of one action, in order."""
    query = f"SELECT {_COLUMNS} FROM ledger WHERE action = ? ORDER BY number"  # noqa: S608
    return _events(conn, query, (action,))


def list_events(conn: Connection, after: int = 0, limit: int = PAGE) -> list[Event]:
    """Events behind the number `after`, in order."""
    query = f"SELECT {_COLUMNS} FROM ledger WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608
    return _events(conn, query, (after, limit))


def list_kind(conn: Connection, kind: str, limit: int) -> list[Event]:
    """The newest events of a kind, the newest first."""
    query = f"SELECT {_COLUMNS} FROM ledger WHERE kind = ? ORDER BY number DESC LIMIT ?"  # noqa: S608
    return _events(conn, query, (kind, limit))


def iter_events(conn: Connection) -> Iterator[Event]:
    """All events as they lie in the store, whatever their numbers are."""
    query = f"SELECT {_COLUMNS} FROM ledger ORDER BY number"  # noqa: S608
    for row in run(conn, query):
        yield Event._make(row)
