"""Gauges and measurement system studies over /api/v1 and as pages."""

from flask import Blueprint, Response, render_template
from sqlalchemy import Connection

from mes_server.actions import keep_gauges as keep
from mes_server.actions.keep_studies import Studying, record_study
from mes_server.actions.record_events import Book
from mes_server.domain.gauge_needs import accepted_kinds
from mes_server.domain.gauges import DAY_MS, Gauge, last_good
from mes_server.store.gauge_lines import newest_lines
from mes_server.store.gauge_records import (
    Calibrated,
    Studied,
    affected,
    calibrated,
    studied,
)
from mes_server.store.gauges import list_gauges, load_gauge, studies_of
from mes_server.web import answers_gauges as shapes
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site

gauge_pages = Blueprint("gauges", __name__)
_API = "/api/v1/gauges"
LINES_SHOWN = 20


@gauge_pages.post(_API)
@needs("gauge")
@described(Operation("There is one more gauge", ScanAnswer, body=shapes.GaugeBody))
def post_gauge() -> Response:
    """It serves after its first calibration."""
    body = read_body(shapes.GaugeBody)
    said = keep.NewGauge(
        body.code.strip().upper(), body.type, body.title, body.owner, body.resolution,
        body.interval_days,
    )  # fmt: skip

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.add_gauge(book, said)

    return carry(body, ("gauge", [], said.code), "gauge", acting)


@gauge_pages.post(_API + "/<code>/calibrations")
@needs("gauge")
@described(Operation("A gauge was calibrated", ScanAnswer, body=shapes.CalibrateBody))
def post_calibration(code: str) -> Response:
    """Found out of tolerance, the lots it measured since it was last good are held."""
    body = read_body(shapes.CalibrateBody)
    found = [point.model_dump() for point in body.found]
    left = [point.model_dump() for point in body.left]
    said = keep.Calibrating(body.tolerance, found, left, body.certificate)

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.calibrate(book, code, said)

    return carry(body, ("calibrate", [], code), "gauge", acting)


