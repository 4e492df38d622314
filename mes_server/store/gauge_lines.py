"""What gauges sent, as it came; and which check took which line, computed from the ledger."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.checks import RECORDED
from mes_server.domain.gauge_lines import GaugeLine
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, run_many, wide, wide_key

STREAMS = ("checks:",)
_COLUMNS = (
    "number", "id", "gauge", "station", "at_ms", "noted_ms", "badge", "protocol", "raw", "text", "value", "unit",
    "fault",
)  # fmt: skip


class GaugeLineRow(SQLModel, table=True):
    """One line, as domain.gauge_lines.GaugeLine; guarded by triggers: nobody updates or deletes a row."""

    __tablename__ = "gauge_line"
    __table_args__ = (
        Index("gauge_line_station", "station", "number"),
        Index("gauge_line_gauge", "gauge", "number"),
    )

    number: int = wide_key()
    id: str = Field(unique=True)
    gauge: str
    station: str
    at_ms: int = wide()
    noted_ms: int = wide()
    badge: str
    protocol: str
    raw: str
    text: str
    value: str
    unit: str
    fault: str


class TakenLineRow(SQLModel, table=True):
    """A line became a reading of a check; never of a second one."""

    __tablename__ = "gauge_line_taken"
    __table_args__ = (CLUSTERED,)

    line: int = wide_key()
    code: str


def follow(conn: Connection, event: Event) -> None:
    """Bring the table of taken lines up to an event of a check."""
    if event.kind != RECORDED:
        return
    facts = event.facts()
    rows = [(one["line"], facts["check"]) for one in facts["readings"] if one.get("line")]
    run_many(conn, "INSERT INTO gauge_line_taken (line, code) VALUES (?, ?)", rows)


def drop_all(conn: Connection) -> None:
    """Forget what is computed; the lines themselves stay."""
    run(conn, "DELETE FROM gauge_line_taken")


def lock_lines(conn: Connection) -> None:
    """Be the only one who gives lines until this transaction ends; reading goes on."""
    if conn.dialect.name == "postgresql":
        run(conn, "LOCK TABLE gauge_line IN EXCLUSIVE MODE")


def known_ids(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Those that were given before."""
    query = "SELECT id FROM gauge_line WHERE id = ?"
    return {one for one in ids if run(conn, query, (one,)).first() is not None}


def newest_number(conn: Connection) -> int:
    """The number of the last line; 0: there is none yet."""
    return int(run(conn, "SELECT max(number) FROM gauge_line").scalar() or 0)


def append_lines(conn: Connection, lines: Iterable[GaugeLine]) -> None:
    """Keep new lines."""
    marks = ", ".join("?" * len(_COLUMNS))
    query = f"INSERT INTO gauge_line ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608
    run_many(conn, query, [tuple(getattr(one, name) for name in _COLUMNS) for one in lines])


def load_lines(conn: Connection, numbers: Iterable[int]) -> dict[int, GaugeLine]:
    """Lines by number; those that there are."""
    found = [_where(conn, "g.number = ?", (number,)) for number in sorted(set(numbers))]
    return {line.number: line for lines in found for line in lines}


def lines_after(conn: Connection, station: str, number: int, limit: int) -> list[GaugeLine]:
    """What came at a station since a line, the oldest first."""
    where = "g.station = ? AND g.number > ? ORDER BY g.number LIMIT ?"
    return _where(conn, where, (station, number, limit))


def newest_lines(conn: Connection, gauge: str, limit: int) -> list[GaugeLine]:
    """The last lines of a gauge, the newest first."""
    return _where(conn, "g.gauge = ? ORDER BY g.number DESC LIMIT ?", (gauge, limit))


def _where(conn: Connection, where: str, values: tuple[str | int, ...]) -> list[GaugeLine]:
    columns = ", ".join(f"g.{name}" for name in _COLUMNS)
    query = (
        f"SELECT {columns}, t.code FROM gauge_line g LEFT JOIN gauge_line_taken t ON t.line = g.number "  # noqa: S608
        f"WHERE {where}"
    )
    return [_line(row) for row in run(conn, query, values)]


def _line(row: Row[Any]) -> GaugeLine:
    return GaugeLine(**{name: getattr(row, name) for name in _COLUMNS}, check=row.code or "")
