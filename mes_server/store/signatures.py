"""Signatures, as the ledger has them: found by what was signed, and by who signed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.seal import Event
from mes_server.domain.signatures import Signature, signature_from
from mes_server.store.tables import CLUSTERED, run, wide, wide_key

STREAMS = ("signature:",)
_IN_MAX = 500
_COLUMNS = "about, digest, badge, meaning, at_ms, number, hash"


class SignatureRow(SQLModel, table=True):
    """One signature, as domain.signatures.Signature; `number` is that of its event."""

    __tablename__ = "signature"
    __table_args__ = (
        Index("signature_about", "about", "number"),
        Index("signature_badge", "badge", "number"),
        CLUSTERED,
    )

    number: int = wide_key()
    about: str
    digest: str
    badge: str
    meaning: str
    at_ms: int = wide()
    hash: str = Field()


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to a signature."""
    one = signature_from(event)
    values = (one.about, one.digest, one.badge, one.meaning, one.at_ms, one.number, one.hash)
    run(conn, f"INSERT INTO signature ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM signature")


def _signature(row: Row[Any]) -> Signature:
    return Signature(row.about, row.digest, row.badge, row.meaning, row.at_ms, row.number, row.hash)


def list_signatures(conn: Connection, about: str) -> list[Signature]:
    """The signatures of a record, the oldest first; whether they stand is asked with its digest."""
    query = f"SELECT {_COLUMNS} FROM signature WHERE about = ? ORDER BY number"  # noqa: S608
    return [_signature(row) for row in run(conn, query, (about,))]


def signatures_of(conn: Connection, abouts: Sequence[str]) -> dict[str, list[Signature]]:
    """The signatures of these records, by record."""
    found: dict[str, list[Signature]] = {}
    for start in range(0, len(abouts), _IN_MAX):
        part = tuple(abouts[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        query = f"SELECT {_COLUMNS} FROM signature WHERE about IN ({marks}) ORDER BY number"  # noqa: S608
        for row in run(conn, query, part):
            found.setdefault(row.about, []).append(_signature(row))
    return found
