"""Scans that came late and could not be: what they wanted, why not, and the two ends, for people and programs."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response as AnyResponse

from mes_server.actions.settle_review import conclude, decide, set_aside
from mes_server.domain.reviews import CARRIED_OUT, SET_ASIDE, Review
from mes_server.domain.rules import Refusal
from mes_server.store.calls import open_calls
from mes_server.store.reviews import count_open, list_open, list_settled, load_review
from mes_server.web.answers_lots import RefusalAnswer
from mes_server.web.answers_reviews import (
    CarryOutBody,
    ReviewAnswer,
    ReviewsAnswer,
    SetAsideBody,
    SettledAnswer,
)
from mes_server.web.api import PAGED, as_json, cursor, number_of, parameters
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text, mass_text, number_text
from mes_server.web.guards import needs
from mes_server.web.late import act_now, send_again
from mes_server.web.page import words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.refusals import refusal_items
from mes_server.web.site import this_site

review_pages = Blueprint("reviews", __name__)
SHOWN_MAX = 50
REASON_MAX = 200
_NAMED = ("unplanned", "reason", "resource", "place")
_PARTS = ("product", "scrap", "coupons", "swarf")


def settle(scan: str, reason: str, now: bool) -> Sequence[dict[str, Any]]:
    """Carry it out; every reason why not, in words, else nothing."""
    engine = this_site().engine
    tried = decide(engine, act_now(), scan, reason)
    if isinstance(tried, list):
        return refusal_items(tried)
    with this_site().reading() as conn:
        review = load_review(conn, scan)
    if review is None:
        raise NotFound("review", scan)
    answer = send_again(review, tried, now)
    if answer.status_code not in (200, 409):
        return refusal_items([Refusal("review_is_whole", {"scan": scan})])
    return refusal_items(conclude(engine, act_now(), scan, reason))


def wanted(review: Review) -> list[str]:
    """What it would have done, in lines."""
    t, lines = words(), list[str]()
    body = json.loads(review.body) if review.body else {}
    named = [name for name in _NAMED if body.get(name)]
    lines += [t(f"reviews.asked.{name}") + f": {body[name]}" for name in named]
    some = (body.get("facts") or {}).get("part")
    if some or body.get("pieces") or body.get("mass_mg"):
        lines.append(_much(some or body))
    for one in body.get("lots", ()):
        if isinstance(one, str):
            lines.append(one)
            continue
        told = [(name, one[name]) for name in _PARTS if one.get(name)]
        parts = [f"{t('tablet.unload.' + name)} {_much(much)}" for name, much in told]
        lines.append(f"{one['lot']}: {', '.join(parts)}")
    lines += [_much(part) for part in body.get("parts", ())]
    return lines


def _much(much: dict[str, int]) -> str:
    pieces, mass_mg = much.get("pieces", 0), much.get("mass_mg", 0)
    said = [words()("lot.pieces", n=number_text(pieces))] if pieces else []
    return " · ".join([*said, *([mass_text(mass_mg)] if mass_mg else [])]) or "0"


def _told(review: Review) -> list[dict[str, Any]]:
    told = [Refusal(r["rule"], r["facts"]) for r in review.scan.facts()["refusals"]]
    return refusal_items(told)


# -- the page -------------------------------------------------------------------------------


@review_pages.get("/reviews")
@needs("correct")
def reviews() -> str:
    """All that wait, and how the last ones ended."""
    with this_site().reading() as conn:
        count = count_open(conn)
        found = list_open(conn, _after(), SHOWN_MAX + 1)
        settled, calls = list_settled(conn, SHOWN_MAX), open_calls(conn)
    return render_template(
        "reviews/reviews.html",
        reviews=found[:SHOWN_MAX],
        count=count,
        settled=settled,
        calls=calls,
        next=found[SHOWN_MAX - 1].scan.number if len(found) > SHOWN_MAX else None,
        wanted=wanted,
        told=_told,
    )


def _after() -> int:
    text = request.args.get("after", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


@review_pages.post("/reviews/<scan>/carry-out")
@needs("correct")
def carry_out(scan: str) -> AnyResponse:
    """It is done after all."""
    return _back(settle(scan, _reason(), request.form.get("when") == "now"))


@review_pages.post("/reviews/<scan>/set-aside")
@needs("correct")
def put_aside(scan: str) -> AnyResponse:
    """Nothing is done."""
    return _back(refusal_items(set_aside(this_site().engine, act_now(), scan, _reason())))


def _reason() -> str:
    return request.form.get("reason", "").replace("\0", "").strip()[:REASON_MAX]


def _back(told: Sequence[dict[str, Any]]) -> AnyResponse:
    back = url_for("reviews.reviews")
    if not told:
        return to(back, 303)
    return Response(render_template("lots/refused.html", told=told, back=back), 409)


# -- for programs ---------------------------------------------------------------------------

REVIEWS = Operation("Scans that came late and could not be", ReviewsAnswer, PAGED)


@review_pages.get("/api/v1/reviews")
@needs("correct")
@described(REVIEWS)
def list_them() -> Response:
    """Those that wait."""
    asked = parameters(REVIEWS)
    after, limit = number_of(asked["after"]) or 0, asked["limit"]
    with this_site().reading() as conn:
        count, found = count_open(conn), list_open(conn, after, limit + 1)
    shown = found[:limit]
    following = cursor(str(shown[-1].scan.number)) if len(found) > limit else None
    return as_json(ReviewsAnswer(reviews=list(map(_answer, shown)), count=count, next=following))


def _answer(review: Review) -> ReviewAnswer:
    event, facts = review.scan, review.scan.facts()
    return ReviewAnswer(
        id=event.action,
        what=facts.get("what", ""),
        lot=facts["lot"],
        run=facts["run"],
        operation=facts["operation"],
        station=event.place,
        person=event.person,
        at=iso_text(event.at_ms),
        received_at=iso_text(event.noted_ms),
        sent_by=facts.get("sent_by", ""),
        refusals=[RefusalAnswer(**item) for item in _told(review)],
        asked=review.body,
    )


CARRY_OUT = Operation("Carry it out after all", SettledAnswer, body=CarryOutBody)


@review_pages.post("/api/v1/reviews/<scan>/carry-out")
@needs("correct")
@described(CARRY_OUT)
def carry_out_one(scan: str) -> Response:
    """At its own time, or now."""
    body = read_body(CarryOutBody)
    return _ended(scan, CARRIED_OUT, settle(scan, body.reason, body.when == "now"))


ASIDE = Operation("Set it aside", SettledAnswer, body=SetAsideBody)


@review_pages.post("/api/v1/reviews/<scan>/set-aside")
@needs("correct")
@described(ASIDE)
def put_aside_one(scan: str) -> Response:
    """Nothing is done."""
    body = read_body(SetAsideBody)
    told = refusal_items(set_aside(this_site().engine, act_now(), scan, body.reason))
    return _ended(scan, SET_ASIDE, told)


def _ended(scan: str, outcome: Any, told: Sequence[dict[str, Any]]) -> Response:
    if not told:
        return as_json(SettledAnswer(id=scan, outcome=outcome))
    return Response(json.dumps(list(told)), 409, mimetype="application/json")
