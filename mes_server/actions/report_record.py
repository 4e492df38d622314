"""Sections of the lot report: deviations, changes, maintenance, material, retention with the audit trail."""

from datetime import UTC, datetime
from decimal import Decimal

from mes_server.actions.report_line import ANCESTORS_MAX, Hold, Line
from mes_server.actions.report_solving import (
    changes_between,
    open_problems,
    problem_row,
    problems_of,
    temporaries_of,
    temporary_row,
)
from mes_server.actions.report_work import LISTED_MAX, cut_short, not_kept
from mes_server.domain.charges import RUN_CORRECTED
from mes_server.domain.days import utc_day
from mes_server.domain.lines import CLEARED, LOCKED, MOUNTED, STOPPED, UNLOCKED
from mes_server.domain.lots import CORRECTED, CREATED, SENT_BACK, Lot
from mes_server.domain.nonconformance import OPEN, SETTLED, Nonconformance
from mes_server.domain.report import Remark, Row, Section, count, iso, kg, percent, scaled, yes
from mes_server.domain.seal import Event
from mes_server.store.documents import list_documents
from mes_server.store.labels import labels_of
from mes_server.store.ledger import load_stream
from mes_server.store.lines import load_line
from mes_server.store.verifying import unsealed
from schemas.limit_rows import load_rows, row_at

_OUTSIDE = ("raw", "recycled", "target", "slurry")
_DID = {MOUNTED: "mounted", CLEARED: "cleared", LOCKED: "locked", UNLOCKED: "unlocked", STOPPED: "stopped"}  # fmt: skip


def window(line: Line) -> tuple[int, int]:
    """From the first run of the line (or the lot's birth) to its last end."""
    starts = [run.opened_ms for run in line.runs.values()] or [line.lot.born_ms]
    ends = [run.closed_ms or line.now_ms for run in line.runs.values()] or [line.lot.born_ms]
    return min(starts), max([*ends, *(e.at_ms for e in line.events[-1:])])


def deviations(line: Line) -> Section:
    """Section 14: holds and their release, reworks."""
    failures = []
    reworks = [
        _rework(line, code, event)
        for code, events in line.histories.items()
        for event in events
        if event.kind == SENT_BACK and event.at_ms <= line.back[code]
    ]
    for hold, reason in line.lot.holds.items():
        failures.append(Remark("lot_is_held", {"hold": hold, "reason": reason}))
    failures += [_about(one, "nc_open") for one in line.ncs if one.state == OPEN]
    problems = problems_of(line)
    gaps = [_about(one, "nc_not_closed") for one in line.ncs if one.state == SETTLED]
    gaps += open_problems(problems)
    gaps += cut_short(len(line.back), "lots looked at for holds", "检查扣留的批次", ANCESTORS_MAX)
    facts = {"holds_open": str(len(line.lot.holds)), "reworks": str(len(reworks))}
    tables: dict[str, list[Row]] = {
        "holds": [_hold(one) for one in line.holds[:LISTED_MAX]], "reworks": reworks[:LISTED_MAX],
        "nonconformances": [_nonconformance(one) for one in line.ncs[:LISTED_MAX]],
        "problems": [problem_row(one) for one in problems], "temporary": [temporary_row(line, one) for one in temporaries_of(line)],
    }  # fmt: skip
    return Section(facts, tables, tuple(gaps), tuple(failures))


def _about(one: Nonconformance, what: str) -> Remark:
    return Remark(what, {"number": one.code, "title": one.title})


def _nonconformance(one: Nonconformance) -> Row:
    told = ", ".join(f"{n.customer} {iso(n.told_ms)[:10]}".strip() for n in one.notices)
    row: dict[str, str] = {
        "number": one.code, "source": one.source, "lots": ", ".join(one.lots), "opened": iso(one.opened_ms),
        "title": one.title, "characteristic": one.characteristic, "customers": told, "state": one.state,
        "approved_by": ", ".join(one.signed),
    }  # fmt: skip
    given = one.disposition
    if given is not None:
        row |= {
            "disposition": given.kind, "reference": given.customer_reference,
            "pieces": count(given.pieces), "expires": iso(given.until_ms),
        }  # fmt: skip
    return row


