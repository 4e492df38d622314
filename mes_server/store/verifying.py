"""Read the whole ledger and say what in it is not as it was sealed, and which anchors it does not hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from mes_server.domain.seal import GENESIS, Anchor, Break, Event, first_break, is_sealed
from mes_server.store.anchors import read_anchors
from mes_server.store.engine import reading
from mes_server.store.ledger import head, list_events
from mes_server.store.nodes import list_edge_anchors
from mes_server.store.tables import run

_PAGE = 5_000
_BEFORE_ALL = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken`: the first event that is not as sealed. `head`: the ledger's, when it was looked at.

    `unknown`: the anchors it does not hold, each with who remembers it.
    """

    head: Anchor
    anchors: int
    broken: Break | None
    unknown: tuple[Anchor, ...] = ()


def gather_anchors(engine: Engine, data_dir: Path) -> tuple[list[Anchor], int]:
    """Those of the file and of the nodes, and how many lines of the file are none. Raises StoreFault, OSError."""
    anchors, unread = read_anchors(data_dir)
    with reading(engine) as conn:
        return anchors + list_edge_anchors(conn), unread


def _all_events(engine: Engine) -> Iterator[Event]:
    """In parts, each read by itself: a long reader would keep the log of SQLite from being emptied."""
    after = _BEFORE_ALL
    while True:
        with reading(engine) as conn:
            page = list_events(conn, after, _PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].number


def verify_ledger(engine: Engine, anchors: Sequence[Anchor], now_ms: int) -> Verdict:
    """Check every event and every anchor. Raises StoreFault."""
    with reading(engine) as conn:
        last = head(conn, now_ms)
    broken = first_break(_all_events(engine), anchors)
    with reading(engine) as conn:
        if broken is None and _rows_up_to(conn, last.number) != last.number:
            broken = Break(last.number + 1, "added")
        hashes = _hashes(conn, {anchor.number for anchor in anchors})
    unknown = [a for a in anchors if not hashes.get(a.number, "").startswith(a.hash)]
    return Verdict(last, len(anchors), broken, tuple(unknown))


def _rows_up_to(conn: Connection, number: int) -> int:
    """Also rows that no walk by number meets, which somebody put in who took the keys off the table."""
    query = "SELECT count(*) FROM ledger WHERE number <= ? OR number IS NULL"
    return int(run(conn, query, (number,)).scalar_one())


def _hashes(conn: Connection, numbers: set[int]) -> dict[int, str]:
    """The hash of each of these events that is there."""
    found: dict[int, str] = {}
    ordered = sorted(numbers)
    for start in range(0, len(ordered), 500):
        part = tuple(ordered[start : start + 500])
        marks = ", ".join("?" * len(part))
        query = f"SELECT number, hash FROM ledger WHERE number IN ({marks})"  # noqa: S608
        found |= {row.number: str(row.hash) for row in run(conn, query, part)}
    return found


def unsealed(conn: Connection, events: Sequence[Event]) -> list[int]:
    """Those of these events, by number, that are not what was sealed or do not follow the one before them."""
    before = {0: GENESIS} | _hashes(conn, {event.number - 1 for event in events})
    return [e.number for e in events if not is_sealed(e, before.get(e.number - 1, ""))]
