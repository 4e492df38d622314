"""Identities of nodes over /api/v1 and as pages: asked for, approved by a second person, given a token, revoked."""

import base64
import re
from typing import TypeVar

from flask import Blueprint, Response, jsonify, render_template, request

from mes_server.actions import enrol_node as enrol
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.read_water import dated_row
from mes_server.actions.record_events import Act, Book
from mes_server.actions.redeem_token import Gate, Issued, Shown, redeem
from mes_server.actions.try_pin import LOCKED
from mes_server.domain.identities import (
    GONE,
    REASONS,
    Asked,
    Identity,
    approve_refusals,
    stream_of,
    warn_days,
)
from mes_server.domain.people import OPEN
from mes_server.domain.rules import Refusal
from mes_server.pki.overview import SiteOverview, site_overview
from mes_server.pki.site import SiteMissing
from mes_server.reports.symbols import qr_svg
from mes_server.store.identities import list_identities, load_identity
from mes_server.store.ledger import load_stream
from mes_server.store.nodes import list_nodes
from mes_server.web import answers_identities as shapes
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import CAMERA_HEADERS, needs
from mes_server.web.handling import carry
from mes_server.web.identity import access
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import BadParameter, BadRequest, NotFound
from mes_server.web.refusals import refusal_items
from mes_server.web.scans import moment_of, told, worker_of
from mes_server.web.site import this_site
from schemas.node_card import card_text, grouped, read_card, read_fingerprint

identity_api = Blueprint("identity_api", __name__, url_prefix="/api/v1")
identity_pages = Blueprint("identities", __name__)
_ONE = "/identities/<fingerprint>"
Said = TypeVar("Said", bound=ActBody)


def _in_person(shape: type[Said]) -> Said:
    """A body that says what who asks does. With a colleague's badge, which nobody proves here, one person would be
    both of the two that let a board in. Raises BadRequest."""
    body = read_body(shape)
    sender = worker_of(body.badge, "nodes").sent_by
    if sender:
        t = words()
        said = t("identities.in_person", badge=body.badge, sender=sender)
        raise BadRequest(
            [BadParameter("badge", said, t("identities.in_person.next", badge=body.badge))]
        )
    return body


@identity_api.post("/identities")
@needs("nodes")
@described(Operation("A board asks to be let in", ScanAnswer, body=shapes.IdentityBody))
def post_identity() -> Response:
    """Somebody scanned its card, or typed serial and fingerprint. A second person approves."""
    body = _in_person(shapes.IdentityBody)
    card = read_card(body.card)
    serial, fingerprint = card or (body.serial.strip(), read_fingerprint(body.fingerprint) or "")
    asked = Asked(serial, fingerprint, body.group.strip(), body.node.strip())

    def acting(book: Book, _codes: list[str]) -> object:
        return enrol.ask(book, asked) or [fingerprint]

    return carry(body, ("identity", [], fingerprint or asked.node), "nodes", acting)


@identity_api.post(_ONE + "/approve")
@needs("nodes")
@described(Operation("Approve a board", ScanAnswer, body=ActBody))
def post_approve(fingerprint: str) -> Response:
    """Serial and fingerprint are those of the board. Refused to who asked for it."""

    def acting(book: Book, _codes: list[str]) -> object:
        return enrol.approve(book, fingerprint)

    return carry(_in_person(ActBody), ("approve_identity", [], fingerprint), "nodes", acting)


@identity_api.post(_ONE + "/token")
@needs("nodes")
@described(Operation("Make a one-time token for a board", shapes.TokenAnswer, body=ActBody))
def post_token(fingerprint: str) -> Response:
    """It lasts minutes, is good once and for this key alone, and ends those before it. It is told once."""
    body, settings = _in_person(ActBody), this_site().settings
    worker = worker_of(body.badge, "nodes")
    act = Act(body.act_id, worker.badge, body.station, moment_of(body.at), now_ms())
    wish = enrol.TokenWish(fingerprint, settings.ca, settings.token_minutes)
    made = enrol.make_token(this_site().engine, act, wish, worker, body.reason)
    if made.answer.outcome != ACCEPTED:
        return told(body.act_id, made.answer)
    return as_json(
        shapes.TokenAnswer(
            id=body.act_id, outcome="accepted", again=made.answer.again, token=made.text,
            until=iso_text(made.until_ms),
        )
    )  # fmt: skip


@identity_api.post(_ONE + "/revoke")
@needs("nodes")
@described(Operation("Revoke a board, or turn it down", ScanAnswer, body=shapes.RevokeBody))
def post_revoke(fingerprint: str) -> Response:
    """It is out within a minute, and its key never comes back."""
    body, site = _in_person(shapes.RevokeBody), this_site()

    def acting(book: Book, _codes: list[str]) -> object:
        return enrol.revoke(book, fingerprint, body.why, body.reason)

    answer = carry(body, ("revoke_identity", [], fingerprint), "nodes", acting)
    if answer.status_code == 200:
        enrol.write_revoked(site.engine, site.settings.ca, now_ms())
    return answer


