"""Furnaces: what is asked of each, which survey is due when, its thermocouples, the last proofs. Page and /api/v1."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import Connection

from mes_server.actions import keep_pyrometry as keep
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.gather_furnace import asked_of
from mes_server.actions.record_events import Act, Book
from mes_server.domain.proofs import ProofRecord
from mes_server.domain.pyrometry import CHANGE, MEASURED, PASSED, TESTS, Standing, Survey, stand
from mes_server.store.proofs import proofs_at
from mes_server.store.pyrometry import list_surveys, list_thermocouples, surveyed_stations
from mes_server.store.stations import list_stations, load_station
from mes_server.web import answers_furnaces as shapes
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.answers_signatures import SignatureBody
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.lot_acts import refused_page, text
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.proof_words import Titles, titles_of
from mes_server.web.scans import worker_of
from mes_server.web.seen import layout_at
from mes_server.web.signing import signature_answers, signed_by
from mes_server.web.site import this_site

furnace_api = Blueprint("furnace_api", __name__, url_prefix="/api/v1")
furnace_pages = Blueprint("furnaces", __name__)
FURNACES = ("sinter_furnace", "ageing_furnace", "gbd_diffusion_furnace", "hot_isostatic_press")
PROOFS_SHOWN = 5
SURVEYS_SHOWN = 12
_FIELDS = ("thermocouple", "test_thermocouple", "position", "reading", "test", "correction")
_LINES_MAX = 10_000


@furnace_api.post("/stations/<station_id>/surveys")
@needs("gauge")
@described(Operation("Record a survey of a furnace", ScanAnswer, body=shapes.SurveyBody))
def post_survey(station_id: str) -> Response:
    """`made`: its number. What is out of tolerance is recorded, and nothing is loaded until it is mended."""
    body = read_body(shapes.SurveyBody)
    signer = signed_by(body.signature)
    readings = [one.model_dump() for one in body.readings]
    said = keep.Surveying(body.test, readings, body.instrument, body.passed, body.note)

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.record_survey(book, station_id, said, signer)

    return carry(body, ("survey", [], f"{station_id} {body.test}"), "gauge", acting)


@furnace_api.post("/stations/<station_id>/changes")
@needs("gauge")
@described(Operation("A furnace was changed", ScanAnswer, body=ActBody))
def post_change(station_id: str) -> Response:
    """The reason says how: rebuilt, relocated, new heaters. What is asked for after a change is due again."""
    body = read_body(ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.change_furnace(book, station_id, body.reason)

    return carry(body, ("furnace", [], station_id), "gauge", acting)


@furnace_api.post("/stations/<station_id>/thermocouples")
@needs("gauge")
@described(Operation("A thermocouple was installed", ScanAnswer, body=shapes.InstallBody))
def post_thermocouple(station_id: str) -> Response:
    """Every run of the furnace uses it from now on."""
    body = read_body(shapes.InstallBody)
    names = ("thermocouple", "role", "type", "uses_before", "correction_c")
    said = keep.Installing(**{name: getattr(body, name) for name in names})

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.install_thermocouple(book, station_id, said)

    return carry(body, ("thermocouple", [], f"{station_id} {said.thermocouple}"), "gauge", acting)


@furnace_api.post("/thermocouples/<code>/remove")
@needs("gauge")
@described(Operation("A thermocouple was taken out", ScanAnswer, body=ActBody))
def post_removed(code: str) -> Response:
    """Its uses are remembered."""
    body = read_body(ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.remove_thermocouple(book, code, body.reason)

    return carry(body, ("thermocouple", [], code), "gauge", acting)


@furnace_api.get("/stations/<station_id>/pyrometry")
@needs("read")
@described(Operation("How a furnace stands", shapes.FurnaceAnswer))
def get_furnace(station_id: str) -> Response:
    """What is asked of it, what is due, its thermocouples; surveys and changes, the newest first."""
    with this_site().reading() as conn:
        if load_station(conn, station_id) is None:
            raise NotFound("station", station_id)
        found = _furnace(conn, station_id)
        surveys = [_survey(conn, one) for one in found.surveys]
    return as_json(_answer(found.standing, surveys))


@dataclass(frozen=True, slots=True)
class Furnace:
    """A furnace as its page shows it; `surveys` the newest first, `titles`: what its metrics are called."""

    standing: Standing
    surveys: Sequence[Survey]
    proofs: Sequence[ProofRecord]
    titles: Titles

    @property
    def tests(self) -> list[str]:
        """Those that are asked for."""
        return [one.requirement.test for one in self.standing.tests]

    def suspect_since(self, failed: Survey) -> int:
        """When a test that failed last passed: what ran since is suspect. 0: never."""
        good = [s for s in self.surveys if s.test == failed.test and s.result == PASSED]
        return max((s.at_ms for s in good if s.at_ms < failed.at_ms), default=0)


def _furnace(conn: Connection, station: str) -> Furnace:
    surveys = list_surveys(conn, station)
    asked = asked_of(conn, station, now_ms())
    standing = stand(station, asked, surveys, list_thermocouples(conn, station), now_ms())
    titles = titles_of(words(), None, layout_at(conn, station))
    return Furnace(standing, surveys[::-1], proofs_at(conn, station, PROOFS_SHOWN), titles)


def _answer(found: Standing, surveys: list[shapes.SurveyAnswer]) -> shapes.FurnaceAnswer:
    tests = [
        shapes.RequirementAnswer(
            row=one.requirement.row, scheme=one.requirement.scheme, test=one.requirement.test,  # type: ignore[arg-type]
            tolerance_c=one.requirement.tolerance_c, interval_days=one.requirement.interval_days,
            source=one.requirement.source, certainty=one.requirement.certainty, state=one.state,  # type: ignore[arg-type]
            last=one.last.code if one.last else "", due_at=_iso(one.due_ms),
        )
        for one in found.tests
    ]  # fmt: skip
    installed = [
        shapes.InstalledAnswer(
            thermocouple=one.thermocouple.code, role=one.thermocouple.role, type=one.thermocouple.type,
            installed_at=iso_text(one.thermocouple.installed_ms), uses=one.thermocouple.uses,
            uses_max=one.uses_max, ends_at=_iso(one.end_ms), state=one.state,  # type: ignore[arg-type]
        )
        for one in found.thermocouples
    ]  # fmt: skip
    return shapes.FurnaceAnswer(
        station=found.station, document=found.document, requirements=tests, thermocouples=installed,
        surveys=surveys,
    )  # fmt: skip


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso_text(at_ms)


def _survey(conn: Connection, one: Survey) -> shapes.SurveyAnswer:
    said = one.content
    names = ("instrument", "worst_c", "spread_c", "note")
    return shapes.SurveyAnswer(
        survey=one.code, test=one.test, result=one.result, at=iso_text(one.at_ms), person=one.person,  # type: ignore[arg-type]
        readings=list(said.get("readings", ())), **{name: str(said.get(name, "")) for name in names},
        signatures=signature_answers(conn, f"survey:{one.code}"),
    )  # fmt: skip


@furnace_pages.get("/quality/furnaces")
@needs("read")
def furnaces() -> str:
    """Every furnace: what is due first."""
    with this_site().reading() as conn:
        known = [view.id for view in list_stations(conn) if view.type in FURNACES]
        stations = list(dict.fromkeys([*known, *surveyed_stations(conn)]))
        found = [_furnace(conn, station) for station in stations]
    found.sort(key=lambda one: not (one.standing.unfit_tests or one.standing.unfit_thermocouples))
    return render_template(
        "quality/furnaces.html", furnaces=found, measured=MEASURED, change=CHANGE, shown=SURVEYS_SHOWN
    )  # fmt: skip


@furnace_pages.post("/quality/furnaces/<station_id>/surveys")
@needs("gauge")
def survey_by_form(station_id: str) -> Any:
    """A survey from the page; each line of the field is a reading."""
    signer = signed_by(SignatureBody(badge=text("badge"), pin=text("pin"), meaning="approved"))
    test = text("test") if text("test") in TESTS else ""
    said = keep.Surveying(
        test, _lines(request.form.get("readings", "")), text("instrument"), bool(text("passed")), text("note")
    )  # fmt: skip
    worker = worker_of("", "gauge")
    act = Act(text("act_id") or uuid.uuid4().hex, worker.badge, station_id, now_ms(), now_ms())
    fields = {"instrument": said.instrument, "note": said.note, "readings": list(said.readings)}
    ask = Ask("survey", (), f"{station_id} {test}", fields=fields)

    def acting(book: Book, _codes: list[str]) -> object:
        return keep.record_survey(book, station_id, said, signer)

    answer = act_once(this_site().engine, act, ask, worker, acting)
    back = url_for("furnaces.furnaces") + f"#{station_id}"
    return redirect(back, 303) if answer.outcome == ACCEPTED else refused_page(answer.refusals, back)  # fmt: skip


def _lines(said: str) -> list[dict[str, str]]:
    found = []
    for line in said.replace("\0", "").replace("；", ";")[:_LINES_MAX].splitlines():
        cells = [cell.strip()[:60] for cell in line.split(";")]
        if any(cells):
            padded = [*cells, *[""] * len(_FIELDS)][: len(_FIELDS)]
            found.append(dict(zip(_FIELDS, padded, strict=True)))
    return found
