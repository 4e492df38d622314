"""Gather the certificate of a shipment: its lots with magnetic and coating results, Dy and Tb, plan and release."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from mes_server.actions.compile_lot_report import Heading
from mes_server.actions.release_product import SAME_GOODS, is_released
from mes_server.actions.report_checks import check_row, failures_of, is_surface
from mes_server.actions.report_line import Line, line_of
from mes_server.actions.report_record import share_of
from mes_server.actions.report_work import last_plan
from mes_server.domain.checks import Check
from mes_server.domain.days import utc_day
from mes_server.domain.genealogy import BACK
from mes_server.domain.lot_report import LOT_REPORT, verdict_of
from mes_server.domain.nonconformance import Nonconformance
from mes_server.domain.report import Remark, Report, Row, Section, count, iso, kg, scaled, yes
from mes_server.store.ledger import head, load_stream
from mes_server.store.lots import list_edges
from mes_server.store.papers import papers_about
from mes_server.store.releases import releases_of
from schemas.limit_rows import load_rows, row_at

CERTIFICATE = "certificate"
COLUMNS = ("check", "title", "value", "unit", "lower", "upper", "temperature_c", "verdict")


def compile_certificate(conn: Connection, shipment: str, heading: Heading) -> Report | None:
    """The certificate of a shipment; None: there is none of that code."""
    events = load_stream(conn, f"shipment:{shipment}")
    if not events:
        return None
    said = events[0].facts()
    lines = [line_of(conn, code, heading.made_ms) for code in said["lots"]]
    known = [line for line in lines if line is not None]
    facts = {
        "shipment": shipment, "customer": str(said.get("customer", "")), "order": str(said.get("order", "")),
        "shipped": iso(events[0].at_ms), "shipped_by": events[0].person, "lots": str(len(known)),
        "pieces": count(sum(line.lot.amount.pieces for line in known)),
        "mass_kg": kg(sum(line.lot.amount.mass_mg for line in known)),
    }  # fmt: skip
    gaps = [Remark(f"no_{name}") for name in ("customer", "order") if not facts[name]]
    sections = {
        "header": Section(facts, gaps=tuple(gaps)),
        "lots": _lots(known),
        "magnetic": _results(known, _is_magnetic, "no_magnetic"),
        "coating": _results(known, _is_coating, "no_coating"),
        "material": _material(known, heading.made_ms),
        "concessions": _concessions(known),
    }
    conceded = any(line.concessions for line in known)
    return Report(
        CERTIFICATE, heading.number, shipment, heading.language, heading.made_ms, heading.made_by,
        heading.software, heading.site, head(conn, heading.made_ms), sections, heading.earlier,
        verdict_of(sections, conceded),
    )  # fmt: skip


def _lots(lines: Sequence[Line]) -> Section:
    rows: list[Row] = []
    gaps, failures = [], []
    for line in lines:
        lot, plan = line.lot, last_plan(line)
        released = is_released(line.conn, lot.code)
        row = {
            "lot": lot.code, "kind": lot.kind, "part": lot.part, "grade": lot.grade,
            "pieces": count(lot.amount.pieces), "mass_kg": kg(lot.amount.mass_mg), "released": yes(released),
            "released_by": ", ".join(_releasers(line)), "report": _report(line),
        }  # fmt: skip
        if plan is None:
            gaps.append(Remark("lot_without_plan", {"lot": lot.code}))
        else:
            row |= {"plan": plan.name, "ppap": plan.ppap.get("status", "none")}
            row |= {name: text for name, text in plan.references.get(lot.part, {}).items() if text}
        if not released:
            gaps.append(Remark("lot_unreleased", {"lot": lot.code}))
        failures += [Remark("lot_is_held", {"lot": lot.code, "reason": r}) for r in lot.holds.values()]  # fmt: skip
        rows.append(row)
    return Section({}, {"lots": rows}, tuple(gaps), tuple(failures))


def _releasers(line: Line) -> list[str]:
    """Who released the lot, or what it is without having been worked on since."""
    edges = list_edges(line.conn, [line.lot.code], BACK)
    codes = [line.lot.code, *(edge.parent for edge in edges if edge.why in SAME_GOODS)]
    return sorted({badge for one in releases_of(line.conn, codes).values() for badge in one.by})


def _report(line: Line) -> str:
    made = [p.number for p in papers_about(line.conn, line.lot.code) if p.kind == LOT_REPORT]
    return made[-1] if made else ""


def _is_magnetic(line: Line, check: Check) -> bool:
    asked = line.line_of(check)
    return asked is not None and asked.kind == "magnetic"


def _is_coating(line: Line, check: Check) -> bool:
    return is_surface(line, check) and not _is_magnetic(line, check)


def _results(lines: Sequence[Line], wanted: Callable[[Line, Check], bool], missing: str) -> Section:
    rows: list[Row] = []
    gaps, failures = [], []
    for line in lines:
        found = [one for one in line.checks if not one.voided and wanted(line, one)]
        failures += failures_of(line, found)
        for one in found:
            row = check_row(line, one)
            said = {name: row[name] for name in COLUMNS if name in row}
            if missing == "no_coating":
                said.pop("temperature_c", None)
            rows.append({"lot": line.lot.code, "of": one.lot or one.run, **said})
        if not found:
            gaps.append(Remark(missing, {"lot": line.lot.code}))
    return Section({}, {"results": rows}, tuple(gaps), tuple(failures))


def _material(lines: Sequence[Line], now_ms: int) -> Section:
    gate = row_at(load_rows("line_clearance"), utc_day(now_ms))
    limit = int(gate["heavy_ppm_max"])
    facts = {"gate_percent": scaled(limit, 4), "gate_source": str(gate["source"])}
    rows: list[Row] = []
    gaps = []
    for line in lines:
        amount = line.lot.amount
        if not amount.elements or not amount.mass_mg:
            gaps.append(Remark("no_composition", {"lot": line.lot.code}))
            continue
        dy, tb = (amount.elements.get(name, 0) for name in ("Dy", "Tb"))
        above = (dy + tb) * 1_000_000 > limit * amount.mass_mg
        rows.append(
            {
                "lot": line.lot.code, "dy_percent": share_of(dy, amount.mass_mg),
                "tb_percent": share_of(tb, amount.mass_mg), "dy_tb_percent": share_of(dy + tb, amount.mass_mg),
                "above_gate": yes(above), "method": "charge",
            }
        )  # fmt: skip
    if rows:
        gaps.append(Remark("dy_tb_by_recipe"))
    return Section(facts, {"lots": rows}, tuple(gaps))


def _concessions(lines: Sequence[Line]) -> Section:
    rows = [_concession(line, one) for line in lines for one in line.concessions]
    return Section({}, {"concessions": rows}, applies=bool(rows))


def _concession(line: Line, one: Nonconformance) -> Row:
    given = one.disposition
    return {
        "lot": line.lot.code, "number": one.code, "title": one.title,
        "reference": "" if given is None else given.customer_reference,
        "expires": "" if given is None else iso(given.until_ms),
    }  # fmt: skip
