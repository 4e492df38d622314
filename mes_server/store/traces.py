"""Walks over the edges between lots, and what a suspicion begins with.

Forward, an edge counts when it left a lot at or after the moment from which that lot is affected: what was
split off before the bad run is free. Back, when it led into a lot before the moment looked at.
"""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from mes_server.domain.charges import Run
from mes_server.domain.genealogy import BACK
from mes_server.domain.lines import MOUNTED
from mes_server.domain.recalls import Flow, Found
from mes_server.store.tables import run

_FOUND = (
    "code, kind, part, status, place, run, operation, shipment, pieces, mass_mg, area_mm2, holds"
)


def _pairs(conn: Connection) -> str:
    """The rows (key, value) of a JSON object of integers, as a query with one parameter."""
    if conn.dialect.name == "sqlite":
        return "SELECT key, value FROM json_each(?)"
    return "SELECT key, value::text::bigint FROM json_each(?::json)"


def _list(conn: Connection) -> str:
    """The rows (value) of a JSON list of texts, as a table with one parameter."""
    if conn.dialect.name == "sqlite":
        return "json_each(?)"
    return "json_array_elements_text(?::json)"


def reach(conn: Connection, starts: Mapping[str, int], direction: str) -> dict[str, int]:
    """All lots that lie BACK or FORWARD of the starts, with these, and from (until) when each counts.

    One recursive query, its answer as one text: 43,000 rows would cost Python more than the walk.
    """
    near, far, keeps = ("child", "parent", "<=") if direction == BACK else ("parent", "child", ">=")
    best = max if direction == BACK else min
    joined = "group_concat({0})" if conn.dialect.name == "sqlite" else "string_agg({0}::text, ',')"
    query = (
        f"WITH RECURSIVE walk(lot, at_ms) AS ({_pairs(conn)} UNION "  # noqa: S608
        f"SELECT e.{far}, e.at_ms FROM walk w JOIN lot_edge e ON e.{near} = w.lot AND e.at_ms {keeps} w.at_ms) "
        f"SELECT {joined.format('lot')} AS lots, {joined.format('at_ms')} AS times FROM walk"
    )
    row = run(conn, query, (json.dumps(dict(starts)),)).one()
    found: dict[str, int] = {}
    if row.lots is None:
        return found
    for lot, at_ms in zip(row.lots.split(","), map(int, row.times.split(",")), strict=True):
        found[lot] = best(at_ms, found.get(lot, at_ms))
    return found


def load_found(conn: Connection, lots: Mapping[str, int]) -> list[Found]:
    """These lots as they are now, by code."""
    query = f"SELECT {_FOUND} FROM {_list(conn)} asked JOIN lot ON lot.code = asked.value"  # noqa: S608
    found = [
        Found(
            row.code, row.kind, row.part, row.status, row.place, row.run, row.operation, row.shipment,
            row.pieces, row.mass_mg, row.area_mm2, row.holds != "{}", lots[row.code],
        )
        for row in run(conn, query, (json.dumps(list(lots)),))
    ]  # fmt: skip
    return sorted(found, key=lambda lot: lot.code)


def flows_into(conn: Connection, lots: Iterable[str]) -> list[Flow]:
    """The edges that lead to these lots."""
    query = (
        f"SELECT e.parent, e.child, e.at_ms, e.mass_mg FROM {_list(conn)} asked "  # noqa: S608
        "JOIN lot_edge e ON e.child = asked.value"
    )
    return [
        Flow(row.parent, row.child, row.at_ms, row.mass_mg)
        for row in run(conn, query, (json.dumps(list(lots)),))
    ]


def flows_from(conn: Connection, lot: str, from_ms: int) -> list[Flow]:
    """The edges that left a lot from a moment on."""
    query = "SELECT parent, child, at_ms, mass_mg FROM lot_edge WHERE parent = ? AND at_ms >= ?"
    return [
        Flow(row.parent, row.child, row.at_ms, row.mass_mg)
        for row in run(conn, query, (lot, from_ms))
    ]


