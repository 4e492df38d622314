"""Release a lot: its planned checks were made, nothing is open against it, and who may says so with a signature.

A lot of a part with a control plan leaves only when it, or what it was packed from, is released and the release
still stands: whatever was recorded since changes the digest, and the signature falls.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from mes_server.actions.gather_evidence import due_of_work, last_work
from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain.attempts import Refusal
from mes_server.domain.control_plan import Plan
from mes_server.domain.genealogy import BACK
from mes_server.domain.lots import ACTIVE, Lot
from mes_server.domain.people import Person
from mes_server.domain.releases import PRODUCT_RELEASED, evidence_of, stream_of
from mes_server.domain.signatures import digest
from mes_server.store.checks import checks_of_lots, checks_of_runs
from mes_server.store.lots import list_edges, load_lot
from mes_server.store.nonconformances import ncs_of_lots
from mes_server.store.plans import plan_for
from mes_server.store.releases import releases_of

# Ways in which a lot became another one without being worked on: what was released stays so.
SAME_GOODS = ("split", "merge", "pack")
_APPROVED = ("approved", "interim")


def release_product(book: Book, code: str, signers: Sequence[Person | Refusal]) -> list[Refusal]:
    """The lot conforms. With a CC characteristic in its plan it takes two people (IATF 16949 4.4.1.2)."""
    conn = book.conn
    lot = load_lot(conn, code)
    if lot is None:
        return [Refusal("lot_is_known", {"lot": code})]
    plan = plan_for(conn, lot.part, lot.route, book.act.now_ms)
    if plan is None:
        return [Refusal("plan_is_in_force", {"lot": code, "run": "", "plan": ""})]
    refused = _against(conn, lot, plan, book.act.now_ms)
    refused += [fault for one in signers or [None] for fault in may_sign(one, "release")]  # type: ignore[list-item]
    people = {one.badge: one for one in signers if isinstance(one, Person)}
    if plan.has_critical and len(people) == 1:
        refused.append(Refusal("second_person_signs", {"badge": next(iter(people))}))
    if refused:
        return refused
    now = _digest(conn, lot, plan)
    by = sorted(people)
    book.note(stream_of(code), PRODUCT_RELEASED, lot=code, plan=plan.name, digest=now, by=by)
    for badge in by:
        sign(book, f"release:{code}", now, people[badge], "released")
    return []


def _against(conn: Connection, lot: Lot, plan: Plan, now_ms: int) -> list[Refusal]:
    refused = []
    if lot.holds:
        facts = {"lot": lot.code, "holds": "; ".join(sorted(lot.holds.values()))}
        refused.append(Refusal("lot_is_free", facts))
    if lot.status != ACTIVE:
        facts = {"lot": lot.code, "status": lot.status, "run": lot.run, "shipment": lot.shipment}
        refused.append(Refusal("lot_is_here", facts))
    missing = [one.line.id for one in due_of_work(conn, lot.code, now_ms) if one.is_open]
    if missing:
        facts = {"checks": ", ".join(missing), "plan": plan.name, "station": "", "lot": lot.code}
        refused.append(Refusal("checks_are_done", facts))
    still = [one.code for one in ncs_of_lots(conn, [lot.code]) if one.state == "open"]
    if still:
        facts = {"lot": lot.code, "nonconformances": ", ".join(still)}
        refused.append(Refusal("nothing_is_open", facts))
    return refused


def _digest(conn: Connection, lot: Lot, plan: Plan) -> str:
    works = last_work(conn, lot.code)
    checks = {one.code: one for one in checks_of_lots(conn, [lot.code])}
    checks |= {one.code: one for one in checks_of_runs(conn, sorted({w.run.code for w in works}))}
    ncs = ncs_of_lots(conn, [lot.code])
    return digest(evidence_of(lot.code, lot.grade, plan.name, checks.values(), ncs))


def digest_of_release(conn: Connection, code: str) -> str | None:
    """The digest of the evidence of a lot as it is now, under the plan it was released by."""
    lot, known = load_lot(conn, code), releases_of(conn, [code])
    if lot is None or code not in known:
        return None
    plan = plan_for(conn, lot.part, lot.route, known[code].at_ms)
    return None if plan is None else _digest(conn, lot, plan)


def stands(conn: Connection, code: str) -> bool:
    """Whether a lot is released, and nothing about it has changed since."""
    known = releases_of(conn, [code]).get(code)
    return known is not None and known.digest == digest_of_release(conn, code)


def may_leave(conn: Connection, lot: Lot, customer: str, at_ms: int) -> list[Refusal]:
    """Why a lot may not be shipped to a customer: it is not released, or its part is not approved there."""
    plan = plan_for(conn, lot.part, lot.route, at_ms)
    if plan is None:
        return []
    refused = []
    if not is_released(conn, lot.code):
        refused.append(Refusal("lot_is_released", {"lot": lot.code, "plan": plan.name}))
    status, whose = plan.ppap.get("status", "none"), plan.ppap.get("customer", "")
    if plan.phase != "prototype" and (status not in _APPROVED or whose not in ("", customer)):
        facts = {"lot": lot.code, "part": lot.part, "customer": customer, "ppap": status}
        refused.append(Refusal("ppap_is_approved", facts))
    return refused


def is_released(conn: Connection, code: str) -> bool:
    """It, or every lot it is made of without having been worked on since."""
    if stands(conn, code):
        return True
    edges = [edge for edge in list_edges(conn, [code], BACK) if edge.why in SAME_GOODS]
    return bool(edges) and all(is_released(conn, edge.parent) for edge in edges)
