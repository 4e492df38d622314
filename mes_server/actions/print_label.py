"""Print the label of a lot: its id is minted once, a reprint has a reason and voids the one before.

The label is in the ledger before the printer gets it. Where the printer dies on the way, the next try is a
reprint: of two pieces of paper that may be about, one is good.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from sqlalchemy import Engine

from mes_server.actions.go_under_concession import concessions_over
from mes_server.actions.handle_lots import load_each
from mes_server.actions.record_events import Book
from mes_server.domain.labels import (
    PRINTED,
    VOIDED,
    Label,
    Standing,
    content_of,
    good_ones,
    label_id,
    label_is_good,
    stream_of,
)
from mes_server.domain.lots import SHIPPED_OUT, USED_UP, Lot
from mes_server.domain.quantities import text_of_mass
from mes_server.domain.rules import Refusal
from mes_server.store.labels import drop_labels, follow_labels, labels_of, load_standing
from mes_server.store.ledger import iter_events
from mes_server.store.transaction import writing


@dataclass(frozen=True, slots=True)
class Paper:
    """What the plant puts on its labels: the zone of its dates, and where people open the pages."""

    zone: tzinfo = UTC
    address: str = ""


_PLAIN = Paper()


def print_label(
    book: Book, code: str, reason: str = "", paper: Paper = _PLAIN
) -> Label | list[Refusal]:
    """The next label of a lot. `reason`: why it is printed again."""
    found, refused = load_each(book, [code])
    if refused:
        return refused
    (lot,) = found
    if lot.status in (USED_UP, SHIPPED_OUT):
        facts = {"lot": code, "status": lot.status, "run": lot.run, "shipment": lot.shipment}
        refused.append(Refusal("lot_is_here", facts))
    before = labels_of(book.conn, code)
    if before and not reason.strip():
        refused.append(Refusal("reprint_has_a_reason", {"label": before[-1].id}))
    if refused:
        return refused
    number = len(before) + 1
    id_ = label_id(code, number)
    link = f"{paper.address}/lots/{code}#{id_}" if paper.address else id_
    label = Label(
        id_, code, number, book.act.at_ms, _lines(lot, paper.zone) + _conceded(book, code), link
    )
    for old in good_ones(before):
        _void(book, old, reason, id_)
    book.note(stream_of(code), PRINTED, reason, **content_of(label))
    return label


def void_label(book: Book, label: str, reason: str) -> list[Refusal]:
    """A label is good no more and nothing replaces it: it is lost, or its lot is no more."""
    standing = load_standing(book.conn, label)
    refusal = label_is_good(label, standing)
    refused = [] if refusal is None else [refusal]
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if standing is not None and not refused:
        _void(book, standing, reason, "")
    return refused


def _void(book: Book, old: Standing, reason: str, instead: str) -> None:
    book.note(stream_of(old.lot), VOIDED, reason, label=old.id, instead=instead)


def _lines(lot: Lot, zone: tzinfo) -> tuple[tuple[str, str], ...]:
    """What people read on it; what the lot does not have is not there."""
    amount = lot.amount
    said = {
        "kind": lot.kind,
        "part": " ".join(lot.part.split()),
        "grade": " ".join(lot.grade.split()),
        "pieces": str(amount.pieces) if amount.pieces else "",
        "mass": text_of_mass(amount.mass_mg) if amount.mass_mg else "",
        "made": _date(lot.born_ms, zone),
        "use_by": "" if lot.expires_ms is None else _date(lot.expires_ms, zone),
    }
    return tuple((name, text) for name, text in said.items() if text)


def _conceded(book: Book, code: str) -> tuple[tuple[str, str], ...]:
    """The concessions that it goes under stand on each container (IATF 16949 8.7.1.1)."""
    told = ", ".join(sorted(one.code for one in concessions_over(book.conn, code)))
    return (("concession", told),) if told else ()


def _date(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).date().isoformat()


def rebuild_labels(engine: Engine) -> None:
    """Throw the table of labels away and make it anew from the ledger."""
    with writing(engine) as conn:
        drop_labels(conn)
        follow_labels(conn, [e for e in iter_events(conn) if e.kind in (PRINTED, VOIDED)])