def lots_in_runs(conn: Connection, runs: Iterable[str]) -> dict[str, int]:
    """The lots that were in any of these runs, with the time each went in first."""
    query = (
        f"SELECT lot, min(from_ms) AS at_ms FROM {_list(conn)} asked "  # noqa: S608
        "JOIN run_lot ON run_lot.run = asked.value GROUP BY lot"
    )
    rows = run(conn, query, (json.dumps(list(runs)),))
    return {row.lot: row.at_ms for row in rows}


def lots_served(conn: Connection, resources: Mapping[str, int]) -> dict[str, int]:
    """The lots of the runs that used any of these since it counts, with the time each went in first."""
    query = (
        f"SELECT l.lot, min(l.from_ms) AS at_ms FROM ({_pairs(conn)}) asked "  # noqa: S608
        "JOIN run_resource u ON u.resource = asked.key "
        "JOIN run r ON r.code = u.run AND (r.closed_ms IS NULL OR r.closed_ms >= asked.value) "
        "JOIN run_lot l ON l.run = u.run GROUP BY l.lot"
    )
    rows = run(conn, query, (json.dumps(dict(resources)),))
    return {row.lot: row.at_ms for row in rows}


def lots_of_supplier(conn: Connection, supplier_lot: str) -> list[str]:
    """The lots that came under a supplier's number, and what kept it since."""
    query = "SELECT code FROM lot WHERE supplier_lot = ? ORDER BY code"
    return [row.code for row in run(conn, query, (supplier_lot,))]


def streams_of_person(conn: Connection, person: str, from_ms: int, to_ms: int) -> dict[str, int]:
    """The streams of the ledger a person wrote to in a span, with the time of the first event of each."""
    query = (
        "SELECT stream, min(at_ms) AS at_ms FROM ledger WHERE person = ? AND at_ms BETWEEN ? AND ? "
        "GROUP BY stream"
    )
    return {row.stream: row.at_ms for row in run(conn, query, (person, from_ms, to_ms))}


class Mounted(NamedTuple):
    """From `at_ms` on a station used a resource."""

    station: str
    resource: str
    at_ms: int


def mounted_by(conn: Connection, person: str, from_ms: int, to_ms: int) -> list[Mounted]:
    """What a person mounted in a span, and where."""
    query = (
        "SELECT stream, at_ms, content FROM ledger WHERE person = ? AND at_ms BETWEEN ? AND ? "
        "AND kind = ? ORDER BY number"
    )
    return [
        Mounted(row.stream.removeprefix("line:"), json.loads(row.content)["resource"], row.at_ms)
        for row in run(conn, query, (person, from_ms, to_ms, MOUNTED))
    ]


def customers_of(conn: Connection, shipments: Iterable[str]) -> dict[str, str]:
    """Who got each shipment, as its event in the ledger says; "" where it does not."""
    streams = [f"shipment:{code}" for code in sorted(set(shipments))]
    query = (
        f"SELECT stream, content FROM {_list(conn)} asked "  # noqa: S608
        "JOIN ledger ON ledger.stream = asked.value WHERE kind = 'shipped'"
    )
    return {
        row.stream.removeprefix("shipment:"): str(json.loads(row.content).get("customer", ""))
        for row in run(conn, query, (json.dumps(streams),))
    }


def runs_of_lots(conn: Connection, until: Mapping[str, int], most: int) -> list[Run]:
    """The runs that these lots went into, each until its moment; the newest, the last one first."""
    query = (
        f"WITH asked(lot, at_ms) AS ({_pairs(conn)}) SELECT DISTINCT r.code, r.station, r.operation, "  # noqa: S608
        "r.recipe, r.opened_ms, r.closed_ms FROM asked a JOIN run_lot l ON l.lot = a.lot "
        "AND l.from_ms <= a.at_ms JOIN run r ON r.code = l.run ORDER BY r.opened_ms DESC, r.code LIMIT ?"
    )
    rows = run(conn, query, (json.dumps(dict(until)), most))
    return [Run(r.code, r.station, r.operation, r.opened_ms, r.recipe, r.closed_ms) for r in rows]
