"""Lots as they are now, and the edges between them: computed from the ledger, in its transactions.

Both can be thrown away and made anew (`actions.record_events.rebuild_lots`); the ledger cannot.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Index, Row, text
from sqlmodel import Field, SQLModel

from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, Edge
from mes_server.domain.lots import ACTIVE, Lot
from mes_server.store.tables import CLUSTERED, run, run_many, wide, wide_or_null

_IN_MAX = 500


class LotRow(SQLModel, table=True):
    """One lot, as domain.lots.Lot; `elements`, `done`, `holds` and `reworks` are JSON."""

    __tablename__ = "lot"
    __table_args__ = (
        Index("lot_place", "place", "status"),
        Index("lot_status", "status", "born_ms"),
        Index("lot_born", "born_ms", "code"),
        Index("lot_run", "run"),
        Index("lot_shipment", "shipment"),
        Index("lot_supplier_lot", "supplier_lot"),
        Index("lot_waiting", "status", "route", "done", "first", "born_ms", "code"),
        CLUSTERED,
    )

    code: str = Field(primary_key=True)
    kind: str
    part: str
    grade: str
    route: str
    status: str
    place: str
    run: str
    operation: str
    shipment: str
    first: str = Field(sa_column_kwargs={"server_default": text("''")})
    supplier_lot: str = Field(sa_column_kwargs={"server_default": text("''")})
    pieces: int = wide()
    mass_mg: int = wide()
    area_mm2: int = wide()
    elements: str
    done: str
    holds: str
    reworks: str
    born_ms: int = wide()
    expires_ms: int | None = wide_or_null()
    length: int


class EdgeRow(SQLModel, table=True):
    """So much of `parent` went into `child` by an action."""

    __tablename__ = "lot_edge"
    __table_args__ = (
        Index("lot_edge_back", "child", "at_ms", "parent"),
        Index("lot_edge_forward", "parent", "at_ms", "child"),
        Index("lot_edge_action", "action"),
        CLUSTERED,
    )

    parent: str = Field(primary_key=True)
    child: str = Field(primary_key=True)
    action: str = Field(primary_key=True)
    why: str
    at_ms: int = wide()
    pieces: int = wide()
    mass_mg: int = wide()
    area_mm2: int = wide()
    elements: str


_LOT = (
    "code", "kind", "part", "grade", "route", "status", "place", "run", "operation", "shipment",
    "first", "supplier_lot", "pieces", "mass_mg", "area_mm2", "elements", "done", "holds", "reworks", "born_ms",
    "expires_ms", "length",
)  # fmt: skip
_EDGE = ("parent", "child", "action", "why", "at_ms", "pieces", "mass_mg", "area_mm2", "elements")


def _insert(table: str, columns: Sequence[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def save_lots(conn: Connection, lots: Sequence[Lot]) -> None:
    """Keep the lots as they are now."""
    run_many(conn, "DELETE FROM lot WHERE code = ?", [(lot.code,) for lot in lots])
    rows = [
        (
            lot.code, lot.kind, lot.part, lot.grade, lot.route, lot.status, lot.place, lot.run,
            lot.operation, lot.shipment, lot.first, lot.supplier_lot, lot.amount.pieces, lot.amount.mass_mg, lot.amount.area_mm2,
            _json(dict(lot.amount.elements)), _json(lot.done), _json(dict(lot.holds)),
            _json(dict(lot.reworks)), lot.born_ms, lot.expires_ms, lot.length,
        )
        for lot in lots
    ]  # fmt: skip
    run_many(conn, _insert("lot", _LOT), rows)


def drop_lot(conn: Connection, code: str) -> None:
    """The lot never came to be: what made it was corrected."""
    run(conn, "DELETE FROM lot WHERE code = ?", (code,))


def _amount(row: Row[Any]) -> Amount:
    return Amount(row.pieces, row.mass_mg, row.area_mm2, json.loads(row.elements))


def _lot(row: Row[Any]) -> Lot:
    return Lot(
        row.code, row.kind, row.part, row.grade, row.route, _amount(row), row.place, row.born_ms,
        row.expires_ms, row.run, row.operation, tuple(json.loads(row.done)), json.loads(row.holds),
        json.loads(row.reworks), row.shipment, row.first, row.supplier_lot, row.length,
    )  # fmt: skip


def lots_where(conn: Connection, where: str, parameters: tuple[str | int, ...]) -> list[Lot]:
    """Lots by a condition over the columns of LotRow; for the queries of this floor."""
    query = f"SELECT {', '.join(_LOT)} FROM lot WHERE {where}"  # noqa: S608
    return [_lot(row) for row in run(conn, query, parameters)]


def load_lot(conn: Connection, code: str) -> Lot | None:
    """A lot as it is now."""
    found = lots_where(conn, "code = ?", (code,))
    return found[0] if found else None


def load_lots(conn: Connection, codes: Iterable[str]) -> dict[str, Lot]:
    """Those of the lots that there are, by code."""
    wanted = sorted(set(codes))
    found: dict[str, Lot] = {}
    for start in range(0, len(wanted), _IN_MAX):
        part = tuple(wanted[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        found |= {lot.code: lot for lot in lots_where(conn, f"code IN ({marks})", part)}
    return found


def lots_in_run(conn: Connection, code: str) -> list[Lot]:
    """The lots that are in a run now, by code."""
    return lots_where(conn, "run = ? ORDER BY code", (code,))


def list_lots(conn: Connection, after: str = "", limit: int = 100, **same: str) -> list[Lot]:
    """Lots by code, those behind `after`, with these values in these columns of LotRow."""
    unknown = set(same) - {
        "kind",
        "part",
        "grade",
        "route",
        "status",
        "place",
        "shipment",
        "supplier_lot",
    }
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    where = " AND ".join(["code > ?", *(f"{name} = ?" for name in same)])
    return lots_where(conn, f"{where} ORDER BY code LIMIT ?", (after, *same.values(), limit))


class Standing(NamedTuple):
    """Where lots stand on a route: what they had, and what must come first."""

    route: str
    done: tuple[str, ...]
    first: str


def waiting_states(conn: Connection) -> list[tuple[Standing, int]]:
    """Where active lots stand, and how many stand there."""
    query = (
        "SELECT route, done, first, count(*) AS lots FROM lot WHERE status = ? "
        "GROUP BY route, done, first"
    )
    rows = run(conn, query, (ACTIVE,))
    return [(Standing(r.route, tuple(json.loads(r.done)), r.first), r.lots) for r in rows]


def lots_waiting(conn: Connection, at: Standing, limit: int) -> list[Lot]:
    """The active lots that stand there, the oldest first."""
    where = "status = ? AND route = ? AND done = ? AND first = ? ORDER BY born_ms, code LIMIT ?"
    done = _json(list(at.done))
    return lots_where(conn, where, (ACTIVE, at.route, done, at.first, limit))


def append_edges(conn: Connection, edges: Sequence[Edge]) -> None:
    """Keep edges."""
    rows = [
        (
            e.parent, e.child, e.action, e.why, e.at_ms, e.amount.pieces, e.amount.mass_mg,
            e.amount.area_mm2, _json(dict(e.amount.elements)),
        )
        for e in edges
    ]  # fmt: skip
    run_many(conn, _insert("lot_edge", _EDGE), rows)


def drop_edges(conn: Connection, child: str) -> None:
    """What went into a lot is told anew: something of it was corrected."""
    run(conn, "DELETE FROM lot_edge WHERE child = ?", (child,))


def list_edges(conn: Connection, codes: Sequence[str], direction: str) -> list[Edge]:
    """The edges that lead to these lots (BACK) or from them (FORWARD)."""
    column = "child" if direction == BACK else "parent"
    found = []
    for start in range(0, len(codes), _IN_MAX):
        part = tuple(codes[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        query = f"SELECT {', '.join(_EDGE)} FROM lot_edge WHERE {column} IN ({marks})"  # noqa: S608
        found += [
            Edge(row.parent, row.child, row.why, row.action, row.at_ms, _amount(row))
            for row in run(conn, f"{query} ORDER BY parent, child, action", part)
        ]
    return found


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    for table in ("lot", "lot_edge"):
        run(conn, f"DELETE FROM {table}")  # noqa: S608


def lots_of_shipment(conn: Connection, shipment: str) -> list[str]:
    """The lots that left with a shipment, by code."""
    rows = run(conn, "SELECT code FROM lot WHERE shipment = ? ORDER BY code", (shipment,))
    return [str(row.code) for row in rows]


def lots_around(conn: Connection, lot: Lot, limit: int) -> tuple[list[str], list[str]]:
    """The last lots of the same part and kind that came to be before a lot, and the first from it on, by birth."""
    same = "SELECT code FROM lot WHERE part = ? AND kind = ? AND "
    earlier = f"{same}(born_ms < ? OR (born_ms = ? AND code < ?)) ORDER BY born_ms DESC, code DESC LIMIT ?"
    later = f"{same}(born_ms > ? OR (born_ms = ? AND code >= ?)) ORDER BY born_ms, code LIMIT ?"
    values = (lot.part, lot.kind, lot.born_ms, lot.born_ms, lot.code, limit)
    before = [str(row.code) for row in run(conn, earlier, values)]
    return before[::-1], [str(row.code) for row in run(conn, later, values)]
