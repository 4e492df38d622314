"""Which stations call for help now: read from the ledger."""

from typing import NamedTuple

from sqlalchemy import Connection

from mes_server.domain.calls import CALLED
from mes_server.store.tables import run


class Call(NamedTuple):
    """Somebody at a station calls since a time."""

    station: str
    person: str
    at_ms: int


def open_calls(conn: Connection, station: str = "") -> list[Call]:
    """Calls that nobody answered yet, the oldest first; of one station, or of all."""
    query = (
        "SELECT l.stream, l.person, l.at_ms FROM ledger l WHERE l.kind = ? AND NOT EXISTS "
        "(SELECT 1 FROM ledger m WHERE m.stream = l.stream AND m.stream_number > l.stream_number)"
    )
    values: tuple[str, ...] = (CALLED,)
    if station:
        query, values = f"{query} AND l.stream = ?", (CALLED, f"help:{station}")
    found = run(conn, f"{query} ORDER BY l.number", values)
    return [Call(row.stream.removeprefix("help:"), row.person, row.at_ms) for row in found]
