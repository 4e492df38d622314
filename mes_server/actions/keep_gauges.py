"""Gauges: added, calibrated, retired. One that is found bad holds what was measured with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.actions.record_events import Book
from mes_server.domain import gauges, lots
from mes_server.domain.attempts import Refusal
from mes_server.domain.decimals import NoFigure, figure
from mes_server.domain.gauges import DAY_MS, Gauge, last_good, within
from mes_server.domain.texts import text_is_no_script
from mes_server.store.checks import list_checks
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


def calibrate(book: Book, code: str, said: Calibrating) -> list[Refusal]:
    """Note a calibration. Found out of tolerance: every lot that was measured since the last good one is held."""
    gauge = load_gauge(book.conn, code)
    if gauge is None:
        return [Refusal("gauge_is_known", {"gauge": code})]
    refused = text_is_no_script({"certificate": said.certificate})
    if not said.found:
        refused.append(Refusal("points_are_told", {"gauge": code}))
    try:
        tolerance = figure(said.tolerance)
        found = within(said.found, tolerance)
        left = within(said.left, tolerance) if said.left else found
    except NoFigure as bad:
        return [*refused, Refusal(bad.rule, {"reading": bad.text[:40], "number": "-"})]
    if refused:
        return refused
    affected = [] if found else affected_lots(book.conn, gauge, book.act.at_ms)
    due_ms = book.act.at_ms + gauge.interval_days * DAY_MS
    book.note(
        gauges.stream_of(code), gauges.CALIBRATED, tolerance=said.tolerance,
        found=[dict(p) for p in said.found], left=[dict(p) for p in said.left],
        certificate=said.certificate, found_good=found, left_good=left, due_ms=due_ms,
        affected=affected,
    )  # fmt: skip
    for one in affected:
        lot = book.lot(one)
        if lot is not None and lot.status in (lots.ACTIVE, lots.RUNNING):
            book.note(f"lot:{one}", lots.HELD, f"gauge {code} was out of tolerance")
    return []


def affected_lots(conn: Connection, gauge: Gauge, at_ms: int) -> list[str]:
    """The lots that were measured with a gauge since its last good calibration before that time."""
    since_ms = last_good(gauge, at_ms)
    found = list_checks(conn, since_ms, at_ms, gauge=gauge.code)
    return sorted({one.lot for one in found if one.lot and not one.voided})


def retire_gauge(book: Book, code: str, reason: str) -> list[Refusal]:
    """Nothing is measured with it any more."""
    gauge = load_gauge(book.conn, code)
    if gauge is None or gauge.retired_ms is not None:
        return [Refusal("gauge_is_known", {"gauge": code})]
    if not reason.strip():
        return [Refusal("reason_is_given", {})]
    book.note(gauges.stream_of(code), gauges.RETIRED, reason)
    return []
