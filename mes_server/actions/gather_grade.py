"""What was measured of a lot's grade: the newest readings at room temperature, of itself or what it was made of."""

from decimal import Decimal

from sqlalchemy import Connection

from mes_server.actions.report_line import Line, line_of
from mes_server.domain.attempts import Refusal
from mes_server.domain.days import utc_day
from mes_server.domain.decimals import figure_or_none, written
from mes_server.domain.grades import BHMAX, BR, HCJ, SYMBOLS, grade_of, is_at_room, reached


def measured_of(line: Line) -> dict[str, Decimal]:
    """The least reading of the newest check of Br (T), (BH)max (kJ/m³) and HcJ (kA/m); those that were never measured are left out."""
    found: dict[str, Decimal] = {}
    for check in line.checks:
        asked = line.line_of(check)
        if check.voided or asked is None or asked.quantity not in (BR, BHMAX, HCJ):
            continue
        told = figure_or_none(check.temperature_c)
        if check.readings and is_at_room(told, utc_day(check.at_ms)):
            found[asked.quantity] = min(reading.value for reading in check.readings)
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
