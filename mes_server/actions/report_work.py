"""Sections of the lot report: header, genealogy, route card with its people."""

from collections.abc import Mapping
from typing import Any

from mes_server.actions.report_line import WORKS_MAX, Line
from mes_server.domain.control_plan import REFERENCE, Plan
from mes_server.domain.genealogy import BACK, FORWARD, Edge
from mes_server.domain.lots import Lot
from mes_server.domain.report import Remark, Row, Section, count, iso, kg, square_metres, yes
from mes_server.domain.report_people import Deed, deeds_of, qualified_until
from mes_server.domain.seal import Event
from mes_server.store.documents import load_current
from mes_server.store.ledger import load_stream
from mes_server.store.lineage import Work, resources_of_runs
from mes_server.store.lots import list_edges, load_lots
from mes_server.store.plans import acknowledged_by
from mes_server.store.runs import what_is_inside
from mes_server.store.traces import customers_of

LISTED_MAX = 300
_OUTSIDE = ("raw", "recycled", "target", "slurry", "bath")  # kinds that come from a supplier


def amount_row(lot: Lot) -> dict[str, str]:
    """How much of a lot there is."""
    amount = lot.amount
    return {
        "pieces": count(amount.pieces), "mass_kg": kg(amount.mass_mg),
        "area_m2": square_metres(amount.area_mm2),
    }  # fmt: skip


_REFERENCES = {
    "customer_part": ("the customer's part number (references of the control plan)", "客户料号（控制计划的 references）"),
    "drawing": ("the drawing and its revision (references of the control plan)", "图纸及其版本（控制计划的 references）"),
}  # fmt: skip


def not_kept(what: str, what_zh: str) -> Remark:
    """A gap of a record that is kept elsewhere, or nowhere."""
    return Remark("not_kept", {"what": what, "what_zh": what_zh})


def last_plan(line: Line) -> Plan | None:
    """The plan the lot itself is under: in force when its last run began, or when it was made."""
    began = [work.run.opened_ms for work in line.works]
    return line.plan_at(line.lot, began[-1] if began else line.lot.born_ms)


def shipped_with(line: Line) -> Mapping[str, Any]:
    """What the shipment of the lot says: customer, order; nothing while it is here."""
    events = load_stream(line.conn, f"shipment:{line.lot.shipment}") if line.lot.shipment else []
    return events[0].facts() if events else {}


def header(line: Line) -> Section:
    """Section 1."""
    lot, said, plan = line.lot, shipped_with(line), last_plan(line)
    facts = {
        "lot": lot.code, "kind": lot.kind, "part": lot.part, "grade": lot.grade, "route": lot.route,
        "customer": str(said.get("customer", "")), "order": str(said.get("order", "")),
        "shipment": lot.shipment, **amount_row(lot), "status": lot.status, "born": iso(lot.born_ms),
    }  # fmt: skip
    named = dict(plan.references.get(lot.part, {})) if plan is not None else {}
    gaps = [not_kept(*_REFERENCES[name]) for name in REFERENCE if not named.get(name)]
    if plan is not None:
        facts |= named
        facts |= {"plan": plan.name, "phase": plan.phase, "ppap": plan.ppap.get("status", "none")}
        facts |= {"psw": plan.ppap.get("psw", ""), "customer": facts["customer"] or plan.ppap.get("customer", "")}  # fmt: skip
    elif not lot.part:
        gaps.append(Remark("no_part"))
    return Section(facts, gaps=tuple(gaps))


def genealogy(line: Line) -> Section:
    """Section 3: back to heat and raw lots, forward to packs and shipments."""
    code = line.lot.code
    forward = load_lots(line.conn, line.forward)
    known = line.lots | forward
    customers = customers_of(line.conn, {lot.shipment for lot in known.values() if lot.shipment})
    ways = [(code, "self"), *((c, BACK) for c in sorted(line.lots) if c != code)]
    ways += [(c, FORWARD) for c in sorted(forward) if c != code]
    edges = list_edges(line.conn, sorted(line.back), BACK)
    edges = [edge for edge in edges if edge.at_ms <= line.back[edge.child]]
    with_parents = {edge.child for edge in edges}
    edges += list_edges(line.conn, sorted(line.forward), FORWARD)
    gaps = [
        Remark("root_unknown", {"lot": c, "kind": lot.kind})
        for c, lot in sorted(line.lots.items())
        if c not in with_parents and lot.kind not in _OUTSIDE
    ][:20]
    gaps += cut_short(len(ways), "lots", "批次") + cut_short(len(edges), "edges", "谱系边")
    facts = {"lots_back": str(len(line.back) - 1), "lots_forward": str(len(line.forward) - 1)}
    tables = {
        "lots": [_lot(known[c], way, customers) for c, way in ways[:LISTED_MAX]],
        "edges": [_edge(edge) for edge in edges[:LISTED_MAX]],
    }
    return Section(facts, tables, tuple(gaps))


def cut_short(whole: int, what: str, what_zh: str, most: int = LISTED_MAX) -> list[Remark]:
    """A gap when more there is than is listed."""
    if whole <= most:
        return []
    facts = {"shown": str(most), "all": str(whole), "what": what, "what_zh": what_zh}
    return [Remark("cut_short", facts)]


