"""Sections of the lot report: special characteristics with their capability, and the gauges that were used."""

from collections.abc import Sequence
from decimal import Decimal

from mes_server.actions.keep_gauges import digest_of_calibration
from mes_server.actions.report_checks import check_row, failures_of, text_of
from mes_server.actions.report_line import Line, both
from mes_server.actions.report_work import LISTED_MAX
from mes_server.domain.capability import Index
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import Characteristic
from mes_server.domain.decimals import written
from mes_server.domain.gauge_needs import accepted_kinds, lacking
from mes_server.domain.gauges import Gauge, last_good
from mes_server.domain.process import capability_of, process_of
from mes_server.domain.report import Band, Curve, Remark, Row, Section, count, iso, yes
from mes_server.domain.signatures import standing
from mes_server.domain.spc import CannotChart
from mes_server.store.checks import list_checks
from mes_server.store.gauge_records import calibrated
from mes_server.store.gauges import load_gauge, studies_of
from mes_server.store.signatures import list_signatures
from mes_server.store.subgroups import alike

COLUMNS = ("check", "at", "lot", "characteristic", "title", "symbol", "value", "unit", "lower", "upper", "verdict", "gauge", "person", "voided")  # fmt: skip
_TOO_FEW = ("subgroups_are_enough", "readings_are_enough")
CHECKS_MAX = 200  # of a characteristic, the newest: what its indices are computed from


def special(line: Line) -> Section:
    """Section 6: SC and CC of the line, each with Cp, Cpk, Pp, Ppk of its process, or why there are none."""
    asked: dict[tuple[str, str], Characteristic] = {}
    ours: list[Check] = []
    for check in line.checks:
        found = line.line_of(check)
        if found is not None and found.symbol:
            asked[check.part, check.characteristic] = found
            ours.append(check)
    indices: list[Row] = []
    curves: list[Curve] = []
    gaps = []
    for (part, name), one in sorted(asked.items()):
        if one.kind in ("attribute", "proof", "titration"):
            continue
        checks = _history(line, part, one)
        row, why = _index(part, one, checks)
        indices.append(row)
        curves += _chart(part, one, checks)
        if why:
            what = "index_waits" if why in _TOO_FEW else "no_index"
            gaps.append(Remark(what, {"characteristic": name, "why": why}))
    rows = [check_row(line, one) for one in ours[:LISTED_MAX]]
    results: list[Row] = [{name: row[name] for name in COLUMNS if name in row} for row in rows]
    failed = tuple(failures_of(line, ours))
    tables: dict[str, list[Row]] = {"indices": indices, "results": results}
    applies = bool(ours)
    return Section({}, tables, tuple(gaps), failed, tuple(curves), applies=applies)


def _history(line: Line, part: str, one: Characteristic) -> list[Check]:
    """The newest checks of a characteristic of a part, by time, as far as they count and are of one process."""
    found = list_checks(line.conn, 0, line.now_ms, part=part, characteristic=one.id)
    counted = [check for check in found if not check.voided and check.readings]
    return alike(line.conn, counted[-CHECKS_MAX:])


