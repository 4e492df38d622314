"""Nonconformances over /api/v1 and as pages: a board by state, one with its lots, notices and signatures."""

from flask import Blueprint, Response, render_template
from sqlalchemy import Connection

from mes_server.actions import contain_nonconformance as begin
from mes_server.actions import settle_nonconformance as settle
from mes_server.actions.record_events import Book
from mes_server.actions.release_product import release_product, stands
from mes_server.domain.nonconformance import (
    DISPOSITIONS,
    SOURCES,
    STAGES,
    STATES,
    SUBJECTS,
    Disposition,
    Nonconformance,
    stream_of,
)
from mes_server.domain.releases import stream_of as release_stream
from mes_server.store.changes_of_process import list_problems
from mes_server.store.ledger import load_stream
from mes_server.store.lots import load_lots
from mes_server.store.nonconformances import list_ncs, load_nc
from mes_server.store.releases import releases_of
from mes_server.web import answers_nonconformances as shapes
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import at_ms, read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.signing import signature_answers, signature_rows, signers_of
from mes_server.web.site import this_site

nc_pages = Blueprint("nonconformances", __name__)
_API = "/api/v1/nonconformances"


@nc_pages.post(_API)
@needs("hold")
@described(Operation("Open a nonconformance", ScanAnswer, body=shapes.OpenNcBody))
def post_nc() -> Response:
    """Its lots and what was made of them are held; `made`: its number."""
    body = read_body(shapes.OpenNcBody)

    def acting(book: Book, codes: list[str]) -> object:
        said = begin.Opening(
            body.title, body.source, tuple(codes), body.characteristic, body.about, body.name,
            body.found,
        )  # fmt: skip
        return begin.open_nonconformance(book, said)

    return carry(body, ("nonconformance", body.lots, ""), "hold", acting)


