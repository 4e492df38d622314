"""/api/v1 for papers: have one made, find them, sign one. Their files are at /papers/NUMBER.json, .pdf, .xlsx."""

from flask import Blueprint, Response
from sqlalchemy import Connection

from mes_server.actions.compile_certificate import CERTIFICATE
from mes_server.actions.compile_recall_pack import DRILL, RECALL_PACK, about_suspicion
from mes_server.actions.make_paper import sign_paper
from mes_server.actions.record_events import Act, Book
from mes_server.domain.lot_report import LOT_REPORT
from mes_server.domain.papers import Paper
from mes_server.domain.recalls import Suspicion
from mes_server.store.papers import newest_papers, papers_about
from mes_server.web import answers_papers as shapes
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import at_ms, read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.page import now_ms
from mes_server.web.paper_making import make
from mes_server.web.papers import paper_or_404
from mes_server.web.parameters import Operation, described
from mes_server.web.scans import moment_of, told, worker_of
from mes_server.web.signing import signature_answers, signed_by
from mes_server.web.site import this_site

paper_api = Blueprint("paper_api", __name__, url_prefix="/api/v1")
LISTED_MAX = 100


@paper_api.post("/lots/<code>/report")
@needs("paper")
@described(Operation("Have the report of a lot made", ScanAnswer, body=shapes.PaperBody))
def post_report(code: str) -> Response:
    """Its number is in `made`; a later report of the same lot gets a number of its own."""
    return made(LOT_REPORT, code, "paper")


@paper_api.post("/shipments/<code>/certificate")
@needs("release")
@described(Operation("Have the certificate of a shipment made", ScanAnswer, body=shapes.PaperBody))
def post_certificate(code: str) -> Response:
    """Its number is in `made`."""
    return made(CERTIFICATE, code, "release")


@paper_api.post("/recall/pack")
@needs("recall")
@described(Operation("Have a recall pack made", ScanAnswer, body=shapes.RecallPackBody))
def post_pack() -> Response:
    """About a suspicion, or a drill: where everything is, customers, mass balance. Its number is in `made`."""
    body = read_body(shapes.RecallPackBody)
    if body.drill:
        about = f"{DRILL}:{body.drill}"
    else:
        span = [at_ms(moment) for moment in (body.from_, body.to) if moment is not None]
        about = about_suspicion(Suspicion(body.kind, body.name, *span if len(span) == 2 else ()))
    return made(RECALL_PACK, about, "recall", body)


def made(kind: str, about: str, permission: str, read: shapes.PaperBody | None = None) -> Response:
    """A paper of a kind, by the body of this request."""
    body = read or read_body(shapes.PaperBody)
    worker = worker_of(body.badge, permission)
    act = Act(body.act_id, worker.badge, body.station, moment_of(body.at), now_ms())
    return told(body.act_id, make(act, worker, kind, about, body.language))


@paper_api.get("/papers")
@needs("read")
@described(Operation("The newest papers", shapes.PapersAnswer))
def get_papers() -> Response:
    """The last hundred, the newest first."""
    with this_site().reading() as conn:
        items = [paper_answer(conn, one) for one in newest_papers(conn, LISTED_MAX)]
    return as_json(shapes.PapersAnswer(items=items))


@paper_api.get("/lots/<code>/papers")
@needs("read")
@described(Operation("The papers about a lot", shapes.PapersAnswer))
def papers_of_lot(code: str) -> Response:
    """The newest first."""
    with this_site().reading() as conn:
        items = [paper_answer(conn, one) for one in reversed(papers_about(conn, code))]
    return as_json(shapes.PapersAnswer(items=items))


@paper_api.get("/papers/<number>")
@needs("read")
@described(Operation("A paper", shapes.PaperAnswer))
def get_paper(number: str) -> Response:
    """What it is about, the digests of its files, its signatures."""
    with this_site().reading() as conn:
        return as_json(paper_answer(conn, paper_or_404(conn, number)))


@paper_api.post("/papers/<number>/sign")
@needs("paper")
@described(Operation("Sign a paper", ScanAnswer, body=shapes.SignPaperBody))
def post_sign(number: str) -> Response:
    """Badge and PIN once more; bound to the digest of the paper's JSON."""
    body = read_body(shapes.SignPaperBody)
    signer = signed_by(body.signature)

    def acting(book: Book, _codes: list[str]) -> object:
        return sign_paper(book, number, signer, body.signature.meaning)

    return carry(body, ("sign_paper", [], number), "paper", acting)


def paper_answer(conn: Connection, one: Paper) -> shapes.PaperAnswer:
    """A paper as programs see it."""
    return shapes.PaperAnswer(
        number=one.number, kind=one.kind, about=one.about, language=one.language,  # type: ignore[arg-type]
        verdict=one.verdict, made_at=iso_text(one.made_ms), made_by=one.person, event=one.event,
        files=dict(one.files), earlier=list(one.earlier),
        signatures=signature_answers(conn, f"paper:{one.number}"),
    )  # fmt: skip
