"""/api/v1 for samples of water: taken, handed on, received, reported, withdrawn, voided; and what was refused."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from mes_server.actions import keep_water_samples as keep
from mes_server.actions.record_events import Book
from mes_server.domain.water_rules import Told
from mes_server.store.water_samples import (
    Sought,
    count_refused,
    list_refused,
    list_samples,
    load_sample,
)
from mes_server.web import answers_water as shapes
from mes_server.web import bodies_water as bodies
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.page import words
from mes_server.web.parameters import Operation, Parameter, described, read_parameters
from mes_server.web.problems import NotFound
from mes_server.web.scans import moment_of
from mes_server.web.site import this_site
from mes_server.web.water_answers import refused_answer, sample_answer

water_lab_api = Blueprint("water_lab_api", __name__, url_prefix="/api/v1/water")
SHOWN = 200
_LIST = (
    Parameter("place", "text", "Code of a place of the waterworks"),
    Parameter("from", "time", "Drawing began then or later"),
    Parameter("to", "time", "Drawing began before"),
)


def told_ms(text: str, body: ActBody) -> int:
    """When it happened: as told, else when it was recorded."""
    return bodies.when_ms(text, this_site().settings.zone) if text else moment_of(body.at)


def record(body: ActBody, what: str, about: str, act: Callable[[Book], Any]) -> Response:
    """Keep once what a body says of water; `about`: what it is of, as a refusal names it."""

    def acting(book: Book, _codes: list[str]) -> object:
        return act(book)

    return carry(body, (what, [], about), "water", acting)


@water_lab_api.post("/samples")
@needs("water")
@described(Operation("A sample of water was taken", ScanAnswer, body=bodies.TakeBody))
def post_sample() -> Response:
    """The answer's `made` is the number that goes on the bottle."""
    body = read_body(bodies.TakeBody)
    begun = told_ms(body.begun, body)
    ended = told_ms(body.ended, body) if body.ended else begun
    asked = [one.parameter for one in body.readings]
    said = keep.Taking(body.place, body.kind, begun, ended, body.person, body.lab, body.note, asked)

    return record(body, "water_take", body.place, lambda book: keep.take_sample(book, said))


def _of(code: str, what: str, body: ActBody, act: Callable[[Book, str], Any]) -> Response:
    """Something is done to a sample, by its number as somebody typed it."""
    number = code.strip().upper()
    return record(body, what, number, lambda book: act(book, number))


@water_lab_api.post("/samples/<code>/hand-over")
@needs("water")
@described(Operation("A sample of water is handed on", ScanAnswer, body=bodies.HandBody))
def post_hand(code: str) -> Response:
    """Into somebody's hands, on its way to the laboratory."""
    body = read_body(bodies.HandBody)
    hand = keep.Hand(told_ms(body.when, body), body.person, body.note)
    return _of(code, "water_hand", body, lambda book, number: keep.hand_over(book, number, hand))


@water_lab_api.post("/samples/<code>/receive")
@needs("water")
@described(Operation("A laboratory has the sample of water", ScanAnswer, body=bodies.HandBody))
def post_receive(code: str) -> Response:
    """Only then it may report."""
    body = read_body(bodies.HandBody)
    hand = keep.Hand(told_ms(body.when, body), body.person, body.note, body.lab)
    return _of(
        code, "water_receive", body, lambda book, number: keep.receive_sample(book, number, hand)
    )


@water_lab_api.post("/samples/<code>/reports")
@needs("water")
@described(Operation("Results of a sample of water", ScanAnswer, body=bodies.ReportBody))
def post_report(code: str) -> Response:
    """Nothing is converted, nothing is guessed: a report with a figure that cannot be is refused whole."""
    body = read_body(bodies.ReportBody)
    results = [
        Told(one.parameter, one.value, one.unit, one.method, one.lod)
        for one in body.readings
        if one.value.strip()
    ]
    when = told_ms(body.when, body)
    said = keep.Reporting(body.number, when, results, body.person, body.note)
    return _of(
        code, "water_report", body, lambda book, number: keep.report_sample(book, number, said)
    )


@water_lab_api.post("/samples/<code>/results/<pollutant>/withdraw")
@needs("water")
@described(Operation("A result counts for nothing", ScanAnswer, body=ActBody))
def post_withdraw(code: str, pollutant: str) -> Response:
    """It stays to be seen; another one may be reported."""
    body = read_body(ActBody)
    return _of(
        code, "water_withdraw", body,
        lambda book, number: keep.withdraw_result(book, number, pollutant, body.reason),
    )  # fmt: skip


@water_lab_api.post("/samples/<code>/void")
@needs("water")
@described(Operation("A sample of water counts for nothing", ScanAnswer, body=ActBody))
def post_void(code: str) -> Response:
    """It stays as it was written; the reason is needed."""
    body = read_body(ActBody)
    return _of(
        code, "water_void", body, lambda book, number: keep.void_sample(book, number, body.reason)
    )


@water_lab_api.get("/samples")
@needs("read")
@described(Operation("Samples of water", shapes.WaterSamplesAnswer, parameters=_LIST))
def get_samples() -> Response:
    """The newest first, voided ones too."""
    asked = read_parameters(_LIST, request.args, words())
    sought = Sought(asked["place"] or "", (), asked["from"], asked["to"])
    with this_site().reading() as conn:
        found = list_samples(conn, sought, SHOWN)
    return as_json(shapes.WaterSamplesAnswer(items=[sample_answer(one) for one in found]))


@water_lab_api.get("/samples/<code>")
@needs("read")
@described(Operation("A sample of water", shapes.WaterSampleAnswer))
def get_sample(code: str) -> Response:
    """With its custody, its results, and what was refused of it."""
    with this_site().reading() as conn:
        found = load_sample(conn, code.strip().upper())
    if found is None:
        raise NotFound("water_sample", code)
    return as_json(sample_answer(found))


@water_lab_api.get("/refused")
@needs("read")
@described(Operation("What was refused about water", shapes.WaterRefusedsAnswer))
def get_refused() -> Response:
    """The newest first; nothing of it counts anywhere."""
    with this_site().reading() as conn:
        found, count = list_refused(conn, SHOWN), count_refused(conn)
    items = [refused_answer(one) for one in found]
    return as_json(shapes.WaterRefusedsAnswer(count=count, items=items))