@gauge_pages.post(_API + "/<code>/retire")
@needs("gauge")
@described(Operation("Nothing is measured with a gauge any more", ScanAnswer, body=ActBody))
def post_retire(code: str) -> Response:
    """The reason is needed."""
    body = read_body(ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.retire_gauge(book, code, body.reason)

    return carry(body, ("retire", [], code), "gauge", acting)


@gauge_pages.post("/api/v1/studies")
@needs("gauge")
@described(Operation("A study of a measurement system", ScanAnswer, body=shapes.StudyBody))
def post_study() -> Response:
    """Computed and kept; a good one, or a fair one with a reason, lets the type serve special characteristics."""
    body = read_body(shapes.StudyBody)
    said = Studying(
        body.type, body.gauge, body.characteristic, body.method, body.readings, body.tolerance,
        body.accept, body.kind, body.plan, body.references, body.appraisers, body.parts,
    )  # fmt: skip

    def acting(book: Book, _codes: list[str]) -> object:
        return record_study(book, said)

    return carry(body, ("study", [], body.type), "gauge", acting)


@gauge_pages.get(_API)
@needs("read")
@described(Operation("Gauges", shapes.GaugesAnswer))
def get_gauges() -> Response:
    """All by code."""
    with this_site().reading() as conn:
        found = [gauge_answer(conn, one) for one in list_gauges(conn)]
    return as_json(shapes.GaugesAnswer(items=found))


@gauge_pages.get(_API + "/<code>")
@needs("read")
@described(Operation("A gauge", shapes.GaugeAnswer))
def get_gauge(code: str) -> Response:
    """With its calibrations."""
    with this_site().reading() as conn:
        return as_json(gauge_answer(conn, _load(conn, code)))


@gauge_pages.get(_API + "/<code>/affected")
@needs("read")
@described(Operation("What a gauge measured since it was last good", shapes.AffectedsAnswer))
def get_affected(code: str) -> Response:
    """The lots that would be held were it found bad now."""
    with this_site().reading() as conn:
        gauge = _load(conn, code)
        since_ms = last_good(gauge, now_ms() + 1)
        found = affected(conn, _doubted(conn, gauge))
    items = [shapes.AffectedAnswer(**one._asdict()) for one in found]
    since = iso_text(since_ms) if since_ms else None
    return as_json(shapes.AffectedsAnswer(gauge=code, since=since, items=items))


@gauge_pages.get("/api/v1/studies/<kind>")
@needs("read")
@described(Operation("Studies of a type of gauge", shapes.StudiesAnswer))
def get_studies(kind: str) -> Response:
    """The oldest first."""
    with this_site().reading() as conn:
        found = [_study_answer(one) for one in studied(conn, kind)]
    return as_json(shapes.StudiesAnswer(items=found))


def _doubted(conn: Connection, gauge: Gauge) -> list[str]:
    """What it measured since it was last good, which may be this very moment."""
    return keep.affected_lots(conn, gauge, now_ms() + 1)


def _load(conn: Connection, code: str) -> Gauge:
    found = load_gauge(conn, code)
    if found is None:
        raise NotFound("gauge", code)
    return found


def gauge_answer(conn: Connection, one: Gauge) -> shapes.GaugeAnswer:
    """A gauge as programs see it."""
    return shapes.GaugeAnswer(
        gauge=one.code, type=one.type, title=one.title, owner=one.owner, resolution=one.resolution,
        interval_days=one.interval_days, state=one.state(now_ms()),  # type: ignore[arg-type]
        due_at=iso_text(one.last.due_ms) if one.last else None, accepted=accepted_kinds(studies_of(conn, one.type)),  # type: ignore[arg-type]
        calibrations=[_calibration_answer(c) for c in calibrated(conn, one.code)],
    )  # fmt: skip


def _calibration_answer(one: Calibrated) -> shapes.CalibrationAnswer:
    facts = one.facts
    names = ("certificate", "tolerance", "found", "left", "found_good", "left_good", "affected")
    return shapes.CalibrationAnswer(
        at=iso_text(one.at_ms), by=one.by, due_at=iso_text(facts["due_ms"]),
        **{name: facts[name] for name in names},
    )  # fmt: skip


def _study_answer(one: Studied) -> shapes.StudyAnswer:
    study = one.study
    return shapes.StudyAnswer(
        type=study.type, number=one.number, gauge=study.gauge, characteristic=study.characteristic,
        method=study.method, at=iso_text(study.at_ms), by=study.by, figures=dict(study.figures),
        verdict=study.verdict, accepted=study.accepted, reason=study.reason,  # type: ignore[arg-type]
        kind=study.kind, plan=study.plan, tolerance=study.tolerance, judged_by=dict(study.judged_by),  # type: ignore[arg-type]
        readings=one.readings, references=one.references, appraisers=one.appraisers, parts=one.parts,
    )  # fmt: skip


@gauge_pages.get("/quality/gauges")
@needs("read")
def gauges() -> str:
    """All with their state, those first that are due."""
    with this_site().reading() as conn:
        found = sorted(list_gauges(conn), key=_by_due)
        types = sorted({one.type for one in found})
        accepted = {kind: accepted_kinds(studies_of(conn, kind)) for kind in types}
    return render_template("quality/gauges.html", gauges=found, accepted=accepted)


def _by_due(one: Gauge) -> tuple[bool, int, str]:
    due_ms = one.last.due_ms if one.last is not None else 0
    return one.retired_ms is not None, due_ms, one.code


@gauge_pages.get("/quality/gauges/<code>")
@needs("read")
def gauge(code: str) -> str:
    """One: its calibrations, the studies of its type, and what it measured since it was last good."""
    with this_site().reading() as conn:
        found = _load(conn, code)
        records = list(reversed(calibrated(conn, code)))
        lots = {one.number: affected(conn, one.facts["affected"]) for one in records}
        doubted = affected(conn, _doubted(conn, found))
        studies = list(reversed(studied(conn, found.type)))
        lines = newest_lines(conn, code, LINES_SHOWN)
    return render_template(
        "quality/gauge.html", gauge=found, records=records, lots=lots, doubted=doubted,
        studies=studies, lines=lines, soon_ms=found.interval_days * DAY_MS // 10,
    )  # fmt: skip


@gauge_pages.get("/quality/studies/<kind>/<int:number>")
@needs("read")
def study(kind: str, number: int) -> str:
    """One study: its readings, its components of variation and its verdict."""
    with this_site().reading() as conn:
        found = [one for one in studied(conn, kind) if one.number == number]
    if not found:
        raise NotFound("study", f"{kind} {number}")
    return render_template(
        "quality/study.html", one=found[0], study=found[0].study, per_person=shapes.PER_PERSON
    )
