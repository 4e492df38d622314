"""What the pages about lots write, for people and programs: holds, releases, drills. Nothing else writes here."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response as AnyResponse

from mes_server.actions.drill_recall import start_drill, stop_drill
from mes_server.actions.handle_lots import hold_lots
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.actions.trace_lots import trace
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.rules import Refusal
from mes_server.web.answers_lots import HoldAnswer, HoldsBody
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.guards import needs
from mes_server.web.identity import access
from mes_server.web.lot_acts import refused_page, text
from mes_server.web.lot_words import refusals_of
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import refused
from mes_server.web.recall import read_suspicion
from mes_server.web.refusals import refusal_items
from mes_server.web.site import this_site

hold_pages = Blueprint("holds", __name__)


def person() -> str:
    """The badge of who is signed in, or for whom the token acts."""
    who = access().person
    return who.badge if who is not None else ""


def _act() -> Act:
    return Act(uuid.uuid4().hex, person(), "", now_ms(), now_ms())


def _do(back: str, acting: Callable[..., Any], *args: Any) -> AnyResponse:
    """Carry out what a form asks; back to its page, or a page that says why not."""
    refusals = refusals_of(carry_out(this_site().engine, _act(), acting, *args))
    if not refusals:
        return to(back, 303)
    return refused_page(refusals, back)


@hold_pages.post("/recall/hold")
@needs("recall")
def hold_found() -> AnyResponse:
    """Hold all that a suspicion leads to now, in one action."""
    suspicion = read_suspicion(request.form)
    with this_site().reading() as conn:
        found = trace(conn, suspicion, FORWARD)
    return _do(_recall(), hold_lots, found.holdable(), text("reason"))


@hold_pages.post("/recall/drill")
@needs("recall")
def start() -> AnyResponse:
    """Start the clock of a drill."""
    return _do(_recall() + "#drills", start_drill, read_suspicion(request.form))


@hold_pages.post("/recall/drill/<drill>/stop")
@needs("recall")
def stop(drill: str) -> AnyResponse:
    """Stop it; what is found now is kept."""
    return _do(url_for("recall.recall") + "#drills", stop_drill, drill, text("remark"))


def _recall() -> str:
    named: dict[str, Any] = {n: request.form.get(n) or None for n in ("kind", "name", "from", "to")}
    return url_for("recall.recall", **named)


def _answer(lots: Sequence[str], acting: Callable[..., Any], *args: Any) -> Response:
    act = _act()
    refusals: Sequence[Refusal] = refusals_of(carry_out(this_site().engine, act, acting, *args))
    if refusals:
        return refused(refusal_items(refusals))
    return as_json(HoldAnswer(action=act.id, lots=list(lots)))


HOLDS = Operation("Hold lots, all of them or none", HoldAnswer, body=HoldsBody)


@hold_pages.post("/api/v1/holds")
@needs("hold")
@described(HOLDS)
def hold_many() -> Response:
    """Hold lots."""
    body = read_body(HoldsBody)
    lots = list(dict.fromkeys(body.lots))
    return _answer(lots, hold_lots, lots, body.reason)
