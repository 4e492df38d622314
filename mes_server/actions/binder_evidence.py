"""What proves the clauses: the newest records of each kind, and which of them are missing or late."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.drill_recall import STOPPED
from mes_server.domain.binder import Evidence
from mes_server.domain.checks import OUT, Check
from mes_server.domain.control_plan import CHALLENGE, FIRST_OFF, LAST_OFF, RESTART, Plan, plan_of
from mes_server.domain.documents import Document
from mes_server.domain.lots import HELD, SENT_BACK
from mes_server.domain.report import Remark, iso, scaled
from mes_server.store.checks import newest_checks
from mes_server.store.documents import list_documents
from mes_server.store.evidence import (
    count_labels,
    count_lots,
    lots_that_expire,
    newest_events,
    received_lots,
    used_resources,
)
from mes_server.store.ledger import head
from mes_server.store.papers import newest_papers
from mes_server.store.people import list_people
from mes_server.store.plans import acknowledged_by

LISTED_MAX = 500
YEAR_MS = 366 * 86_400_000
Rows = list[Mapping[str, str]]
Find = Callable[[Connection, int], Evidence]


def evidence(name: str, rows: Sequence[Mapping[str, Any]], *gaps: Remark | None, whole: int = 0) -> Evidence:  # fmt: skip
    """The evidence with its gaps; without records that is the gap."""
    told = [gap for gap in gaps if gap is not None]
    if not rows:
        told.append(Remark("nothing_recorded"))
    texts = [{key: str(value) for key, value in row.items() if value not in ("", None)} for row in rows]  # fmt: skip
    return Evidence(name, texts, tuple(told), whole)


def some(what: str, bad: Sequence[str]) -> Remark | None:
    """A gap that names the first of those that are bad; None: there is none."""
    if not bad:
        return None
    return Remark(what, {"count": str(len(bad)), "which": ", ".join(sorted(bad)[:10])})


def _in_force(conn: Connection, now_ms: int) -> list[tuple[Document, Plan]]:
    return [(d, plan_of(d)) for d in list_documents(conn, "plan") if d.is_in_force(now_ms)]


def plans(conn: Connection, now_ms: int) -> Evidence:
    """Control plans in force, with their phases."""
    rows = [
        {
            "plan": d.name, "phase": p.phase, "parts": ", ".join(p.parts), "characteristics": len(p.characteristics),
            "released_at": iso(d.released_ms), "by": d.person, "digest": d.digest,
        }
        for d, p in _in_force(conn, now_ms)
    ]  # fmt: skip
    return evidence("plans", rows)


def special(conn: Connection, now_ms: int) -> Evidence:
    """Special characteristics of the plans in force."""
    found = [(d, one) for d, p in _in_force(conn, now_ms) for one in p.characteristics if one.symbol]  # fmt: skip
    rows = [
        {
            "plan": d.name, "characteristic": one.id, "symbol": one.symbol, "customer_symbol": one.customer_symbol,
            "operation": one.operation, "kind": one.kind,
        }
        for d, one in found
    ]  # fmt: skip
    return evidence("special", rows)


def ppap(conn: Connection, now_ms: int) -> Evidence:
    """The state of product approval of each plan in force."""
    found = _in_force(conn, now_ms)
    rows = [{"plan": d.name, "phase": p.phase, **p.ppap} for d, p in found]
    bad = [d.name for d, p in found if p.phase == "production" and p.ppap.get("status") != "approved"]  # fmt: skip
    return evidence("ppap", rows, some("not_approved", bad))


def documents(conn: Connection, _now_ms: int) -> Evidence:
    """Revisions of recipes, instructions and specs of baths."""
    kinds = ("instruction", "recipe", "bath")
    found = [one for kind in kinds for one in list_documents(conn, kind)][:LISTED_MAX]
    rows = [
        {
            "document": d.name, "kind": d.kind, "released_at": iso(d.released_ms), "by": d.person,
            "withdrawn_at": iso(d.withdrawn_ms), "digest": d.digest,
        }
        for d in found
    ]  # fmt: skip
    return evidence("documents", rows)


def instructions(conn: Connection, now_ms: int) -> Evidence:
    """Instructions in force, and who acknowledged them."""
    rows: list[dict[str, str]] = []
    unread = []
    for d in list_documents(conn, "instruction"):
        if d.is_in_force(now_ms):
            readers = acknowledged_by(conn, d.name)
            unread += [] if readers else [d.name]
            rows += [{"instruction": d.name, "badge": r.badge, "acknowledged_at": iso(r.at_ms)} for r in readers]  # fmt: skip
            rows += [] if readers else [{"instruction": d.name}]
    return evidence("instructions", rows, some("unread", unread))


def qualifications(conn: Connection, now_ms: int) -> Evidence:
    """Who may do what until when."""
    people = [p for p in list_people(conn, LISTED_MAX) if p.disabled_ms is None]
    rows = [
        {"badge": p.badge, "qualification": name, "until": iso(until_ms)}
        for p in people
        for name, until_ms in sorted(p.qualifications.items())
    ]
    late = [f"{p.badge} {n}" for p in people for n, until in p.qualifications.items() if until < now_ms]  # fmt: skip
    return evidence("qualifications", rows, some("expired", late))


def _checks(name: str, wanted: Callable[[Check], bool]) -> Find:
    def find(conn: Connection, _now_ms: int) -> Evidence:
        found = [one for one in newest_checks(conn, LISTED_MAX * 4) if wanted(one)]
        rows = [
            {
                "check": c.code, "at": iso(c.at_ms), "plan": c.plan, "characteristic": c.characteristic,
                "moment": c.moment, "place": c.place, "lot": c.lot, "run": c.run, "gauge": c.gauge,
                "readings": "; ".join(r.text for r in c.readings), "verdict": c.verdict, "by": c.person, "voided": c.voided,
            }
            for c in found[:LISTED_MAX]
        ]  # fmt: skip
        out = [c.code for c in found if c.verdict == OUT and not c.voided]
        return evidence(name, rows, some("out_of_spec", out), whole=len(found))

    return find


def receipts(conn: Connection, _now_ms: int) -> Evidence:
    """What came from outside."""
    found = received_lots(conn, LISTED_MAX)
    rows = [
        {"lot": code, "kind": kind, "part": part, "supplier_lot": theirs, "received_at": iso(born_ms)}
        for code, kind, part, theirs, born_ms in found
    ]  # fmt: skip
    return evidence("receipts", rows, some("no_supplier_lot", [r[0] for r in found if not r[3]]))


def resources(conn: Connection, _now_ms: int) -> Evidence:
    """Baths, targets, thermocouples, jigs, and in how many runs each was."""
    found = used_resources(conn, LISTED_MAX)
    return evidence("resources", [{"role": r, "name": n, "runs": c} for r, n, c in found])


def lots(conn: Connection, _now_ms: int) -> Evidence:
    """Lots by kind and status."""
    found = count_lots(conn)
    return evidence("lots", [{"kind": k, "status": s, "lots": n, "held": h} for k, s, n, h in found])  # fmt: skip


def labels(conn: Connection, _now_ms: int) -> Evidence:
    """Labels printed and void."""
    printed, voided = count_labels(conn)
    return evidence("labels", [{"printed": printed, "void": voided}] if printed else [])


def drills(conn: Connection, now_ms: int) -> Evidence:
    """Recall drills with their clocks; one a year at least."""
    found, whole = newest_events(conn, STOPPED, LISTED_MAX)
    rows = [
        {
            "drill": e["stream"].removeprefix("drill:"), "at": iso(e["at_ms"]), "by": e["person"], "remark": e["reason"],
            "suspected": f"{e['facts']['suspicion']['kind']} {e['facts']['suspicion']['name']}",
            "elapsed_s": scaled(e["facts"]["elapsed_ms"], 3), "lots": e["facts"]["result"]["lots"],
        }
        for e in found
    ]  # fmt: skip
    stale = bool(found) and found[0]["at_ms"] < now_ms - YEAR_MS
    return evidence("drills", rows, Remark("drill_is_old") if stale else None, whole=whole)


def shelf(conn: Connection, now_ms: int) -> Evidence:
    """Lots with a shelf life."""
    found = lots_that_expire(conn, LISTED_MAX)
    rows = [{"lot": c, "kind": k, "use_before": iso(ms), "status": s} for c, k, ms, s in found]
    late = [c for c, _, ms, status in found if ms < now_ms and status == "active"]
    return evidence("shelf", rows, some("expired", late))


def of_kind(name: str, kind: str) -> Find:
    def find(conn: Connection, _now_ms: int) -> Evidence:
        found, whole = newest_events(conn, kind, LISTED_MAX)
        rows = [
            {
                "event": e["number"], "about": e["stream"].partition(":")[2], "at": iso(e["at_ms"]),
                "by": e["person"], "place": e["place"], "reason": e["reason"],
            }
            for e in found
        ]  # fmt: skip
        return evidence(name, rows, whole=whole)

    return find


def ledger(conn: Connection, now_ms: int) -> Evidence:
    """The head of the ledger: nothing in it can be changed unseen; `mes verify` reads all of it."""
    last = head(conn, now_ms)
    return evidence("ledger", [{"events": last.number, "hash": last.hash}] if last.number else [])


def papers(conn: Connection, _now_ms: int) -> Evidence:
    """Reports, certificates, recall packs."""
    found = newest_papers(conn, LISTED_MAX)
    rows = [
        {
            "number": p.number, "kind": p.kind, "about": p.about, "verdict": p.verdict, "made_at": iso(p.made_ms),
            "by": p.person, "sha256": p.digest,
        }
        for p in found
    ]  # fmt: skip
    return evidence("papers", rows)


def not_kept(name: str) -> Find:
    def find(_conn: Connection, _now_ms: int) -> Evidence:
        return Evidence(name, (), (Remark("not_kept_here"),))

    return find


# How each kind of evidence is found. A clause of clauses.json names these.
EVIDENCE: dict[str, Find] = {
    "plans": plans,
    "special": special,
    "ppap": ppap,
    "documents": documents,
    "instructions": instructions,
    "qualifications": qualifications,
    "checks": _checks("checks", lambda _: True),
    "attributes": _checks("attributes", lambda c: not c.readings),
    "first_off": _checks("first_off", lambda c: c.moment in (FIRST_OFF, LAST_OFF)),
    "restart": _checks("restart", lambda c: c.moment == RESTART),
    "challenge": _checks("challenge", lambda c: c.moment == CHALLENGE),
    "receipts": receipts,
    "resources": resources,
    "lots": lots,
    "labels": labels,
    "drills": drills,
    "shelf": shelf,
    "holds": of_kind("holds", HELD),
    "reworks": of_kind("reworks", SENT_BACK),
    "ledger": ledger,
    "papers": papers,
    "none": not_kept("none"),
}
