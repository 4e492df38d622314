"""Rows of the lot report: 8Ds linked to the lot, temporary controls its runs were under, changes that took effect."""

from mes_server.actions.change_process import temporaries_of_run
from mes_server.actions.report_line import Line
from mes_server.domain.problems import OPEN, Problem
from mes_server.domain.process_changes import Change, Temporary
from mes_server.domain.report import Remark, Row, iso
from mes_server.store.changes_of_process import list_changes, list_problems


def problems_of(line: Line) -> list[Problem]:
    """8Ds linked to a lot of the line, or to one of its nonconformances."""
    ours = set(line.back) | {one.code for one in line.ncs}
    return [one for one in list_problems(line.conn) if ours & set(one.linked)]


def problem_row(one: Problem) -> Row:
    """As the report lists it."""
    due = [s.due_ms for s in one.steps.values() if s.done_ms is None and s.due_ms is not None]
    return {
        "number": one.code, "title": one.title, "state": one.state, "opened": iso(one.opened_ms),
        "due": iso(min(due, default=None)), "check": iso(one.check_ms), "effective": one.result,
    }  # fmt: skip


def open_problems(found: list[Problem]) -> list[Remark]:
    """Those that are still being solved."""
    return [
        Remark("problem_open", {"number": one.code, "title": one.title})
        for one in found
        if one.state == OPEN
    ]


def temporaries_of(line: Line) -> list[Temporary]:
    """Alternate controls that were in use at the station and operation of a run of the line, during it."""
    found = {one.code: one for run in line.runs.values() for one in temporaries_of_run(line.conn, run)}  # fmt: skip
    return [found[code] for code in sorted(found)]


def temporary_row(line: Line, one: Temporary) -> Row:
    """As the report lists it."""
    return {
        "number": one.code, "station": one.station, "operation": line.title(one.operation),
        "primary": one.primary, "alternate": one.alternate, "reason": one.reason,
        "begun": iso(one.from_ms), "until": iso(one.until_ms), "ended": iso(one.ended_ms),
        "reviews": str(len(one.reviews)), "verified": one.verified,
    }  # fmt: skip


def changes_between(line: Line, begun_ms: int, ended_ms: int) -> list[Row]:
    """Change requests that took effect in the time of the line, or whose break-point lot is of it."""
    return [
        _change(one)
        for one in list_changes(line.conn)
        if one.first_lot in line.back
        or (one.effective_ms is not None and begun_ms <= one.effective_ms <= ended_ms)
    ]


def _change(one: Change) -> Row:
    return {
        "number": one.code, "title": one.title, "state": one.state, "from_lot": one.first_lot,
        "reference": one.customer_reference, "at": iso(one.effective_ms),
    }  # fmt: skip
