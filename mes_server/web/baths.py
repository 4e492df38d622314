"""Baths: /api/v1 for make-ups, titrations and additions; the pages with figures, bands and what is to be added."""

from flask import Blueprint, Response, render_template
from sqlalchemy import Connection

from mes_server.actions import keep_baths as keep
from mes_server.actions import titrate as titration
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.gather_baths import BathState, methods_at, state_of
from mes_server.actions.record_events import Act, Book
from mes_server.domain.baths import Titration
from mes_server.domain.checks import OUT
from mes_server.domain.lots import ACTIVE
from mes_server.domain.titration import FIELDS, Taken
from mes_server.store.baths import list_baths, load_bath, load_titration
from mes_server.store.documents import list_documents
from mes_server.store.lots import list_lots, load_lot, load_lots
from mes_server.web import answers_baths as shapes
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bath_answers import bath_answer, plated_answers, titration_facts, whole_answer
from mes_server.web.bath_trends import trends_of
from mes_server.web.bodies import read_body
from mes_server.web.guards import needs
from mes_server.web.handling import carry, scanner
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.scans import moment_of, told, worker_of
from mes_server.web.site import this_site

bath_api = Blueprint("bath_api", __name__, url_prefix="/api/v1")
bath_pages = Blueprint("baths", __name__)
BATHS_SHOWN = 50


@bath_api.post("/baths")
@needs("check")
@described(Operation("Make up a bath under a spec", ScanAnswer, body=shapes.MakeUpBody))
def post_bath() -> Response:
    """The lot is one of kind "bath"; nothing is loaded into it before its parameters are titrated."""
    body = read_body(shapes.MakeUpBody)

    def acting(book: Book, codes: list[str]) -> object:
        return keep.make_up(book, codes[0], body.spec, body.volume_l)

    return carry(body, ("bath", [body.lot], ""), "check", acting)


@bath_api.post("/baths/<code>/titrations")
@needs("check")
@described(Operation("Titrate a bath", shapes.TitrationDoneAnswer, body=shapes.TitrationBody))
def post_titration(code: str) -> Response:
    """Out of the spec it locks the bath, and holds the lots since the bath was last known to be good."""
    body = read_body(shapes.TitrationBody)
    worker = worker_of(body.badge, "check")
    act = Act(body.act_id, worker.badge, body.station, moment_of(body.at), now_ms())
    taken = [
        Taken(one.parameter, {name: getattr(one, name).strip() for name in FIELDS})
        for one in body.readings
    ]
    said = titration.Titrating(taken, body.titrant, body.burette.strip().upper(), body.note)
    asked = Ask("titrate", (code,), "", "", scanner())

    def acting(book: Book, codes: list[str]) -> object:
        return titration.titrate(book, codes[0], said)

    answer = act_once(this_site().engine, act, asked, worker, acting)
    if answer.outcome != ACCEPTED:
        return told(body.act_id, answer)
    with this_site().reading() as conn:
        done = load_titration(conn, answer.made[0])
        if done is None:
            raise NotFound("titration", answer.made[0])
        return as_json(_done(conn, done, body.act_id, answer.again))


def _done(
    conn: Connection, done: Titration, act_id: str, again: bool
) -> shapes.TitrationDoneAnswer:
    lot = load_lot(conn, done.lot)
    locked = lot is not None and bool(lot.holds)
    key = "bath.next.locked" if locked else "bath.next.good"
    return shapes.TitrationDoneAnswer(
        **titration_facts(done), id=act_id, outcome="accepted", again=again, locked=locked,
        next=words()("bath.next.out" if done.verdict == OUT else key),
    )  # fmt: skip


@bath_api.post("/baths/<code>/titrations/<number>/void")
@needs("correct")
@described(Operation("A titration counts for nothing", ScanAnswer, body=ActBody))
def post_void_titration(code: str, number: str) -> Response:
    """It stays as it was written; what it held stays held."""
    body = read_body(ActBody)

    def acting(book: Book, codes: list[str]) -> object:
        return titration.void_titration(book, codes[0], number, body.reason)

    return carry(body, ("void_titration", [code], ""), "correct", acting)


