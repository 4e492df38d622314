"""/api/v1 for the work at a station: scan, unload, undo. Accepted 200, refused or to review 409."""

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel

from mes_server.actions.answer_scan import ACCEPTED, REVIEW, Answer
from mes_server.actions.prove_run import prove_unloaded
from mes_server.actions.scan_lot import Scan, scan_lot
from mes_server.actions.scan_unload import LotTold, Told, Unloading, scan_unload
from mes_server.actions.undo_scan import Undo, undo_scan
from mes_server.domain.people import Person, read_badge
from mes_server.domain.rules import Worker
from mes_server.domain.scan_codes import Scanner
from mes_server.store.lots import load_lot
from mes_server.store.people import load_person
from mes_server.store.routes import load_route
from mes_server.web.answers_scans import (
    OutcomeBody,
    ScanAnswer,
    ScanBody,
    ToldBody,
    UndoBody,
    UnloadBody,
)
from mes_server.web.bodies import Moment, at_ms, read_body
from mes_server.web.guards import needs
from mes_server.web.identity import access
from mes_server.web.late import keep_asked
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import BadParameter, BadRequest
from mes_server.web.refusals import Titles, refusal_items
from mes_server.web.site import this_site

scan_pages = Blueprint("scans", __name__, url_prefix="/api/v1")
OUTCOME = "Scan-Outcome"
AHEAD_MS = 300_000  # a clock so far ahead is wrong, and would put what is done into the wrong run


def worker_of(badge: str, permission: str = "scan") -> Worker:
    """Who did it: who asks, or whose badge it was made with while nobody could be asked.

    What was done offline may be sent when somebody else is signed in at the tablet: it stays the work of
    who did it, and says who sent it. Who may not do it comes without roles. Raises BadRequest for a
    misread badge.
    """
    asking = access().person
    said = _badge_of(badge)
    sender = asking.badge if asking is not None else ""
    if not said or said == sender:
        return _worker(asking, said, "", permission)
    with this_site().reading() as conn:
        return _worker(load_person(conn, said), said, sender, permission)


def _worker(person: Person | None, badge: str, sender: str, permission: str) -> Worker:
    if person is None or permission not in person.permissions:
        return Worker(person.badge if person is not None else badge, frozenset(), {}, sender)
    return Worker(person.badge, person.roles, person.qualifications, sender)


def _badge_of(text: str) -> str:
    badge = read_badge(text) if text.strip() else ""
    if badge is None:
        t = words()
        said = t("refusal.badge_is_readable", badge=text[:60]), t("refusal.badge_is_readable.next")
        raise BadRequest([BadParameter("badge", *said)])
    return badge


SCAN = Operation("A lot begins work at a station", ScanAnswer, body=ScanBody)


@scan_pages.post("/scans")
@needs("scan")
@described(SCAN)
def post_scan() -> Response:
    """A scan of a lot. The id made by the tablet makes a repetition harmless."""
    said = read_body(ScanBody)
    site = this_site()
    scan = Scan(
        said.scan_id,
        said.code,
        said.station,
        moment_of(said.at),
        said.operation,
        said.unplanned,
        said.facts.model_dump(exclude={"part"}),
        None if said.facts.part is None else (said.facts.part.pieces, said.facts.part.mass_mg),
        Scanner(site.settings.scanner_gs, site.settings.address),
    )
    return told(said.scan_id, scan_lot(site.engine, scan, worker_of(said.badge), now_ms()))


UNLOADED = Operation("Everything comes out of a run", ScanAnswer, body=UnloadBody)


@scan_pages.post("/runs/<code>/unload")
@needs("scan")
@described(UNLOADED)
def post_unload(code: str) -> Response:
    """What came out of each lot of a run; the run is over."""
    said = read_body(UnloadBody)
    lots = [_lot_told(outcome) for outcome in said.lots]
    unloading = Unloading(said.unload_id, code, said.station, moment_of(said.at), lots)
    worker, engine = worker_of(said.badge), this_site().engine
    answer = scan_unload(engine, unloading, worker, now_ms())
    return told(said.unload_id, prove_unloaded(engine, answer, now_ms(), worker.badge))


UNDONE = Operation("Undo a scan or an unloading within 10 s", ScanAnswer, body=UndoBody)


@scan_pages.post("/scans/<scan_id>/undo")
@needs("scan")
@described(UNDONE)
def post_undo(scan_id: str) -> Response:
    """By whoever made it; later it takes a correction with a reason."""
    said = read_body(UndoBody)
    undo = Undo(said.undo_id, scan_id, moment_of(said.at))
    return told(said.undo_id, undo_scan(this_site().engine, undo, worker_of(said.badge), now_ms()))


def moment_of(at: Moment) -> int:
    """When it was done, by the tablet's clock; raises BadRequest for the future."""
    moment = at_ms(at)
    if moment > now_ms() + AHEAD_MS:
        t = words()
        raise BadRequest([BadParameter("at", t("body.ahead"), t("body.ahead.next"))])
    return moment


def _lot_told(said: OutcomeBody) -> LotTold:
    parts = (said.product, said.scrap, said.coupons, said.swarf)
    return LotTold(said.lot, *map(_amount, parts))


def _amount(said: ToldBody | None) -> Told:
    return Told(0, 0) if said is None else Told(said.pieces, said.mass_mg)


def told(sent_id: str, answer: Answer) -> Response:
    if answer.outcome == REVIEW:
        keep_asked(sent_id)
    if answer.outcome != ACCEPTED:
        refused = jsonify(refusal_items(answer.refusals, titles_of(answer)))
        refused.status_code = 409
        refused.headers[OUTCOME] = "review" if answer.outcome == REVIEW else "refused"
        return refused
    done = ScanAnswer(
        id=sent_id,
        outcome="accepted",
        lot=answer.lot,
        run=answer.run,
        operation=answer.operation,
        made=list(answer.made),
        held=list(answer.held),
        again=answer.again,
    )
    return _as_json(done)


def _as_json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), mimetype="application/json")


def titles_of(answer: Answer) -> Titles:
    """What the operations of the lot's route are called."""
    with this_site().reading() as conn:
        lot = load_lot(conn, answer.lot)
        route = None if lot is None else load_route(conn, lot.route)
    return {} if route is None else {c: o.title for c, o in route.operations.items()}
