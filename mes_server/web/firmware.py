"""Releases of code for boards and their roll-outs: /api/v1/firmware, and the page with the state of every node."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, render_template
from sqlalchemy import Connection

from mes_server.actions import roll_out as rolling
from mes_server.actions.record_events import Book
from mes_server.domain.firmware import FAILED_NODE, OFFERED, Release, RollOut
from mes_server.store.boards import list_candidates
from mes_server.store.firmware import list_releases, list_roll_outs, load_roll_out, trusted_keys
from mes_server.web import answers_nodes as shapes
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.board_words import levels
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.site import this_site

firmware_api = Blueprint("firmware_api", __name__, url_prefix="/api/v1/firmware")
firmware_pages = Blueprint("firmware", __name__)
ENDED_SHOWN = 20


def _record(body: ActBody, what: str, about: str, act: Callable[[Book], Any]) -> Response:
    def acting(book: Book, _codes: list[str]) -> object:
        return act(book)

    return carry(body, (what, [], about), "nodes", acting)


def _does(summary: str, body: type[ActBody]) -> Operation:
    return Operation(summary, ScanAnswer, body=body)


@firmware_api.get("")
@needs("read")
@described(Operation("Releases for boards, and their roll-outs", shapes.FirmwareAnswer))
def get_firmware() -> Response:
    """With the state of every node."""
    with this_site().reading() as conn:
        outs = [_answer(conn, one) for one in list_roll_outs(conn)]
        releases = [_release(one) for one in list_releases(conn)]
    return as_json(shapes.FirmwareAnswer(releases=releases, roll_outs=outs))


@firmware_api.post("/roll-outs")
@needs("nodes")
@described(_does("Begin a roll-out", shapes.BeginBody))
def post_begin() -> Response:
    """The release is offered to one node; `made` is the number of the roll-out."""
    body = read_body(shapes.BeginBody)
    return _record(
        body, "roll_out", body.node, lambda book: rolling.begin(book, body.release, body.node)
    )


@firmware_api.post("/roll-outs/<code>/widen")
@needs("nodes")
@described(_does("Widen a roll-out", shapes.WidenBody))
def post_widen(code: str) -> Response:
    """The first node must be done."""
    body = read_body(shapes.WidenBody)
    return _record(
        body, "roll_out_widen", code, lambda book: rolling.widen(book, code, body.percent)
    )


@firmware_api.post("/roll-outs/<code>/stop")
@needs("nodes")
@described(_does("Stop a roll-out", ActBody))
def post_stop(code: str) -> Response:
    """Nobody is offered it until it is resumed; the reason is needed."""
    body = read_body(ActBody)
    return _record(body, "roll_out_stop", code, lambda book: rolling.stop(book, code, body.reason))


@firmware_api.post("/roll-outs/<code>/resume")
@needs("nodes")
@described(_does("Resume a roll-out", ActBody))
def post_resume(code: str) -> Response:
    """Nodes that failed stay out."""
    body = read_body(ActBody)
    return _record(
        body, "roll_out_resume", code, lambda book: rolling.resume(book, code, body.reason)
    )


@firmware_api.post("/roll-outs/<code>/withdraw")
@needs("nodes")
@described(_does("Withdraw a roll-out", ActBody))
def post_withdraw(code: str) -> Response:
    """Boards that have the release keep it; the reason is needed."""
    body = read_body(ActBody)
    return _record(
        body, "roll_out_withdraw", code, lambda book: rolling.withdraw(book, code, body.reason)
    )


@firmware_api.post("/roll-outs/<code>/again")
@needs("nodes")
@described(_does("Offer a release once more", shapes.AgainBody))
def post_again(code: str) -> Response:
    """To a node that failed."""
    body = read_body(shapes.AgainBody)
    return _record(
        body, "roll_out_again", code, lambda book: rolling.offer_again(book, code, body.node)
    )


def _release(one: Release) -> shapes.ReleaseAnswer:
    return shapes.ReleaseAnswer(
        release=one.code, version=one.version, board=one.board, counter=one.counter, files=one.files,
        bytes=one.bytes, manifest_sha256=one.manifest_sha256, at=iso_text(one.at_ms), person=one.person,
    )  # fmt: skip


def _answer(conn: Connection, one: RollOut) -> shapes.RollOutAnswer:
    standing = rolling.standings(conn, one, now_ms())
    nodes = []
    for node in one.nodes:
        how, detail = standing.get(node.node, (node.state, node.detail))
        nodes.append(
            shapes.RollOutNodeAnswer(
                node=node.node, state=node.state, stands=how, detail=detail,  # type: ignore[arg-type]  # one of the three
                offered_at=iso_text(node.offered_ms),
                ended_at=None if node.ended_ms is None else iso_text(node.ended_ms),
            )
        )  # fmt: skip
    return shapes.RollOutAnswer(
        roll_out=one.code, release=one.release, state=one.state, percent=one.percent,  # type: ignore[arg-type]  # likewise
        reason=one.reason, begun_at=iso_text(one.begun_ms), person=one.person, nodes=nodes,
    )  # fmt: skip


@firmware_pages.get("/nodes/firmware")
@needs("read")
def firmware() -> str:
    """Roll-outs with the state of every node, what can be done with them, and the releases there are."""
    with this_site().reading() as conn:
        outs = list_roll_outs(conn)
        releases, keys = list_releases(conn), trusted_keys(conn)
        able = [one for one in list_candidates(conn) if one.update_state is not None]
        running = [one for one in outs if one.is_open]
        ended = [one for one in outs if not one.is_open][:ENDED_SHOWN]
        standing = _standings(conn, running + ended)
    return render_template(
        "nodes/firmware.html", outs=running, ended=ended, releases=releases, keys=keys, able=able, standing=standing,
        share=_share(),
    )  # fmt: skip


@firmware_pages.get("/nodes/firmware/<code>/body")
@needs("read", quiet=True)
def roll_out_body(code: str) -> str:
    """How the nodes of one roll-out stand, for a page that is open."""
    with this_site().reading() as conn:
        one = load_roll_out(conn, code)
        standing = _standings(conn, [one] if one else [])
    return render_template("nodes/_roll_out.html", one=one, standing=standing)


@firmware_pages.get("/nodes/firmware/<code>/acts")
@needs("read", quiet=True)
def roll_out_acts(code: str) -> str:
    """What can be done with it now: it may have stopped by itself since the page came."""
    with this_site().reading() as conn:
        one = load_roll_out(conn, code)
    return render_template("nodes/_roll_out_acts.html", one=one, share=_share())


def _share() -> int:
    return int(levels()["share_percent"])


def _standings(conn: Connection, outs: list[RollOut]) -> dict[tuple[str, str], tuple[str, str]]:
    """How each node stands, by roll-out and node."""
    told = {}
    for one in outs:
        now = rolling.standings(conn, one, now_ms())
        for node in one.nodes:
            told[one.code, node.node] = now.get(node.node) or _ended(node.state, node.detail)
    return told


def _ended(state: str, detail: str) -> tuple[str, str]:
    """How a node stood when its part was over: a failure as it was noted, "refused: why"."""
    if state != FAILED_NODE:
        return ("waiting" if state == OFFERED else state), detail
    how, _, why = detail.partition(": ")
    return how, why
