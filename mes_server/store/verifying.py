"""Read the whole ledger and say what in it is not as it was sealed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from mes_server.domain.seal import GENESIS, Anchor, Break, Event, first_break, is_sealed
from mes_server.store.engine import reading
from mes_server.store.ledger import head, list_events
from mes_server.store.tables import run

_PAGE = 5_000
_BEFORE_ALL = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken`: the first event that is not as sealed. `head`: the ledger's, when it was looked at."""

    head: Anchor
    anchors: int
    broken: Break | None


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
    return Verdict(last, len(anchors), first_break(_all_events(engine), anchors))


def unsealed(conn: Connection, events: Sequence[Event]) -> list[int]:
    """Those of these events, by number, that are not what was sealed or do not follow the one before them."""
    numbers = sorted({event.number - 1 for event in events})
    before = {0: GENESIS}
    for start in range(0, len(numbers), 500):
        part = tuple(numbers[start : start + 500])
        marks = ", ".join("?" * len(part))
        query = f"SELECT number, hash FROM ledger WHERE number IN ({marks})"  # noqa: S608
        before |= {row.number: row.hash for row in run(conn, query, part)}
    return [e.number for e in events if not is_sealed(e, before.get(e.number - 1, ""))]
