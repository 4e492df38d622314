"""End sessions and revoke tokens: what they were good for is refused with the very next request."""

from sqlalchemy import Connection, Engine

from mes_server.actions.record_events import Act
from mes_server.actions.record_person import note_person
from mes_server.domain.people import SESSION_ENDED, TOKEN_REVOKED, Session, Token
from mes_server.domain.rules import Refusal
from mes_server.store import sign_ins
from mes_server.store.people import lock_person
from mes_server.store.transaction import writing

SIGNED_OUT, SWAPPED, BY_HAND = "signed_out", "badge_swapped", "ended"


def end_open(conn: Connection, act: Act, badge: str, why: str) -> int:
    """End every session of a person whose row is locked; how many counted until now."""
    ended = sign_ins.open_sessions(conn, badge, act.now_ms)
    for session in ended:
        end_one(conn, act, session, why)
    return len(ended)


def end_one(conn: Connection, act: Act, session: Session, why: str) -> None:
    """End a session of a person whose row is locked."""
    sign_ins.set_ended(conn, session.id, act.now_ms, act.person)
    note_person(conn, act, session.badge, SESSION_ENDED, why, session=session.id)


def revoke_all(conn: Connection, act: Act, badge: str) -> None:
    """Revoke every token that acts for a person whose row is locked."""
    for token in sign_ins.list_tokens(conn, badge, limit=100_000):
        if token.is_good(act.now_ms):
            _revoke(conn, act, token)


def _revoke(conn: Connection, act: Act, token: Token) -> None:
    sign_ins.set_revoked(conn, token.id, act.now_ms)
    note_person(conn, act, token.badge, TOKEN_REVOKED, token=token.id)


def end_session(
    engine: Engine, act: Act, badge: str, key: int, why: str = BY_HAND
) -> Session | Refusal:
    """End one session of a person; one that is over stays as it is."""
    with writing(engine) as conn:
        lock_person(conn, badge)
        session = sign_ins.load_session(conn, key)
        if session is None or session.badge != badge:
            return Refusal("session_is_known", {"session": str(key)})
        if session.is_open(act.now_ms):
            end_one(conn, act, session, why)
        return session


def end_all(engine: Engine, act: Act, badge: str) -> int | Refusal:
    """End every session of a person; how many there were."""
    with writing(engine) as conn:
        if lock_person(conn, badge) is None:
            return Refusal("person_is_known", {"badge": badge})
        return end_open(conn, act, badge, BY_HAND)


def revoke_token(engine: Engine, act: Act, key: int) -> Token | Refusal:
    """Revoke a token."""
    with writing(engine) as conn:
        token = sign_ins.load_token(conn, key)
        if token is None:
            return Refusal("token_is_known", {"token": str(key)})
        lock_person(conn, token.badge)
        if token.is_good(act.now_ms):
            _revoke(conn, act, token)
        return token
