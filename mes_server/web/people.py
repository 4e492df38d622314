"""The people pages: who there is, what each may do, where each is signed in; and an end to that."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mes_server.actions.end_sessions import end_all, end_session, revoke_token
from mes_server.actions.manage_people import disable, enable
from mes_server.actions.record_events import Act
from mes_server.actions.record_person import act_of
from mes_server.domain.people import PERMISSIONS
from mes_server.domain.rules import Refusal
from mes_server.store.people import list_people, load_person
from mes_server.store.sign_ins import list_sessions, list_tokens
from mes_server.web.guards import needs
from mes_server.web.identity import access
from mes_server.web.page import now_ms
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site

people_pages = Blueprint("people", __name__)
SHOWN_MAX = 100
SESSIONS_MAX = 20
REASON_MAX = 200


@people_pages.get("/people")
@needs("roster")
def people() -> str:
    """People by badge, a hundred at a time; `q`: only those whose badge or name holds it."""
    after = request.args.get("after", "")[:100].replace("\0", "")
    asked = request.args.get("q", "").strip()[:100].replace("\0", "")
    with this_site().reading() as conn:
        found = list_people(conn, SHOWN_MAX + 1, after, asked)
    shown = found[:SHOWN_MAX]
    return render_template(
        "people/people.html",
        people=shown,
        asked=asked,
        after=after,
        next=shown[-1].badge if len(found) > len(shown) else None,
    )


@people_pages.get("/people/<badge>")
@needs("roster")
def person(badge: str) -> str:
    """One person: roles and what they allow, qualifications, sessions, tokens."""
    badge = badge.replace("\0", "")
    with this_site().reading() as conn:
        found = load_person(conn, badge)
        if found is None:
            raise NotFound("person", badge)
        sessions = list_sessions(conn, badge, SESSIONS_MAX)
        tokens = list_tokens(conn, badge)
    return render_template(
        "people/person.html",
        person=found,
        sessions=sessions,
        tokens=tokens,
        permissions=[name for name in PERMISSIONS if name in found.permissions],
    )


def _act() -> Act:
    """In the name of who asks: a person, or a token that acts for one."""
    who = access().person
    if who is None:
        raise RuntimeError("the guard lets nobody through")
    return act_of(who.badge, now_ms())


def _back(badge: str, answer: object) -> Response:
    if isinstance(answer, Refusal):
        raise NotFound(answer.rule.partition("_")[0], next(iter(answer.facts.values())))
    return redirect(url_for("people.person", badge=badge), 303)


@people_pages.post("/people/<badge>/sessions/end")
@needs("people")
def end_sessions(badge: str) -> Response:
    """End all sessions of a person."""
    return _back(badge, end_all(this_site().engine, _act(), badge.replace("\0", "")))


@people_pages.post("/people/<badge>/sessions/<int:key>/end")
@needs("people")
def end_one(badge: str, key: int) -> Response:
    """End one session of a person."""
    return _back(badge, end_session(this_site().engine, _act(), badge.replace("\0", ""), key))


@people_pages.post("/people/<badge>/tokens/<int:key>/revoke")
@needs("people")
def revoke(badge: str, key: int) -> Response:
    """Revoke a token."""
    return _back(badge, revoke_token(this_site().engine, _act(), key))


@people_pages.post("/people/<badge>/disable")
@needs("people")
def let_go(badge: str) -> Response:
    """Somebody left, or lost the badge."""
    reason = request.form.get("reason", "").strip()[:REASON_MAX]
    return _back(badge, disable(this_site().engine, _act(), badge.replace("\0", ""), reason))


@people_pages.post("/people/<badge>/enable")
@needs("people")
def take_back(badge: str) -> Response:
    """Somebody is back."""
    return _back(badge, enable(this_site().engine, _act(), badge.replace("\0", "")))
