"""What the control plan asks for at a station, and what of it is there: for the rules of a scan and for the tablet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.answer_scan import LATE_MS
from mes_server.domain.charges import Run
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import DURING, LAST_OFF, Plan
from mes_server.domain.days import utc_day
from mes_server.domain.due import CONCEDED, Due, Place, evidence_of, of_place, of_work
from mes_server.domain.evidence import Evidence
from mes_server.domain.lots import CREATED, UNLOADED, Lot, corrected_actions
from mes_server.domain.recalls import EVER_MS
from mes_server.domain.seal import Event
from mes_server.store.checks import checks_of_runs, newest_of, other_part_ran
from mes_server.store.documents import load_current
from mes_server.store.ledger import load_stream
from mes_server.store.lines import load_line
from mes_server.store.losses import last_cut
from mes_server.store.lots import load_lot
from mes_server.store.nonconformances import ncs_of_lots
from mes_server.store.plans import acknowledged, any_plan, plan_for
from mes_server.store.runs import load_run
from schemas.limit_rows import load_rows, row_at

NOTHING = Evidence()


@dataclass(frozen=True, slots=True)
class Work:
    """A run that a lot came through last. `lot`: its code in the run; `alike`: the codes it had since.

    `ended_ms`: when it came out; EVER_MS while it is inside.
    """

    run: Run
    lot: str
    alike: frozenset[str]
    ended_ms: int = EVER_MS


def last_work(conn: Connection, code: str) -> list[Work]:
    """The runs a lot came out of last; of what was put together of several lots, of each of them."""
    found: dict[tuple[str, str], Work] = {}
    waiting: list[tuple[str, int, frozenset[str]]] = [(code, EVER_MS, frozenset((code,)))]
    seen = set()
    while waiting:
        lot, before, alike = waiting.pop()
        if lot in seen:
            continue
        seen.add(lot)
        last = _last(conn, lot, before)
        if last is None:
            continue
        facts = last.facts()
        parents = [parent["lot"] for parent in facts.get("parents", ())]
        if last.kind == UNLOADED or facts["why"] == "run":
            for went_in in [lot] if last.kind == UNLOADED else parents:
                run = load_run(conn, facts["run"])
                if run is not None:
                    work = Work(run, went_in, alike | {went_in}, last.at_ms)
                    found[run.code, went_in] = work
        else:
            waiting += [(parent, last.number, alike | {parent}) for parent in parents]
    return [found[key] for key in sorted(found)]


def _last(conn: Connection, lot: str, before: int) -> Event | None:
    history = [e for e in load_stream(conn, f"lot:{lot}") if e.number < before]
    taken_back = corrected_actions(history)
    kept = [e for e in history if e.kind in (CREATED, UNLOADED) and e.action not in taken_back]
    return kept[-1] if kept else None


def due_of_work(conn: Connection, code: str, at_ms: int) -> list[Due]:
    """The planned checks of the operation a lot came out of last, made or not; conceded at that time or not."""
    lot = load_lot(conn, code)
    if lot is not None and lot.kind in ("waste", "coupon"):
        return []  # a sample, and what is thrown away, owe nothing
    works = last_work(conn, code)
    checks = checks_of_runs(conn, sorted({work.run.code for work in works}))
    found = [due for work in works for due in _due_of(conn, work, checks)]
    if (
        len(works) == 1
    ):  # as it is called now; of what was put together, each as it was called in its run
        found = [replace(due, lot=code) if due.lot else due for due in found]
    if not any(one.is_open for one in found):
        return found
    alike = {code, *(lot for work in works for lot in work.alike)}
    conceded = conceded_of(conn, alike, at_ms)
    return [
        replace(one, state=CONCEDED) if one.is_open and one.line.id in conceded else one
        for one in found
    ]


def conceded_of(conn: Connection, alike: Collection[str], at_ms: int) -> set[str]:
    """The characteristics that a lot (by its codes) may miss: the customer agreed to it (IATF 16949 8.7.1.1)."""
    return {
        one.characteristic
        for one in ncs_of_lots(conn, sorted(alike))
        if one.characteristic and any(one.covers(lot, at_ms) for lot in alike)
    }


def _due_of(conn: Connection, work: Work, checks: Sequence[Check]) -> list[Due]:
    lot = load_lot(conn, work.lot)
    plan = None if lot is None else plan_for(conn, lot.part, lot.route, work.run.opened_ms)
    if plan is None:
        return []
    return of_work(plan, work.run.operation, work.run.code, (work.lot, work.alike), checks)


def due_of_run(conn: Connection, run: Run) -> list[Due]:
    """The planned checks of what is in an open run: once of the run, once of each lot."""
    checks = checks_of_runs(conn, [run.code])
    found: dict[tuple[str, str], Due] = {}
    for inside in run.lots:
        work = Work(run, inside.lot, frozenset((inside.lot,)))
        for due in _due_of(conn, work, checks):
            found.setdefault((due.line.id, due.lot), due)
    return list(found.values())


def due_of_place(
    conn: Connection, plan: Plan, operation: str, at: tuple[str, str, int]
) -> list[Due]:
    """The planned checks of a station for a part. `at`: station, part, time."""
    station, part, at_ms = at
    lines = plan.at(operation)
    asked = [line.id for line in lines if line.is_timed or line.moment not in (DURING, LAST_OFF)]
    if not asked:
        return []
    until_ms = (
        at_ms + LATE_MS
    )  # clocks of tablets differ: what was just checked may seem to be of later
    checks = [one for name in asked for one in newest_of(conn, station, name, until_ms)]
    stopped_ms = max(load_line(conn, station).stopped_ms, _cut_ms(conn, station, at_ms))
    changed_ms = other_part_ran(conn, station, part)
    return of_place(
        plan, operation, Place(station, part, at_ms, changed_ms, stopped_ms, tuple(checks))
    )


def _cut_ms(conn: Connection, station: str, at_ms: int) -> int:
    """When the controller of a station came back after a power cut; 0: it had none that counts."""
    least_ms = int(row_at(_stops(), utc_day(at_ms))["silent_min"]) * 60_000
    return last_cut(conn, station, least_ms, at_ms)


@cache
def _stops() -> list[dict[str, Any]]:
    return load_rows("line_stops")


def unread(conn: Connection, plan: Plan, operation: str, badge: str, at_ms: int) -> list[str]:
    """The instructions of an operation that somebody has not acknowledged, by the names of the revisions."""
    known = acknowledged(conn, badge)
    found = []
    for one in plan.instructions:
        if one.operation != operation:
            continue
        name = f"{one.code}/{one.revision}"
        if not one.revision:
            current = load_current(conn, "instruction", one.code, at_ms)
            if current is None:
                continue
            name = current.name
        if name not in known:
            found.append(name)
    return found


def evidence_for(conn: Connection, lot: Lot, operation: str, at: tuple[str, str, int]) -> Evidence:
    """What of the plan is missing when a lot is to begin an operation. `at`: station, badge, time."""
    if not any_plan(conn):
        return NOTHING
    station, badge, at_ms = at
    work = due_of_work(conn, lot.code, at_ms)
    plan = plan_for(conn, lot.part, lot.route, at_ms)
    if plan is None:
        missing = tuple(one.line.id for one in work if one.is_open)
        return Evidence(missing)
    place = due_of_place(conn, plan, operation, (station, lot.part, at_ms))
    return evidence_of(plan, work, place, unread(conn, plan, operation, badge, at_ms))
