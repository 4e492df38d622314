"""Gather the recall pack: where all that a suspicion concerns is now, who got it, and whether the mass adds up."""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from mes_server.actions.compile_lot_report import Heading
from mes_server.actions.drill_recall import is_stopped, suspicion_of
from mes_server.actions.report_work import LISTED_MAX, cut_short
from mes_server.actions.trace_lots import trace
from mes_server.domain.days import utc_day
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.lots import HELD
from mes_server.domain.recalls import IN_PROCESS, STOCK, SUSPECTS, USED_UP, Found, Recall, Suspicion
from mes_server.domain.report import (
    Remark,
    Report,
    Row,
    Section,
    count,
    iso,
    kg,
    percent,
    scaled,
    yes,
)
from mes_server.domain.report_contract import contract_of
from mes_server.domain.seal import Event
from mes_server.store.ledger import head, load_stream
from mes_server.store.traces import flows_into
from schemas.limit_rows import load_rows, row_at

RECALL_PACK = "recall_pack"
DRILL = "drill"
EDGES_MAX = 200_000
_SPAN = re.compile(r"(.*)@([0-9]{1,15})-([0-9]{1,15})", re.DOTALL)


def about_suspicion(suspicion: Suspicion) -> str:
    """What a pack is about, in a word: "supplier_lot:X-1", with the span behind @."""
    span = "" if suspicion.from_ms is None or suspicion.to_ms is None else f"@{suspicion.from_ms}-{suspicion.to_ms}"  # fmt: skip
    return f"{suspicion.kind}:{suspicion.name}{span}"


def suspicion_from(about: str) -> Suspicion | None:
    """The suspicion that such a word names; None: it is none."""
    kind, _, name = about.partition(":")
    if kind not in SUSPECTS or not name:
        return None
    match = _SPAN.fullmatch(name)
    return Suspicion(kind, name) if match is None else Suspicion(kind, match[1], int(match[2]), int(match[3]))  # fmt: skip


def compile_recall_pack(conn: Connection, about: str, heading: Heading) -> Report | None:
    """The pack about a suspicion, or about a drill ("drill:<id>"); None: there is no such thing."""
    events = load_stream(conn, about) if about.startswith(f"{DRILL}:") else []
    suspicion = suspicion_of(events) if events else suspicion_from(about)
    if suspicion is None:
        return None
    found = trace(conn, suspicion, FORWARD)
    edges = flows_into(conn, [lot.code for lot in found.lots])[:EDGES_MAX]
    sections = {
        "summary": _summary(found),
        "containment": _containment(found),
        "customers": _customers(found),
        "balance": _balance(found, heading.made_ms),
        "edges": Section({}, {"edges": [
            {"parent": e.parent, "child": e.child, "at": iso(e.at_ms), "mass_kg": kg(e.mass_mg)} for e in edges
        ]}),
        "holds": _holds(conn, found),
        "drill": _drill(events),
    }  # fmt: skip
    return Report(
        RECALL_PACK, heading.number, about, heading.language, heading.made_ms, heading.made_by,
        heading.software, heading.site, head(conn, heading.made_ms), sections, heading.earlier,
    )  # fmt: skip


def _amounts(lots: Sequence[Found]) -> dict[str, str]:
    return {
        "lots": str(len(lots)), "pieces": count(sum(lot.pieces for lot in lots)),
        "mass_kg": kg(sum(lot.mass_mg for lot in lots)),
    }  # fmt: skip


def _summary(found: Recall) -> Section:
    said = found.suspicion
    facts = {
        "kind": said.kind, "name": said.name, "from": iso(said.from_ms), "to": iso(said.to_ms),
        "starts": str(len(found.starts)), "lots": str(len(found.lots)),
        "held": str(sum(lot.held for lot in found.lots)),
        "customers": str(len({c for c in found.customers.values() if c})),
    }  # fmt: skip
    places: list[Row] = [{"where": where, **_amounts(found.at(where))} for where in found.counts()]
    gaps = () if found.lots else (Remark("nothing_found"),)
    return Section(facts, {"places": places}, gaps)