def _chart(part: str, one: Characteristic, checks: Sequence[Check]) -> list[Curve]:
    """Mean, least and greatest of each check over time, with the spec as a band; one check makes no line."""
    if len(checks) < 2:
        return []
    begun, ended = checks[0].at_ms, checks[-1].at_ms
    groups = [[r.value for r in check.readings] for check in checks]
    span_s = max((ended - begun) // 1000, 1)
    return [
        Curve(
            f"{part} {one.id}", checks[-1].place, one.id, both(one.title, one.id), one.unit, (begun, ended),
            tuple((check.at_ms - begun) // 1000 for check in checks),
            tuple(written(sum(group) / len(group), 7) for group in groups),
            tuple(written(min(group), 7) for group in groups),
            tuple(written(max(group), 7) for group in groups),
            bands=(Band(0, span_s, text_of(one.lower), text_of(one.upper), "spec"),),
        )
    ]  # fmt: skip


def _index(part: str, one: Characteristic, checks: Sequence[Check]) -> tuple[Row, str]:
    row: dict[str, object] = {
        "characteristic": one.id, "title": both(one.title, one.id), "symbol": one.symbol,
        "part": part, "readings": count(sum(len(check.readings) for check in checks)),
        "lower": text_of(one.lower), "upper": text_of(one.upper), "unit": one.unit,
        "from": iso(checks[0].at_ms) if checks else "", "to": iso(checks[-1].at_ms) if checks else "",
    }  # fmt: skip
    try:
        process = process_of(checks)
    except CannotChart as error:
        return {**row, "refused": error.rule}, error.rule  # type: ignore[dict-item]
    told = capability_of(process, one)
    row["stable"] = yes(process.chart.is_stable)
    if told is None:
        return row, ""  # type: ignore[return-value]
    why = ", ".join(told.refused)
    row |= {
        "mean": written(told.mean), "refused": why, "cp": _figure(told.cp), "cpk": _figure(told.cpk),
        "pp": _figure(told.pp), "ppk": _figure(told.ppk),
    }  # fmt: skip
    return row, why  # type: ignore[return-value]


def _figure(index: Index | None) -> str:
    return "" if index is None else format(Decimal(f"{index.value:.3f}"), "f")


def gauges(line: Line) -> Section:
    """Section 11: what was measured with, and whether it was in calibration on the day."""
    used: dict[str, list[Check]] = {}
    gaps = []
    for check in line.checks:
        asked = line.line_of(check)
        if check.gauge:
            used.setdefault(check.gauge, []).append(check)
        elif asked is not None and asked.gauge and not check.voided:
            gaps.append(Remark("no_gauge", {"check": check.code}))
    rows: list[Row] = []
    failures: list[Remark] = []
    for code, checks in sorted(used.items()):
        found = load_gauge(line.conn, code)
        row = {"gauge": code, "checks": str(len(checks)), "used": iso(checks[-1].at_ms)}
        if found is None:
            rows.append({**row, "calibration": "unknown"})
            gaps.append(Remark("gauge_unknown", {"gauge": code}))
            continue
        rows.append(row | _gauge(line, found, checks))
        failures += _doubts(found, checks)
        if rows[-1]["msa"] != "accepted" and _special(line, checks):
            gaps.append(Remark("gauge_no_msa", {"gauge": code}))
        gaps += _unsigned(line, found, checks)
    applies = bool(line.checks)
    return Section({}, {"gauges": rows}, tuple(gaps), tuple(failures), applies=applies)


def _special(line: Line, checks: Sequence[Check]) -> bool:
    return any((asked := line.line_of(one)) is not None and asked.symbol for one in checks)


def _gauge(line: Line, found: Gauge, checks: Sequence[Check]) -> dict[str, str]:
    last = found.calibration_at(checks[-1].at_ms)
    msa = _msa(line, found, checks)
    row = {"type": found.type, "msa": msa, "status": found.state(line.now_ms)}
    row["calibration"] = "good" if all(_in_calibration(found, one) for one in checks) else "expired"
    if last is not None:
        row |= {"calibrated": iso(last.at_ms), "due": iso(last.due_ms)}
        row |= {"certificate": last.certificate} | _signature(line, f"{found.code}/{last.number}")
    return row


def _unsigned(line: Line, found: Gauge, checks: Sequence[Check]) -> list[Remark]:
    """Calibrations it was used under that nobody signed, or whose signature fell."""
    last, told = found.calibration_at(checks[-1].at_ms), []
    for one in calibrated(line.conn, found.code):
        facts = {"gauge": found.code, "certificate": f"{found.code}/{one.number}"}
        state = _signature(line, facts["certificate"])["signature"]
        if state == "void" and one.at_ms <= checks[-1].at_ms:
            told.append(Remark("gauge_signature_void", facts))
        elif state == "none" and last is not None and one.number == last.number:
            told.append(Remark("gauge_unsigned", facts))
    return told


def _signature(line: Line, calibration: str) -> dict[str, str]:
    """Whether a calibration is signed as it is now, and by whom."""
    signed = list_signatures(line.conn, f"calibration:{calibration}")
    now = digest_of_calibration(line.conn, calibration)
    state = "none" if not signed else "stands" if standing(signed, now) else "void"
    by = ", ".join(dict.fromkeys(one.badge for one in signed))
    return {"signature": state, "signed_by": by}


def _msa(line: Line, found: Gauge, checks: Sequence[Check]) -> str:
    """none, refused or accepted: whether its type had the studies that its use took, when it was used."""
    studies = studies_of(line.conn, found.type)
    if not [one for one in studies if one.at_ms <= checks[-1].at_ms]:
        return "none"
    asked = [(of, one.at_ms) for one in checks if (of := line.line_of(one)) is not None]
    missing = any(lacking(studies, of, at_ms) for of, at_ms in asked)
    return "refused" if missing or not accepted_kinds(studies) else "accepted"


def _in_calibration(found: Gauge, check: Check) -> bool:
    last = found.calibration_at(check.at_ms)
    return last is not None and last.left and check.at_ms <= last.due_ms


def _doubts(found: Gauge, checks: Sequence[Check]) -> list[Remark]:
    """It was not in calibration when it was used, or was found bad by the next one."""
    facts = {"gauge": found.code}
    told = []
    if not all(_in_calibration(found, one) for one in checks if not one.voided):
        told.append(Remark("gauge_expired", facts))
    for one in found.calibrations:
        between = [c for c in checks if last_good(found, one.at_ms) <= c.at_ms < one.at_ms]
        if not one.found and between:
            told.append(Remark("gauge_found_bad", {**facts, "certificate": one.certificate}))
    return told
