"""/api/v1 for online analysers, meters and waste: what people check, exchange, weigh and send away."""

from flask import Blueprint, Response
from sqlalchemy import Connection

from mes_server.actions import keep_analysers, keep_meters, keep_waste
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.gather_water_lab import analysers_at
from mes_server.actions.record_events import Act, Book
from mes_server.domain.water_records import WASTE_KINDS
from mes_server.domain.water_samples import SPAN, ZERO, AnalyserCheck
from mes_server.store.analyser_checks import load_analyser_check
from mes_server.store.meter_notes import list_notes
from mes_server.store.waste import list_waste
from mes_server.web import answers_water as shapes
from mes_server.web import bodies_water as bodies
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.guards import needs
from mes_server.web.handling import scanner
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.scans import moment_of, told, worker_of
from mes_server.web.site import this_site
from mes_server.web.water_answers import (
    analyser_answer,
    check_answer,
    note_answer,
    since_text,
    waste_answer,
)
from mes_server.web.water_lab_api import record, told_ms

water_keep_api = Blueprint("water_keep_api", __name__, url_prefix="/api/v1/water")
SHOWN = 200


@water_keep_api.post("/analysers")
@needs("water")
@described(
    Operation("Check an analyser, or work on it", shapes.AnalyserDoneAnswer, body=bodies.AnalyserBody)
)  # fmt: skip
def post_analyser() -> Response:
    """A check that fails says since when the values are doubtful, and what is next."""
    body = read_body(bodies.AnalyserBody)
    worker = worker_of(body.badge, "water")
    act = Act(body.act_id, worker.badge, body.station, moment_of(body.at), now_ms())
    fields = body.model_dump(include={"person", "note", "expected", "read", "full_scale"})
    asked = Ask("water_analyser", (), f"{body.place}/{body.pollutant}", "", scanner(), fields)

    def acting(book: Book, _codes: list[str]) -> object:
        return _analyser(book, body)

    answer = act_once(this_site().engine, act, asked, worker, acting)
    if answer.outcome != ACCEPTED:
        return told(body.act_id, answer)
    with this_site().reading() as conn:
        done = load_analyser_check(conn, answer.made[0])
        if done is None:
            raise NotFound("analyser_check", answer.made[0])
        return as_json(_done(conn, done, body.act_id, answer.again))


def _analyser(book: Book, body: bodies.AnalyserBody) -> object:
    at_ms, about = told_ms(body.when, body), (body.place, body.pollutant, body.kind)
    if body.kind in (ZERO, SPAN):
        said = keep_analysers.Checking(
            *about, at_ms, body.expected, body.read, body.full_scale, body.person, body.note
        )
        return keep_analysers.check_analyser(book, said)
    ended = told_ms(body.ended, body) if body.ended else None
    work = keep_analysers.Working(*about, at_ms, ended, body.person, body.note)
    return keep_analysers.work_on_analyser(book, work)


def _done(
    conn: Connection, done: AnalyserCheck, act_id: str, again: bool
) -> shapes.AnalyserDoneAnswer:
    since = keep_analysers.doubtful_from(conn, done)
    key = "analyser.next.good" if since is None else "analyser.next.failed"
    return shapes.AnalyserDoneAnswer(
        **check_answer(done).model_dump(), id=act_id, outcome="accepted", again=again, made=[done.code],
        doubtful=since is not None, doubtful_since=since_text(since),
        next=words()(key if done.passed is not None else "analyser.next.work"),
    )  # fmt: skip


@water_keep_api.post("/analysers/<code>/end")
@needs("water")
@described(Operation("Maintenance of an analyser is over", ScanAnswer, body=bodies.EndBody))
def post_end(code: str) -> Response:
    """From now on its values count again, where its last check passed."""
    body = read_body(bodies.EndBody)
    to_ms = told_ms(body.when, body)
    return record(
        body, "water_maintenance_end", code,
        lambda book: keep_analysers.end_maintenance(book, code, to_ms),
    )  # fmt: skip


@water_keep_api.post("/analysers/<code>/void")
@needs("water")
@described(Operation("A check of an analyser counts for nothing", ScanAnswer, body=ActBody))
def post_void_check(code: str) -> Response:
    """It stays to be seen; the reason is needed."""
    body = read_body(ActBody)
    return record(
        body, "water_check_void", code,
        lambda book: keep_analysers.void_analyser_check(book, code, body.reason),
    )  # fmt: skip


@water_keep_api.get("/analysers")
@needs("read")
@described(Operation("Online analysers of water", shapes.AnalysersAnswer))
def get_analysers() -> Response:
    """How each stands, and its checks, the newest first."""
    with this_site().reading() as conn:
        found = analysers_at(conn, now_ms())
    return as_json(shapes.AnalysersAnswer(items=[analyser_answer(one) for one in found]))


