"""Make a token for a program: told once, kept as a hash, good for some permissions until a day."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from mes_server.actions.manage_people import NAME_MAX, unknown
from mes_server.actions.record_events import Act
from mes_server.actions.record_person import note_person
from mes_server.domain.people import (
    DAY_MS,
    PERMISSIONS,
    TOKEN_DAYS_MAX,
    TOKEN_MADE,
    Token,
    fingerprint,
)
from mes_server.domain.rules import Refusal
from mes_server.store.people import lock_person
from mes_server.store.sign_ins import insert_token
from mes_server.store.transaction import writing

PREFIX = "mes_"  # so that a token left in a file is found by who looks for secrets
SCOPES = tuple(name for name in PERMISSIONS if name != "own")


@dataclass(frozen=True, slots=True)
class Wish:
    """The token that somebody wants. It acts for `badge`, and never more than that person may."""

    badge: str
    name: str
    scopes: Collection[str]
    days: int


@dataclass(frozen=True, slots=True)
class Made:
    """A new token with its secret, which nobody can be told again."""

    token: Token
    secret: str


def make_token(engine: Engine, act: Act, wish: Wish) -> Made | Refusal:
    """Make it; refused for scopes that the person's roles do not have."""
    name = wish.name.strip()
    if not name or len(name) > NAME_MAX or not name.isprintable():
        return Refusal("name_is_readable", {"most": str(NAME_MAX)})
    if not 0 < wish.days <= TOKEN_DAYS_MAX:
        return Refusal("token_ends", {"most": str(TOKEN_DAYS_MAX)})
    with writing(engine) as conn:
        person = lock_person(conn, wish.badge)
        if person is None:
            return unknown(wish.badge)
        allowed = person.permissions & set(SCOPES)
        strange = sorted(set(wish.scopes) - allowed)
        if strange or not wish.scopes:
            facts = {"scopes": ", ".join(strange) or "-", "allowed": ", ".join(sorted(allowed))}
            return Refusal("scopes_are_held", facts)
        secret = PREFIX + secrets.token_urlsafe(32)
        until_ms = act.now_ms + wish.days * DAY_MS
        token = Token(0, wish.badge, name, frozenset(wish.scopes), act.now_ms, until_ms)
        key = insert_token(conn, fingerprint(secret), token)
        facts_told = {"token": key, "scopes": sorted(token.scopes), "until_ms": until_ms}
        note_person(conn, act, wish.badge, TOKEN_MADE, **facts_told)
    return Made(replace(token, id=key), secret)