def _hold(one: Hold) -> Row:
    code, event, released = one
    row: dict[str, str] = {
        "hold": event.action, "lot": code, "at": iso(event.at_ms), "person": event.person,
        "reason": event.reason,
    }  # fmt: skip
    if released is not None:
        row |= {"released": iso(released.at_ms), "released_by": released.person}
        row |= {"released_why": released.reason}
    return row


def _rework(line: Line, code: str, event: Event) -> Row:
    return {
        "lot": code, "operation": line.title(event.facts()["operation"]), "at": iso(event.at_ms),
        "person": event.person, "reason": event.reason,
    }  # fmt: skip


def changes(line: Line) -> Section:
    """Section 15: what was changed at the stations while the line ran."""
    begun, ended = window(line)
    rows: list[Row] = []
    for station in dict.fromkeys(run.station for run in line.runs.values()):
        events = load_stream(line.conn, f"line:{station}")
        rows += [
            _mounted(station, event)
            for event in events
            if begun <= event.at_ms <= ended and event.kind in _DID
        ]
    rows.sort(key=lambda row: str(row["at"]))
    gaps = cut_short(len(rows), "changes at stations", "工位变更")
    documents = _documents(line, begun, ended)
    tables: dict[str, list[Row]] = {
        "documents": documents,
        "mounted": rows[:LISTED_MAX],
        "requests": changes_between(line, begun, ended),
    }
    return Section({"from": iso(begun), "to": iso(ended)}, tables, tuple(gaps))


def _documents(line: Line, begun: int, ended: int) -> list[Row]:
    """Revisions of the plans, instructions and recipes of the line that were released or withdrawn meanwhile."""
    names: set[tuple[str, str]] = set()
    for work in line.works:
        lot = line.lots.get(work.lot)
        plan = None if lot is None else line.plan_at(lot, work.run.opened_ms)
        if plan is not None:
            names.add(("plan", plan.code))
            names |= {("instruction", one.code) for one in plan.instructions}
            names |= {("recipe", name.partition("/")[0]) for name in plan.recipes.values()}
    found = [one for kind, code in sorted(names) for one in list_documents(line.conn, kind, code)]
    rows: list[Row] = []
    for one in found:
        said = {"document": one.name, "kind": one.kind, "person": one.person}
        if begun <= one.released_ms <= ended:
            rows.append({**said, "did": "released", "at": iso(one.released_ms)})
        if one.withdrawn_ms is not None and begun <= one.withdrawn_ms <= ended:
            rows.append({**said, "did": "withdrawn", "at": iso(one.withdrawn_ms), "person": ""})
    return sorted(rows, key=lambda row: str(row["at"]))


def _mounted(station: str, event: Event) -> Row:
    facts = event.facts()
    did = _DID[event.kind]
    if event.kind == MOUNTED and not facts["resource"]:
        did = "removed"
    return {
        "station": station, "did": did, "role": str(facts.get("role", "")),
        "resource": str(facts.get("resource", "")), "at": iso(event.at_ms), "person": event.person,
        "reason": event.reason,
    }  # fmt: skip


def maintenance(line: Line) -> Section:
    """Section 17: what stands at the stations; planned maintenance is not kept here."""
    rows: list[Row] = []
    for station in dict.fromkeys(run.station for run in line.runs.values()):
        found = load_line(line.conn, station)
        rows.append(
            {
                "station": station, "last_stop": iso(found.stopped_ms or None),
                "cleared": iso(found.cleared_ms or None), "locked": found.locked,
            }
        )  # fmt: skip
    return Section({}, {"stations": rows}, (not_kept("planned maintenance", "计划维护"),))


def material(line: Line) -> Section:
    """Section 18: rare earths, Dy + Tb against the gate, what came from outside and of which origin."""
    lot = line.lot
    mass_mg = lot.amount.mass_mg
    gaps = [not_kept("conflict minerals and export licences", "冲突矿产与出口许可")]
    rows: list[Row] = [
        {"element": name, "mass_g": scaled(mg, 3), "percent": share_of(mg, mass_mg)}
        for name, mg in sorted(lot.amount.elements.items())
    ]
    sources, from_recycled = _sources(line)
    gaps += [
        Remark("origin_unknown", {"lot": str(row["lot"])}) for row in sources if not row["origin"]
    ]
    gate = row_at(load_rows("line_clearance"), utc_day(line.now_ms))
    facts = {"dy_tb_gate_percent": scaled(int(gate["heavy_ppm_max"]), 4), "gate_source": str(gate["source"])}  # fmt: skip
    if not rows:
        gaps.append(Remark("no_elements"))
    elif mass_mg:
        heavy = sum(lot.amount.elements.get(name, 0) for name in ("Dy", "Tb"))
        above = heavy * 1_000_000 > int(gate["heavy_ppm_max"]) * mass_mg
        facts |= {"dy_tb_percent": share_of(heavy, mass_mg), "above_gate": yes(above)}
        gaps.append(Remark("dy_tb_by_recipe"))
    facts["recycled_percent"] = from_recycled
    tables = {"elements": rows, "sources": sources[:LISTED_MAX]}
    return Section(facts, tables, tuple(gaps))


