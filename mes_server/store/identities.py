"""Identities of nodes and their certificates, computed from the ledger."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain import identities as known
from mes_server.domain.identities import Allowed, Certificate, Identity
from mes_server.domain.seal import Event
from mes_server.store.forgotten import HIDDEN
from mes_server.store.tables import CLUSTERED, run, wide, wide_or_null

STREAMS = (known.STREAM,)


class IdentityRow(SQLModel, table=True):
    """As domain.identities.Identity; `token_hash` stays when the token was used, `token_until_ms` does not."""

    __tablename__ = "node_identity"
    __table_args__ = (
        Index("node_identity_node", "node_id"),
        Index("node_identity_token", "token_hash"),
        CLUSTERED,
    )

    fingerprint: str = Field(primary_key=True)
    serial: str
    group_id: str
    node_id: str
    state: str
    asked_by: str
    asked_ms: int = wide()
    approved_by: str
    approved_ms: int | None = wide_or_null()
    token_hash: str
    token_by: str
    token_until_ms: int | None = wide_or_null()
    revoked_by: str
    revoked_ms: int | None = wide_or_null()
    why: str
    number: int = wide()


class CertificateRow(SQLModel, table=True):
    """As domain.identities.Certificate; `chain`: JSON."""

    __tablename__ = "node_certificate"
    __table_args__ = (Index("node_certificate_key", "fingerprint", "issued_ms"), CLUSTERED)

    number: str = Field(primary_key=True)
    fingerprint: str
    issued_ms: int = wide()
    until_ms: int = wide()
    chain: str


def follow(conn: Connection, event: Event) -> None:
    """Bring the tables up to an event of an identity."""
    key = event.stream.removeprefix(known.STREAM)
    facts = event.facts()
    if event.kind == known.ASKED:
        query = (
            "INSERT INTO node_identity (fingerprint, serial, group_id, node_id, state, asked_by, asked_ms, "
            "approved_by, token_hash, token_by, revoked_by, why, number) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, '', '', '', '', '', 0)"
        )
        said = (facts["serial"], facts["group"], facts["node"], known.WAITS)
        run(conn, query, (key, *said, event.person, event.at_ms))
    elif event.kind == known.APPROVED:
        query = "UPDATE node_identity SET state = ?, approved_by = ?, approved_ms = ? WHERE fingerprint = ?"
        run(conn, query, (known.MAY_REDEEM, event.person, event.at_ms, key))
    elif event.kind == known.TOKEN_MADE:
        query = "UPDATE node_identity SET token_hash = ?, token_by = ?, token_until_ms = ? WHERE fingerprint = ?"
        run(conn, query, (facts["token_hash"], event.person, facts["until_ms"], key))
    elif event.kind in (known.CERTIFIED, known.RENEWED):
        _follow_certificate(conn, event, key)
    elif event.kind == known.REVOKED:
        query = "UPDATE node_identity SET state = ?, revoked_by = ?, revoked_ms = ?, why = ?, token_until_ms = NULL WHERE fingerprint = ?"
        run(conn, query, (known.GONE, event.person, event.at_ms, facts["why"], key))
    run(conn, "UPDATE node_identity SET number = ? WHERE fingerprint = ?", (event.number, key))


def _follow_certificate(conn: Connection, event: Event, key: str) -> None:
    facts = event.facts()
    query = "INSERT INTO node_certificate (number, fingerprint, issued_ms, until_ms, chain) VALUES (?, ?, ?, ?, ?)"
    chain = json.dumps(facts["chain"])
    run(conn, query, (facts["number"], key, event.at_ms, facts["until_ms"], chain))
    if event.kind == known.CERTIFIED:  # the token is used up
        query = "UPDATE node_identity SET state = ?, token_until_ms = NULL WHERE fingerprint = ?"
        run(conn, query, (known.ENROLLED, key))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM node_certificate")
    run(conn, "DELETE FROM node_identity")


_IDENTITY = (
    "fingerprint, serial, group_id, node_id, state, asked_by, asked_ms, approved_by, approved_ms, token_hash, "
    "token_by, token_until_ms, revoked_by, revoked_ms, why, number"
)


def _load(conn: Connection, where: str, *said: Any) -> list[Identity]:
    query = f"SELECT {_IDENTITY} FROM node_identity WHERE {where}"  # noqa: S608
    return [_identity(conn, row) for row in run(conn, query, said).all()]


def _identity(conn: Connection, row: Row[Any]) -> Identity:
    said = {name: getattr(row, name) for name in Identity.__slots__ if name in row._fields}
    return Identity(
        **said, group=row.group_id, node=row.node_id, certificate=_newest(conn, row.fingerprint)
    )


def _newest(conn: Connection, fingerprint: str) -> Certificate | None:
    query = (
        "SELECT number, issued_ms, until_ms, chain FROM node_certificate WHERE fingerprint = ? "
        "ORDER BY issued_ms DESC, until_ms DESC, number LIMIT 1"
    )
    row = run(conn, query, (fingerprint,)).first()
    if row is None:
        return None
    return Certificate(row.number, row.issued_ms, row.until_ms, tuple(json.loads(row.chain)))


def load_identity(conn: Connection, fingerprint: str) -> Identity | None:
    """A key's identity; None: nobody asked for it."""
    return next(iter(_load(conn, "fingerprint = ?", fingerprint)), None)


