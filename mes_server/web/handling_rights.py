"""/api/v1 for what takes more than a scan's rights: hold, release, correct, lines of stations, routes."""

from flask import Blueprint, Response

from mes_server.actions import handle_lots as handle
from mes_server.actions import ready_station as ready
from mes_server.actions.record_events import Book
from mes_server.actions.release_route import release_or_refuse
from mes_server.actions.take_back import take_back
from mes_server.domain.rules import Refusal
from mes_server.web import answers_handling as bodies
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.bodies import read_body
from mes_server.web.guards import needs
from mes_server.web.handling import carry, scanner
from mes_server.web.identity import access
from mes_server.web.parameters import Operation, described

rights_pages = Blueprint("handling_rights", __name__, url_prefix="/api/v1")


def _does(summary: str, body: type[bodies.ActBody] = bodies.ActBody) -> Operation:
    return Operation(summary, ScanAnswer, body=body)


@rights_pages.post("/lots/<code>/hold")
@needs("hold")
@described(_does("Hold a lot; the id of the act is the name of the hold"))
def hold(code: str) -> Response:
    """Nothing is done with the lot until it is released."""
    body = read_body(bodies.ActBody)

    def acting(book: Book, codes: list[str]) -> list[Refusal]:
        return handle.hold_lots(book, codes, body.reason)

    return carry(body, ("hold", [code], ""), "hold", acting)


@rights_pages.post("/lots/<code>/release")
@needs("release")
@described(_does("End one hold of a lot", bodies.ReleaseBody))
def release(code: str) -> Response:
    """One hold ends, by name and with a reason."""
    body = read_body(bodies.ReleaseBody)

    def acting(book: Book, codes: list[str]) -> list[Refusal]:
        return handle.release_lot(book, codes[0], body.hold, body.reason)

    return carry(body, ("release", [code], ""), "release", acting)


@rights_pages.post("/actions/<action>/correct")
@needs("correct")
@described(_does("Take back all that an action did"))
def correct(action: str) -> Response:
    """What was recorded stays and counts for nothing; refused where later facts rest on it."""
    body = read_body(bodies.ActBody)

    def acting(book: Book, _codes: list[str]) -> list[Refusal]:
        return take_back(book, action[:100], body.reason, access().granted)

    return carry(body, ("correct", [], action), "correct", acting)


@rights_pages.post("/stations/<station_id>/clear")
@needs("scan")
@described(_does("The line was cleared"))
def clear(station_id: str) -> Response:
    """Nothing is left of what ran there before."""
    body = read_body(bodies.ActBody)

    def acting(book: Book, _codes: list[str]) -> list[Refusal]:
        return ready.clear_line(book, station_id, body.reason)

    return carry(body, ("clear", [], station_id), "scan", acting)


@rights_pages.post("/stations/<station_id>/resources")
@needs("scan")
@described(_does("Mount a resource, or take it off", bodies.ResourceBody))
def mount(station_id: str) -> Response:
    """Each run opened there uses it from now on."""
    body = read_body(bodies.ResourceBody)

    def acting(book: Book, _codes: list[str]) -> list[Refusal]:
        return ready.mount(book, station_id, body.role, body.resource, scanner())

    return carry(body, ("mount", [], station_id), "scan", acting)


@rights_pages.post("/stations/<station_id>/lock")
@needs("hold")
@described(_does("Lock a station"))
def lock(station_id: str) -> Response:
    """Nothing is loaded there until it is unlocked."""
    body = read_body(bodies.ActBody)

    def acting(book: Book, _codes: list[str]) -> list[Refusal]:
        return ready.lock_station(book, station_id, body.reason)

    return carry(body, ("lock", [], station_id), "hold", acting)


@rights_pages.post("/stations/<station_id>/unlock")
@needs("release")
@described(_does("Unlock a station"))
def unlock(station_id: str) -> Response:
    """Work may go on."""
    body = read_body(bodies.ActBody)

    def acting(book: Book, _codes: list[str]) -> list[Refusal]:
        return ready.unlock_station(book, station_id, body.reason)

    return carry(body, ("unlock", [], station_id), "release", acting)


@rights_pages.post("/routes")
@needs("route")
@described(_does("Release a revision of a route", bodies.RouteBody))
def release_revision() -> Response:
    """Lots may be made on it from now on; a revision never changes."""
    body = read_body(bodies.RouteBody)

    def acting(book: Book, _codes: list[str]) -> list[Refusal]:
        return release_or_refuse(book, body.content)

    return carry(body, ("route", [], str(body.content.get("code", ""))), "route", acting)
