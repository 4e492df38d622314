"""How large the store is and since when it has been growing: what the days left are told from."""

from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.store.rollup import HOUR_MS
from mes_server.store.tables import run


@dataclass(frozen=True, slots=True)
class Growth:
    """`since_ms`: when the first data came; None in an empty store."""

    bytes: int
    since_ms: int | None


def load_growth(conn: Connection) -> Growth:
    """The store's size now, with the log that is not yet part of the file left out."""
    if conn.dialect.name == "sqlite":
        pages = int(run(conn, "PRAGMA page_count").scalar_one())
        size = pages * int(run(conn, "PRAGMA page_size").scalar_one())
    else:
        size = int(run(conn, "SELECT pg_database_size(current_database())").scalar_one())
    begun = run(conn, "SELECT min(begun_ms) FROM watermark").scalar()
    if begun is None:  # no edge of ours: the oldest sample has to do
        hour = run(conn, "SELECT min(hour) FROM chunk").scalar()
        begun = None if hour is None else int(hour) * HOUR_MS
    return Growth(size, None if begun is None else int(begun))
