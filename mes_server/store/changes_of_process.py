"""Problems, temporary changes and change requests, computed from the ledger: that they are there; the rest is replayed."""

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.domain import process_changes as changes
from mes_server.domain.problems import OPENED, Problem, replay_problem
from mes_server.domain.problems import stream_of as stream_of_problem
from mes_server.domain.process_changes import (
    Change,
    Temporary,
    replay_change,
    replay_temporary,
    stream_of,
)
from mes_server.domain.seal import Event
from mes_server.store.ledger import load_stream
from mes_server.store.tables import CLUSTERED, run, wide

STREAMS = ("8d:", "change:")
_FIRST = {OPENED: "problem", changes.BEGUN: "temporary", changes.REQUESTED: "change"}


class ProcessRecordRow(SQLModel, table=True):
    """One of them. `kind`: problem, temporary or change. `until_ms`: of a temporary change, else 0."""

    __tablename__ = "process_record"
    __table_args__ = (CLUSTERED,)

    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    opened_ms: int = wide()
    until_ms: int = wide()


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to an event."""
    kind = _FIRST.get(event.kind)
    if kind is None:
        return
    code = event.stream.partition(":")[2]
    until_ms = int(event.facts().get("until_ms") or 0)
    query = "INSERT INTO process_record (kind, code, opened_ms, until_ms) VALUES (?, ?, ?, ?)"
    run(conn, query, (kind, code, event.noted_ms, until_ms))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM process_record")


def _codes(conn: Connection, kind: str, since_ms: int = -1) -> list[str]:
    query = (
        "SELECT code FROM process_record WHERE kind = ? AND (until_ms = 0 OR until_ms >= ?) "
        "ORDER BY opened_ms DESC, code DESC LIMIT 1000"
    )
    return [row.code for row in run(conn, query, (kind, since_ms))]


def load_problem(conn: Connection, code: str) -> Problem | None:
    """A problem as it stands."""
    return replay_problem(load_stream(conn, stream_of_problem(code)))


def list_problems(conn: Connection) -> list[Problem]:
    """The last ones, the newest first."""
    return [p for code in _codes(conn, "problem") if (p := load_problem(conn, code)) is not None]


def load_temporary(conn: Connection, code: str) -> Temporary | None:
    """A temporary change as it stands."""
    return replay_temporary(load_stream(conn, stream_of(code)))


def list_temporaries(conn: Connection, since_ms: int = -1) -> list[Temporary]:
    """The last ones, the newest first; those that reach into the time since then."""
    found = (load_temporary(conn, code) for code in _codes(conn, "temporary", since_ms))
    return [one for one in found if one is not None]


def load_change(conn: Connection, code: str) -> Change | None:
    """A change request as it stands."""
    return replay_change(load_stream(conn, stream_of(code)))


def list_changes(conn: Connection) -> list[Change]:
    """The last ones, the newest first."""
    return [c for code in _codes(conn, "change") if (c := load_change(conn, code)) is not None]
