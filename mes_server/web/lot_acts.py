"""What the buttons of a lot's page do. Each is done once, answered and recorded as over /api/v1.

Then back to the page of the lot, or a page that says every reason why not, and what to do.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mes_server.actions import handle_lots as handle
from mes_server.actions import make_lots as make
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED, nobody
from mes_server.actions.one_action import carry_out
from mes_server.actions.print_label import Paper, print_label
from mes_server.actions.record_events import Act, Book
from mes_server.actions.take_back import take_back
from mes_server.domain.labels import Label
from mes_server.domain.quantities import BadQuantity, mass_from_text, pieces_from_text
from mes_server.domain.rules import Refusal, Worker
from mes_server.reports.lot_label import to_pdf
from mes_server.web.guards import needs, permission_of
from mes_server.web.identity import access
from mes_server.web.page import now_ms
from mes_server.web.refusals import Titles, refusal_items
from mes_server.web.scans import titles_of, worker_of
from mes_server.web.site import this_site

lot_acts = Blueprint("lot_acts", __name__)
TEXT_MAX = 500
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:-]{7,63}")
Acting = Callable[[Book, str], Any]


def text(name: str) -> str:
    """A field of the form."""
    return request.form.get(name, "").replace("\0", "").strip()[:TEXT_MAX]


def refused_page(refused: Sequence[Refusal], back: str, titles: Titles | None = None) -> Response:
    """Why not, and what to do: 409."""
    told = refusal_items(refused, titles)
    return Response(
        render_template("lots/refused.html", told=told, back=back), 409, mimetype="text/html"
    )


def by_form() -> tuple[Act, Worker]:
    """The act, named by the form, so that the same form sent twice does one thing; and who does it."""
    permission = permission_of(current_app, request.endpoint or "")
    worker = worker_of("", permission or "")
    named = text("act_id")
    id_ = named if _ID.fullmatch(named) else uuid.uuid4().hex
    return Act(id_, worker.badge, "", now_ms(), now_ms()), worker


def _do(code: str, what: str, acting: Acting) -> Response:
    act, worker = by_form()
    ask = Ask(what, (code,), "", text("reason"), fields={"grade": text("grade")})
    answer = act_once(
        this_site().engine, act, ask, worker, lambda book, codes: acting(book, codes[0])
    )
    back = url_for("lots.lot", code=code)
    if answer.outcome != ACCEPTED:
        return refused_page(answer.refusals, back, titles_of(answer))
    return redirect(back, 303)


def _some(acting: Callable[[Book, str, tuple[int, int]], Any]) -> Acting:
    """An act on so many pieces and mg, as the form says them; what cannot be read is refused."""
    much, refused = [], []
    for name, read in (("pieces", pieces_from_text), ("mass", mass_from_text)):
        try:
            much.append(read(text(name)) if text(name) else 0)
        except BadQuantity as bad:
            refused.append(Refusal(bad.rule, {"text": bad.text[:60]}))

    def act(book: Book, code: str) -> Any:
        return refused or acting(book, code, (much[0], much[1]))

    return act


@lot_acts.post("/lots/<code>/hold")
@needs("hold")
def hold(code: str) -> Response:
    """Hold a lot."""
    return _do(code, "hold", lambda book, lot: handle.hold_lots(book, [lot], text("reason")))


@lot_acts.post("/lots/<code>/release")
@needs("release")
def release(code: str) -> Response:
    """End one hold of a lot."""
    told = text("hold"), text("reason")
    return _do(code, "release", lambda book, lot: handle.release_lot(book, lot, *told))


@lot_acts.post("/lots/<code>/rework")
@needs("correct")
def rework(code: str) -> Response:
    """An operation is to be done again."""
    told = text("operation"), text("reason")
    return _do(code, "rework", lambda book, lot: handle.send_back(book, lot, *told))


@lot_acts.post("/lots/<code>/regrade")
@needs("release")
def regrade(code: str) -> Response:
    """Another grade; the reason names the evidence."""
    told = text("grade"), text("reason")
    return _do(code, "regrade", lambda book, lot: handle.regrade_lot(book, lot, *told))


@lot_acts.post("/lots/<code>/scrap")
@needs("scan")
def scrap(code: str) -> Response:
    """Some of the lot becomes a waste lot."""
    why = text("reason"), handle.SWARF if text("form") == handle.SWARF else handle.SCRAP
    acting = _some(lambda book, lot, much: make.scrap_some(book, lot, much, why))
    return _do(code, "scrap", acting)


@lot_acts.post("/lots/<code>/return")
@needs("release")
def give_back(code: str) -> Response:
    """Some of a shipped lot comes back, held."""
    reason = text("reason")
    acting = _some(lambda book, lot, much: make.return_lot(book, lot, much, reason))
    return _do(code, "return", acting)


@lot_acts.post("/lots/<code>/correct")
@needs("correct")
def correct(code: str) -> Response:
    """Take back all that an action did to this lot and to others."""
    told = text("action")[:100], text("reason"), access().granted
    return _do(code, "correct", lambda book, _: take_back(book, *told))


@lot_acts.post("/lots/<code>/label")
@needs("scan")
def label(code: str) -> Response:
    """The next label of the lot, to print. Again only with a reason; the one before is void then."""
    act, worker = by_form()
    settings = this_site().settings
    paper = Paper(settings.zone, settings.address)
    made = nobody(worker) or carry_out(
        this_site().engine, act, print_label, code, text("reason"), paper
    )
    if not isinstance(made, Label):
        return refused_page(made, url_for("lots.lot", code=code))
    shown = {"Content-Disposition": f'inline; filename="{made.id}.pdf"'}
    return Response(to_pdf(made), mimetype="application/pdf", headers=shown)
