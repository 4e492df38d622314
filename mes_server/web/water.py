"""Wastewater as pages: where everything of it is, and the documents that it is judged by."""

from typing import NamedTuple

from flask import Blueprint, Response, render_template

from mes_server.actions import release_document as release
from mes_server.actions.record_events import Book
from mes_server.store.documents import count_kinds
from mes_server.store.exceedances import open_exceedances
from mes_server.web import answers_checks as shapes
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.bodies import read_body
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.outlet_days import SIGNS, today_of
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.signing import signed_by
from mes_server.web.site import this_site

water_pages = Blueprint("water", __name__)
water_api = Blueprint("water_api", __name__, url_prefix="/api/v1")
KINDS = ("permit", "waterworks")


class WaterPage(NamedTuple):
    """A page that /water leads to: the word for it (`water.<name>`), its endpoint and what that takes."""

    name: str
    endpoint: str
    facts: dict[str, str]


# What /water leads to; a new page of wastewater is one line here.
WATER_PAGES: tuple[WaterPage, ...] = (
    WaterPage("outlets", "outlets.outlets", {}),
    WaterPage("exceedances", "exceedances.exceedances", {}),
    WaterPage("records", "discharge_records.records", {}),
    WaterPage("streams", "streams.streams", {}),
    WaterPage("lab", "water_lab.lab", {}),
    WaterPage("analysers", "water_keep.analysers", {}),
    WaterPage("meters", "water_keep.meters", {}),
    WaterPage("waste", "water_keep.waste", {}),
    WaterPage("comparison", "comparison.comparison", {}),
    WaterPage("permits", "permits.permits", {}),
    WaterPage("waterworks", "quality.documents", {"kind": "waterworks"}),
)


@water_pages.get("/water")
@needs("read")
def water() -> str:
    """How each outlet stands today, and where everything is."""
    with this_site().reading() as conn:
        counts = count_kinds(conn)
        shown = today_of(conn, now_ms())
        open_ = sum(len(open_exceedances(conn, one.day.outlet)) for one in shown)
    return render_template(
        "water/water.html", pages=WATER_PAGES, counts=counts, shown=shown, exceedances=open_,
        signs=SIGNS,
    )  # fmt: skip


@water_api.post("/water/documents/<kind>")
@needs("discharge")
@described(Operation("Release a permit or the waterworks", ScanAnswer, body=shapes.DocumentBody))
def post_document(kind: str) -> Response:
    """It counts from now on, and never changes; days before it are judged by what was in force then."""
    if kind not in KINDS:
        raise NotFound("document", kind)
    body = read_body(shapes.DocumentBody)
    signer = signed_by(body.signature)

    def acting(book: Book, _codes: list[str]) -> object:
        return release.release_document(book, kind, body.content, signer)

    about = f"{kind} {body.content.get('code', '')}"
    return carry(body, ("document", [], about), "discharge", acting)
