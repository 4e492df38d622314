"""Queries of the binder: the newest records of a kind all over the plant."""

import json
from typing import Any

from sqlalchemy import Connection

from mes_server.store.tables import run


def newest_events(conn: Connection, kind: str, limit: int) -> tuple[list[dict[str, Any]], int]:
    """The newest events of a kind, the newest first, and how many there are."""
    whole = int(run(conn, "SELECT count(*) FROM ledger WHERE kind = ?", (kind,)).scalar_one())
    query = (
        "SELECT number, stream, at_ms, person, place, reason, content FROM ledger WHERE kind = ? "
        "ORDER BY number DESC LIMIT ?"
    )
    rows = run(conn, query, (kind, limit))
    return [
        {
            "number": r.number, "stream": r.stream, "at_ms": r.at_ms, "person": r.person,
            "place": r.place, "reason": r.reason, "facts": json.loads(r.content),
        }
        for r in rows
    ], whole  # fmt: skip


def count_lots(conn: Connection) -> list[tuple[str, str, int, int]]:
    """Kind, status, how many, and how many of them are held."""
    query = (
        "SELECT kind, status, count(*) AS lots, sum(CASE WHEN holds <> '{}' THEN 1 ELSE 0 END) AS held "
        "FROM lot GROUP BY kind, status ORDER BY kind, status"
    )
    return [(row.kind, row.status, row.lots, int(row.held)) for row in run(conn, query)]


def count_labels(conn: Connection) -> tuple[int, int]:
    """Labels that were printed, and how many of them are void."""
    row = run(conn, "SELECT count(*) AS printed, count(voided_ms) AS voided FROM label").one()
    return int(row.printed), int(row.voided)


def used_resources(conn: Connection, limit: int) -> list[tuple[str, str, int]]:
    """Role, name and in how many runs it was used; the most used first."""
    query = (
        "SELECT role, resource, count(*) AS runs FROM run_resource GROUP BY role, resource "
        "ORDER BY runs DESC, role, resource LIMIT ?"
    )
    return [(row.role, row.resource, row.runs) for row in run(conn, query, (limit,))]


def lots_that_expire(conn: Connection, limit: int) -> list[tuple[str, str, int, str]]:
    """Code, kind, until when, and status of lots with a shelf life; the next to run out first."""
    query = (
        "SELECT code, kind, expires_ms, status FROM lot WHERE expires_ms IS NOT NULL "
        "ORDER BY expires_ms, code LIMIT ?"
    )
    return [(row.code, row.kind, row.expires_ms, row.status) for row in run(conn, query, (limit,))]


def received_lots(conn: Connection, limit: int) -> list[tuple[str, str, str, str, int]]:
    """Code, kind, part, supplier's lot and birth of what came from outside, the newest first."""
    query = (
        "SELECT code, kind, part, supplier_lot, born_ms FROM lot WHERE kind IN ('raw', 'recycled', 'target', 'slurry') "
        "ORDER BY born_ms DESC, code LIMIT ?"
    )
    rows = run(conn, query, (limit,))
    return [(row.code, row.kind, row.part, row.supplier_lot, row.born_ms) for row in rows]
