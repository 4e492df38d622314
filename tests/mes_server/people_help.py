"""People for tests: added by the real actions; signed in without waiting for the PIN's slow hash."""

import secrets
from collections.abc import Collection
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from mes_server.actions.make_token import Made, Wish, make_token
from mes_server.actions.manage_people import Newcomer, add_person, set_pin
from mes_server.actions.record_person import act_of
from mes_server.domain.people import HOUR_MS, PERMISSIONS, Person, Session, fingerprint
from mes_server.store.engine import reading
from mes_server.store.people import load_person
from mes_server.store.sign_ins import insert_session
from mes_server.store.transaction import writing

NOW_MS = 1_795_430_000_000
PIN = "480261"
BY = "console:test"
OURS = {"Sec-Fetch-Site": "same-origin"}


def hire(
    engine: Engine, badge: str, roles: Collection[str] = ("operator",), name: str = "王芳"
) -> Person:
    """Somebody new, without a PIN."""
    person = add_person(engine, act_of(BY, NOW_MS), Newcomer(badge, name, roles))
    assert isinstance(person, Person), person
    return person


def give_pin(engine: Engine, data_dir: Path, badge: str, pin: str = PIN) -> None:
    """A PIN for somebody."""
    person = set_pin(engine, act_of(BY, NOW_MS), badge, pin, data_dir)
    assert isinstance(person, Person), person


def enter(client: FlaskClient, badge: str, pin: str = PIN, **more: str) -> TestResponse:
    """What the sign-in page answers."""
    return client.post("/sign-in", data={"badge": badge, "pin": pin, **more}, headers=OURS)


def begin_session(
    engine: Engine, badge: str, now_ms: int = NOW_MS, station: str = "", hours: int = 12
) -> str:
    """The secret of a session as if the PIN had been right; it may idle for two minutes."""
    secret = secrets.token_urlsafe(32)
    until_ms = now_ms + hours * HOUR_MS
    session = Session(0, badge, station, "127.0.0.1", now_ms, now_ms, 120_000, until_ms)
    with writing(engine) as conn:
        insert_session(conn, fingerprint(secret), session)
    return secret


def token_for(
    engine: Engine, badge: str, scopes: Collection[str] = (), now_ms: int = NOW_MS
) -> str:
    """The secret of a token with these scopes, or with all that the person may do."""
    allowed = [s for s in PERMISSIONS if s != "own"]
    wish = Wish(badge, "test", scopes or _held(engine, badge, allowed), 30)
    made = make_token(engine, act_of(BY, now_ms), wish)
    assert isinstance(made, Made), made
    return made.secret


def _held(engine: Engine, badge: str, allowed: list[str]) -> list[str]:
    with reading(engine) as conn:
        person = load_person(conn, badge)
    assert person is not None
    return [scope for scope in allowed if scope in person.permissions]


def act_as(client: FlaskClient, engine: Engine, badge: str, *roles: str) -> None:
    """From now on the client shows a token of somebody with these roles."""
    hire(engine, badge, roles)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token_for(engine, badge)}"


def signer(badge: str = "Q-1", *roles: str) -> Person:
    """Somebody whose badge and PIN fit, as sign_record.check_signing hands them in."""
    return Person(badge, "林工", "zh", frozenset(roles or ("quality",)), {}, True)
