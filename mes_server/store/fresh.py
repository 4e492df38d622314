"""Fresh samples: one block for all series of a station and a commit, until they are merged.

A commit writes one row a station instead of one a series, and a reader of one series has to look at
few rows of one station only.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Index, LargeBinary
from sqlmodel import Field, SQLModel

from mes_server.store.blocks import Came, Gathered
from mes_server.store.series import SERIES_PER_STATION
from mes_server.store.tables import run, run_many, wide, wide_key

ROWS_MAX = 128
BYTES_MAX = 1 << 20
AGE_MS_MAX = 600_000


class FreshRow(SQLModel, table=True):
    """What one commit brought of a station. `number`: the change it belongs to."""

    __tablename__ = "fresh"
    __table_args__ = (Index("fresh_size", "station", "received_ms", "size"),)

    station: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = wide_key()
    received_ms: int = wide()
    size: int
    blob: bytes = Field(sa_type=LargeBinary)


def append_blocks(conn: Connection, blocks: Sequence[tuple[int, int, bytes]], number: int) -> None:
    """Write blocks `(station, received_ms, bytes)` of one commit."""
    run_many(
        conn,
        "INSERT INTO fresh (station, number, received_ms, size, blob) VALUES (?, ?, ?, ?, ?)",
        [(station, number, received, len(blob), blob) for station, received, blob in blocks],
    )


def load_fresh(conn: Connection, series: int) -> list[Came]:
    """What of one series is not in chunks yet, in the order it came."""
    station, index = divmod(series, SERIES_PER_STATION)
    gathered = Gathered()
    for row in run(conn, "SELECT blob FROM fresh WHERE station = ? ORDER BY number", (station,)):
        gathered.add(row.blob, index)
    return gathered.series().get(index, [])


def take_fresh(conn: Connection, station: int) -> tuple[dict[int, list[Came]], int]:
    """Take all blocks of a station out: what came by series, and the latest change among them."""
    gathered = Gathered()
    number = 0
    query = "SELECT number, blob FROM fresh WHERE station = ? ORDER BY number"
    for row in run(conn, query, (station,)):
        number = row.number
        gathered.add(row.blob)
    run(conn, "DELETE FROM fresh WHERE station = ? AND number <= ?", (station, number))
    first = station * SERIES_PER_STATION
    return {first + index: came for index, came in gathered.series().items()}, number


def list_full(conn: Connection, now_ms: int) -> list[int]:
    """Stations whose blocks are many, large or old, the oldest first."""
    rows = run(
        conn,
        "SELECT station FROM fresh GROUP BY station"
        " HAVING count(*) >= ? OR sum(size) >= ? OR min(received_ms) <= ? ORDER BY min(received_ms)",
        (ROWS_MAX, BYTES_MAX, now_ms - AGE_MS_MAX),
    )
    return [row.station for row in rows]
