"""Scans that came late and could not be, and wait for somebody to look at them: read from the ledger."""

from sqlalchemy import Connection

from mes_server.domain.reviews import SETTLED, Review, review_from, stream_of
from mes_server.domain.seal import Event
from mes_server.store.ledger import list_action, load_stream
from mes_server.store.tables import run

TO_REVIEW = "scan_to_review"
# A try to carry one out may be refused, too: it is part of that review and none of its own.
_OPEN = (
    f"FROM ledger s WHERE s.kind = '{TO_REVIEW}' "  # noqa: S608
    "AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.stream = 'review:' || s.action "
    f"AND r.kind = '{SETTLED}') "
    "AND NOT EXISTS (SELECT 1 FROM ledger t WHERE t.stream = 'try:' || s.action)"
)


def count_open(conn: Connection, station: str = "") -> int:
    """How many wait; of one station, or all."""
    here = " AND s.place = ?" if station else ""
    values = (station,) if station else ()
    return int(run(conn, f"SELECT count(*) {_OPEN}{here}", values).scalar_one())


def list_open(conn: Connection, after: int, limit: int) -> list[Review]:
    """Those that wait, the oldest first, behind the number `after` of the ledger."""
    query = f"SELECT s.action {_OPEN} AND s.number > ? ORDER BY s.number LIMIT ?"
    found = [row.action for row in run(conn, query, (after, limit))]
    return [review for action in found if (review := load_review(conn, action)) is not None]


def list_settled(conn: Connection, limit: int) -> list[Review]:
    """The last that were settled, the newest first."""
    query = "SELECT stream FROM ledger WHERE kind = ? ORDER BY number DESC LIMIT ?"
    found = [row.stream.removeprefix("review:") for row in run(conn, query, (SETTLED, limit))]
    return [review for action in found if (review := load_review(conn, action)) is not None]


def load_review(conn: Connection, scan: str) -> Review | None:
    """The review of a scan; None: no such scan waits or waited for one."""
    event: Event | None = next((e for e in list_action(conn, scan) if e.kind == TO_REVIEW), None)
    return None if event is None else review_from(event, load_stream(conn, stream_of(scan)))