@identity_api.post("/enrolments/redeem")
@needs(OPEN)
@described(Operation("Redeem a one-time token", shapes.RedeemedAnswer, body=shapes.RedeemBody))
def post_redeem() -> Response:
    """Without signing in: who has the token, and a request by the approved key, gets the certificate. Tries are counted."""
    body, site = read_body(shapes.RedeemBody), this_site()
    gate = Gate(site.engine, site.settings.ca, site.settings.certificate_days)
    shown = Shown(body.token, body.serial, body.csr, request.remote_addr or "")
    done = redeem(gate, shown, now_ms())
    if not isinstance(done, Issued):
        return _turned_away(done)
    chain = [base64.b64encode(der).decode() for der in done.chain]
    until = iso_text(done.until_ms)
    return as_json(
        shapes.RedeemedAnswer(group=done.group, node=done.node, until=until, chain=chain)
    )


def _turned_away(why: list[Refusal]) -> Response:
    answer = jsonify(refusal_items(why))
    answer.status_code = 409
    for refusal in why:
        if refusal.rule == LOCKED:
            wait_s = (int(refusal.facts["until_ms"]) - now_ms()) // 1000
            answer.status_code = 429
            answer.headers["Retry-After"] = str(max(1, wait_s))
    return answer


@identity_api.get("/identities")
@needs("read")
@described(Operation("Identities of nodes", shapes.IdentitiesAnswer))
def get_identities() -> Response:
    """Every board that was asked for, with its certificate."""
    with this_site().reading() as conn:
        found = list_identities(conn)
    return as_json(shapes.IdentitiesAnswer(items=[_answer(one) for one in found]))


@identity_api.get(_ONE)
@needs("read")
@described(Operation("An identity", shapes.IdentityAnswer))
def get_identity(fingerprint: str) -> Response:
    """One key, and whose it is."""
    return as_json(_answer(_load(fingerprint)))


def _load(fingerprint: str) -> Identity:
    with this_site().reading() as conn:
        found = load_identity(conn, fingerprint)
    if found is None:
        raise NotFound("identity", fingerprint)
    return found


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso_text(at_ms)


def _answer(one: Identity) -> shapes.IdentityAnswer:
    names = ("fingerprint", "serial", "group", "node", "state", "asked_by", "approved_by", "revoked_by", "why")  # fmt: skip
    certificate = one.certificate
    return shapes.IdentityAnswer(
        **{name: getattr(one, name) for name in names},
        asked_at=iso_text(one.asked_ms), approved_at=_iso(one.approved_ms), revoked_at=_iso(one.revoked_ms),
        token_until=_iso(one.token_until_ms), certificate=certificate.number if certificate else None,
        certificate_until=_iso(certificate.until_ms if certificate else None), warn_days=ends_within(one),
    )  # fmt: skip


def ends_within(one: Identity) -> int | None:
    """Of the days that are warned of, the fewest within which its certificate ends; None: there is time."""
    if one.certificate is None or one.state == GONE:
        return None
    return _within(one.certificate.until_ms)


def _within(until_ms: int) -> int | None:
    return warn_days(until_ms, now_ms(), dated_row("boards", now_ms())["certificate_days"])


def _ca() -> SiteOverview | None:
    try:
        return site_overview(this_site().settings.ca)
    except (SiteMissing, OSError):
        return None


@identity_pages.get("/nodes/identities")
@needs("read")
def identities() -> Response:
    """Every board that was asked for; a form to ask for one, by camera, scanner or hand."""
    with this_site().reading() as conn:
        found = list_identities(conn)
        groups = sorted({one.group for one in list_nodes(conn)} | {one.group for one in found})
    page = render_template(
        "identities/identities.html", found=found, groups=groups, ca=_ca(), ends_within=ends_within,
        within=_within,
    )  # fmt: skip
    return Response(page, mimetype="text/html", headers=CAMERA_HEADERS)


@identity_pages.get("/nodes/identities/<fingerprint>")
@needs("read")
def identity(fingerprint: str) -> str:
    """One board for who approves: serial, fingerprint in groups, QR; its token, its certificate, its past."""
    one = _load(fingerprint)
    with this_site().reading() as conn:
        past = load_stream(conn, stream_of(fingerprint))
    reader = access().person
    return render_template(
        "identities/identity.html", one=one, past=past, ca=_ca(), reasons=REASONS, within=ends_within(one),
        lines=grouped(one.fingerprint, 16, "\n").split("\n"), grouped=grouped,
        qr=_inline(qr_svg(card_text(one.serial, one.fingerprint))), address=this_site().settings.address or request.host_url.rstrip("/"),
        no_approval=approve_refusals(one, reader.badge if reader else ""),
    )  # fmt: skip


def _inline(svg: str) -> str:
    """A picture as a part of a page: without its prologue, as wide as there is room."""
    size = r'viewBox="0 0 \1 \2" aria-hidden="true"'
    return re.sub(r'width="(\d+)" height="(\d+)"', size, svg[svg.index("<svg") :], count=1)
