"""Sessions, tokens of programs, and wrong PINs. Of every secret only a hash is kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Index
from sqlmodel import Field, SQLModel

from mes_server.domain.people import TRIES_KEPT_MS, Session, Token
from mes_server.store.people import roles_from, text_of
from mes_server.store.tables import run, wide, wide_or_null

_SESSION = "id, badge, station, address, begun_ms, seen_ms, idle_ms, until_ms, ended_ms, ended_by"
_ALL = (1 << 31) - 1  # behind every key
_TOKEN = "id, badge, name, scopes, made_ms, until_ms, revoked_ms"  # noqa: S105  columns


class SessionRow(SQLModel, table=True):
    """As domain.people.Session; `secret_hash` is of what the browser's cookie holds."""

    __tablename__ = "session"
    __table_args__ = (Index("session_badge", "badge", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    secret_hash: str = Field(unique=True)
    badge: str = Field(foreign_key="person.badge")
    station: str
    address: str
    begun_ms: int = wide()
    seen_ms: int = wide()
    idle_ms: int = wide()
    until_ms: int = wide()
    ended_ms: int | None = wide_or_null()
    ended_by: str = ""


class TokenRow(SQLModel, table=True):
    """As domain.people.Token."""

    __tablename__ = "token"

    id: int | None = Field(default=None, primary_key=True)
    secret_hash: str = Field(unique=True)
    badge: str = Field(foreign_key="person.badge")
    name: str
    scopes: str
    made_ms: int = wide()
    until_ms: int = wide()
    revoked_ms: int | None = wide_or_null()


class PinTryRow(SQLModel, table=True):
    """A try with a PIN that is not known to be right. `subject`: "badge:…" or "address:…"."""

    __tablename__ = "pin_try"
    __table_args__ = (Index("pin_try_subject", "subject", "at_ms"),)

    id: int | None = Field(default=None, primary_key=True)
    subject: str
    at_ms: int = wide()


def _sessions(conn: Connection, where: str, *parameters: str | int) -> list[Session]:
    query = f"SELECT {_SESSION} FROM session WHERE {where}"  # noqa: S608
    rows: Iterable[Any] = run(conn, query, parameters)
    return [Session(*row) for row in rows]


def insert_session(conn: Connection, secret_hash: str, session: Session) -> int:
    """A session that begins; its id."""
    query = (
        "INSERT INTO session (secret_hash, badge, station, address, begun_ms, seen_ms, idle_ms,"
        " until_ms, ended_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '') RETURNING id"
    )
    s = session
    values = (s.badge, s.station, s.address, s.begun_ms, s.seen_ms, s.idle_ms, s.until_ms)
    return int(run(conn, query, (secret_hash, *values)).scalar_one())


def find_session(conn: Connection, secret_hash: str) -> Session | None:
    """The session of a cookie, open or not."""
    return next(iter(_sessions(conn, "secret_hash = ?", secret_hash)), None)


def load_session(conn: Connection, key: int) -> Session | None:
    """A session by its id."""
    return next(iter(_sessions(conn, "id = ?", key)), None)


def list_sessions(
    conn: Connection, badge: str, limit: int = 50, before: int | None = None
) -> list[Session]:
    """The sessions of a person ("": of all), the latest first."""
    where = "(badge = ? OR ? = '') AND id < ? ORDER BY id DESC LIMIT ?"
    return _sessions(conn, where, badge, badge, _ALL if before is None else before, limit)


def open_sessions(conn: Connection, badge: str, now_ms: int) -> list[Session]:
    """The sessions of a person that still count."""
    found = _sessions(conn, "badge = ? AND ended_ms IS NULL ORDER BY id", badge)
    return [session for session in found if session.is_open(now_ms)]


def set_seen(conn: Connection, key: int, now_ms: int) -> None:
    """Something was done in a session."""
    run(conn, "UPDATE session SET seen_ms = ? WHERE id = ? AND seen_ms < ?", (now_ms, key, now_ms))


def set_ended(conn: Connection, key: int, now_ms: int, who: str) -> None:
    """Somebody ended a session."""
    query = "UPDATE session SET ended_ms = ?, ended_by = ? WHERE id = ? AND ended_ms IS NULL"
    run(conn, query, (now_ms, who, key))


def _tokens(conn: Connection, where: str, *parameters: str | int) -> list[Token]:
    query = f"SELECT {_TOKEN} FROM token WHERE {where}"  # noqa: S608
    rows: Iterable[Any] = run(conn, query, parameters)
    return [
        Token(key, badge, name, roles_from(scopes), *times)
        for key, badge, name, scopes, *times in rows
    ]


def insert_token(conn: Connection, secret_hash: str, token: Token) -> int:
    """A new token; its id."""
    query = (
        "INSERT INTO token (secret_hash, badge, name, scopes, made_ms, until_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
    )
    scopes = text_of(token.scopes)
    values = (secret_hash, token.badge, token.name, scopes, token.made_ms, token.until_ms)
    return int(run(conn, query, values).scalar_one())


def find_token(conn: Connection, secret_hash: str) -> Token | None:
    """The token with this secret, good or not."""
    return next(iter(_tokens(conn, "secret_hash = ?", secret_hash)), None)


def load_token(conn: Connection, key: int) -> Token | None:
    """A token by its id."""
    return next(iter(_tokens(conn, "id = ?", key)), None)


def list_tokens(conn: Connection, badge: str = "", limit: int = 200, after: int = 0) -> list[Token]:
    """The tokens that act for a person ("": for anybody) behind the id `after`, revoked ones too."""
    where = "(badge = ? OR ? = '') AND id > ? ORDER BY id LIMIT ?"
    return _tokens(conn, where, badge, badge, after, limit)


def set_revoked(conn: Connection, key: int, now_ms: int) -> None:
    """A token counts no more."""
    run(conn, "UPDATE token SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL", (now_ms, key))


def load_tries(conn: Connection, subjects: Mapping[str, str], now_ms: int) -> dict[str, list[int]]:
    """When each subject was tried, under its name; what is too old to count is thrown away.

    In a transaction that writes: until it ends nobody else tries, so that the count is right.
    """
    if conn.dialect.name == "postgresql":
        run(conn, "LOCK TABLE pin_try IN EXCLUSIVE MODE")
    run(conn, "DELETE FROM pin_try WHERE at_ms <= ?", (now_ms - TRIES_KEPT_MS,))
    query = "SELECT at_ms FROM pin_try WHERE subject = ?"
    return {
        name: [row.at_ms for row in run(conn, query, (subject,))]
        for name, subject in subjects.items()
    }


def append_tries(conn: Connection, subjects: Mapping[str, str], now_ms: int) -> list[int]:
    """Count a try before its PIN is looked at; the keys of the rows."""
    query = "INSERT INTO pin_try (subject, at_ms) VALUES (?, ?) RETURNING id"
    return [int(run(conn, query, (s, now_ms)).scalar_one()) for s in subjects.values()]


def drop_tries(conn: Connection, keys: Sequence[int], subject: str) -> None:
    """A PIN was right: this try and all others of the subject count no more."""
    for key in keys:
        run(conn, "DELETE FROM pin_try WHERE id = ?", (key,))
    run(conn, "DELETE FROM pin_try WHERE subject = ?", (subject,))