def _lot(lot: Lot, way: str, customers: Mapping[str, str]) -> Row:
    return {
        "lot": lot.code, "way": way, "kind": lot.kind, "part": lot.part, "grade": lot.grade,
        "supplier_lot": lot.supplier_lot, **amount_row(lot), "place": lot.place,
        "status": lot.status, "shipment": lot.shipment,
        "customer": customers.get(lot.shipment, ""),
    }  # fmt: skip


def _edge(edge: Edge) -> Row:
    return {
        "parent": edge.parent, "child": edge.child, "why": edge.why, "at": iso(edge.at_ms),
        "pieces": count(edge.amount.pieces), "mass_kg": kg(edge.amount.mass_mg),
        "area_m2": square_metres(edge.amount.area_mm2),
    }  # fmt: skip


def route_card(line: Line) -> Section:
    """Section 4: each run with station, recipe, times; its people and what they had read."""
    used = resources_of_runs(line.conn, list(line.runs))
    positions = {
        (code, inside.lot): inside.position
        for code in line.runs
        for inside in what_is_inside(line.conn, code)
    }
    works = line.works[-LISTED_MAX:]
    rows = [_run(line, work, used[work.run.code], positions) for work in works]
    people, gaps = _people(line)
    acks, unread = _instructions(line)
    gaps = [*gaps, *unread, *_unfinished(line), *cut_short(len(line.works), "runs", "炉次")]
    if len(line.works) == WORKS_MAX:
        gaps.append(Remark("works_cut", {"shown": str(WORKS_MAX)}))
    tables = {"runs": rows, "people": people, "instructions": acks}
    return Section({}, tables, tuple(gaps))


def _unfinished(line: Line) -> list[Remark]:
    if not line.runs:
        return [Remark("no_runs")]
    return [Remark("run_open", {"run": r.code}) for r in line.runs.values() if r.closed_ms is None]


def _run(
    line: Line,
    work: Work,
    used: list[tuple[str, str]],
    positions: Mapping[tuple[str, str], str],
) -> Row:
    run = work.run
    return {
        "run": run.code, "operation": line.title(run.operation), "station": run.station,
        "recipe": run.recipe, "lot": work.lot, "position": positions.get((run.code, work.lot), ""),
        "loaded": iso(work.loaded_ms), "opened": iso(run.opened_ms), "closed": iso(run.closed_ms),
        "resources": ", ".join(f"{role} {name}" for role, name in used),
    }  # fmt: skip


def run_deeds(line: Line) -> list[Deed]:
    """Who did what in the runs of the line."""
    return [
        deed
        for code, events in line.run_events.items()
        for deed in deeds_of(code, events, line.back)
    ]


def _people(line: Line) -> tuple[list[Row], list[Remark]]:
    rows: list[Row] = []
    gaps: dict[tuple[str, ...], Remark] = {}
    streams: dict[str, list[Event]] = {}
    for deed in run_deeds(line):
        operation = line.operation(line.runs[deed.run].operation)
        needs = operation.qualification if operation is not None else ""
        if deed.badge not in streams:
            streams[deed.badge] = load_stream(line.conn, f"person:{deed.badge}")
        until = qualified_until(streams[deed.badge], needs, deed.at_ms) if needs else None
        row = {"run": deed.run, "badge": deed.badge, "did": deed.did, "at": iso(deed.at_ms)}
        if needs:
            row |= {"needs": needs, "qualified": yes(until is not None), "until": iso(until)}
        rows.append(row)
        if not deed.badge:
            gaps[deed.run, deed.did] = Remark("nobody_named", {"did": deed.did, "run": deed.run})
        elif needs and until is None:
            facts = {"badge": deed.badge, "needs": needs, "run": deed.run}
            gaps[deed.run, "", deed.badge] = Remark("person_unqualified", facts)
    return rows, list(gaps.values())


def _instructions(line: Line) -> tuple[list[Row], list[Remark]]:
    """Acknowledged by who began the runs under a plan that asks for it."""
    rows: dict[tuple[str, str], Row] = {}
    gaps: dict[tuple[str, str, str], Remark] = {}
    openers = {d.run: d.badge for d in run_deeds(line) if d.did == "opened"}
    for work in line.works:
        lot = line.lots.get(work.lot)
        plan = None if lot is None else line.plan_at(lot, work.run.opened_ms)
        wanted = [] if plan is None else plan.instructions
        for one in wanted:
            if one.operation != work.run.operation:
                continue
            name = _revision(line, one.code, one.revision, work.run.opened_ms)
            badge = openers.get(work.run.code, "")
            acks = {a.badge: a.at_ms for a in acknowledged_by(line.conn, name)} if name else {}
            read_ms = acks.get(badge)
            if read_ms is not None and read_ms <= work.run.opened_ms:
                rows[name, badge] = {"instruction": name, "operation": line.title(one.operation), "badge": badge, "at": iso(read_ms)}  # fmt: skip
            else:
                facts = {"badge": badge or "–", "instruction": name or one.code, "run": work.run.code}  # fmt: skip
                gaps[name, badge, work.run.code] = Remark("instruction_unread", facts)
    return list(rows.values()), list(gaps.values())


def _revision(line: Line, code: str, revision: str, at_ms: int) -> str:
    if revision:
        return f"{code}/{revision}"
    found = load_current(line.conn, "instruction", code, at_ms)
    return "" if found is None else found.name
