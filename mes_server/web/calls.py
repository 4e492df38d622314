"""Calls for help: from the tablet, and answered by whoever came."""

from flask import Blueprint, Response, url_for
from flask import redirect as to
from werkzeug.wrappers import Response as AnyResponse

from mes_server.actions.call_help import call_help, come_to_help
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Book
from mes_server.web import answers_handling as bodies
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.bodies import read_body
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.late import act_now
from mes_server.web.parameters import Operation, described
from mes_server.web.site import this_site

call_pages = Blueprint("calls", __name__)
CALL = Operation("Call for help at a station", ScanAnswer, body=bodies.ActBody)
CAME = Operation("Somebody came", ScanAnswer, body=bodies.ActBody)


@call_pages.post("/api/v1/stations/<station_id>/help")
@needs("scan")
@described(CALL)
def call(station_id: str) -> Response:
    """Every page shows it until somebody came."""
    body = read_body(bodies.ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return call_help(book, station_id)

    return carry(body, ("help", [], station_id), "scan", acting)


@call_pages.post("/api/v1/stations/<station_id>/help/came")
@needs("correct")
@described(CAME)
def came(station_id: str) -> Response:
    """The call ends; the reason says what it was."""
    body = read_body(bodies.ActBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return come_to_help(book, station_id, body.reason)

    return carry(body, ("help_came", [], station_id), "correct", acting)


@call_pages.post("/calls/<station_id>/came")
@needs("correct")
def came_by_page(station_id: str) -> AnyResponse:
    """From the page of reviews; who comes second finds the call answered."""
    carry_out(this_site().engine, act_now(station_id), come_to_help, station_id)
    return to(url_for("reviews.reviews"), 303)
