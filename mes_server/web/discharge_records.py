"""Records of days and months of outlets: a calendar, one record with what has changed since, and the form that closes
and signs it; the same over /api/v1. Papers themselves are at /papers/NUMBER.
"""

from calendar import Calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED, Answer
from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.close_discharge import Record, close_record, draft_record, record_of
from mes_server.actions.compile_discharge import Closing
from mes_server.actions.gather_waterworks import day_of, known_pollutants, waterworks_at
from mes_server.actions.make_paper import Wanted
from mes_server.actions.record_events import Act
from mes_server.domain.rules import Worker
from mes_server.reports.papers import set_files
from mes_server.store.discharge_records import DischargeRecord, newest_records
from mes_server.store.hj212_outbox import standings
from mes_server.translations import LANGUAGES
from mes_server.web import answers_discharge as shapes
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.answers_signatures import SignatureBody
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.lot_acts import by_form, refused_page, text
from mes_server.web.outlet_days import SIGNS
from mes_server.web.page import now_ms, product_version, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.scans import moment_of, titles_of, told, worker_of
from mes_server.web.signing import signed_by
from mes_server.web.site import this_site

record_pages = Blueprint("discharge_records", __name__)
record_api = Blueprint("record_api", __name__, url_prefix="/api/v1")
FORMATS = ("pdf", "xlsx", "csv")


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of the calendar. `state`: open (not over), unclosed, closed or changed; "" of another month, or to come."""

    day: str
    state: str = ""
    status: str = ""
    record: DischargeRecord | None = None


@record_pages.get("/water/records")
@needs("read")
def records() -> str:
    """The days of a month of an outlet (`?outlet=`, `?month=`): what each came to, and whether it is closed."""
    site, today = this_site(), day_of(now_ms(), this_site().settings.zone.key)
    month = request.args.get("month", "")
    if not _is_period(f"{month}-01"):
        month = today[:7]
    with site.reading() as conn:
        works = waterworks_at(conn, now_ms())
        places = works.outlets if works else ()
        place = next((one for one in places if one.code == request.args.get("outlet")), places[0] if places else None)  # fmt: skip
        weeks = _weeks(conn, place.code, month) if place else []
        kept = newest_records(conn, place.code, month).get(month) if place else None
        told = standings(conn)
    first = date.fromisoformat(f"{month}-01")
    return render_template(
        "water/records.html", places=places, place=place, month=month, weeks=weeks, kept=kept, signs=SIGNS,
        before=(first - timedelta(days=1)).isoformat()[:7], after=(first + timedelta(days=32)).isoformat()[:7],
        now=today, told=told, endpoint=site.settings.hj212_endpoint,
    )  # fmt: skip


def _weeks(conn: Connection, outlet: str, month: str) -> list[list[Cell]]:
    kept = newest_records(conn, outlet, month)
    year, number = int(month[:4]), int(month[5:])
    return [
        [_cell(conn, outlet, day.isoformat(), (month, kept)) for day in week]
        for week in Calendar().monthdatescalendar(year, number)
    ]


def _cell(conn: Connection, outlet: str, day: str, of: tuple[str, Mapping[str, DischargeRecord]]) -> Cell:  # fmt: skip
    month, kept = of
    if day[:7] != month:
        return Cell(day)
    found = assess_day(conn, outlet, day, this_site().settings.zone.key, now_ms())
    if found is None or found.from_ms > now_ms():
        return Cell(day)
    record = kept.get(day)
    if record is None:
        return Cell(day, "unclosed" if found.over else "open", found.status)
    return Cell(day, "closed" if record.digest == found.digest else "changed", found.status, record)


@record_pages.get("/water/records/<outlet>/<period>")
@needs("read")
def record(outlet: str, period: str) -> str:
    """One record: its revisions, what has changed since, and the form that closes and signs it."""
    with this_site().reading() as conn:
        found = _load(conn, _closing(outlet, period))
        works = waterworks_at(conn, now_ms())
    place = None if works is None else works.place(outlet)
    return render_template(
        "water/record.html", found=found, place=place, outlet=outlet, period=period, signs=SIGNS,
        pollutants=known_pollutants(), languages=LANGUAGES,
    )  # fmt: skip


def _closing(outlet: str, period: str, reason: str = "") -> Closing:
    if not _is_period(period if len(period) > len("2026-11") else f"{period}-01"):
        raise NotFound("record", f"{outlet} {period}")
    return Closing(outlet, period, this_site().settings.zone.key, reason)


def _is_period(day: str) -> bool:
    try:
        return date.fromisoformat(day).isoformat() == day and "2000" <= day < "2200"
    except ValueError:
        return False


def _load(conn: Connection, said: Closing) -> Record:
    found = record_of(conn, said, now_ms())
    if found is None:
        raise NotFound("outlet", said.outlet)
    return found


@record_pages.post("/water/records/<outlet>/<period>/close")
@needs("discharge")
def close(outlet: str, period: str) -> AnyResponse:
    """The form of the page: badge and PIN once more."""
    act, worker = by_form()
    said = _closing(outlet, period, text("reason"))
    shown = SignatureBody.model_construct(badge=text("badge"), pin=text("pin"), meaning="closed")
    language = text("language") if text("language") in LANGUAGES else words().language
    answer = _close((act, worker), said, shown, language)
    back = url_for("discharge_records.record", outlet=outlet, period=period)
    if answer.outcome != ACCEPTED:
        return refused_page(answer.refusals, back, titles_of(answer))
    return redirect(back, 303)


def _close(by: tuple[Act, Worker], said: Closing, shown: SignatureBody, language: str) -> Answer:
    site, (act, worker) = this_site(), by
    signer = signed_by(shown)
    wanted = Wanted(said.kind, said.about, language, product_version(), site.settings.site)
    done = draft_record(site.engine, act, said, wanted, _render) if worker.badge else None
    ask = Ask("close_record", (), said.about, said.reason)
    return act_once(site.engine, act, ask, worker, lambda book, _: close_record(book, said, done, signer))  # fmt: skip


def _render(content: Mapping[str, Any], data: bytes) -> Mapping[str, bytes]:
    settings = this_site().settings
    return set_files(content, data, settings.zone, settings.address, FORMATS)


@record_api.post("/effluent/records/<outlet>/<period>/close")
@needs("discharge")
@described(Operation("Close and sign the record of a day or a month", ScanAnswer, body=shapes.CloseRecordBody))  # fmt: skip
def post_close(outlet: str, period: str) -> Response:
    """Only when it is over. Its number is in `made`; a later revision needs a reason."""
    body = read_body(shapes.CloseRecordBody)
    worker = worker_of(body.badge, "discharge")
    act = Act(body.act_id, worker.badge, body.station, moment_of(body.at), now_ms())
    said = _closing(outlet, period, body.reason)
    return told(body.act_id, _close((act, worker), said, body.signature, body.language))


@record_api.get("/effluent/records/<outlet>/<period>")
@needs("read")
@described(Operation("How the record of a day or a month stands", shapes.RecordAnswer))
def get_record(outlet: str, period: str) -> Response:
    """Its revisions, and what is not as the newest one tells it."""
    with this_site().reading() as conn:
        found = _load(conn, _closing(outlet, period))
    revisions = [
        shapes.RevisionAnswer(
            revision=one.revision, paper=one.paper, digest=one.digest, closed_at=iso_text(one.at_ms),
            closed_by=one.person, reason=one.reason,
        )
        for one in found.revisions
    ]  # fmt: skip
    changed = [shapes.ChangeAnswer(name=name, then=then, now=now) for name, then, now in found.changed]  # fmt: skip
    return as_json(
        shapes.RecordAnswer(
            outlet=outlet, period=period, over=found.judged.over, status=found.judged.status,  # type: ignore[arg-type]  # one of STATUSES
            digest=found.judged.digest, stands=found.stands, revisions=revisions, changed=changed,
        )
    )  # fmt: skip
