"""Gauges: added, calibrated, retired. One that is found bad holds what was measured with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.record_events import Book
from mes_server.actions.sign_record import may_sign, sign
from mes_server.actions.trace_lots import reached_from
from mes_server.domain import gauges, lots
from mes_server.domain.attempts import Refusal
from mes_server.domain.decimals import NoFigure, figure
from mes_server.domain.gauges import DAY_MS, Gauge, last_good, within
from mes_server.domain.people import Person
from mes_server.domain.recalls import LOT, RUN, STATION, Suspicion
from mes_server.domain.signatures import digest
from mes_server.domain.texts import text_is_no_script
from mes_server.store.checks import list_checks
from mes_server.store.gauge_records import calibrated
from mes_server.store.gauges import load_gauge


@dataclass(frozen=True, slots=True)
class NewGauge:
    """A gauge as it is entered."""

    code: str
    type: str
    title: str
    owner: str = ""
    resolution: str = ""
    interval_days: int = 365


def add_gauge(book: Book, said: NewGauge) -> list[Refusal]:
    """There is one more gauge; it serves after its first calibration."""
    names = ("code", "type", "title", "owner", "resolution")
    refused = text_is_no_script({name: getattr(said, name) for name in names})
    if not said.code.strip() or not said.type.strip():
        refused.append(Refusal("gauge_is_named", {}))
    if said.interval_days < 1:
        refused.append(Refusal("interval_is_given", {"days": str(said.interval_days)}))
    if load_gauge(book.conn, said.code) is not None:
        refused.append(Refusal("gauge_is_new", {"gauge": said.code}))
    if not refused:
        facts = {name: getattr(said, name) for name in names[1:]}
        book.note(
            gauges.stream_of(said.code), gauges.ADDED, **facts, interval_days=said.interval_days
        )
    return refused


@dataclass(frozen=True, slots=True)
class Calibrating:
    """Points {reference, reading} as found and as left (empty: nothing was adjusted), and the tolerance."""

    tolerance: str
    found: Sequence[Mapping[str, str]]
    left: Sequence[Mapping[str, str]] = ()
    certificate: str = ""


def calibrate(
    book: Book, code: str, said: Calibrating, signer: Person | Refusal | None = None
) -> list[Refusal] | list[str]:
    """Note a calibration, signed by who answers for it. Found out of tolerance: every lot that was measured since the
    last good one is held, and told."""
    gauge = load_gauge(book.conn, code)
    if gauge is None:
        return [Refusal("gauge_is_known", {"gauge": code})]
    refused = text_is_no_script({"certificate": said.certificate})
    refused += may_sign(signer, "gauge") if signer is not None else []
    if not said.found:
        refused.append(Refusal("points_are_told", {"gauge": code}))
    judged = _within(said)
    if isinstance(judged, Refusal) or refused:
        return [*refused, judged] if isinstance(judged, Refusal) else refused
    found, left = judged
    act = book.act
    # What it measured behind the calibration, before that was recorded, is in doubt while it stays out of tolerance.
    until_ms = act.at_ms if left else act.now_ms
    affected = [] if found else affected_lots(book.conn, gauge, act.at_ms, until_ms)
    facts = {
        "tolerance": said.tolerance, "found": [dict(p) for p in said.found], "left": [dict(p) for p in said.left],
        "certificate": said.certificate, "found_good": found, "left_good": left,
        "due_ms": act.at_ms + gauge.interval_days * DAY_MS, "affected": affected,
    }  # fmt: skip
    book.note(gauges.stream_of(code), gauges.CALIBRATED, **facts)
    if isinstance(signer, Person):
        name = f"{code}/{len(calibrated(book.conn, code)) + 1}"
        sign(book, f"calibration:{name}", digest(signed_facts(name, facts, "")), signer, "approved")
    _hold(book, affected, f"gauge {code} was out of tolerance")
    return affected


def _within(said: Calibrating) -> tuple[bool, bool] | Refusal:
    """Whether it was within its tolerance as found and as left."""
    try:
        tolerance = figure(said.tolerance)
        found = within(said.found, tolerance)
        return found, within(said.left, tolerance) if said.left else found
    except NoFigure as bad:
        return Refusal(bad.rule, {"reading": bad.text[:40], "number": "-"})


def sign_calibration(
    book: Book, code: str, number: int, signer: Person | Refusal | None
) -> list[Refusal]:
    """Sign a calibration as it was recorded, by its number among those of the gauge."""
    refused = may_sign(signer, "gauge")
    now = digest_of_calibration(book.conn, f"{code}/{number}")
    if now is None:
        refused.append(Refusal("calibration_is_known", {"gauge": code, "number": str(number)}))
    if not refused and isinstance(signer, Person) and now is not None:
        sign(book, f"calibration:{code}/{number}", now, signer, "approved")
    return refused


def digest_of_calibration(conn: Connection, name: str) -> str | None:
    """What a signature of "MIC-07/2" is bound to: the record, and that it still counts."""
    code, _, number = name.rpartition("/")
    found = {str(one.number): one for one in calibrated(conn, code)}.get(number)
    return None if found is None else digest(signed_facts(name, found.facts, found.voided))


def signed_facts(name: str, facts: Mapping[str, Any], voided: str) -> dict[str, Any]:
    """What a calibration says to who signs it."""
    return {**facts, "calibration": name, "voided": voided}


def void_calibration(book: Book, code: str, number: int, reason: str) -> list[Refusal]:
    """It was recorded wrongly and counts no more; it stays as it was written, and what it held stays held."""
    if not reason.strip():
        return [Refusal("reason_is_given", {})]
    known = [one for one in calibrated(book.conn, code) if one.number == number and not one.voided]
    if not known:
        return [Refusal("calibration_is_known", {"gauge": code, "number": str(number)})]
    book.note(gauges.stream_of(code), gauges.VOIDED, reason, calibration=number)
    return []


def affected_lots(
    conn: Connection, gauge: Gauge, at_ms: int, until_ms: int | None = None
) -> list[str]:
    """The lots that were measured with a gauge since its last good calibration before `at_ms`, until then (or until a
    later time), and all that was made of them: of a check of a run those in it, of a station all it did meanwhile."""
    since_ms, until_ms = last_good(gauge, at_ms), at_ms if until_ms is None else until_ms
    checks = list_checks(conn, since_ms, until_ms, gauge=gauge.code)
    asked: set[Suspicion] = set()
    for one in (check for check in checks if not check.voided):
        if one.lot:
            asked.add(Suspicion(LOT, one.lot))
        elif one.run:
            asked.add(Suspicion(RUN, one.run))
        else:
            asked.add(Suspicion(STATION, one.place, since_ms or checks[0].at_ms, until_ms))
    return reached_from(conn, asked)


def hold_measured(book: Book, code: str, number: int, reason: str) -> list[Refusal] | list[str]:
    """Hold what a gauge measured since it was last good: before its calibration of that number, or (0) until now."""
    gauge = load_gauge(book.conn, code)
    if gauge is None:
        return [Refusal("gauge_is_known", {"gauge": code})]
    if not reason.strip():
        return [Refusal("reason_is_given", {})]
    known = {one.number: one.facts["affected"] for one in calibrated(book.conn, code)}
    if number and number not in known:
        return [Refusal("calibration_is_known", {"gauge": code, "number": str(number)})]
    lot_codes = known[number] if number else affected_lots(book.conn, gauge, book.act.at_ms + 1)
    return _hold(book, lot_codes, f"gauge {code}: {reason}")


def _hold(book: Book, codes: Sequence[str], reason: str) -> list[str]:
    """Those that are here and are something; the others are told only."""
    here = ((code, book.lot(code)) for code in codes)
    held = [
        code
        for code, lot in here
        if lot is not None and lot.status in (lots.ACTIVE, lots.RUNNING) and lot.kind != "waste"
    ]
    for code in held:
        book.note(f"lot:{code}", lots.HELD, reason)
    return held


def return_gauge(book: Book, code: str, reason: str) -> list[Refusal]:
    """It serves again, as far as its calibration holds."""
    gauge = load_gauge(book.conn, code)
    if gauge is None or gauge.retired_ms is None:
        return [Refusal("gauge_is_known", {"gauge": code})]
    if not reason.strip():
        return [Refusal("reason_is_given", {})]
    book.note(gauges.stream_of(code), gauges.RETURNED, reason)
    return []


def retire_gauge(book: Book, code: str, reason: str) -> list[Refusal]:
    """Nothing is measured with it any more."""
    gauge = load_gauge(book.conn, code)
    if gauge is None or gauge.retired_ms is not None:
        return [Refusal("gauge_is_known", {"gauge": code})]
    if not reason.strip():
        return [Refusal("reason_is_given", {})]
    book.note(gauges.stream_of(code), gauges.RETIRED, reason)
    return []
