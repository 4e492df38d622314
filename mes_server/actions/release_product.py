"""Release a lot: its planned checks were made, nothing is open against it, and who may says so with a signature.

A lot of a part with a control plan leaves only when it, or what it was packed from, is released and the release
still stands: whatever was recorded since changes the digest, and the signature falls.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.gather_evidence import due_of_work, last_work
from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain.attempts import Refusal
from mes_server.domain.control_plan import Plan
from mes_server.domain.lots import (
    ACTIVE,
    ADDED,
    CREATED,
    LOADED,
    REGRADED,
    SENT_BACK,
    UNLOADED,
    Lot,
    corrected_actions,
)
from mes_server.domain.people import Person
from mes_server.domain.releases import PRODUCT_RELEASED, evidence_of, stream_of, whole_of
from mes_server.domain.seal import Event
from mes_server.domain.signatures import digest
from mes_server.store.checks import checks_of_lots, checks_of_runs
from mes_server.store.ledger import load_stream
from mes_server.store.lots import load_lot
from mes_server.store.nonconformances import ncs_of_lots
from mes_server.store.plans import plan_for
from mes_server.store.releases import releases_of
from mes_server.store.signatures import list_signatures

# Ways in which a lot became another one without being worked on: what was released stays so.
SAME_GOODS = ("split", "merge", "pack")
_WORK = frozenset((ADDED, LOADED, UNLOADED, SENT_BACK, REGRADED))
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
    now = digest(_evidence(conn, lot, plan) | whole_of(lot, ()))
    by = sorted(people)
    book.note(stream_of(code), PRODUCT_RELEASED, lot=code, plan=plan.name, digest=now, by=by)
    for badge in by:
        sign(book, stream_of(code), now, people[badge], "released")
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


def _evidence(conn: Connection, lot: Lot, plan: Plan) -> dict[str, Any]:
    runs = sorted({work.run.code for work in last_work(conn, lot.code)})
    checks = {one.code: one for one in checks_of_lots(conn, [lot.code])}
    checks |= {one.code: one for one in checks_of_runs(conn, runs)}
    ncs = ncs_of_lots(conn, [lot.code])
    return evidence_of(lot, plan.name, runs, checks.values(), ncs)


def digest_of_release(conn: Connection, code: str) -> str | None:
    """The digest of the evidence of a lot as it is now, under the plan it was released by: without its amount where the
    release is one of before amounts were signed."""
    lot, known = load_lot(conn, code), releases_of(conn, [code])
    if lot is None or code not in known:
        return None
    plan = plan_for(conn, lot.part, lot.route, known[code].at_ms)
    if plan is None:
        return None
    evidence = _evidence(conn, lot, plan)
    bare = digest(evidence)
    since = load_stream(conn, stream_of(code))[-1].number
    kept = [one for one in _kept(conn, code) if one.number > since]
    return bare if known[code].digest == bare else digest(evidence | whole_of(lot, kept))


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
    """It, or every lot it was taken from after that one's release, with nothing done to it or found since."""
    if stands(conn, code):
        return True
    born, touched = _life(conn, code)
    if born is None or touched or born.facts()["why"] not in SAME_GOODS:
        return False
    parents = [str(one["lot"]) for one in born.facts()["parents"]]
    return bool(parents) and all(_covers(conn, one, born.number, code) for one in parents)


def _kept(conn: Connection, code: str) -> list[Event]:
    """What happened to a lot, without what was taken back."""
    history = load_stream(conn, f"lot:{code}")
    gone = corrected_actions(history)
    return [one for one in history if one.action not in gone]


def _life(conn: Connection, code: str) -> tuple[Event | None, bool]:
    """The birth of a lot, and whether it was worked on or judged anew since."""
    kept = _kept(conn, code)
    born = next((one for one in kept if one.kind == CREATED), None)
    return born, any(one.kind in _WORK for one in kept)


def _covers(conn: Connection, parent: str, number: int, child: str) -> bool:
    """Whether a release before that event of the ledger holds for what was taken from the lot by it."""
    known = {one.code for one in ncs_of_lots(conn, [parent])}
    if any(one.code not in known for one in ncs_of_lots(conn, [child])):
        return False
    if not all(one.voided or one.has_passed for one in checks_of_lots(conn, [child])):
        return False
    if not stands(conn, parent):
        return is_released(conn, parent)
    return list_signatures(conn, stream_of(parent))[-1].number < number
