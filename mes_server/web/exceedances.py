"""Exceedances: a list, one with its lots and baths, and the form that closes it; the same over /api/v1."""

from flask import Blueprint, Response, redirect, render_template, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.close_exceedance import close_exceedance
from mes_server.actions.gather_waterworks import known_pollutants
from mes_server.actions.record_events import Book
from mes_server.domain.exceedances import Episode
from mes_server.store.exceedances import list_exceedances, load_exceedance
from mes_server.store.nonconformances import load_nc
from mes_server.web import answers_discharge as shapes
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.answers_signatures import SignatureBody
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.lot_acts import by_form, refused_page, text
from mes_server.web.parameters import Operation, described
from mes_server.web.permits import CERTAINTIES
from mes_server.web.problems import NotFound
from mes_server.web.signing import signature_rows, signed_by
from mes_server.web.site import this_site

exceedance_pages = Blueprint("exceedances", __name__)
exceedance_api = Blueprint("exceedance_api", __name__, url_prefix="/api/v1")
SHOWN_MAX = 200
SIGNS = {"lasts": "alarm", "over": "warn", "gone": "mark", "closed": "ok"}


@exceedance_pages.get("/water/exceedances")
@needs("read")
def exceedances() -> str:
    """The newest first."""
    with this_site().reading() as conn:
        found = list_exceedances(conn, SHOWN_MAX)
    return render_template("water/exceedances.html", episodes=found, pollutants=known_pollutants(), signs=SIGNS)  # fmt: skip


@exceedance_pages.get("/water/exceedances/<number>")
@needs("read")
def exceedance(number: str) -> str:
    """One: when, how far, which lots and baths, its nonconformance, how it was closed."""
    with this_site().reading() as conn:
        one = _load(conn, number)
        opened = load_nc(conn, one.nonconformance)
        signatures = signature_rows(conn, f"exceedance:{number}")
    return render_template(
        "water/exceedance.html", one=one, opened=opened, signatures=signatures, pollutants=known_pollutants(),
        signs=SIGNS, certainties=CERTAINTIES,
    )  # fmt: skip


def _load(conn: Connection, number: str) -> Episode:
    found = load_exceedance(conn, number)
    if found is None:
        raise NotFound("exceedance", number)
    return found


@exceedance_pages.post("/water/exceedances/<number>/close")
@needs("discharge")
def close(number: str) -> AnyResponse:
    """The form of the page."""
    act, worker = by_form()
    shown = SignatureBody.model_construct(badge=text("badge"), pin=text("pin"), meaning="closed")
    signer = signed_by(shown)
    said = (text("cause"), text("action"), text("reason"))
    answer = act_once(
        this_site().engine, act, Ask("close_exceedance", (), number), worker,
        lambda book, _: close_exceedance(book, number, said, signer),
    )  # fmt: skip
    back = url_for("exceedances.exceedance", number=number)
    if answer.outcome != ACCEPTED:
        return refused_page(answer.refusals, back)
    return redirect(back, 303)


@exceedance_api.post("/effluent/exceedances/<number>/close")
@needs("discharge")
@described(Operation("Close an exceedance", ScanAnswer, body=shapes.CloseExceedanceBody))
def post_close(number: str) -> Response:
    """With its cause and the action taken; badge and PIN once more."""
    body = read_body(shapes.CloseExceedanceBody)
    signer = signed_by(body.signature)

    def acting(book: Book, _codes: list[str]) -> object:
        return close_exceedance(book, number, (body.cause, body.action, body.reason), signer)

    return carry(body, ("close_exceedance", [], number), "discharge", acting)


@exceedance_api.get("/effluent/exceedances")
@needs("read")
@described(Operation("Exceedances", shapes.ExceedancesAnswer))
def get_exceedances() -> Response:
    """The newest two hundred, the newest first."""
    with this_site().reading() as conn:
        found = list_exceedances(conn, SHOWN_MAX)
    return as_json(shapes.ExceedancesAnswer(items=[_answer(one) for one in found]))


@exceedance_api.get("/effluent/exceedances/<number>")
@needs("read")
@described(Operation("An exceedance", shapes.ExceedanceAnswer))
def get_exceedance(number: str) -> Response:
    """When, how far, which lots and baths."""
    with this_site().reading() as conn:
        return as_json(_answer(_load(conn, number)))


def _answer(one: Episode) -> shapes.ExceedanceAnswer:
    limit = {name: one.limit[name] for name in ("low", "high", "unit", "source", "certainty")}
    return shapes.ExceedanceAnswer.model_validate(
        {
            "number": one.code, "outlet": one.outlet, "pollutant": one.pollutant, "averaging": one.averaging,
            "from": iso_text(one.from_ms), "to": iso_text(one.to_ms), "worst": one.worst, **limit,
            "pieces": one.pieces, "samples": one.samples, "lots": one.lots, "baths": one.baths,
            "nonconformance": one.nonconformance, "state": one.state, "closed_by": one.closed_by,
            "cause": one.cause, "action": one.action,
        }
    )  # fmt: skip