def find_by_token(conn: Connection, token_hash: str) -> Identity | None:
    """The identity that the newest token of which this is the hash belongs to, used or not."""
    return next(iter(_load(conn, "token_hash = ? AND token_hash <> ''", token_hash)), None)


def of_node(conn: Connection, group: str, node: str) -> Identity | None:
    """Who is enrolled under this node id."""
    where = "group_id = ? AND node_id = ? AND state = ?"
    return next(iter(_load(conn, where, group, node, known.ENROLLED)), None)


def related(conn: Connection, fingerprint: str, node: str) -> list[Identity]:
    """Identities of this key or this node id, in any area, the oldest first."""
    return _load(conn, "fingerprint = ? OR node_id = ? ORDER BY asked_ms, fingerprint", fingerprint, node)  # fmt: skip


def met_nodes(conn: Connection, node: str) -> list[tuple[str, str]]:
    """Area and id of nodes of this id that were heard, whether enrolled or not; those forgotten are left out."""
    query = f"SELECT group_id, node_id FROM node WHERE node_id = ? AND id NOT IN {HIDDEN} ORDER BY group_id"  # noqa: S608
    return [(row.group_id, row.node_id) for row in run(conn, query, (node,))]


def list_identities(conn: Connection, limit: int = 500) -> list[Identity]:
    """Those that wait first, then those approved, enrolled and revoked; within them by area and node."""
    order = " ".join(f"WHEN '{state}' THEN {at}" for at, state in enumerate(known.STATES))
    where = f"1 = 1 ORDER BY CASE state {order} END, group_id, node_id, asked_ms DESC, fingerprint LIMIT ?"
    return _load(conn, where, limit)


def allowed_nodes(conn: Connection) -> list[Allowed]:
    """Every node that is enrolled and not revoked, by area and id."""
    query = "SELECT group_id, node_id, fingerprint FROM node_identity WHERE state = ? ORDER BY group_id, node_id"
    return [
        Allowed(row.group_id, row.node_id, row.fingerprint)
        for row in run(conn, query, (known.ENROLLED,))
    ]


def identity_stamp(conn: Connection) -> int:
    """The number of the newest event of any identity: it changes whenever allowed_nodes may."""
    newest = run(conn, "SELECT COALESCE(MAX(number), 0) FROM node_identity").scalar_one()
    return int(newest)


def revoked_certificates(conn: Connection) -> Iterable[tuple[str, int, str]]:
    """Number of each certificate that was revoked, since when and why."""
    query = (
        "SELECT c.number, i.revoked_ms, i.why FROM node_certificate c "
        "JOIN node_identity i ON i.fingerprint = c.fingerprint WHERE i.state = ? ORDER BY c.number"
    )
    return [(row.number, row.revoked_ms, row.why) for row in run(conn, query, (known.GONE,))]


def keys_certified_by(conn: Connection, numbers: Iterable[str]) -> set[str]:
    """Fingerprints of the keys that certificates of these numbers are for."""
    query = "SELECT fingerprint FROM node_certificate WHERE number = ?"
    return {row.fingerprint for number in numbers for row in run(conn, query, (number,))}