@water_keep_api.post("/meters/<code>/exchange")
@needs("water")
@described(Operation("Another meter was put in", ScanAnswer, body=bodies.MeterBody))
def post_exchange(code: str) -> Response:
    """From now on it counts from its first reading."""
    body = read_body(bodies.MeterBody)
    said = keep_meters.Exchanging(
        code, told_ms(body.when, body), body.before, body.after, body.person, body.note
    )
    return record(body, "water_exchange", code, lambda book: keep_meters.exchange_meter(book, said))


@water_keep_api.post("/meters/<code>/read")
@needs("water")
@described(Operation("A meter was read by hand", ScanAnswer, body=bodies.MeterBody))
def post_reading(code: str) -> Response:
    """Only of a meter that no station reports."""
    body = read_body(bodies.MeterBody)
    said = keep_meters.Exchanging(
        code, told_ms(body.when, body), "", body.after, body.person, body.note
    )
    return record(body, "water_read", code, lambda book: keep_meters.read_meter(book, said))


@water_keep_api.post("/meters/<code>/notes/<int:number>/void")
@needs("water")
@described(Operation("A note about a meter counts for nothing", ScanAnswer, body=ActBody))
def post_void_note(code: str, number: int) -> Response:
    """It stays to be seen; the reason is needed."""
    body = read_body(ActBody)
    return record(
        body, "water_note_void", code,
        lambda book: keep_meters.void_meter_note(book, code, number, body.reason),
    )  # fmt: skip


@water_keep_api.get("/meter-notes")
@needs("read")
@described(Operation("Meters exchanged or read by hand", shapes.MeterNotesAnswer))
def get_notes() -> Response:
    """The newest first."""
    with this_site().reading() as conn:
        found = list_notes(conn, limit=SHOWN)
    return as_json(shapes.MeterNotesAnswer(items=[note_answer(one) for one in found]))


@water_keep_api.post("/sludge")
@needs("water")
@described(Operation("Sludge was weighed", ScanAnswer, body=bodies.SludgeBody))
def post_sludge() -> Response:
    """Wet cake out of a press, and how dry it is."""
    body = read_body(bodies.SludgeBody)
    said = keep_waste.Sludge(
        told_ms(body.when, body), body.place, body.kg, body.dry_percent, body.cycle, body.note
    )
    return record(
        body, "water_sludge", body.place, lambda book: keep_waste.weigh_sludge(book, said)
    )


@water_keep_api.post("/reagents")
@needs("water")
@described(Operation("A reagent came, or was used", ScanAnswer, body=bodies.ReagentBody))
def post_reagent() -> Response:
    """So many kg of it."""
    body = read_body(bodies.ReagentBody)
    said = keep_waste.Reagent(
        told_ms(body.when, body), body.kind, body.substance, body.kg, body.supplier, body.lot, body.place, body.note
    )  # fmt: skip
    return record(
        body, "water_reagent", body.substance, lambda book: keep_waste.keep_reagent(book, said)
    )


@water_keep_api.post("/manifests")
@needs("water")
@described(Operation("A manifest of waste is prepared", ScanAnswer, body=bodies.ManifestBody))
def post_manifest() -> Response:
    """The waste is still here."""
    body = read_body(bodies.ManifestBody)
    said = keep_waste.Manifest(
        told_ms(body.when, body), body.number, body.code, body.kg, body.transporter, body.receiver, body.note
    )  # fmt: skip
    return record(
        body, "water_manifest", body.number, lambda book: keep_waste.prepare_manifest(book, said)
    )


@water_keep_api.post("/waste/<code>/hand-over")
@needs("water")
@described(Operation("The transporter has the waste", ScanAnswer, body=bodies.EndBody))
def post_hand_waste(code: str) -> Response:
    """Of a manifest that is prepared."""
    body = read_body(bodies.EndBody)
    at_ms = told_ms(body.when, body)
    return record(
        body, "water_manifest_hand", code, lambda book: keep_waste.hand_manifest(book, code, at_ms)
    )


@water_keep_api.post("/waste/<code>/confirm")
@needs("water")
@described(Operation("The receiver has the waste", ScanAnswer, body=bodies.ConfirmBody))
def post_confirm_waste(code: str) -> Response:
    """With what came there."""
    body = read_body(bodies.ConfirmBody)
    at_ms = told_ms(body.when, body)
    return record(
        body, "water_manifest_confirm", code,
        lambda book: keep_waste.confirm_manifest(book, code, at_ms, body.received_kg),
    )  # fmt: skip


@water_keep_api.post("/waste/<code>/void")
@needs("water")
@described(Operation("A record of waste counts for nothing", ScanAnswer, body=ActBody))
def post_void_waste(code: str) -> Response:
    """It stays to be seen; the reason is needed."""
    body = read_body(ActBody)
    return record(
        body, "water_waste_void", code, lambda book: keep_waste.void_waste(book, code, body.reason)
    )


@water_keep_api.get("/waste")
@needs("read")
@described(Operation("Sludge, reagents, manifests", shapes.WastesAnswer))
def get_waste() -> Response:
    """The newest first."""
    with this_site().reading() as conn:
        found = list_waste(conn, WASTE_KINDS, SHOWN)
    return as_json(shapes.WastesAnswer(items=[waste_answer(one) for one in found]))
