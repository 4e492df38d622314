"""Gauges, their calibrations and what they measured over /api/v1 and as pages."""

from collections.abc import Callable

from flask import Blueprint, Response, render_template
from sqlalchemy import Connection

from mes_server.actions import keep_gauges as keep
from mes_server.actions.record_events import Book
from mes_server.domain.gauge_needs import accepted_kinds
from mes_server.domain.gauges import DAY_MS, Gauge, last_good
from mes_server.domain.msa_study import KINDS, METHODS
from mes_server.domain.study_files import COLUMNS
from mes_server.store.gauge_lines import newest_lines
from mes_server.store.gauge_records import Calibrated, affected, calibrated, studied
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
from mes_server.web.signing import signature_answers, signature_rows, signed_by
from mes_server.web.site import this_site

gauge_pages = Blueprint("gauges", __name__)
_API = "/api/v1/gauges"
LINES_SHOWN = 20
_ONE = _API + "/<code>"
_CALIBRATION = _ONE + "/calibrations/<int:number>"


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
        return keep.add_gauge(book, said) or [said.code]

    return carry(body, ("gauge", [], said.code), "gauge", acting)


@gauge_pages.post(_ONE + "/calibrations")
@needs("gauge")
@described(Operation("A gauge was calibrated", ScanAnswer, body=shapes.CalibrateBody))
def post_calibration(code: str) -> Response:
    """Found out of tolerance, the lots it measured since it was last good are held; `made`: all of them."""
    body = read_body(shapes.CalibrateBody)
    found = [point.model_dump() for point in body.found]
    left = [point.model_dump() for point in body.left]
    said = keep.Calibrating(body.tolerance, found, left, body.certificate)
    signer = signed_by(body.signature)

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.calibrate(book, code, said, signer)

    return carry(body, ("calibrate", [], code), "gauge", acting)


@gauge_pages.post(_CALIBRATION + "/sign")
@needs("gauge")
@described(Operation("Sign a calibration", ScanAnswer, body=shapes.SignCalibrationBody))
def post_sign(code: str, number: int) -> Response:
    """As it was recorded; when it is voided later, the signature is shown as void."""
    body = read_body(shapes.SignCalibrationBody)
    signer = signed_by(body.signature)

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.sign_calibration(book, code, number, signer)

    return carry(body, ("sign", [], f"calibration:{code}/{number}"), "gauge", acting)


def _with_reason(what: str, about: str, acting: Callable[[Book, str], object]) -> Response:
    """Do what takes nothing but a reason."""
    body = read_body(ActBody)
    return carry(body, (what, [], about), "gauge", lambda book, _: acting(book, body.reason))


@gauge_pages.post(_CALIBRATION + "/void")
@needs("gauge")
@described(Operation("A calibration was recorded wrongly", ScanAnswer, body=ActBody))
def post_void(code: str, number: int) -> Response:
    """It counts no more, and stays as it was written. The reason is needed."""
    return _with_reason(
        "void",
        f"{code}/{number}",
        lambda book, reason: keep.void_calibration(book, code, number, reason),
    )


@gauge_pages.post(_CALIBRATION + "/hold")
@needs("gauge")
@described(Operation("Hold what a gauge measured before", ScanAnswer, body=ActBody))
def post_hold(code: str, number: int) -> Response:
    """Since it was last good before this calibration; 0: since it was last good until now. `made`: what is held."""
    return _with_reason(
        "hold",
        f"{code}/{number}",
        lambda book, reason: keep.hold_measured(book, code, number, reason),
    )


@gauge_pages.post(_ONE + "/retire")
@needs("gauge")
@described(Operation("Nothing is measured with a gauge any more", ScanAnswer, body=ActBody))
def post_retire(code: str) -> Response:
    """The reason is needed."""
    return _with_reason("retire", code, lambda book, reason: keep.retire_gauge(book, code, reason))


@gauge_pages.post(_ONE + "/return")
@needs("gauge")
@described(Operation("A gauge is in use again", ScanAnswer, body=ActBody))
def post_return(code: str) -> Response:
    """As far as its calibration holds. The reason is needed."""
    return _with_reason("return", code, lambda book, reason: keep.return_gauge(book, code, reason))


@gauge_pages.get(_API)
@needs("read")
@described(Operation("Gauges", shapes.GaugesAnswer))
def get_gauges() -> Response:
    """All by code."""
    with this_site().reading() as conn:
        found = [gauge_answer(conn, one) for one in list_gauges(conn)]
    return as_json(shapes.GaugesAnswer(items=found))


@gauge_pages.get(_ONE)
@needs("read")
@described(Operation("A gauge", shapes.GaugeAnswer))
def get_gauge(code: str) -> Response:
    """With its calibrations."""
    with this_site().reading() as conn:
        return as_json(gauge_answer(conn, _load(conn, code)))


@gauge_pages.get(_ONE + "/affected")
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
        due_at=iso_text(one.last.due_ms) if one.last else None,
        accepted=accepted_kinds(studies_of(conn, one.type)),  # type: ignore[arg-type]
        calibrations=[_calibration_answer(conn, one.code, c) for c in calibrated(conn, one.code)],
    )  # fmt: skip


def _calibration_answer(conn: Connection, code: str, one: Calibrated) -> shapes.CalibrationAnswer:
    facts = one.facts
    names = ("certificate", "tolerance", "found", "left", "found_good", "left_good", "affected")
    return shapes.CalibrationAnswer(
        number=one.number, at=iso_text(one.at_ms), by=one.by, due_at=iso_text(facts["due_ms"]), voided=one.voided,
        signatures=signature_answers(conn, f"calibration:{code}/{one.number}"),
        **{name: facts[name] for name in names},
    )  # fmt: skip


@gauge_pages.get("/quality/gauges")
@needs("read")
def gauges() -> str:
    """All with their state, those first that are due."""
    with this_site().reading() as conn:
        found = sorted(list_gauges(conn), key=_by_due)
        types = sorted({one.type for one in found})
        accepted = {kind: accepted_kinds(studies_of(conn, kind)) for kind in types}
    return render_template("quality/gauges.html", gauges=found, accepted=accepted, types=types)


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
        signed = {
            one.number: signature_rows(conn, f"calibration:{code}/{one.number}") for one in records
        }
        doubted = affected(conn, _doubted(conn, found))
        studies = list(reversed(studied(conn, found.type)))
        lines = newest_lines(conn, code, LINES_SHOWN)
    return render_template(
        "quality/gauge.html", gauge=found, records=records, lots=lots, signed=signed, doubted=doubted,
        studies=studies, lines=lines, soon_ms=found.interval_days * DAY_MS // 10, kinds=KINDS, methods=METHODS, columns=COLUMNS,
        figure_names=shapes.FIGURES,
    )  # fmt: skip
