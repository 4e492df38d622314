"""What people do to lots that there are: split, merge, hold, release, scrap, send back, ship, correct …

Each takes a Book of one action and notes its facts; the caller closes the book. What the business does
not allow is returned as refusals, and then nothing was noted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mes_server.actions.contain_nonconformance import end_rest_of_hold
from mes_server.actions.gather_grade import against_grade
from mes_server.actions.go_under_concession import exceeded, use_up
from mes_server.actions.lot_origins import origins_of
from mes_server.actions.record_events import Book
from mes_server.actions.release_product import may_leave
from mes_server.domain import lots
from mes_server.domain.amounts import Amount, TooLittle, total
from mes_server.domain.charges import RUN_CORRECTED
from mes_server.domain.lots import Impossible, Lot, born_with
from mes_server.domain.routes import is_finished, next_operations
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.store.ledger import list_action
from mes_server.store.numbering import next_code
from mes_server.store.routes import load_route

Codes = Sequence[str]
SCRAP, SWARF = "scrap", "swarf"  # why a waste lot came to be
_DAY_MS = 86_400_000


def lot_stream(code: str) -> str:
    """Where the events of a lot are."""
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


def split_lot(book: Book, code: str, parts: Sequence[Amount]) -> list[str] | list[Refusal]:
    """Each part becomes a lot of its own; what is left keeps the code."""
    found, refused = load_each(book, [code])
    if refused:
        return refused
    (parent,) = found
    refused = not_at_hand(parent)
    try:
        rest = parent.amount - total(parts)
    except TooLittle as error:
        refused.append(Refusal("amount_is_there", {"lot": code, "detail": str(error)}))
    if refused:
        return refused
    children = []
    book.note(
        lot_stream(code),
        lots.TAKEN,
        why="split",
        amount=total(parts).as_content(),
        left=rest.as_content(),
    )
    for part in parts:
        child = next_code(book.conn, parent.kind, book.act.at_ms)
        parents = [{"lot": code, "amount": part.as_content()}]
        book.note(
            lot_stream(child), lots.CREATED, why="split", parents=parents, **born_with(parent, part)
        )
        children.append(child)
    return children


def merge_lots(book: Book, codes: Codes) -> list[str] | list[Refusal]:
    """All of the lots become one new lot: its code. They are alike, and as many as their route allows."""
    found, refused = load_each(book, codes)
    for lot in found:
        refused += not_at_hand(lot)
    same = {(lot.kind, lot.part, lot.grade, lot.route, lot.done, lot.first) for lot in found}
    if len(same) > 1:
        refused.append(Refusal("lots_are_alike", {"lots": ", ".join(codes)}))
    most, days = _merge_limits(book, found)
    origins = origins_of(book.conn, found)
    if len(set(codes)) != len(codes) or len(codes) < 2 or (most and len(origins) > most):
        refused.append(Refusal("lots_may_mix", {"others": ", ".join(codes), "most": str(most)}))
    born = list(origins.values())
    if days and born and max(born) - min(born) > days * _DAY_MS:
        refused.append(
            Refusal("lots_are_of_one_time", {"lots": ", ".join(codes), "days": str(days)})
        )
    return refused or [_join(book, found, "merge")]


def _merge_limits(book: Book, found: Sequence[Lot]) -> tuple[int, int]:
    route = load_route(book.conn, found[0].route) if found else None
    return (0, 0) if route is None else (route.parents_max, route.days_max)


def _join(book: Book, parents: Sequence[Lot], why: str) -> str:
    amount = total(lot.amount for lot in parents)
    for lot in parents:
        book.note(lot_stream(lot.code), lots.TAKEN, why=why, amount=lot.amount.as_content())
    made = born_with(parents[0], amount) | {"supplier_lot": _agreed_lot(parents)}
    made["reworks"] = most_reworks(parents)
    expiries = [lot.expires_ms for lot in parents if lot.expires_ms is not None]
    made["expires_ms"] = min(expiries, default=None)
    child = next_code(book.conn, made["kind"], book.act.at_ms)
    told = [{"lot": lot.code, "amount": lot.amount.as_content()} for lot in parents]
    book.note(lot_stream(child), lots.CREATED, why=why, parents=told, **made)
    return child


def _agreed_lot(parents: Sequence[Lot]) -> str:
    named = {lot.supplier_lot for lot in parents}
    return named.pop() if len(named) == 1 else ""


def most_reworks(parents: Sequence[Lot]) -> dict[str, int]:
    """A merged lot was reworked as often as the worst of its parents: no limit is lost in a barrel."""
    most: dict[str, int] = {}
    for lot in parents:
        for operation, count in lot.reworks.items():
            most[operation] = max(most.get(operation, 0), count)
    return dict(sorted(most.items()))


def not_at_hand(lot: Lot) -> list[Refusal]:
    """Why nothing may be done with a lot now: holds, or it is in a run, used up or gone."""
    refused = []
    if lot.holds:
        facts = {"lot": lot.code, "holds": "; ".join(sorted(lot.holds.values()))}
        refused.append(Refusal("lot_is_free", facts))
    if lot.status != lots.ACTIVE:
        facts = {"lot": lot.code, "status": lot.status, "run": lot.run, "shipment": lot.shipment}
        refused.append(Refusal("lot_is_here", facts))
    return refused


def not_fresh(book: Book, lot: Lot) -> list[Refusal]:
    """A refusal when the shelf life of a lot has run out."""
    if lot.expires_ms is None or book.act.at_ms < lot.expires_ms:
        return []
    return [Refusal("lot_is_fresh", {"lot": lot.code, "since_ms": str(lot.expires_ms)})]


def hold_lots(book: Book, codes: Codes, reason: str) -> list[Refusal]:
    """Nothing is done with them until each is released; the hold is named by the action."""
    _, refused = load_each(book, codes)
    refused += text_is_no_script({"reason": reason})
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if not refused:
        for code in dict.fromkeys(codes):
            book.note(lot_stream(code), lots.HELD, reason)
    return refused


def release_lot(book: Book, code: str, hold: str, reason: str) -> list[Refusal]:
    """One hold of a lot ends, by name and with a reason; that of an open nonconformance by its disposition only."""
    found, refused = load_each(book, [code])
    if found and hold not in found[0].holds:
        refused.append(Refusal("hold_is_known", {"lot": code, "hold": hold}))
    refused += text_is_no_script({"reason": reason})
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    return refused or end_rest_of_hold(book, found[0], hold, reason)


def scrap(
    book: Book, code: str, amount: Amount, reason: str, form: str = SCRAP
) -> list[str] | list[Refusal]:
    """So much of a lot becomes a waste lot: its code. A lot that is held may be scrapped."""
    found, refused = load_each(book, [code])
    if found and found[0].status != lots.ACTIVE:
        refused += [r for r in not_at_hand(found[0]) if r.rule == "lot_is_here"]
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if refused:
        return refused
    try:
        book.note(lot_stream(code), lots.SCRAPPED, reason, amount=amount.as_content())
    except TooLittle as error:
        return [Refusal("amount_is_there", {"lot": code, "detail": str(error)})]
    waste = next_code(book.conn, "waste", book.act.at_ms)
    parents = [{"lot": code, "amount": amount.as_content()}]
    made = born_with(found[0], amount, "waste") | {"done": [], "route": "", "first": ""}
    book.note(lot_stream(waste), lots.CREATED, why=form, parents=parents, **made)
    return [waste]


def send_back(book: Book, code: str, operation: str, reason: str) -> list[Refusal]:
    """Rework: an operation that was done is to be done again."""
    found, refused = load_each(book, [code])
    refused += not_at_hand(found[0]) if found else []
    if found and operation not in found[0].done:
        refused.append(Refusal("operation_was_done", {"lot": code, "operation": operation}))
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if not refused:
        first = _strip_first(book, found[0], operation)
        book.note(lot_stream(code), lots.SENT_BACK, reason, operation=operation, first=first)
    return refused


def _strip_first(book: Book, lot: Lot, operation: str) -> str:
    route = load_route(book.conn, lot.route)
    again = None if route is None else route.operations.get(operation)
    return "" if again is None else again.strip


def regrade_lot(book: Book, code: str, grade: str, evidence: str) -> list[Refusal]:
    """A lot is found to be of another grade, which its readings reach; `evidence`: by which measurement. Its history stays."""
    found, refused = load_each(book, [code])
    refused += [r for lot in found for r in not_at_hand(lot) if r.rule == "lot_is_here"]
    if not grade.strip() or (found and found[0].grade == grade):
        refused.append(Refusal("grade_is_another", {"lot": code, "grade": grade}))
    if not evidence.strip():
        refused.append(Refusal("reason_is_given", {}))
    if not refused:
        refused = against_grade(book.conn, code, grade, book.act.at_ms)
    if not refused:
        book.note(lot_stream(code), lots.REGRADED, evidence, grade=grade)
    return refused


def move_lot(book: Book, code: str, place: str) -> list[Refusal]:
    """A lot lies somewhere else now: `place` is where the act is noted."""
    found, refused = load_each(book, [code])
    refused += [r for lot in found for r in not_at_hand(lot) if r.rule == "lot_is_here"]
    if not place.strip():
        refused.append(Refusal("place_is_given", {}))
    if not refused:
        book.note(lot_stream(code), lots.MOVED, to=place)
    return refused


def route_ahead(book: Book, lot: Lot) -> list[Refusal]:
    """A refusal while something of its route lies ahead of a lot."""
    route = load_route(book.conn, lot.route)
    if route is None or is_finished(route, lot.done, lot.first):
        return []
    following = ", ".join(next_operations(route, lot.done, lot.first))
    return [Refusal("route_is_finished", {"lot": lot.code, "next": following, "route": lot.route})]


def ship_lots(book: Book, codes: Codes, facts: Mapping[str, Any]) -> str | list[Refusal]:
    """The lots leave: the code of their shipment. `facts`: customer, order, papers."""
    found, refused = load_each(book, codes)
    for lot in found:
        refused += not_at_hand(lot) + not_fresh(book, lot) + route_ahead(book, lot)
        refused += may_leave(book.conn, lot, str(facts.get("customer", "")), book.act.now_ms)
    if not codes or len(set(codes)) != len(codes):
        refused.append(Refusal("lots_are_told_once", {"lots": ", ".join(codes)}))
    refused += exceeded(book.conn, found, book.act.now_ms)
    if refused:
        return refused
    shipment = next_code(book.conn, "shipment", book.act.at_ms)
    book.note(f"shipment:{shipment}", "shipped", lots=list(codes), **facts)
    for code in codes:
        book.note(lot_stream(code), lots.SHIPPED, shipment=shipment)
    use_up(book, found, shipment)
    return shipment


def correct_action(book: Book, action: str, reason: str) -> list[Refusal]:
    """Take back all that an action did to lots. Refused where later facts rest on it."""
    if not reason.strip():
        return [Refusal("reason_is_given", {})]
    streams = _streams_of(book, action)
    if not streams:
        return [Refusal("action_is_known", {"action": action})]
    if any(stream.startswith("line:") for stream in streams):
        return [Refusal("action_is_of_lots", {"action": action})]
    decided = [stream.removeprefix("nc:") for stream in streams if stream.startswith("nc:")]
    if decided:
        facts = {"action": action, "nonconformance": ", ".join(decided)}
        return [Refusal("decision_stays", facts)]
    kinds = [(s, lots.CORRECTED if s.startswith("lot:") else RUN_CORRECTED) for s in streams]
    try:
        book.note_all(kinds, reason, corrects=action)
    except (Impossible, TooLittle) as error:
        return [Refusal("nothing_rests_on_it", {"action": action, "detail": str(error)})]
    return []


def _streams_of(book: Book, action: str) -> list[str]:
    found: Iterable[str] = (event.stream for event in list_action(book.conn, action))
    return [
        stream
        for stream in dict.fromkeys(found)
        if stream.startswith(("lot:", "charge:", "line:", "nc:"))
    ]
