"""Sign in with badge and PIN: a session begins, or it is said that they do not fit, and no more.

A try is counted before its PIN is looked at, so that many at once are not more than are allowed; an
unknown badge is counted and compared like a known one, so that neither words nor time tell them apart.
"""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine

from mes_server.actions.end_sessions import SWAPPED, end_one
from mes_server.actions.record_events import Act
from mes_server.actions.record_person import act_of, note, note_person
from mes_server.domain.people import (
    PIN_LOCKED,
    SESSION_BEGUN,
    SESSION_MS,
    Person,
    Session,
    fingerprint,
    locked_until,
    read_badge,
)
from mes_server.domain.rules import Refusal
from mes_server.store import sign_ins
from mes_server.store.engine import reading
from mes_server.store.people import lock_person, pin_hash_of
from mes_server.store.pins import load_pepper, pin_fits
from mes_server.store.transaction import writing

WRONG, LOCKED = "badge_and_pin_fit", "tries_are_left"
_NOBODY = "?"  # stands for every text that can be no badge


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
    pepper = load_pepper(gate.data_dir)
    badge = read_badge(attempt.badge) or _NOBODY
    subjects = {"badge": f"badge:{badge}", "address": f"address:{attempt.address[:64]}"}
    with writing(gate.engine) as conn:
        tries = sign_ins.load_tries(conn, subjects, now_ms)
        until_ms = locked_until(tries, now_ms)
        if until_ms is not None:
            return Refusal(LOCKED, {"until_ms": str(until_ms)})
        counted = sign_ins.append_tries(conn, subjects, now_ms)
    with reading(gate.engine) as conn:
        kept = pin_hash_of(conn, badge)
    fits = pin_fits(attempt.pin, kept, pepper)
    with writing(gate.engine) as conn:
        before = _swapped(conn, attempt, now_ms)
        people = {name: lock_person(conn, name) for name in sorted({badge, *_badges(before)})}
        person = people[badge]
        # It may have been changed while the hash was computed.
        if person is None or not fits or pin_hash_of(conn, badge) != kept:
            _note_lock(conn, badge, subjects["badge"], now_ms)
            return Refusal(WRONG, {})
        sign_ins.drop_tries(conn, counted, subjects["badge"])
        act = act_of(badge, now_ms, attempt.station)
        if before is not None:
            end_one(conn, act, before, SWAPPED)
        return _begin(conn, gate, attempt, person, act)


def _note_lock(conn: Connection, badge: str, subject: str, now_ms: int) -> None:
    """The last try that is allowed for a badge is worth remembering, whether there is such a badge or not."""
    tries = sign_ins.load_tries(conn, {"badge": subject}, now_ms)
    until_ms = locked_until(tries, now_ms)
    if until_ms is not None:
        note(conn, act_of("", now_ms), "sign_in", PIN_LOCKED, badge=badge, until_ms=until_ms)


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
