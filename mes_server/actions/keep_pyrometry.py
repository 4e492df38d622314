"""Surveys of a furnace, changes of it, and its thermocouples: recorded, the result computed, signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import Connection

from mes_server.actions.gather_furnace import asked_of
from mes_server.actions.ready_station import mount, name_resource
from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.domain.decimals import NoFigure, figure
from mes_server.domain.people import Person
from mes_server.domain.pyrometry import (
    CHANGED,
    DAY_MS,
    DECLARED,
    FAILED,
    INSTALLED,
    PASSED,
    REMOVED,
    SAT,
    SAT_COMPARATIVE,
    SURVEYED,
    Requirement,
)
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import canonical
from mes_server.domain.surveys import differences, judge, points_from
from mes_server.store.numbering import next_code
from mes_server.store.pyrometry import list_surveys, load_survey, load_thermocouple
from mes_server.store.stations import load_station

TYPES = ("B", "E", "J", "K", "N", "R", "S", "T")  # IEC 60584-1:2013
ROLE = "thermocouple:"


@dataclass(frozen=True, slots=True)
class Surveying:
    """What was done. `readings`: {thermocouple, test_thermocouple, position, reading, test, correction} as written.
    `instrument`: the test instrument; `passed`: of a test that is told and not measured."""

    test: str
    readings: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    instrument: str = ""
    passed: bool = False
    note: str = ""


def stream_of(station: str) -> str:
    """The stream of the ledger with what was done to a furnace."""
    return f"pyrometry:{station}"


def record_survey(
    book: Book, station: str, said: Surveying, signer: Person | Refusal | None
) -> list[Refusal] | list[str]:
    """The number of the survey, or why it is none. Its result is computed by what was asked of the furnace then."""
    refused = _unknown(book.conn, station) + may_sign(signer, "gauge")
    name, asked = asked_of(book.conn, station, book.act.at_ms)
    wanted = next((one for one in asked if one.test == said.test), None)
    if wanted is None:
        refused.append(Refusal("survey_is_asked_for", {"station": station, "test": said.test}))
    if refused or wanted is None or not isinstance(signer, Person):
        return refused
    found = _result(book.conn, station, said, wanted)
    if isinstance(found, list):
        return found
    code = next_code(book.conn, "survey", book.act.at_ms)
    due_ms = book.act.at_ms + wanted.interval_days * DAY_MS
    facts = {
        "survey": code, "station": station, "test": said.test, "row": wanted.row, "document": name,
        "tolerance_c": wanted.tolerance_c, "instrument": said.instrument, "due_ms": due_ms, "note": said.note,
        "signer": signer.badge, **found,
    }  # fmt: skip
    book.note(stream_of(station), SURVEYED, **facts)
    sign(book, f"survey:{code}", _digest(facts), signer, "approved")
    return [code]


def _result(
    conn: Connection, station: str, said: Surveying, asked: Requirement
) -> Mapping[str, object] | list[Refusal]:
    if said.test in DECLARED:
        return {"result": PASSED if said.passed else FAILED, "readings": [], "worst_c": "", "spread_c": ""}  # fmt: skip
    points, refused = points_from(said.test, said.readings)
    if not said.instrument.strip():
        refused.append(Refusal("test_instrument_is_told", {"test": said.test}))
    if refused:
        return refused
    before = [s.content for s in list_surveys(conn, station) if s.test in (SAT, SAT_COMPARATIVE)]
    found = judge(asked, points, differences(before))
    if isinstance(found, list):
        return found
    return {
        "result": found.result, "readings": [dict(row) for row in found.rows],
        "worst_c": format(found.worst, "f"), "spread_c": format(found.spread, "f"),
    }  # fmt: skip


def _digest(facts: Mapping[str, object]) -> str:
    return sha256(canonical(dict(facts)).encode()).hexdigest()


def survey_digest(conn: Connection, code: str) -> str | None:
    """What the signature of a survey is bound to."""
    found = load_survey(conn, code)
    return None if found is None else _digest(found.content)


def change_furnace(book: Book, station: str, reason: str) -> list[Refusal] | list[str]:
    """Rebuilt, relocated, heaters or leads changed: what is asked for after a change is asked for again."""
    refused = _unknown(book.conn, station)
    if not reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if refused:
        return refused
    code = next_code(book.conn, "survey", book.act.at_ms)
    book.note(stream_of(station), CHANGED, reason, survey=code, station=station, note=reason)
    return [code]


@dataclass(frozen=True, slots=True)
class Installing:
    """A thermocouple goes into a furnace. `role`: the metric it measures; `uses_before`: elsewhere, or before."""

    thermocouple: str
    role: str
    type: str
    uses_before: int = 0
    correction_c: str = ""


def install_thermocouple(book: Book, station: str, said: Installing) -> list[Refusal]:
    """From now on every run of the furnace uses it. What was in its place comes out."""
    refused = _unknown(book.conn, station)
    if said.type not in TYPES:
        refused.append(Refusal("thermocouple_type_is_known", {"type": said.type, "types": ", ".join(TYPES)}))  # fmt: skip
    code = name_resource(book.conn, said.thermocouple)
    if isinstance(code, Refusal):
        return [*refused, code]
    known = load_thermocouple(book.conn, code)
    if known is not None and known.removed_ms is None:
        facts = {"thermocouple": known.code, "station": known.station, "role": known.role}
        refused.append(Refusal("thermocouple_is_free", facts))
    refused += _misread(said.correction_c)
    role = ROLE + said.role
    refused = refused or mount(book, station, role, code)
    if refused:
        return refused
    for one in _in_place(book, station, said.role):
        book.note(stream_of(station), REMOVED, thermocouple=one, station=station)
    facts = {"role": said.role, "type": said.type, "correction_c": said.correction_c}
    uses = (known.uses if known is not None else 0) + said.uses_before
    book.note(stream_of(station), INSTALLED, thermocouple=code, station=station, uses_before=uses, **facts)  # fmt: skip
    return []


def _misread(correction: str) -> list[Refusal]:
    try:
        figure(correction or "0")
    except NoFigure as bad:
        return [Refusal(bad.rule, {"reading": bad.text[:40], "number": "1"})]
    return []


def _in_place(book: Book, station: str, role: str) -> list[str]:
    found = [e.facts() for e in book.noted(stream_of(station)) if e.kind in (INSTALLED, REMOVED)]
    standing: dict[str, str] = {}
    for facts in found:
        standing[facts["thermocouple"]] = facts.get("role", "")
    return [code for code, where in standing.items() if where and where == role]


def remove_thermocouple(book: Book, code: str, reason: str) -> list[Refusal]:
    """It is out of its furnace."""
    known = load_thermocouple(book.conn, code)
    if known is None or known.removed_ms is not None:
        return [Refusal("thermocouple_is_installed", {"thermocouple": code[:60]})]
    refused = mount(book, known.station, ROLE + known.role, "")
    if not refused:
        book.note(stream_of(known.station), REMOVED, reason, thermocouple=code, station=known.station)  # fmt: skip
    return refused


def _unknown(conn: Connection, station: str) -> list[Refusal]:
    if load_station(conn, station) is not None:
        return []
    return [Refusal("station_is_known", {"station": station[:100]})]