@bath_api.post("/baths/<code>/additions")
@needs("check")
@described(Operation("Add something to a bath", ScanAnswer, body=shapes.AdditionBody))
def post_addition(code: str) -> Response:
    """So much of a product went in."""
    body = read_body(shapes.AdditionBody)
    said = (body.product, body.amount, body.unit, body.product_lot)

    def acting(book: Book, codes: list[str]) -> object:
        return keep.add(book, codes[0], said)

    return carry(body, ("addition", [code], ""), "check", acting)


@bath_api.post("/baths/<code>/dump")
@needs("check")
@described(Operation("A bath was dumped", ScanAnswer, body=ActBody))
def post_dump(code: str) -> Response:
    """What is left becomes a waste lot; the reason is needed."""
    body = read_body(ActBody)

    def acting(book: Book, codes: list[str]) -> object:
        return keep.dump(book, codes[0], body.reason)

    return carry(body, ("dump", [code], ""), "check", acting)


@bath_api.get("/baths")
@needs("read")
@described(Operation("Baths", shapes.BathsAnswer))
def get_baths() -> Response:
    """Those in use first, the newest of them first."""
    with this_site().reading() as conn:
        return as_json(shapes.BathsAnswer(items=[bath_answer(conn, one) for one in _all(conn)]))


def _all(conn: Connection) -> list[BathState]:
    return [state_of(conn, one, now_ms()) for one in list_baths(conn, BATHS_SHOWN)]


@bath_api.get("/baths/<code>")
@needs("read")
@described(Operation("A bath", shapes.BathWholeAnswer))
def get_bath(code: str) -> Response:
    """Its figures, additions, use, and what its runs should have plated."""
    with this_site().reading() as conn:
        return as_json(whole_answer(conn, _load(conn, code), now_ms()))


@bath_api.get("/runs/<code>/plating")
@needs("read")
@described(Operation("How thick a run should have plated", shapes.PlatedsAnswer))
def get_plating(code: str) -> Response:
    """By Faraday's law from the counters of the line, beside the XRF."""
    with this_site().reading() as conn:
        return as_json(shapes.PlatedsAnswer(items=plated_answers(conn, code, now_ms())))


def _load(conn: Connection, code: str) -> BathState:
    found = load_bath(conn, code)
    if found is None:
        raise NotFound("bath", code)
    return state_of(conn, found, now_ms())


@bath_pages.get("/quality/baths")
@needs("read")
def baths() -> str:
    """Every make-up: where it is, whether it may be used, when it was titrated, what is to be added."""
    with this_site().reading() as conn:
        found = _all(conn)
        rows = [(one, bath_answer(conn, one)) for one in found]
        known = {one.bath.lot for one in found}
        bare = [one.code for one in list_lots(conn, kind="bath", status=ACTIVE)]
        specs = sorted({one.code for one in list_documents(conn, "bath")})
    new = [code for code in bare if code not in known]
    return render_template("quality/baths.html", rows=rows, new=new, specs=specs)


@bath_pages.get("/quality/baths/<code>")
@needs("read")
def bath(code: str) -> str:
    """One make-up: its figures with their bands, a form to titrate, what is to be added, its lots."""
    with this_site().reading() as conn:
        state = _load(conn, code)
        found = whole_answer(conn, state, now_ms())
        lots = load_lots(conn, sorted({one for done in state.titrations for one in done.suspects}))
    kinds = {name: one.kind for name, one in methods_at(now_ms()).items()}
    titles = {one.parameter: one.title for one in found.parameters}
    return render_template(
        "quality/bath.html", bath=found, state=state, trends=trends_of(found), kinds=kinds, lots=lots,
        titles=titles,
    )  # fmt: skip
