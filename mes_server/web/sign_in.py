"""Sign in with badge and PIN, see and end one's own sessions."""

import logging
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mes_server.actions.end_sessions import SIGNED_OUT, end_all, end_session
from mes_server.actions.record_person import act_of
from mes_server.actions.sign_in import Attempt, Gate, SignedIn, sign_in
from mes_server.actions.try_pin import LOCKED
from mes_server.domain.people import OPEN, Session
from mes_server.domain.rules import Refusal
from mes_server.store.people import load_person
from mes_server.store.sign_ins import list_sessions
from mes_server.translations import LANGUAGES
from mes_server.web.guards import needs
from mes_server.web.identity import Access, access, cookie, cookie_name
from mes_server.web.page import now_ms, words
from mes_server.web.refusals import told_of
from mes_server.web.site import this_site
from mes_server.web.words import COOKIE

sign_in_pages = Blueprint("sign_in", __name__)
SHOWN_MAX = 50
_log = logging.getLogger(__name__)
PLACE_MAX = 64
_YEAR_S = 31_536_000


def _local(address: str) -> str:
    """An address of ours to go on to; the plant page when it is none."""
    parts = urlsplit(address)
    local = address.startswith("/") and not address.startswith(("//", "/\\"))
    if parts.netloc or parts.scheme or not local or not address.isprintable():
        return url_for("plant.plant")
    return address


@sign_in_pages.get("/sign-in")
@needs(OPEN)
def ask() -> str:
    """The page: a field for the badge, a pad for the PIN."""
    return _page(request.args.get("next", ""), request.args.get("station", ""))


@sign_in_pages.post("/sign-in")
@needs(OPEN)
def enter() -> Response:
    """Begin a session, or say what does not fit."""
    site, form = this_site(), request.form
    gate = Gate(
        site.engine,
        site.settings.data_dir,
        site.settings.station_lock_s * 1000,
        site.settings.office_lock_s * 1000,
    )
    station = form.get("station", "")[:PLACE_MAX]
    attempt = Attempt(
        form.get("badge", "")[:100],
        form.get("pin", "")[:100],
        request.remote_addr or "",
        station,
        cookie(),
    )
    answer = sign_in(gate, attempt, now_ms())
    if isinstance(answer, Refusal):
        return _refused(answer, attempt)
    return _entered(answer, form.get("next", ""))


def _entered(answer: SignedIn, following: str) -> Response:
    response = redirect(_local(following), 303)
    response.set_cookie(
        cookie_name(), answer.secret, httponly=True, samesite="Lax", secure=request.is_secure
    )
    if answer.person.language in LANGUAGES:
        language = answer.person.language
        response.set_cookie(COOKIE, language, max_age=_YEAR_S, httponly=True, samesite="Lax")
    return response


def _refused(refusal: Refusal, attempt: Attempt) -> Response:
    status, wait_s = 401, 0
    # No badge: a PIN that was typed into the wrong field must not lie in a log.
    _log.warning("sign-in from %s refused: %s", attempt.address, refusal.rule)
    if refusal.rule == LOCKED:
        until_ms = int(refusal.facts["until_ms"])
        status, wait_s = 429, max(1, (until_ms - now_ms()) // 1000)
    told = " ".join(told_of(words(), refusal, this_site().settings.zone))
    page = _page(request.form.get("next", ""), attempt.station, told, attempt.badge.strip())
    response = Response(page, status, mimetype="text/html")
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _page(following: str, station: str, told: str = "", badge: str = "") -> str:
    who = access()
    return render_template(
        "sign_in/sign_in.html",
        following=_local(following),
        station=station[:PLACE_MAX],
        told=told,
        badge=badge,
        nobody_yet=not who.people,
        me=who.person,
    )


@sign_in_pages.post("/sign-out")
@needs("own")
def leave() -> Response:
    """End the session of this screen."""
    session = _session(access())
    act = act_of(session.badge, now_ms(), session.station)
    end_session(this_site().engine, act, session.badge, session.id, SIGNED_OUT)
    following = request.form.get("next")
    address = url_for("sign_in.ask", station=session.station or None, next=following or None)
    response = redirect(address, 303)
    response.delete_cookie(cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax")
    return response


@sign_in_pages.post("/sign-in/stay")
@needs("own")
def stay() -> Response:
    """Somebody touches the screen: the session does not lock itself for another while."""
    return Response(status=204)


@sign_in_pages.get("/sign-in/left")
@needs("own", quiet=True)
def left() -> dict[str, int]:
    """How long the session may still idle."""
    session = _session(access())
    return {"left_ms": max(0, session.seen_ms + session.idle_ms - now_ms())}


def _session(who: Access) -> Session:
    """The permission `own` is in no token's scopes: who has it has a session."""
    if who.session is None:
        raise RuntimeError("own without a session")
    return who.session


@sign_in_pages.get("/sessions")
@needs("own")
def mine() -> str:
    """One's own sessions, the latest first."""
    who = access()
    badge = _session(who).badge
    before = request.args.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    with this_site().reading() as conn:
        found = list_sessions(conn, badge, SHOWN_MAX + 1, number)
        person = load_person(conn, badge)
    shown = found[:SHOWN_MAX]
    return render_template(
        "sign_in/sessions.html",
        person=person,
        sessions=shown,
        this=_session(who).id,
        next=shown[-1].id if len(found) > len(shown) else None,
    )


@sign_in_pages.post("/sessions/<int:key>/end")
@needs("own")
def end(key: int) -> Response:
    """End one of one's own sessions, such as that of a tablet left behind."""
    session = _session(access())
    end_session(this_site().engine, act_of(session.badge, now_ms()), session.badge, key)
    return redirect(url_for("sign_in.mine"), 303)


@sign_in_pages.post("/sessions/end")
@needs("own")
def end_mine() -> Response:
    """End all of them, this one too."""
    session = _session(access())
    end_all(this_site().engine, act_of(session.badge, now_ms()), session.badge)
    return redirect(url_for("sign_in.ask"), 303)
