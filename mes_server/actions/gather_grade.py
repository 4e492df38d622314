"""What was measured of a lot's grade: readings at room temperature, of itself or of what it was made of."""

from decimal import Decimal

from sqlalchemy import Connection

from mes_server.actions.report_line import Line, line_of
from mes_server.domain.attempts import Refusal
from mes_server.domain.days import utc_day
from mes_server.domain.decimals import figure_or_none, written
from mes_server.domain.genealogy import BACK
from mes_server.domain.grades import BHMAX, BR, HCJ, SYMBOLS, grade_of, is_at_room, reached
from mes_server.store.lots import list_edges


def measured_of(line: Line) -> dict[str, Decimal]:
    """The least reading of the newest check of Br (T), (BH)max (kJ/m³) and HcJ (kA/m): of the lot itself; where it was
    not measured, the least of what it was made of. What was never measured is left out."""
    own = _own(line)
    parents: dict[str, list[str]] = {code: [] for code in line.back}
    for edge in list_edges(line.conn, sorted(line.back), BACK):
        parents[edge.child].append(edge.parent)
    known: dict[str, dict[str, Decimal]] = {}
    for code in sorted(line.back, key=lambda one: line.lots[one].born_ms):
        found: dict[str, Decimal] = {}
        for parent in parents[code]:
            for quantity, value in known.get(parent, {}).items():
                found[quantity] = min(value, found.get(quantity, value))
        known[code] = found | own.get(code, {})
    return known[line.lot.code]


def _own(line: Line) -> dict[str, dict[str, Decimal]]:
    """By lot, what was measured of itself, or of a run that it was in."""
    inside: dict[str, set[str]] = {}
    for work in line.works:
        inside.setdefault(work.run.code, set()).add(work.lot)
    found: dict[str, dict[str, Decimal]] = {}
    for check in line.checks:
        asked = line.line_of(check)
        if check.voided or asked is None or asked.quantity not in (BR, BHMAX, HCJ):
            continue
        told = figure_or_none(check.temperature_c)
        if not check.readings or not is_at_room(told, utc_day(check.at_ms)):
            continue
        for code in [check.lot] if check.lot else inside.get(check.run, ()):
            least = min(reading.value for reading in check.readings)
            found.setdefault(code, {})[asked.quantity] = least
    return found


def against_grade(conn: Connection, code: str, grade: str, at_ms: int) -> list[Refusal]:
    """Why a lot cannot be called of a grade: its readings are below it. What was not measured speaks against nothing."""
    line, day = line_of(conn, code, at_ms), utc_day(at_ms)
    wanted = grade_of(grade, day)
    if line is None or wanted is None:
        return []
    measured = measured_of(line)
    best = reached(measured, day) or "–"
    refused = []
    for quantity, (found, least) in wanted.missed(measured).items():
        symbol, unit = SYMBOLS[quantity]
        facts = {"lot": code, "grade": wanted.name, "quantity": symbol, "reached": best}
        facts |= {"found": f"{written(found)} {unit}", "least": f"{written(least)} {unit}"}
        refused.append(Refusal("grade_is_reached", facts))
    return refused
