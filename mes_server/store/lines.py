"""What stands at each station between runs: computed from the ledger, in its transactions."""

import json

from sqlalchemy import BigInteger, Connection, text
from sqlmodel import Field, SQLModel

from mes_server.domain.lines import Line
from mes_server.store.tables import run, wide


class LineRow(SQLModel, table=True):
    """One station, as domain.lines.Line; `mounted` is JSON."""

    __tablename__ = "line"

    station: str = Field(primary_key=True)
    mounted: str
    locked: str
    cleared_ms: int = wide()
    stopped_ms: int = Field(
        sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": text("0")}
    )


def save_line(conn: Connection, line: Line) -> None:
    """Keep a line as it is now."""
    run(conn, "DELETE FROM line WHERE station = ?", (line.station,))
    mounted = json.dumps(dict(line.mounted), sort_keys=True, ensure_ascii=False)
    values = (line.station, mounted, line.locked, line.cleared_ms, line.stopped_ms)
    query = (
        "INSERT INTO line (station, mounted, locked, cleared_ms, stopped_ms) VALUES (?, ?, ?, ?, ?)"
    )
    run(conn, query, values)


def load_line(conn: Connection, station: str) -> Line:
    """A line as it is now; one of which nothing was told is empty."""
    query = "SELECT mounted, locked, cleared_ms, stopped_ms FROM line WHERE station = ?"
    row = run(conn, query, (station,)).first()
    if row is None:
        return Line(station)
    return Line(station, json.loads(row.mounted), row.locked, row.cleared_ms, row.stopped_ms)


def drop_all_lines(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM line")
