"""Sign in with badge and PIN: a session begins, or it is said that they do not fit, and no more."""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine

from mes_server.actions.end_sessions import SWAPPED, end_one
from mes_server.actions.record_events import Act
from mes_server.actions.record_person import act_of, note_person
from mes_server.actions.try_pin import try_pin, was_right
from mes_server.domain.people import (
    SESSION_BEGUN,
    SESSION_MS,
    Person,
    Session,
    fingerprint,
)
from mes_server.domain.rules import Refusal
from mes_server.store import sign_ins
from mes_server.store.people import lock_person
from mes_server.store.transaction import writing

WRONG = "badge_and_pin_fit"


@dataclass(frozen=True, slots=True)
class Gate:
    """What is the same for everybody who signs in here."""

    engine: Engine
    data_dir: Path
    station_idle_ms: int
    office_idle_ms: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody showed, from where. `swapped`: the secret of the session that is on the screen."""

    badge: str
    pin: str
    address: str
    station: str = ""
    swapped: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that began; `secret` is for the browser's cookie and is nowhere else."""

    person: Person
    session: Session
    secret: str


def sign_in(gate: Gate, attempt: Attempt, now_ms: int) -> SignedIn | Refusal:
    """Begin a session. Raises StoreFault, PepperMissing; nobody is signed in then."""
    shown = (attempt.badge, attempt.pin, attempt.address)
    tried = try_pin(gate.engine, gate.data_dir, shown, now_ms)
    if isinstance(tried, Refusal):
        return tried
    badge = tried.badge
    with writing(gate.engine) as conn:
        before = _swapped(conn, attempt, now_ms)
        people = {name: lock_person(conn, name) for name in sorted({badge, *_badges(before)})}
        person = people[badge]
        if not was_right(conn, tried, person, now_ms) or person is None:
            return Refusal(WRONG, {})
        act = act_of(badge, now_ms, attempt.station)
        if before is not None:
            end_one(conn, act, before, SWAPPED)
        return _begin(conn, gate, attempt, person, act)


def _swapped(conn: Connection, attempt: Attempt, now_ms: int) -> Session | None:
    """The session that another badge, or the same again, puts an end to."""
    if not attempt.swapped:
        return None
    before = sign_ins.find_session(conn, fingerprint(attempt.swapped))
    return before if before is not None and before.is_open(now_ms) else None


def _badges(before: Session | None) -> tuple[str, ...]:
    return () if before is None else (before.badge,)


def _begin(conn: Connection, gate: Gate, attempt: Attempt, person: Person, act: Act) -> SignedIn:
    now_ms = act.now_ms
    at_desk = not attempt.station and person.works_at_a_desk
    idle_ms = gate.office_idle_ms if at_desk else gate.station_idle_ms
    secret = secrets.token_urlsafe(32)
    session = Session(
        0, person.badge, attempt.station, attempt.address[:64], now_ms, now_ms, idle_ms,
        now_ms + SESSION_MS,
    )  # fmt: skip
    key = sign_ins.insert_session(conn, fingerprint(secret), session)
    note_person(conn, act, person.badge, SESSION_BEGUN, session=key)
    return SignedIn(person, replace(session, id=key), secret)


def note_deed(engine: Engine, session: Session, now_ms: int) -> None:
    """Somebody did something in a session: it does not lock itself for another while."""
    with writing(engine) as conn:
        sign_ins.set_seen(conn, session.id, now_ms)
