"""Who may do what: each view names its permission, writes come from our own pages, pages load only ours."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mes_server.actions.sign_in import note_deed
from mes_server.domain.people import OPEN, PERMISSIONS
from mes_server.store.faults import StoreFault
from mes_server.web.identity import Access, access, cookie
from mes_server.web.page import now_ms, words
from mes_server.web.problems import problem
from mes_server.web.site import this_site

View = TypeVar("View", bound=Callable[..., Any])
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
# For a page whose scripts look through the camera: the reader of codes is WebAssembly, served by us.
CAMERA_HEADERS = {
    "Content-Security-Policy": POLICY.replace(
        "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
    ),
    "Permissions-Policy": HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)"),
}
_SEEN_SHARE = 8  # a session's last deed is noted when this part of its idle time has gone by
_log = logging.getLogger(__name__)


def needs(permission: str, quiet: bool = False) -> Callable[[View], View]:
    """Declare what a view asks for: a line of domain.people.PERMISSIONS, or OPEN.

    `quiet`: scripts ask for it by themselves; it does not keep a session from locking itself.
    """
    if permission != OPEN and permission not in PERMISSIONS:
        raise ValueError(f"there is no permission {permission}")

    def attach(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        view.quiet = quiet  # type: ignore[attr-defined]
        return view

    return attach


def permission_of(app: Flask, endpoint: str) -> str | None:
    """What a view asks for; None: it does not say, and nobody gets it."""
    if endpoint == "static":
        return OPEN
    found: str | None = getattr(app.view_functions[endpoint], "permission", None)
    return found


def refuse_foreign_writes() -> None:
    """A browser says where a request comes from; one from another origin may not write (403).

    A program that says nothing is let through when it shows no cookie: then there is nothing of ours
    that another page could misuse.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)
    if site is None and origin is None and cookie():
        abort(403)


def refuse_without_permission() -> Response | None:
    """Nobody is asked to sign in, somebody who may not is told so; what is not declared is nobody's."""
    if request.endpoint is None:
        _look()
        return None  # there is no such address
    permission = permission_of(current_app, request.endpoint)
    if permission == OPEN:
        return None
    who = access()
    if permission in who.granted:
        _keep_open(who)
        return None
    if who.person is None and permission is not None:
        return _sign_in_first(who)
    badge = who.person.badge if who.person else ""
    _log.warning("%s may not %s %s", badge, request.method, request.url_rule)
    t = words()
    facts = {"permission": t.known("permission", permission)}
    if _for_programs():
        return problem(403, "not_allowed", facts)
    text = t("problem.not_allowed", **facts)
    page = render_template("error.html", status=403, title=t("error.refused"), text=text)
    return Response(page, 403, mimetype="text/html")


def _look() -> None:
    """For the frame of an error page alone."""
    try:
        access()
    except StoreFault as fault:
        _log.info("who asks is not known: %s", fault)


def _for_programs() -> bool:
    return request.path.startswith(("/api/", "/metrics"))


def _sign_in_first(who: Access) -> Response:
    kind = "sign_in" if who.people else "nobody_yet"
    if _for_programs():
        answer = problem(401, kind)
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Lodestone"'
        return answer
    here = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("sign_in.ask", next=here or None), 303)


def _keep_open(who: Access) -> None:
    """What a person does at the screen keeps the session from locking itself."""
    view = current_app.view_functions[request.endpoint or ""]
    by_hand = request.method == "GET" and not _for_programs() and not getattr(view, "quiet", False)
    session, now = who.session, now_ms()
    if session is None or (request.method in SAFE_METHODS and not by_hand):
        return
    if now - session.seen_ms < session.idle_ms // _SEEN_SHARE:
        return
    try:
        note_deed(this_site().engine, session, now)
    except StoreFault as fault:
        # The page is worth more than that the session lasts: it says what is wrong with the store.
        _log.warning("a deed in session %s is not noted: %s", session.id, fault)


def refuse_nul() -> None:
    """No name in an address has a NUL: PostgreSQL takes none in a text, not even to look for it."""
    if any("\0" in str(name) for name in (request.view_args or {}).values()):
        abort(404)


def add_headers(response: Response) -> Response:
    """What every answer carries."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype in ("text/html", "application/json"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def guard(app: Flask) -> None:
    """Put the guards before and behind every view."""
    app.before_request(refuse_foreign_writes)
    app.before_request(refuse_without_permission)
    app.before_request(refuse_nul)
    app.after_request(add_headers)
