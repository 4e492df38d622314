"""What people do to lots apart from running them: receive, split, merge, hold, release, scrap, correct …

Each takes a Book of one action and notes its facts; the caller closes the book. What the business does
not allow is returned as refusals, and then nothing was noted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mes_server.actions.record_events import Book
from mes_server.domain import lots
from mes_server.domain.amounts import Amount, TooLittle, total
from mes_server.domain.charges import RUN_CORRECTED
from mes_server.domain.lots import Impossible, Lot, born_with
from mes_server.domain.rules import Refusal
from mes_server.store.ledger import list_action
from mes_server.store.numbering import next_code

Codes = Sequence[str]


def _stream(code: str) -> str:
    return f"lot:{code}"


def load_each(book: Book, codes: Codes) -> tuple[list[Lot], list[Refusal]]:
    """The lots of these codes, and a refusal for each code that is none."""
    found, refused = [], []
    for code in codes:
        lot = book.lot(code)
        if lot is None:
            refused.append(Refusal("lot_is_known", {"lot": code}))
        else:
            found.append(lot)
    return found, refused


def receive_lot(book: Book, kind: str, amount: Amount, **facts: Any) -> str:
    """A lot comes into being from outside: its code. `facts`: part, grade, route, supplier's lot …"""
    code = next_code(book.conn, kind, book.act.at_ms)
    said = {"part": "", "grade": "", "route": "", "why": "received", "parents": []}
    book.note(
        _stream(code), lots.CREATED, kind=kind, amount=amount.as_content(), **{**said, **facts}
    )
    return code


def split_lot(book: Book, code: str, parts: Sequence[Amount]) -> list[str] | list[Refusal]:
    """Each part becomes a lot of its own; what is left keeps the code."""
    found, refused = load_each(book, [code])
    if refused:
        return refused
    (parent,) = found
    refused = _not_at_hand(parent)
    try:
        rest = parent.amount - total(parts)
    except TooLittle as error:
        refused.append(Refusal("amount_is_there", {"lot": code, "detail": str(error)}))
    if refused:
        return refused
    children = []
    book.note(
        _stream(code),
        lots.TAKEN,
        why="split",
        amount=total(parts).as_content(),
        left=rest.as_content(),
    )
    for part in parts:
        child = next_code(book.conn, parent.kind, book.act.at_ms)
        parents = [{"lot": code, "amount": part.as_content()}]
        book.note(
            _stream(child), lots.CREATED, why="split", parents=parents, **born_with(parent, part)
        )
        children.append(child)
    return children


def merge_lots(book: Book, codes: Codes, most: int) -> str | list[Refusal]:
    """All of the lots become one new lot: its code. `most`: parents it may have; 0: any number."""
    found, refused = load_each(book, codes)
    for lot in found:
        refused += _not_at_hand(lot)
    same = {(lot.kind, lot.part, lot.grade, lot.route, lot.done) for lot in found}
    if len(same) > 1:
        refused.append(Refusal("lots_are_alike", {"lots": ", ".join(codes)}))
    if len(set(codes)) != len(codes) or len(codes) < 2 or (most and len(codes) > most):
        refused.append(Refusal("lots_may_mix", {"others": ", ".join(codes), "most": str(most)}))
    if refused:
        return refused
    return join(book, found, why="merge")


def join(book: Book, parents: Sequence[Lot], why: str, **changes: Any) -> str:
    """One new lot of all that is left of these, like the first of them but for `changes`."""
    amount = total(lot.amount for lot in parents)
    for lot in parents:
        book.note(_stream(lot.code), lots.TAKEN, why=why, amount=lot.amount.as_content())
    made = born_with(parents[0], amount) | changes
    child = next_code(book.conn, made["kind"], book.act.at_ms)
    told = [{"lot": lot.code, "amount": lot.amount.as_content()} for lot in parents]
    expiries = [lot.expires_ms for lot in parents if lot.expires_ms is not None]
    made["expires_ms"] = min(expiries, default=None)
    book.note(_stream(child), lots.CREATED, why=why, parents=told, **made)
    return child