def share_of(part: int, whole: int) -> str:
    """Weight per cent, four digits."""
    if not whole:
        return ""
    return format((Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.0001")), "f")


def _sources(line: Line) -> tuple[list[Row], str]:
    """The lots that came from outside, and the share of recycled feed in their mass as received."""
    rows: list[Row] = []
    whole = recycled = 0
    for code, lot in sorted(line.lots.items()):
        if lot.kind not in _OUTSIDE:
            continue
        created = next((e for e in load_stream(line.conn, f"lot:{code}") if e.kind == CREATED), None)  # fmt: skip
        facts = created.facts() if created is not None else {}
        if facts.get("parents"):
            continue  # blended or split here: what it was made of came from outside
        mass_mg = int(facts.get("amount", {}).get("mass_mg", 0))
        whole += mass_mg
        recycled += mass_mg if lot.kind == "recycled" else 0
        rows.append(_source(lot, facts, mass_mg, created))
    return rows, percent(recycled * 1_000_000 // whole) if whole else ""


def _source(lot: Lot, facts: dict[str, object], mass_mg: int, created: Event | None) -> Row:
    return {
        "lot": lot.code, "kind": lot.kind, "part": lot.part, "supplier": str(facts.get("supplier", "")),
        "supplier_lot": lot.supplier_lot, "origin": str(facts.get("origin", "")), "mass_kg": kg(mass_mg),
        "at": iso(created.at_ms if created is not None else None),
    }  # fmt: skip


def retention(line: Line) -> Section:
    """Section 20: how long it is kept, and who corrected what; whether the events are as they were sealed."""
    rule = row_at(load_rows("retention"), utc_day(line.now_ms))
    broken = unsealed(line.conn, line.events)
    labels = labels_of(line.conn, line.lot.code)
    years = int(rule["years_min"])
    facts = {
        "years": str(years), "until": iso(_years_on(line.now_ms, years)), "source": str(rule["source"]),
        "certainty": str(rule["certainty"]), "events": count(len(line.events)), "sealed": yes(not broken),
        "broken": ", ".join(map(str, broken)), "labels": str(len(labels)),
    }  # fmt: skip
    edits = [e for e in line.events if e.kind == CORRECTED]
    edits += [e for events in line.run_events.values() for e in events if e.kind == RUN_CORRECTED]
    failures = (Remark("ledger_broken", {"events": facts["broken"]}),) if broken else ()
    tables: dict[str, list[Row]] = {
        "edits": [_edit(event) for event in edits],
        "trail": [_trail(event) for event in line.events[-LISTED_MAX:]],
        "labels": [{"label": one.id, "printed": iso(one.printed_ms), "voided": iso(one.voided_ms), "why": one.why} for one in labels],
    }  # fmt: skip
    gaps = tuple(cut_short(len(line.events), "events", "事件"))
    return Section(facts, tables, gaps, failures)


def _years_on(at_ms: int, years: int) -> int:
    """The end of the calendar year that many years on, and one more."""
    year = datetime.fromtimestamp(at_ms / 1000, UTC).year + years + 1
    return int(datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp() * 1000)


def _edit(event: Event) -> Row:
    return {
        "event": str(event.number), "at": iso(event.at_ms), "noted": iso(event.noted_ms), "kind": event.kind,
        "person": event.person, "reason": event.reason, "corrects": str(event.facts().get("corrects", "")),
    }  # fmt: skip


def _trail(event: Event) -> Row:
    return {
        "event": str(event.number), "at": iso(event.at_ms), "noted": iso(event.noted_ms), "kind": event.kind,
        "person": event.person, "place": event.place, "reason": event.reason, "hash": event.hash[:16],
    }  # fmt: skip
