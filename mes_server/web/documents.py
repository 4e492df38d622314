"""/api/v1 for released documents: control plans, instructions, recipes, specs of baths."""

from flask import Blueprint, Response
from sqlalchemy import Connection

from mes_server.actions import release_document as release
from mes_server.actions.record_events import Book
from mes_server.domain.documents import Document
from mes_server.store.documents import list_documents, load_document
from mes_server.web import answers_checks as shapes
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.signing import signature_answers, signed_by
from mes_server.web.site import this_site

document_api = Blueprint("document_api", __name__, url_prefix="/api/v1")


@document_api.post("/documents/<kind>")
@needs("plan")
@described(Operation("Release a revision", ScanAnswer, body=shapes.DocumentBody))
def post_document(kind: str) -> Response:
    """It counts from now on, and never changes."""
    body = read_body(shapes.DocumentBody)
    signer = signed_by(body.signature)

    def acting(book: Book, _codes: list[str]) -> object:
        return release.release_document(book, kind, body.content, signer)

    about = f"{kind} {body.content.get('code', '')}"
    return carry(body, ("document", [], about), "plan", acting)


@document_api.post("/documents/<kind>/<code>/<revision>/withdraw")
@needs("plan")
@described(Operation("Withdraw a revision", ScanAnswer, body=shapes.VoidBody))
def post_withdraw(kind: str, code: str, revision: str) -> Response:
    """Nothing new is done under it; the reason is needed."""
    body = read_body(shapes.VoidBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return release.withdraw_document(book, kind, code, revision, body.reason)

    return carry(body, ("withdraw", [], f"{kind} {code}/{revision}"), "plan", acting)


@document_api.get("/documents/<kind>")
@needs("read")
@described(Operation("Released revisions of a kind", shapes.DocumentsAnswer))
def get_documents(kind: str) -> Response:
    """By code, the newest of each first."""
    _known(kind)
    with this_site().reading() as conn:
        items = [document_answer(conn, one) for one in list_documents(conn, kind)]
    return as_json(shapes.DocumentsAnswer(items=items))


@document_api.get("/documents/<kind>/<code>/<revision>")
@needs("read")
@described(Operation("A released revision", shapes.DocumentAnswer))
def get_document(kind: str, code: str, revision: str) -> Response:
    """As it was released."""
    _known(kind)
    with this_site().reading() as conn:
        found = load_document(conn, kind, code, revision)
        if found is None:
            raise NotFound("document", f"{kind} {code}/{revision}")
        return as_json(document_answer(conn, found))


def _known(kind: str) -> None:
    if kind not in release.CHECKERS:
        raise NotFound("document", kind)


def document_answer(conn: Connection, one: Document) -> shapes.DocumentAnswer:
    """A revision as programs see it."""
    return shapes.DocumentAnswer(
        kind=one.kind, code=one.code, revision=one.revision, title=dict(one.content["title"]),
        released_at=iso_text(one.released_ms), released_by=one.person,
        withdrawn_at=iso_text(one.withdrawn_ms) if one.withdrawn_ms is not None else None,
        digest=one.digest, content=dict(one.content),
        signatures=signature_answers(conn, f"{one.kind}:{one.name}"),
    )  # fmt: skip