@nc_pages.post(_API + "/<code>/contain")
@needs("dispose")
@described(Operation("All of it is held, set apart or told of", ScanAnswer, body=ActBody))
def post_contain(code: str) -> Response:
    """The reason says what was done; what came of it since is held, too."""
    body = read_body(ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return begin.contain(book, code, body.reason)

    return carry(body, ("contain", [], code), "dispose", acting)


@nc_pages.post(_API + "/<code>/dispose")
@needs("dispose")
@described(Operation("Decide what becomes of the lots", ScanAnswer, body=shapes.DisposeBody))
def post_dispose(code: str) -> Response:
    """Signed and carried out in one action."""
    body = read_body(shapes.DisposeBody)
    given = Disposition(
        body.disposition, body.reason, body.to, body.customer_reference, body.pieces,
        None if body.until is None else at_ms(body.until),
    )  # fmt: skip
    signers = signers_of(body.signatures, "disposed")

    def acting(book: Book, _codes: list[str]) -> object:
        return settle.dispose(book, code, given, signers)

    return carry(body, ("dispose", [], code), "dispose", acting)


@nc_pages.post(_API + "/<code>/notify")
@needs("dispose")
@described(Operation("A customer was told", ScanAnswer, body=shapes.NotifyBody))
def post_notify(code: str) -> Response:
    """The reason says how."""
    body = read_body(shapes.NotifyBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return settle.notify(book, code, body.customer, body.reason)

    return carry(body, ("notify", [], code), "dispose", acting)


@nc_pages.post(_API + "/<code>/close")
@needs("dispose")
@described(Operation("Everything about it is done", ScanAnswer, body=ActBody))
def post_close(code: str) -> Response:
    """Refused while customers are to be told."""
    body = read_body(ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return settle.close(book, code, body.reason)

    return carry(body, ("close", [], code), "dispose", acting)


@nc_pages.get(_API)
@needs("read")
@described(Operation("Nonconformances", shapes.NcsAnswer))
def get_ncs() -> Response:
    """The last ones, the newest first."""
    with this_site().reading() as conn:
        found = [nc_answer(conn, one) for one in list_ncs(conn)]
    return as_json(shapes.NcsAnswer(items=found))


@nc_pages.get(_API + "/<code>")
@needs("read")
@described(Operation("A nonconformance", shapes.NcAnswer))
def get_nc(code: str) -> Response:
    """As it stands."""
    with this_site().reading() as conn:
        return as_json(nc_answer(conn, _load(conn, code)))


def _load(conn: Connection, code: str) -> Nonconformance:
    found = load_nc(conn, code)
    if found is None:
        raise NotFound("nonconformance", code)
    return found


def nc_answer(conn: Connection, one: Nonconformance) -> shapes.NcAnswer:
    """A nonconformance as programs see it."""
    given = one.disposition
    return shapes.NcAnswer(
        nonconformance=one.code, title=one.title, source=one.source, state=one.stage,  # type: ignore[arg-type]
        opened_at=iso_text(one.opened_ms), opened_by=one.opened_by, place=one.place,
        about=one.about, name=one.name, found=one.found,  # type: ignore[arg-type]
        contained_at=_time(one.contained_ms), contained_by=one.contained_by,
        contained_how=one.contained_how, used=one.used, left=one.left,
        characteristic=one.characteristic, lots=list(one.lots), held=list(one.held),
        disposition=None if given is None else shapes.DispositionAnswer(
            kind=given.kind, reason=given.reason, to=given.to, pieces=given.pieces,
            customer_reference=given.customer_reference, until=_time(given.until_ms),
        ),
        disposed_at=_time(one.disposed_ms), made=list(one.made),
        notices=[
            shapes.NoticeAnswer(
                customer=n.customer, shipments=list(n.shipments), lots=list(n.lots),
                told_at=_time(n.told_ms), told_by=n.told_by, how=n.how,
            )
            for n in one.notices
        ],
        closed_at=_time(one.closed_ms), signatures=signature_answers(conn, f"nc:{one.code}"),
    )  # fmt: skip


def _time(at: int | None) -> str | None:
    return None if at is None else iso_text(at)


@nc_pages.post("/api/v1/lots/<code>/product-release")
@needs("release")
@described(Operation("Release a lot as product", ScanAnswer, body=shapes.ReleaseProductBody))
def post_release(code: str) -> Response:
    """It conforms: checks are made, nothing is open, who may has signed."""
    body = read_body(shapes.ReleaseProductBody)
    signers = signers_of(body.signatures, "released")

    def acting(book: Book, codes: list[str]) -> object:
        return release_product(book, codes[0], signers)

    return carry(body, ("product_release", [code], ""), "release", acting)


@nc_pages.get("/api/v1/lots/<code>/product-release")
@needs("read")
@described(Operation("Whether a lot is released as product", shapes.ProductReleaseAnswer))
def get_release(code: str) -> Response:
    """The last release, and whether it still stands."""
    with this_site().reading() as conn:
        if code not in load_lots(conn, [code]):
            raise NotFound("lot", code)
        found = releases_of(conn, [code]).get(code)
        answer = shapes.ProductReleaseAnswer(
            lot=code, plan=found.plan if found else "",
            released_at=_time(found.at_ms if found else None), stands=stands(conn, code),
            signatures=signature_answers(conn, release_stream(code)),
        )  # fmt: skip
    return as_json(answer)


@nc_pages.get("/quality/nonconformances")
@needs("read")
def nonconformances() -> str:
    """A board: open, disposed, closed; the newest of each first."""
    with this_site().reading() as conn:
        found = [one for state in STATES for one in list_ncs(conn, 100, state)]
    board = {stage: [one for one in found if one.stage == stage] for stage in STAGES}
    return render_template(
        "quality/nonconformances.html", board=board, sources=SOURCES, subjects=SUBJECTS
    )


@nc_pages.get("/quality/nonconformances/<code>")
@needs("read")
def nonconformance(code: str) -> str:
    """One: what it is about, who has some of it, what was decided, and what is next."""
    with this_site().reading() as conn:
        found = _load(conn, code)
        known = load_lots(conn, found.lots)
        signatures = signature_rows(conn, f"nc:{code}")
        events = load_stream(conn, stream_of(code))
        problems = [one for one in list_problems(conn) if code in one.linked]
        needed = {kind: settle.needs_for(conn, found, kind, now_ms()) for kind in DISPOSITIONS}
    return render_template(
        "quality/nonconformance.html", nc=found, lots=known, signatures=signatures, needed=needed,
        events=events, problems=problems,
    )  # fmt: skip
