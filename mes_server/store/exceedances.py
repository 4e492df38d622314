"""Exceedance episodes as the ledger has them: one row each, found by outlet and time."""

import json
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.exceedances import STREAM, Episode, after
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide

STREAMS = (STREAM,)
_COLUMNS = "code, outlet, pollutant, averaging, from_ms, to_ms, state, content"


class ExceedanceRow(SQLModel, table=True):
    """One episode; `content`: all of it as JSON."""

    __tablename__ = "exceedance"
    __table_args__ = (Index("exceedance_outlet", "outlet", "from_ms"), CLUSTERED)

    code: str = Field(primary_key=True)
    outlet: str
    pollutant: str
    averaging: str
    from_ms: int = wide()
    to_ms: int = wide()
    state: str
    content: str


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to an event of an episode."""
    code = event.stream.removeprefix(STREAM)
    one = after(load_exceedance(conn, code), event)
    run(conn, "DELETE FROM exceedance WHERE code = ?", (code,))
    values = (
        one.code, one.outlet, one.pollutant, one.averaging, one.from_ms, one.to_ms, one.state,
        json.dumps(one.content(), sort_keys=True, ensure_ascii=False),
    )  # fmt: skip
    marks = ", ".join("?" * len(values))
    run(conn, f"INSERT INTO exceedance ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM exceedance")


def _episode(row: Row[Any]) -> Episode:
    return Episode.of(json.loads(row.content))


def load_exceedance(conn: Connection, code: str) -> Episode | None:
    """An episode by its number."""
    row = run(conn, "SELECT content FROM exceedance WHERE code = ?", (code,)).first()
    return None if row is None else _episode(row)


def list_exceedances(conn: Connection, limit: int = 200, outlet: str = "") -> list[Episode]:
    """The newest first; of one outlet, or of all."""
    where, values = ("WHERE outlet = ? ", (outlet,)) if outlet else ("", ())
    query = f"SELECT content FROM exceedance {where}ORDER BY from_ms DESC, code DESC LIMIT ?"  # noqa: S608
    return [_episode(row) for row in run(conn, query, (*values, limit))]


def exceedances_in(conn: Connection, outlet: str, from_ms: int, to_ms: int) -> list[Episode]:
    """Those of an outlet that touch a span, the oldest first."""
    query = (
        "SELECT content FROM exceedance WHERE outlet = ? AND from_ms <= ? AND to_ms >= ? "
        "ORDER BY from_ms, code"
    )
    return [_episode(row) for row in run(conn, query, (outlet, to_ms, from_ms))]


def open_exceedances(conn: Connection, outlet: str) -> list[Episode]:
    """Those of an outlet that nobody has closed yet."""
    query = "SELECT content FROM exceedance WHERE outlet = ? AND state <> 'closed' ORDER BY from_ms, code"  # fmt: skip
    return [_episode(row) for row in run(conn, query, (outlet,))]
