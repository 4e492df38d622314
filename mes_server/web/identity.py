"""Who asks: a session's cookie or a program's token, and what that allows; nobody, and what that does."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from flask import current_app, g, request
from sqlalchemy import Connection

from mes_server.domain.people import BEFORE_ANYBODY, Person, Session, Token, fingerprint
from mes_server.store.faults import NOT_SET_UP, StoreFault
from mes_server.store.people import anybody, load_person
from mes_server.store.sign_ins import find_session, find_token
from mes_server.web.site import Site, this_site

KNOWN = "lodestone-people-known"  # whether a person was ever added; nobody is ever deleted
_READ = frozenset(("read",))
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """What this request may do, and as whom. `people`: whether there are any yet."""

    granted: frozenset[str] = _NOTHING
    people: bool = True
    person: Person | None = None
    session: Session | None = None
    token: Token | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows of itself: fingerprints of secrets, never the secrets."""

    session: str | None
    bearer: str | None
    from_here: bool


def cookie_name() -> str:
    """Of the session; over TLS one that no other host and no plain page can set."""
    return "__Host-session" if request.is_secure else "session"


def cookie() -> str:
    """The secret of the session on this screen, or ""."""
    return request.cookies.get(cookie_name(), "")[:200]


def _shown() -> Shown:
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    named = bool(kind)
    return Shown(
        fingerprint(cookie()) if cookie() and not named else None,
        fingerprint(bearer.strip() if kind.lower() == "bearer" else "") if named else None,
        _is_loopback(request.remote_addr),
    )


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


def access() -> Access:
    """Of this request, found once. Raises StoreFault: then nothing is allowed."""
    if "access" not in g:
        g.access = Access()  # what pages see while the store cannot say
        g.access = _find(this_site(), _shown())
    found: Access = g.access
    return found


def granted(permission: str) -> bool:
    """Whether this request may do something, as far as it is known by now."""
    found: Access = g.get("access", Access())
    return permission in found.granted


def still_granted(permission: str) -> Callable[[], bool]:
    """Asks again, outside the request: an open stream ends with the session that opened it."""
    site, shown = this_site(), _shown()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # flask's own proxy

    def ask() -> bool:
        with app.app_context():
            try:
                return permission in _find(site, shown).granted
            except StoreFault:
                return True  # the store says no to nobody: the stream tells of the fault

    return ask


def _find(site: Site, shown: Shown) -> Access:
    open_to = _READ if site.settings.open_reading == "yes" else _NOTHING
    known: dict[str, bool] = current_app.extensions.setdefault(KNOWN, {})
    try:
        with site.reading() as conn:
            people = known.get("people") or anybody(conn)
            found = _found(conn, shown, site.clock_ms())
    except StoreFault as fault:
        # Without tables there are no people; a store that was seen without any stays so until it is read.
        if known.get("people", fault.kind != NOT_SET_UP):
            if open_to and shown.bearer is None:
                return Access(open_to)
            raise
        people, found = False, None
    known["people"] = people
    if found is not None:
        return Access(found.granted | open_to, True, found.person, found.session, found.token)
    if shown.bearer is not None:
        return Access(_NOTHING, people)  # who shows a token wants it to count
    if people:
        return Access(open_to)
    return Access(BEFORE_ANYBODY if shown.from_here else _NOTHING, False)


def _found(conn: Connection, shown: Shown, now_ms: int) -> Access | None:
    if shown.bearer is not None:
        token = find_token(conn, shown.bearer)
        person = load_person(conn, token.badge) if token and token.is_good(now_ms) else None
        if token is None or person is None:
            return None
        return Access(person.permissions & token.scopes, True, person, token=token)
    session = find_session(conn, shown.session) if shown.session else None
    person = load_person(conn, session.badge) if session and session.is_open(now_ms) else None
    if session is None or person is None or person.disabled_ms is not None:
        return None
    return Access(person.permissions, True, person, session=session)