def _not_at_hand(lot: Lot) -> list[Refusal]:
    refused = []
    if lot.holds:
        facts = {"lot": lot.code, "holds": "; ".join(sorted(lot.holds.values()))}
        refused.append(Refusal("lot_is_free", facts))
    if lot.status != lots.ACTIVE:
        facts = {"lot": lot.code, "status": lot.status, "run": lot.run, "shipment": lot.shipment}
        refused.append(Refusal("lot_is_here", facts))
    return refused


def hold_lots(book: Book, codes: Codes, reason: str) -> list[Refusal]:
    """Nothing is done with them until each is released; the hold is named by the action."""
    _, refused = load_each(book, codes)
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if not refused:
        for code in dict.fromkeys(codes):
            book.note(_stream(code), lots.HELD, reason)
    return refused


def release_lot(book: Book, code: str, hold: str, reason: str) -> list[Refusal]:
    """One hold of a lot ends, by name and with a reason."""
    found, refused = load_each(book, [code])
    if found and hold not in found[0].holds:
        refused.append(Refusal("hold_is_known", {"lot": code, "hold": hold}))
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if not refused:
        book.note(_stream(code), lots.RELEASED, reason, hold=hold)
    return refused


def scrap(book: Book, code: str, amount: Amount, reason: str) -> str | list[Refusal]:
    """So much of a lot becomes a waste lot: its code. A lot that is held may be scrapped."""
    found, refused = load_each(book, [code])
    if found and found[0].status != lots.ACTIVE:
        refused += [r for r in _not_at_hand(found[0]) if r.rule == "lot_is_here"]
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if refused:
        return refused
    try:
        book.note(_stream(code), lots.SCRAPPED, reason, amount=amount.as_content())
    except TooLittle as error:
        return [Refusal("amount_is_there", {"lot": code, "detail": str(error)})]
    waste = next_code(book.conn, "waste", book.act.at_ms)
    parents = [{"lot": code, "amount": amount.as_content()}]
    made = born_with(found[0], amount, "waste") | {"done": [], "route": ""}
    book.note(_stream(waste), lots.CREATED, why="scrap", parents=parents, **made)
    return waste


def send_back(book: Book, code: str, operation: str, reason: str) -> list[Refusal]:
    """Rework: an operation that was done is to be done again."""
    found, refused = load_each(book, [code])
    refused += _not_at_hand(found[0]) if found else []
    if found and operation not in found[0].done:
        refused.append(Refusal("operation_was_done", {"lot": code, "operation": operation}))
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if not refused:
        book.note(_stream(code), lots.SENT_BACK, reason, operation=operation)
    return refused


def ship_lots(book: Book, codes: Codes, facts: Mapping[str, Any]) -> str | list[Refusal]:
    """The lots leave: the code of their shipment. `facts`: customer, order, papers."""
    found, refused = load_each(book, codes)
    for lot in found:
        refused += _not_at_hand(lot)
    if refused:
        return refused
    shipment = next_code(book.conn, "shipment", book.act.at_ms)
    book.note(f"shipment:{shipment}", "shipped", lots=list(codes), **facts)
    for code in codes:
        book.note(_stream(code), lots.SHIPPED, shipment=shipment)
    return shipment


def correct_action(book: Book, action: str, reason: str) -> list[Refusal]:
    """Take back all that an action did to lots. Refused where later facts rest on it."""
    if not reason.strip():
        return [Refusal("reason_is_given", {})]
    streams = _streams_of(book, action)
    if not streams:
        return [Refusal("action_is_known", {"action": action})]
    kinds = [(s, lots.CORRECTED if s.startswith("lot:") else RUN_CORRECTED) for s in streams]
    try:
        book.note_all(kinds, reason, corrects=action)
    except (Impossible, TooLittle) as error:
        return [Refusal("nothing_rests_on_it", {"action": action, "detail": str(error)})]
    return []


def _streams_of(book: Book, action: str) -> list[str]:
    found: Iterable[str] = (event.stream for event in list_action(book.conn, action))
    return [stream for stream in dict.fromkeys(found) if stream.startswith(("lot:", "charge:"))]
