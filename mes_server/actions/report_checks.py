"""Sections of the lot report: what the control plans asked for, what was done, and with which results."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from mes_server.actions.gather_grade import measured_of
from mes_server.actions.report_line import Line, both
from mes_server.actions.report_work import LISTED_MAX, cut_short, last_plan
from mes_server.domain.charges import Run
from mes_server.domain.checks import OUT, Check
from mes_server.domain.control_plan import (
    CHALLENGE,
    DURING,
    FIRST_OFF,
    LAST_OFF,
    RESTART,
    SHIFT,
    Characteristic,
    Plan,
)
from mes_server.domain.days import utc_day
from mes_server.domain.decimals import written
from mes_server.domain.due import CONCEDED, DONE, FAILED, HOUR_MS, MISSED, Due, of_work, shift_start
from mes_server.domain.grades import SYMBOLS, grade_of
from mes_server.domain.report import Remark, Row, Section, count, iso, yes
from mes_server.store.checks import list_checks
from mes_server.store.lineage import Work

_SURFACE = "coating"  # the area of stations that treat surfaces
_DAY_MS = 24 * HOUR_MS
_SPANS_MS = {"hours": HOUR_MS, "day": _DAY_MS, "week": 7 * _DAY_MS}


def text_of(figure: Decimal | None) -> str:
    """A limit as written."""
    return "" if figure is None else format(figure, "f")


def check_row(line: Line, check: Check) -> Row:
    """A check with the limits of the plan it was made under."""
    asked = line.line_of(check)
    row: dict[str, object] = {
        "check": check.code, "at": iso(check.at_ms), "lot": check.lot, "run": check.run,
        "operation": line.title(check.operation), "characteristic": check.characteristic,
        "title": both(asked.title if asked else {}, check.characteristic),
        "value": values_of(check), "sample": count(check.sample), "rejected": str(check.rejected),
        "verdict": check.verdict, "gauge": check.gauge, "person": check.person,
        "place": check.place, "moment": check.moment, "source": check.source,
        "voided": check.voided, "temperature_c": check.temperature_c,
    }  # fmt: skip
    if asked is not None:
        row |= {
            "symbol": asked.symbol, "unit": asked.unit, "lower": text_of(asked.lower),
            "upper": text_of(asked.upper), "quantity": asked.quantity,
            "method": both(asked.method, "") if asked.method else "",
        }  # fmt: skip
    return row  # type: ignore[return-value]


def values_of(check: Check) -> str:
    """All readings, as written, with positions where they were told."""
    said = [f"{r.position} {r.text}".strip() for r in check.readings]
    if check.readings:
        return "; ".join(said)
    return f"{check.rejected}/{check.sample}" if check.sample else ""


def table(line: Line, columns: Sequence[str], wanted: Callable[[Check], bool]) -> list[Row]:
    """The checks of the line that are wanted, with these columns."""
    found = [check_row(line, one) for one in line.checks if wanted(one)]
    return [{name: row[name] for name in columns if name in row} for row in found[:LISTED_MAX]]


def failures_of(line: Line, checks: Iterable[Check]) -> list[Remark]:
    """Those that are out, count, are not conceded, and were not followed by a good one of the same."""
    found = []
    for one in checks:
        mended = any(
            (o.characteristic, o.run, o.lot) == (one.characteristic, one.run, one.lot)
            and o.has_passed and o.at_ms >= one.at_ms and o.code != one.code
            for o in line.checks
        )  # fmt: skip
        if one.verdict == OUT and not (one.voided or mended or one.characteristic in line.conceded):
            facts = {"characteristic": one.characteristic, "value": values_of(one), "check": one.code}  # fmt: skip
            found.append(Remark("check_out", facts))
    return found


def conformance(line: Line) -> Section:
    """Section 5: planned, done, result."""
    rows: list[Row] = []
    gaps: dict[tuple[str, ...], Remark] = {}
    failures: dict[str, Remark] = {}
    counts = dict.fromkeys(("planned", "done", "missed", "out"), 0)
    if not line.lot.part:
        gaps["part",] = Remark("no_part")
    for due in _dues(line, gaps):
        rows.append(_due_row(line, due))
        counts["planned"] += 1
        counts["done"] += due.last is not None
        if due.state == CONCEDED:
            continue
        if due.last is None and due.line.is_recorded:
            counts["missed"] += 1
            facts = {"characteristic": due.line.id, "run": due.run, "lot": due.lot or "–"}
            gaps[due.line.id, due.run, due.lot] = Remark("check_missed", facts)
        elif due.last is not None and due.state == FAILED:
            counts["out"] += 1
            for one in failures_of(line, [due.last]):
                failures[due.last.code] = one
    told = [*gaps.values(), *cut_short(len(rows), "planned checks", "计划检验")]
    facts = {name: str(number) for name, number in counts.items()}
    return Section(facts, {"items": rows[:LISTED_MAX]}, tuple(told), tuple(failures.values()))


def _dues(line: Line, gaps: dict[tuple[str, ...], Remark]) -> list[Due]:
    found: list[Due] = []
    seen: set[tuple[str, str]] = set()
    alike = frozenset(line.back)
    for work in line.works:
        lot = line.lots.get(work.lot)
        if lot is None or not lot.part:
            continue
        plan = line.plan_at(lot, work.run.opened_ms)
        if plan is None:
            if lot.part == line.lot.part:
                facts = {"part": lot.part, "run": work.run.code, "operation": work.run.operation}
                gaps["plan", work.run.code] = Remark("no_plan", facts)
            continue
        found += of_work(plan, work.run.operation, work.run.code, (work.lot, alike), line.checks)
        if (work.run.code, plan.name) not in seen:
            seen.add((work.run.code, plan.name))
            found += _of_station(line, plan, work)
    return [_conceded(line, due) for due in _once(found)]


def _once(found: Sequence[Due]) -> list[Due]:
    return list({(d.plan, d.line.id, d.run, d.lot): d for d in found}.values())


def _conceded(line: Line, due: Due) -> Due:
    is_open = due.line.is_recorded and due.is_open
    return replace(due, state=CONCEDED) if is_open and due.line.id in line.conceded else due


def _of_station(line: Line, plan: Plan, work: Work) -> list[Due]:
    """What the plan asks of the station, and what is proven by curve or titration."""
    run = work.run
    found = []
    for one in plan.characteristics:
        if one.operation != run.operation:
            continue
        if not one.is_recorded:
            found.append(Due(plan.name, one, one.each, one.kind, 0, "", run.code))
        elif one.is_timed or one.moment not in (DURING, LAST_OFF):
            last = _last_there(line, one, run, plan)
            why = one.moment if one.moment in (FIRST_OFF, RESTART, CHALLENGE) else one.each
            if last is None and why == RESTART:
                continue  # it is asked for only after a stop
            state = MISSED if last is None else FAILED if last.verdict == OUT else DONE
            found.append(Due(plan.name, one, why, state, 0, "", run.code, last))
    return found


def _last_there(line: Line, one: Characteristic, run: Run, plan: Plan) -> Check | None:
    """The newest check of a characteristic at the station that counts for the run."""
    until_ms = run.closed_ms or line.now_ms
    if one.each == SHIFT:
        since_ms = shift_start(plan.shifts, run.opened_ms)
    else:
        since_ms = run.opened_ms - one.count * _SPANS_MS[one.each] if one.is_timed else 0
    found = list_checks(line.conn, since_ms, until_ms, place=run.station, characteristic=one.id)
    standing = [check for check in found if not check.voided and check.operation == run.operation]
    return standing[-1] if standing else None


def _due_row(line: Line, due: Due) -> Row:
    asked, last = due.line, due.last
    row: dict[str, object] = {
        "plan": due.plan, "operation": line.title(asked.operation), "run": due.run, "lot": due.lot,
        "characteristic": asked.id, "title": both(asked.title, asked.id), "symbol": asked.symbol,
        "why": due.why, "sample": count(asked.sample), "lower": text_of(asked.lower),
        "upper": text_of(asked.upper), "unit": asked.unit, "state": due.state,
        "reaction": both(asked.reaction, "–") if asked.reaction else "",
    }  # fmt: skip
    if last is not None:
        row |= {"check": last.code, "value": values_of(last), "verdict": last.verdict}
    return row  # type: ignore[return-value]


def is_surface(line: Line, check: Check) -> bool:
    """Whether a check was made of a surface treatment."""
    return line.area(check.place) == _SURFACE or any(
        run.operation == check.operation and line.area(run.station) == _SURFACE
        for run in line.runs.values()
    )


def _kind(line: Line, check: Check) -> str:
    asked = line.line_of(check)
    return "" if asked is None else asked.kind


MAGNETIC = ("check", "at", "lot", "quantity", "title", "value", "unit", "lower", "upper", "temperature_c", "method", "gauge", "verdict", "voided")  # fmt: skip
DIMENSIONAL = ("check", "at", "lot", "operation", "characteristic", "title", "symbol", "value", "unit", "lower", "upper", "sample", "rejected", "verdict", "gauge", "person", "voided")  # fmt: skip
VERIFIED = ("check", "at", "place", "operation", "characteristic", "title", "moment", "value", "unit", "lower", "upper", "verdict", "gauge", "person")  # fmt: skip
CHALLENGED = ("check", "at", "place", "operation", "characteristic", "title", "value", "verdict", "person")  # fmt: skip


def magnetic(line: Line) -> Section:
    """Section 9."""
    wanted = [one for one in line.checks if _kind(line, one) == "magnetic"]
    rows = table(line, MAGNETIC, lambda one: one in wanted)
    plan = last_plan(line)
    asked = plan is not None and any(one.kind == "magnetic" for one in plan.characteristics)
    gaps = [] if rows or not asked else [_no_results("magnetic result", "磁性能")]
    untold = [one for one in wanted if not one.temperature_c]
    gaps += [Remark("not_kept", {"what": f"The temperature of check {one.code}", "what_zh": f"检验 {one.code} 的温度"}) for one in untold]  # fmt: skip
    graded, below = _grade(line)
    failed = tuple(failures_of(line, wanted))
    tables = {"results": rows, "grade": graded}
    return Section({}, tables, (*gaps, *below), failed, applies=bool(rows))


def _grade(line: Line) -> tuple[list[Row], list[Remark]]:
    """What the grade promises beside what was measured; the control plan, not this, says what is out."""
    measured, day = measured_of(line), utc_day(line.now_ms)
    grade = grade_of(line.lot.grade, day)
    if grade is None:
        return [], [Remark("grade_unknown", {"grade": line.lot.grade})] if line.lot.grade else []
    missed = grade.missed(measured)
    rows: list[Row] = [
        {
            "grade": grade.name, "quantity": quantity, "least": written(least), "unit": SYMBOLS[quantity][1],
            "found": written(measured[quantity]) if quantity in measured else "",
            "reached": yes(quantity not in missed) if quantity in measured else "",
        }
        for quantity, least in grade.least.items()
    ]  # fmt: skip
    below = [
        Remark("grade_missed", {"grade": grade.name, "quantity": SYMBOLS[quantity][0], "found": written(found), "least": written(least)})
        for quantity, (found, least) in missed.items()
    ]  # fmt: skip
    return rows, below


def _no_results(what: str, what_zh: str) -> Remark:
    return Remark("no_results", {"what": what, "what_zh": what_zh})


def is_dimensional(line: Line, check: Check) -> bool:
    """Neither magnetic nor of a surface, and made of lots, not of stations."""
    if _kind(line, check) == "magnetic" or is_surface(line, check):
        return False
    return check.moment in (DURING, LAST_OFF)


def dimensional(line: Line) -> Section:
    """Section 10."""
    rows = table(line, DIMENSIONAL, lambda one: is_dimensional(line, one))
    failed = failures_of(line, [c for c in line.checks if is_dimensional(line, c)])
    gaps = () if rows else (_no_results("dimension or appearance", "尺寸或外观"),)
    return Section({}, {"results": rows}, gaps, tuple(failed))


def _at_stations(line: Line, moments: Sequence[str]) -> list[Check]:
    """The checks of these moments that stood for the runs of the line: the newest of each at each station."""
    found: dict[str, Check] = {one.code: one for one in line.checks if one.moment in moments}
    for run in line.runs.values():
        until_ms = run.closed_ms or line.now_ms
        newest: dict[str, Check] = {}
        since_ms = run.opened_ms - 7 * _DAY_MS
        for one in list_checks(line.conn, since_ms, until_ms, place=run.station):
            if one.moment in moments and one.operation == run.operation and not one.voided:
                newest[one.characteristic] = one
        found |= {one.code: one for one in newest.values()}
    return sorted(found.values(), key=lambda one: (one.at_ms, one.code))


def verifications(line: Line) -> Section:
    """Section 12: set-up, first-off, last-off, after a stop."""
    found = _at_stations(line, (FIRST_OFF, LAST_OFF, RESTART))
    return _of_stations(line, found, VERIFIED)


def error_proofing(line: Line) -> Section:
    """Section 13."""
    return _of_stations(line, _at_stations(line, (CHALLENGE,)), CHALLENGED)


def _of_stations(line: Line, found: Sequence[Check], columns: Sequence[str]) -> Section:
    rows = [check_row(line, one) for one in found[:LISTED_MAX]]
    shown = [{name: row[name] for name in columns if name in row} for row in rows]
    failed = tuple(failures_of(line, found))
    return Section({}, {"checks": shown}, failures=failed, applies=bool(shown))