def _containment(found: Recall) -> Section:
    left = [lot for lot in found.lots if lot.where != USED_UP]
    free = [lot for lot in left if not lot.held and lot.where in (STOCK, IN_PROCESS)]
    rows: list[Row] = [_found(found, lot) for lot in left]
    gaps = (Remark("not_held", {"count": str(len(free))}),) if free else ()
    return Section({}, {"lots": rows}, gaps)


def _found(found: Recall, lot: Found) -> Row:
    return {
        "lot": lot.code, "suspected": yes(lot.code in found.starts), "where": lot.where,
        "place": lot.place, "run": lot.run, "shipment": lot.shipment,
        "customer": found.customers.get(lot.shipment, ""), "kind": lot.kind, "part": lot.part,
        "held": yes(lot.held), "pieces": count(lot.pieces), "mass_kg": kg(lot.mass_mg),
    }  # fmt: skip


def _customers(found: Recall) -> Section:
    """A draft of a notice to each customer who got some (IATF 16949 8.7.1.6); it is not sent from here."""
    shipped: dict[str, list[Found]] = {}
    for lot in found.lots:
        if lot.shipment:
            shipped.setdefault(found.customers.get(lot.shipment, ""), []).append(lot)
    nameless = sorted({lot.shipment for lot in shipped.pop("", [])})
    gaps = tuple(Remark("customer_unknown", {"shipment": code}) for code in nameless)
    rows = [_notice(found, customer, lots) for customer, lots in sorted(shipped.items())]
    return Section({}, {"notices": rows}, gaps)


def _notice(found: Recall, customer: str, lots: Sequence[Found]) -> Row:
    amounts = _amounts(lots)
    shipments = ", ".join(sorted({lot.shipment for lot in lots}))
    said = found.suspicion
    facts = {
        "customer": customer, "shipments": shipments, "pieces": amounts["pieces"] or "–",
        "mass_kg": amounts["mass_kg"] or "–", "suspicion": f"{said.kind} {said.name}",
    }  # fmt: skip
    contract = contract_of(RECALL_PACK)
    texts: Mapping[str, str] = {
        language: contract.remark("notice", facts, language) for language in ("en", "zh")
    }
    return {"customer": customer, "shipments": shipments, **amounts, "notice": texts}


def _balance(found: Recall, now_ms: int) -> Section:
    rule = row_at(load_rows("recall"), utc_day(now_ms))
    aim = int(rule["reconciled_ppm_min"])
    facts = {"aim_percent": percent(aim), "aim_source": str(rule["source"])}
    account = found.account
    if account is None or not found.lots:
        return Section(facts, applies=False)
    share = account.reconciled_ppm
    facts |= {
        "start_kg": scaled(account.start_mg, 6), "joined_kg": scaled(account.joined_mg, 6),
        "now_kg": scaled(sum(account.now_mg.values()), 6), "missing_kg": scaled(account.missing_mg, 6),
        "reconciled_percent": percent(share),
    }  # fmt: skip
    short = share is not None and share < aim
    gaps = (Remark("not_reconciled", {"percent": percent(share), "aim": percent(aim)}),) if short else ()  # fmt: skip
    return Section(facts, {}, gaps)


def _holds(conn: Connection, found: Recall) -> Section:
    held = [lot for lot in found.lots if lot.held]
    rows: list[Row] = [
        {"lot": lot.code, "hold": e.action, "reason": e.reason, "person": e.person, "at": iso(e.at_ms)}
        for lot in held[:LISTED_MAX]
        for e in load_stream(conn, f"lot:{lot.code}")
        if e.kind == HELD
    ]  # fmt: skip
    gaps = tuple(cut_short(len(held), "held lots", "扣留批次"))
    return Section({}, {"holds": rows}, gaps, applies=bool(held))


def _drill(events: Sequence[Event]) -> Section:
    if not events:
        return Section(applies=False)
    first, last = events[0], events[-1]
    facts = {"drill": first.stream.removeprefix("drill:"), "started": iso(first.at_ms), "started_by": first.person}  # fmt: skip
    if not is_stopped(list(events)):
        return Section(facts, gaps=(Remark("drill_runs"),))
    said = last.facts()
    facts |= {
        "stopped": iso(last.at_ms), "stopped_by": last.person, "remark": last.reason,
        "elapsed_s": scaled(int(said["elapsed_ms"]), 3), "lots": str(said["result"]["lots"]),
    }  # fmt: skip
    return Section(facts)
