"""Nonconforming product: disposed of with approvals and carried out at once, told, closed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Connection

from mes_server.actions import handle_lots as handle
from mes_server.actions.contain_nonconformance import AT_HAND, concerned_by, end_hold, holds_of
from mes_server.actions.make_lots import scrap_some
from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain import nonconformance as nc
from mes_server.domain.attempts import Refusal
from mes_server.domain.control_plan import Plan
from mes_server.domain.days import utc_day
from mes_server.domain.lots import Lot
from mes_server.domain.nonconformance import Disposition, Needs, Nonconformance
from mes_server.domain.people import Person
from mes_server.domain.signatures import digest
from mes_server.domain.texts import text_is_no_script
from mes_server.store.lots import load_lots
from mes_server.store.nonconformances import load_nc
from mes_server.store.plans import plan_for
from schemas.limit_rows import load_rows


def dispose(
    book: Book, code: str, given: Disposition, signers: Sequence[Person | Refusal]
) -> list[str] | list[Refusal]:
    """Decide, sign and carry it out on every lot it holds; the codes of waste lots that were made."""
    found = load_nc(book.conn, code)
    if found is None:
        return [Refusal("nonconformance_is_known", {"nonconformance": code})]
    if found.state != nc.OPEN:
        return [Refusal("nonconformance_is_open", {"nonconformance": code, "state": found.state})]
    if found.stage == nc.OPEN:
        return [Refusal("nonconformance_is_contained", {"nonconformance": code})]
    found = _as_of_now(book, found)
    refused = text_is_no_script(
        {"reason": given.reason, "to": given.to, "reference": given.customer_reference}
    )
    needs = needs_for(book.conn, found, given.kind, book.act.now_ms)
    if needs is None:
        facts = {"disposition": given.kind, "dispositions": ", ".join(nc.DISPOSITIONS)}
        return [*refused, Refusal("disposition_is_known", facts)]
    if not signers:
        refused += may_sign(None, "dispose")
    for one in signers:
        refused += may_sign(one, "dispose")
    people = [one for one in signers if isinstance(one, Person)]
    refused += nc.lacks(given, needs, [(one.badge, one.roles) for one in people])
    if (
        not found.held
        and not found.lots
        and given.kind in (nc.USE_AS_IS, nc.REWORK, nc.REPAIR, nc.REGRADE)
    ):
        refused.append(Refusal("lots_are_named", {}))
    refused += _covered(book, found, given)
    return refused or _carry_out(book, found, given, people)


def _as_of_now(book: Book, found: Nonconformance) -> Nonconformance:
    """With what came out of runs since it was opened: it is held for what it was made of."""
    concerned = concerned_by(book.conn, (found.about, found.name), found.lots)
    born = [
        one
        for one in concerned.at_hand
        if (lot := book.lot(one)) is not None and holds_of(lot, found)
    ]
    return replace(
        found, lots=tuple(sorted({*found.lots, *born})), held=tuple(sorted({*found.held, *born}))
    )


def _covered(book: Book, found: Nonconformance, given: Disposition) -> list[Refusal]:
    """A concession covers so many pieces, and no time that is over."""
    if given.kind != nc.USE_AS_IS:
        return []
    pieces = sum(lot.amount.pieces for code in found.held if (lot := book.lot(code)) is not None)
    if (not given.pieces or pieces <= given.pieces) and (
        given.until_ms is None or book.act.at_ms <= given.until_ms
    ):
        return []
    facts = {
        "nonconformance": found.code, "pieces": str(pieces), "most": str(given.pieces or ""),
        "until_ms": str(given.until_ms or ""),
    }  # fmt: skip
    return [Refusal("concession_covers", facts)]


def _carry_out(
    book: Book, found: Nonconformance, given: Disposition, people: Sequence[Person]
) -> list[str] | list[Refusal]:
    made: list[str] = []
    mark = book.mark()
    for code in found.held:
        lot = book.lot(code)
        if lot is None or lot.status not in AT_HAND:
            continue
        if given.kind != nc.RETURN:
            end_hold(book, lot, found, given.reason)
        done = _DO[given.kind](book, lot, given)
        refused = [one for one in done if isinstance(one, Refusal)]
        if refused:
            book.forget_since(mark)
            return refused
        made += [str(one) for one in done]
    content = nc.as_content(given)
    signed = [one.badge for one in people]
    book.note(
        nc.stream_of(found.code), nc.DISPOSED, given.reason, disposition=content, signed=signed,
        made=made, held=list(found.held),
    )  # fmt: skip
    for one in people:
        sign(book, f"nc:{found.code}", digest(_signed(found, content)), one, "disposed")
    return [found.code, *made]


def _signed(found: Nonconformance, content: dict[str, Any]) -> dict[str, Any]:
    """What the approvals are bound to."""
    return {"code": found.code, "lots": list(found.lots), "disposition": content}


def digest_of_nc(conn: Connection, code: str) -> str | None:
    """The digest of a nonconformance as it stands; None: nothing was decided yet."""
    found = load_nc(conn, code)
    if found is None or found.disposition is None:
        return None
    return digest(_signed(found, nc.as_content(found.disposition)))


def _nothing(_book: Book, _lot: Lot, _given: Disposition) -> list[Any]:
    return []


def _rework(book: Book, lot: Lot, given: Disposition) -> list[Any]:
    return handle.send_back(book, lot.code, given.to, given.reason)


def _regrade(book: Book, lot: Lot, given: Disposition) -> list[Any]:
    return handle.regrade_lot(book, lot.code, given.to, given.reason)


def _scrap(book: Book, lot: Lot, given: Disposition) -> list[Any]:
    much = (lot.amount.pieces, lot.amount.mass_mg)
    return scrap_some(book, lot.code, much, (given.reason, "scrap"))


def _send_home(book: Book, lot: Lot, _given: Disposition) -> list[Any]:
    """Back to the supplier: it lies apart and stays held until it leaves."""
    return handle.move_lot(book, lot.code, "return-to-supplier")


_DO: dict[str, Callable[[Book, Lot, Disposition], list[Any]]] = {
    nc.CONFORMS: _nothing,
    nc.USE_AS_IS: _nothing,
    nc.REWORK: _rework,
    nc.REPAIR: _rework,
    nc.REGRADE: _regrade,
    nc.SCRAP: _scrap,
    nc.RETURN: _send_home,
}


def notify(book: Book, code: str, customer: str, how: str) -> list[Refusal]:
    """The customer was told; `how`: by which letter or call."""
    found = load_nc(book.conn, code)
    if found is None:
        return [Refusal("nonconformance_is_known", {"nonconformance": code})]
    refused = [] if how.strip() else [Refusal("reason_is_given", {})]
    if customer not in {notice.customer for notice in found.untold}:
        refused.append(
            Refusal("customer_is_listed", {"customer": customer, "nonconformance": code})
        )
    if not refused:
        book.note(nc.stream_of(code), nc.NOTIFIED, how, customer=customer)
    return refused


def close(book: Book, code: str, reason: str) -> list[Refusal]:
    """Everything is done: it was disposed of, and every customer on its list was told."""
    found = load_nc(book.conn, code)
    if found is None:
        return [Refusal("nonconformance_is_known", {"nonconformance": code})]
    refused = [] if reason.strip() else [Refusal("reason_is_given", {})]
    if found.state != nc.SETTLED:
        refused.append(
            Refusal("nonconformance_is_disposed", {"nonconformance": code, "state": found.state})
        )
    if found.untold:
        told = ", ".join(notice.customer for notice in found.untold)
        refused.append(Refusal("customers_are_told", {"nonconformance": code, "customers": told}))
    if not refused:
        book.note(nc.stream_of(code), nc.CLOSED, reason)
    return refused


def needs_of(kind: str, at_ms: int) -> Needs | None:
    """What a disposition takes at a time; None: there is no such disposition."""
    day = utc_day(at_ms)
    rows = [row for row in _approvals() if row["disposition"] == kind and row["since"] <= day]
    if not rows:
        return None
    row = rows[-1]
    return Needs(
        tuple(row["roles"]), int(row["persons"]), str(row["customer_reference"]),
        bool(row["quantity_and_expiry"]),
    )  # fmt: skip


def needs_for(conn: Connection, found: Nonconformance, kind: str, at_ms: int) -> Needs | None:
    """As `needs_of`, with the word of the customer only where the row asks for it of these lots."""
    needs = needs_of(kind, at_ms)
    if needs is None or needs.customer_reference in (nc.NEVER, nc.ALWAYS):
        return needs
    plans = [
        plan_for(conn, lot.part, lot.route, at_ms)
        for lot in load_lots(conn, sorted({*found.lots, *found.held})).values()
    ]
    lines = [line for one in plans if one and (line := one.find(found.characteristic)) is not None]
    asked = any(line.symbol or line.customer_symbol for line in lines)
    if needs.customer_reference == nc.APPROVED:  # without a plan nobody can say that none approved
        asked = asked or not plans or any(one is None or _is_a_customers(one) for one in plans)
    return replace(needs, customer_reference=nc.ALWAYS if asked else nc.NEVER)


def _is_a_customers(plan: Plan) -> bool:
    return plan.phase != "prototype" and plan.ppap.get("status", "none") != "none"


@cache
def _approvals() -> list[dict[str, Any]]:
    return load_rows("approvals")
