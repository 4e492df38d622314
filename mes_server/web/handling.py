"""/api/v1 for what is done to lots apart from scans: received, split, merged, scrapped, sent back, shipped …

Each is answered and recorded like a scan: accepted 200, refused or to review 409; the same id, the same answer.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response

from mes_server.actions import handle_lots as handle
from mes_server.actions import make_lots as make
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.record_events import Act, Book
from mes_server.domain.amounts import Amount
from mes_server.domain.scan_codes import Scanner
from mes_server.web import answers_handling as bodies
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.bodies import at_ms, read_body
from mes_server.web.guards import needs
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.scans import moment_of, told, worker_of
from mes_server.web.site import this_site

handling_pages = Blueprint("handling", __name__, url_prefix="/api/v1")
Acting = Callable[[Book, list[str]], Any]
# Read as codes or as a document by who carries it out; ids and times have a form of their own. What is shown to sign
# is told to nobody, not even in a refusal: a PIN is in it.
_SIGNED = {"signature", "signatures"}
_CODES = {"act_id", "at", "badge", "lots", "parts", "resource", "content"} | _SIGNED


def carry(
    body: bodies.ActBody, ask: tuple[str, Sequence[str], str], permission: str, acting: Acting
) -> Response:
    """Do what a body asks, once. `ask`: what, the lots as scanned, and what else it is about."""
    site, (what, lots, about) = this_site(), ask
    worker = worker_of(body.badge, permission)
    act = Act(body.act_id, worker.badge, body.station, moment_of(body.at), now_ms())
    fields = body.model_dump(exclude=_CODES)
    asked = Ask(what, tuple(lots), about, body.reason, scanner(), fields)
    return told(body.act_id, act_once(site.engine, act, asked, worker, acting))


def scanner() -> Scanner:
    """What is known of the scanners here."""
    settings = this_site().settings
    return Scanner(settings.scanner_gs, settings.address)


def _does(summary: str, body: type[bodies.ActBody]) -> Operation:
    return Operation(summary, ScanAnswer, body=body)


@handling_pages.post("/lots")
@needs("scan")
@described(_does("Receive a lot", bodies.ReceiveBody))
def receive() -> Response:
    """A lot comes from outside."""
    body = read_body(bodies.ReceiveBody)
    names = ("part", "grade", "route", "supplier", "supplier_lot", "origin")
    facts: dict[str, Any] = {name: getattr(body, name) for name in names}
    facts["expires_ms"] = None if body.expires_at is None else at_ms(body.expires_at)
    amount = Amount(**body.amount.model_dump())

    def acting(book: Book, _codes: list[str]) -> Any:
        return make.receive(book, body.kind, amount, facts)

    return carry(body, ("receive", [], ""), "scan", acting)


@handling_pages.post("/lots/<code>/split")
@needs("scan")
@described(_does("Split a lot", bodies.SplitBody))
def split(code: str) -> Response:
    """Each part becomes a lot of its own; the rest keeps the code."""
    body = read_body(bodies.SplitBody)
    parts = [(part.pieces, part.mass_mg) for part in body.parts]

    def acting(book: Book, codes: list[str]) -> Any:
        return make.split_off(book, codes[0], parts)

    return carry(body, ("split", [code], ""), "scan", acting)


@handling_pages.post("/lots/merge")
@needs("scan")
@described(_does("Merge lots that are alike", bodies.MergeBody))
def merge() -> Response:
    """All of the lots become one."""
    body = read_body(bodies.MergeBody)
    return carry(body, ("merge", body.lots, ""), "scan", handle.merge_lots)


@handling_pages.post("/lots/blend")
@needs("scan")
@described(_does("Blend some of each lot", bodies.BlendBody))
def blend() -> Response:
    """So much of each lot becomes one new lot."""
    body = read_body(bodies.BlendBody)
    masses = [part.mass_mg for part in body.parts]
    wanted = make.Wanted(body.kind, body.part, body.grade, body.route)

    def acting(book: Book, codes: list[str]) -> Any:
        return make.blend_lots(book, list(zip(codes, masses, strict=True)), wanted)

    return carry(body, ("blend", [part.lot for part in body.parts], ""), "scan", acting)


@handling_pages.post("/lots/<code>/coupons")
@needs("scan")
@described(_does("Take coupons from a lot", bodies.SomeBody))
def coupons(code: str) -> Response:
    """Some of the lot becomes a coupon lot."""
    body = read_body(bodies.SomeBody)

    def acting(book: Book, codes: list[str]) -> Any:
        return make.take_coupons(book, codes[0], body.pieces, body.mass_mg)

    return carry(body, ("coupons", [code], ""), "scan", acting)


@handling_pages.post("/lots/<code>/scrap")
@needs("scan")
@described(_does("Scrap some of a lot", bodies.ScrapBody))
def scrap(code: str) -> Response:
    """Some of the lot becomes a waste lot."""
    body = read_body(bodies.ScrapBody)

    def acting(book: Book, codes: list[str]) -> Any:
        much = (body.pieces, body.mass_mg)
        return make.scrap_some(book, codes[0], much, (body.reason, body.form))

    return carry(body, ("scrap", [code], ""), "scan", acting)


@handling_pages.post("/lots/<code>/rework")
@needs("correct")
@described(_does("Send a lot back to an operation it had", bodies.ReworkBody))
def rework(code: str) -> Response:
    """The operation is to be done again."""
    body = read_body(bodies.ReworkBody)

    def acting(book: Book, codes: list[str]) -> Any:
        return handle.send_back(book, codes[0], body.operation, body.reason)

    return carry(body, ("rework", [code], ""), "correct", acting)


@handling_pages.post("/lots/<code>/regrade")
@needs("release")
@described(_does("Give a lot another grade, with evidence", bodies.RegradeBody))
def regrade(code: str) -> Response:
    """The lot is found to be of another grade."""
    body = read_body(bodies.RegradeBody)

    def acting(book: Book, codes: list[str]) -> Any:
        return handle.regrade_lot(book, codes[0], body.grade, body.reason)

    return carry(body, ("regrade", [code], ""), "release", acting)


@handling_pages.post("/lots/<code>/move")
@needs("scan")
@described(_does("A lot lies somewhere else", bodies.MoveBody))
def move(code: str) -> Response:
    """Where the lot is now."""
    body = read_body(bodies.MoveBody)

    def acting(book: Book, codes: list[str]) -> Any:
        return handle.move_lot(book, codes[0], body.place)

    return carry(body, ("move", [code], ""), "scan", acting)


@handling_pages.post("/lots/<code>/pack")
@needs("scan")
@described(_does("Pack a lot at the end of its route", bodies.PackBody))
def pack(code: str) -> Response:
    """The lot becomes packs."""
    body = read_body(bodies.PackBody)

    def acting(book: Book, codes: list[str]) -> Any:
        return make.pack_lot(book, codes[0], body.pieces_each)

    return carry(body, ("pack", [code], ""), "scan", acting)


@handling_pages.post("/shipments")
@needs("scan")
@described(_does("Ship lots together", bodies.ShipBody))
def ship() -> Response:
    """The lots leave; the answer's `made` is the shipment's code."""
    body = read_body(bodies.ShipBody)
    facts = {"customer": body.customer, "order": body.order, "delivery_note": body.delivery_note}

    def acting(book: Book, codes: list[str]) -> Any:
        return handle.ship_lots(book, codes, facts)

    return carry(body, ("ship", body.lots, ""), "scan", acting)


@handling_pages.post("/lots/<code>/return")
@needs("release")
@described(_does("Some of a shipped lot comes back", bodies.SomeBody))
def give_back(code: str) -> Response:
    """It becomes a lot of its own, held until it is judged."""
    body = read_body(bodies.SomeBody)

    def acting(book: Book, codes: list[str]) -> Any:
        return make.return_lot(book, codes[0], (body.pieces, body.mass_mg), body.reason)

    return carry(body, ("return", [code], ""), "release", acting)
