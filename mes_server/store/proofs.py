"""Proofs of runs, as the ledger has them: what was judged when, the earlier ones too."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.proofs import OPEN, ProofRecord, proof_from
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide, wide_key

STREAMS = ("proof:",)
_IN_MAX = 500


class ProofRow(SQLModel, table=True):
    """One proof, as domain.proofs.ProofRecord; `content` is JSON, `number` that of its event in the ledger."""

    __tablename__ = "proof"
    __table_args__ = (Index("proof_run", "run", "number"), Index("proof_station", "station", "number"), CLUSTERED)  # fmt: skip

    number: int = wide_key()
    run: str
    station: str
    recipe: str
    verdict: str
    content: str
    at_ms: int = wide()
    person: str
    action: str = Field()


_COLUMNS = "number, run, station, recipe, verdict, content, at_ms, person, action"


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to a proof."""
    one = proof_from(event)
    content = json.dumps(one.content, sort_keys=True, ensure_ascii=False)
    values = (
        one.number, one.run, one.station, one.recipe, one.verdict, content, one.at_ms, one.person, one.action,
    )  # fmt: skip
    run(conn, f"INSERT INTO proof ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM proof")


def _proof(row: Row[Any]) -> ProofRecord:
    return ProofRecord(
        row.number, row.run, row.station, row.recipe, row.verdict, json.loads(row.content), row.at_ms,
        row.person, row.action,
    )  # fmt: skip


def list_proofs(conn: Connection, code: str) -> list[ProofRecord]:
    """The proofs of a run, the oldest first."""
    query = f"SELECT {_COLUMNS} FROM proof WHERE run = ? ORDER BY number"  # noqa: S608
    return [_proof(row) for row in run(conn, query, (code,))]


def newest_proofs(conn: Connection, runs: list[str]) -> dict[str, ProofRecord]:
    """The newest proof of each of these runs."""
    found: dict[str, ProofRecord] = {}
    for start in range(0, len(runs), _IN_MAX):
        part = tuple(runs[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        query = f"SELECT {_COLUMNS} FROM proof WHERE run IN ({marks}) ORDER BY number"  # noqa: S608
        found |= {row.run: _proof(row) for row in run(conn, query, part)}
    return found


def proofs_at(conn: Connection, station: str, limit: int) -> list[ProofRecord]:
    """The last proofs of a station, the newest first."""
    query = f"SELECT {_COLUMNS} FROM proof WHERE station = ? ORDER BY number DESC LIMIT ?"  # noqa: S608
    return [_proof(row) for row in run(conn, query, (station, limit))]


def last_proven(conn: Connection, station: str, recipe: str, before_ms: int) -> str:
    """The last run of a station with that recipe that was begun before then and is proven; "" when there is none."""
    query = (
        "SELECT p.run FROM proof p JOIN run r ON r.code = p.run WHERE p.station = ? AND p.recipe = ? "
        "AND p.verdict = 'proven' AND r.opened_ms < ? ORDER BY r.opened_ms DESC LIMIT 1"
    )
    return str(run(conn, query, (station, recipe, before_ms)).scalar() or "")


def unproven_runs(conn: Connection, operations: Sequence[str], since_ms: int) -> list[str]:
    """Runs of these operations, closed since then, without a proof or with a newest one that is not proven for want
    of data, or waits for a check, or leaned on one that was voided; the oldest first."""
    marks = ", ".join("?" * len(operations))
    query = (
        "SELECT r.code FROM run r LEFT JOIN proof p ON p.run = r.code AND p.number = "  # noqa: S608
        "(SELECT max(number) FROM proof WHERE run = r.code) "
        f"WHERE r.closed_ms >= ? AND r.operation IN ({marks}) "
        "AND (p.verdict IS NULL OR p.verdict = 'not_proven' OR p.content LIKE ? OR (p.verdict = 'proven' AND "
        "EXISTS (SELECT 1 FROM check_done c WHERE c.voided <> '' AND "
        "(c.run = r.code OR (c.at_ms >= ? AND p.content LIKE ?))))) "
        "ORDER BY r.closed_ms, r.code"
    )
    leans = '%"diffusion": [{%'  # HcJ is measured elsewhere: on coupons, in other runs
    asked = (since_ms, *operations, f'%"{OPEN}"%', since_ms, leans)
    return [row.code for row in run(conn, query, asked)]
