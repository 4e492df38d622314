"""What leaves under a concession: counted down piece by piece, refused when it ran out (IATF 16949:2016 8.7.1.1)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from mes_server.actions.record_events import Book
from mes_server.domain import nonconformance as nc
from mes_server.domain.attempts import Refusal
from mes_server.domain.genealogy import BACK
from mes_server.domain.lots import Lot
from mes_server.domain.nonconformance import Nonconformance
from mes_server.domain.recalls import EVER_MS
from mes_server.store.nonconformances import any_nc, ncs_of_lots
from mes_server.store.traces import reach


def concessions_over(conn: Connection, code: str) -> list[Nonconformance]:
    """The concessions for a lot, or for anything it was made of."""
    if not any_nc(conn):
        return []
    line = sorted(reach(conn, {code: EVER_MS}, BACK))
    found = ncs_of_lots(conn, line)
    return [one for one in found if one.disposition and one.disposition.kind == nc.USE_AS_IS]


def _by_concession(
    conn: Connection, lots: Sequence[Lot]
) -> list[tuple[Nonconformance, int, list[str]]]:
    """Each concession with the pieces that go under it, and their lots."""
    found: dict[str, tuple[Nonconformance, list[Lot]]] = {}
    for lot in lots:
        for one in concessions_over(conn, lot.code):
            found.setdefault(one.code, (one, []))[1].append(lot)
    return [
        (one, sum(lot.amount.pieces for lot in under), [lot.code for lot in under])
        for one, under in found.values()
    ]


def exceeded(conn: Connection, lots: Sequence[Lot], at_ms: int) -> list[Refusal]:
    """Why these lots may not leave together: a concession is over, or not for so many pieces any more."""
    refused = []
    for one, pieces, _ in _by_concession(conn, lots):
        given, left = one.disposition, one.left
        if given is None:
            continue
        late = given.until_ms is not None and at_ms > given.until_ms
        if late or (left is not None and pieces > left):
            facts = {
                "nonconformance": one.code, "pieces": str(pieces), "until_ms": str(given.until_ms or ""),
                "most": "" if left is None else str(left),
            }  # fmt: skip
            refused.append(Refusal("concession_covers", facts))
    return refused


def use_up(book: Book, lots: Sequence[Lot], shipment: str) -> None:
    """So many pieces left under each concession."""
    for one, pieces, codes in _by_concession(book.conn, lots):
        book.note(nc.stream_of(one.code), nc.USED, pieces=pieces, lots=codes, shipment=shipment)
