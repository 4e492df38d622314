"""What is done to an online analyser: checked at zero and with a standard, worked on, repaired.

A check that fails makes doubtful what was measured since the last one of its kind that passed, and says so at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.gather_waterworks import pollutants_on
from mes_server.actions.read_water import (
    amount,
    dated_row,
    not_ahead,
    place_of,
    reason_is_given,
)
from mes_server.actions.record_events import Book
from mes_server.domain.days import utc_day
from mes_server.domain.decimals import written
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.domain.water_samples import (
    CHECK_VOIDED,
    CHECKED,
    ENDED,
    MAINTENANCE,
    REPAIRED,
    SPAN,
    ZERO,
    AnalyserCheck,
    analyser_stream,
)
from mes_server.domain.waterworks import Place
from mes_server.store.analyser_checks import last_passed, load_analyser_check, open_work
from mes_server.store.numbering import next_code


@dataclass(frozen=True, slots=True)
class Checking:
    """`expected`: the value of the standard, 0 at zero; `full_scale`: where the range of the analyser ends."""

    place: str
    pollutant: str
    kind: str
    at_ms: int
    expected: str = ""
    read: str = ""
    full_scale: str = ""
    person: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Working:
    """Work on an analyser. `kind`: MAINTENANCE (`to_ms` None: it goes on) or REPAIRED."""

    place: str
    pollutant: str
    kind: str
    at_ms: int
    to_ms: int | None = None
    person: str = ""
    note: str = ""


def check_analyser(book: Book, said: Checking) -> list[str] | list[Refusal]:
    """The number of the check; whether it passed is in it."""
    refused = _measures(book, said.place, said.pollutant, said.at_ms) + not_ahead(book, said.at_ms)
    refused += text_is_no_script({"person": said.person, "note": said.note})
    if refused:
        return refused
    high = Decimal(pollutants_on(utc_day(said.at_ms))[said.pollutant]["plausible_max"])
    row = dated_row("analyser_checks", said.at_ms)
    lowest = Decimal(0) if said.kind == ZERO or said.pollutant == "ph" else Decimal("0.000001")
    expected, wrong = amount(said.expected or ("0" if said.kind == ZERO else ""), "expected", (lowest, high))  # fmt: skip
    read, more = amount(said.read, "read", (-high, high))
    tolerance, no_tolerance = _tolerance(row, said, expected)
    refused = wrong + more + ([] if wrong else no_tolerance)
    if refused:
        return refused
    passed = abs(read - expected) <= tolerance
    facts = {
        "kind": said.kind, "at_ms": said.at_ms, "to_ms": None, "expected": format(expected, "f"),
        "read": format(read, "f"), "tolerance": written(tolerance, 4), "passed": "yes" if passed else "no",
        "full_scale": said.full_scale.strip(), "note": said.note,
    }  # fmt: skip
    return [_note(book, said, facts)]


def _tolerance(
    row: Mapping[str, Any], said: Checking, expected: Decimal
) -> tuple[Decimal, list[Refusal]]:
    """In the unit of the pollutant, as the dated row has it."""
    absolute = row["absolute"].get(said.pollutant)
    if absolute is not None:
        return Decimal(absolute), []
    if said.kind == SPAN:
        return expected * Decimal(row["span_percent"]) / 100, []
    full, refused = amount(said.full_scale, "full_scale", (Decimal("0.000001"), None))
    return full * Decimal(row["zero_percent_of_range"]) / 100, refused


def work_on_analyser(book: Book, said: Working) -> list[str] | list[Refusal]:
    """The number of the maintenance, which ends with `end_maintenance` where it goes on; or of the repair."""
    refused = _measures(book, said.place, said.pollutant, said.at_ms)
    refused += not_ahead(book, said.at_ms)
    refused += text_is_no_script({"person": said.person, "note": said.note})
    if said.to_ms is not None and said.to_ms <= said.at_ms:
        facts = {"since_ms": str(said.at_ms), "until_ms": str(said.to_ms)}
        refused.append(Refusal("maintenance_takes_time", facts))
    open_one = open_work(book.conn, said.place, said.pollutant)
    if said.kind == MAINTENANCE and said.to_ms is None and open_one is not None:
        facts = {"check": open_one.code, "since_ms": str(open_one.at_ms)}
        refused.append(Refusal("maintenance_is_over", facts))
    if said.kind == REPAIRED and not said.note.strip():
        refused.append(Refusal("repair_says_what", {"place": said.place, "pollutant": said.pollutant}))  # fmt: skip
    if refused:
        return refused
    nothing = dict.fromkeys(("expected", "read", "tolerance", "passed", "full_scale"), "")
    when: dict[str, Any] = {"at_ms": said.at_ms, "to_ms": said.to_ms}
    return [_note(book, said, when | nothing | {"kind": said.kind, "note": said.note})]


def _note(book: Book, said: Checking | Working, facts: Mapping[str, Any]) -> str:
    code = next_code(book.conn, "analyser_check", book.act.at_ms)
    person = said.person.strip() or book.act.person
    stream = analyser_stream(said.place, said.pollutant)
    book.note(stream, CHECKED, check=code, person=person, **facts)
    return code


def end_maintenance(book: Book, code: str, to_ms: int) -> list[Refusal]:
    """The work is over."""
    found = load_analyser_check(book.conn, code)
    if found is None or found.kind != MAINTENANCE:
        return [Refusal("analyser_check_is_known", {"check": code})]
    refused = not_ahead(book, to_ms) + _counts(found)
    if found.to_ms is not None:
        facts = {"check": code, "until_ms": str(found.to_ms)}
        refused.append(Refusal("maintenance_goes_on", facts))
    if to_ms <= found.at_ms:
        facts = {"since_ms": str(found.at_ms), "until_ms": str(to_ms)}
        refused.append(Refusal("maintenance_takes_time", facts))
    if not refused:
        book.note(analyser_stream(found.place, found.pollutant), ENDED, check=code, to_ms=to_ms)
    return refused


def void_analyser_check(book: Book, code: str, reason: str) -> list[Refusal]:
    """It counts for nothing from now on, and stays to be seen."""
    found = load_analyser_check(book.conn, code)
    if found is None:
        return [Refusal("analyser_check_is_known", {"check": code})]
    refused = reason_is_given(reason) + _counts(found)
    if not refused:
        stream = analyser_stream(found.place, found.pollutant)
        book.note(stream, CHECK_VOIDED, reason, check=code)
    return refused


def doubtful_from(conn: Connection, found: AnalyserCheck) -> int | None:
    """Since when a failed check makes values doubtful: the last of its kind that passed; 0: ever; None: it did not
    fail."""
    if found.passed is not False or found.voided:
        return None
    before = last_passed(conn, found.place, found.pollutant, found.kind, found.at_ms)
    return 0 if before is None else before.at_ms


def _counts(found: AnalyserCheck) -> list[Refusal]:
    if not found.voided:
        return []
    return [Refusal("analyser_check_counts", {"check": found.code, "reason": found.voided})]


def _measures(book: Book, code: str, pollutant: str, at_ms: int) -> list[Refusal]:
    """Whether an analyser of this pollutant can stand at a place."""
    place = place_of(book, code, at_ms)
    if not isinstance(place, Place):
        return place
    known = {name: row for name, row in pollutants_on(utc_day(at_ms)).items() if row["metric"]}
    if pollutant not in known:
        facts = {"pollutant": pollutant, "known": ", ".join(sorted(known))}
        return [Refusal("analyser_measures_it", facts)]
    if not place.station:
        return [Refusal("place_is_measured", {"place": code})]
    return []
