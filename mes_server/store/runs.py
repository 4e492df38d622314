"""Runs of stations: when they began and ended, which lots were in them when, and what they used."""

from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.charges import Inside, Run
from mes_server.store.tables import CLUSTERED, partial_index, run, run_many, wide, wide_or_null


class RunRow(SQLModel, table=True):
    """One run; at most one is open at a station."""

    __tablename__ = "run"
    __table_args__ = (
        Index("run_station", "station", "opened_ms"),
        partial_index("run_open", "station", where="closed_ms IS NULL", unique=True),
        CLUSTERED,
    )

    code: str = Field(primary_key=True)
    station: str
    operation: str
    recipe: str
    opened_ms: int = wide()
    closed_ms: int | None = wide_or_null()


class RunLotRow(SQLModel, table=True):
    """A lot was in a run, from `from_ms` until the run was closed. `heavy`: it held Dy/Tb then."""

    __tablename__ = "run_lot"
    __table_args__ = (Index("run_lot_lot", "lot"), CLUSTERED)

    run: str = Field(primary_key=True)
    lot: str = Field(primary_key=True)
    from_ms: int = wide()
    heavy: bool
    position: str


class RunResourceRow(SQLModel, table=True):
    """A run used something that others use, too: a bath make-up, a target, a thermocouple, a jig."""

    __tablename__ = "run_resource"
    __table_args__ = (Index("run_resource_resource", "resource"), CLUSTERED)

    run: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    resource: str = Field(primary_key=True)


_RUN = "code, station, operation, recipe, opened_ms, closed_ms"


def _run(row: Row[Any]) -> Run:
    """Without its lots and resources."""
    return Run(row.code, row.station, row.operation, row.opened_ms, row.recipe, row.closed_ms)


def _one(conn: Connection, where: str, value: str) -> Run | None:
    row = run(conn, f"SELECT {_RUN} FROM run WHERE {where}", (value,)).first()  # noqa: S608
    return None if row is None else _run(row)


def load_run(conn: Connection, code: str) -> Run | None:
    """A run by its code."""
    return _one(conn, "code = ?", code)


def open_run_at(conn: Connection, station: str) -> Run | None:
    """The run that is open at a station."""
    return _one(conn, "station = ? AND closed_ms IS NULL", station)


def save_run(conn: Connection, kept: Run) -> None:
    """Keep a run as it is now."""
    drop_run(conn, kept.code)
    values = (kept.code, kept.station, kept.operation, kept.recipe, kept.opened_ms, kept.closed_ms)
    run(conn, f"INSERT INTO run ({_RUN}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608
    run_many(
        conn,
        "INSERT INTO run_lot (run, lot, from_ms, heavy, position) VALUES (?, ?, ?, ?, ?)",
        [(kept.code, i.lot, i.from_ms, i.heavy, i.position) for i in kept.lots],
    )
    rows = [(kept.code, role, resource) for role, resource in kept.resources]
    run_many(conn, "INSERT INTO run_resource (run, role, resource) VALUES (?, ?, ?)", rows)


def drop_run(conn: Connection, code: str) -> None:
    """The run never was: what opened it was corrected."""
    for table, column in (("run", "code"), ("run_lot", "run"), ("run_resource", "run")):
        run(conn, f"DELETE FROM {table} WHERE {column} = ?", (code,))  # noqa: S608


def drop_all_runs(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    for table in ("run", "run_lot", "run_resource"):
        run(conn, f"DELETE FROM {table}")  # noqa: S608


def was_heavy(conn: Connection, code: str) -> bool:
    """Whether any lot of a run held Dy/Tb."""
    query = "SELECT count(*) FROM run_lot WHERE run = ? AND heavy"
    return bool(run(conn, query, (code,)).scalar())


def close_run(conn: Connection, code: str, at_ms: int) -> None:
    """The run is over."""
    run(conn, "UPDATE run SET closed_ms = ? WHERE code = ?", (at_ms, code))


def runs_of_lot(conn: Connection, lot: str) -> list[tuple[Run, int]]:
    """The runs a lot was in, the oldest first, with the time it went in."""
    columns = ", ".join(f"r.{name.strip()}" for name in _RUN.split(","))
    query = (
        f"SELECT {columns}, l.from_ms FROM run_lot l JOIN run r ON r.code = l.run "  # noqa: S608
        "WHERE l.lot = ? ORDER BY l.from_ms, r.code"
    )
    return [(_run(row), row.from_ms) for row in run(conn, query, (lot,))]


def lots_of_run(conn: Connection, code: str) -> list[tuple[str, int]]:
    """The lots that were in a run, with the time each went in."""
    query = "SELECT lot, from_ms FROM run_lot WHERE run = ? ORDER BY from_ms, lot"
    return [(row.lot, row.from_ms) for row in run(conn, query, (code,))]


def lots_inside(conn: Connection) -> dict[str, list[str]]:
    """The lots of every open run, by station."""
    query = (
        "SELECT r.station, l.lot FROM run r JOIN run_lot l ON l.run = r.code "
        "WHERE r.closed_ms IS NULL ORDER BY r.station, l.from_ms, l.lot"
    )
    found: dict[str, list[str]] = {}
    for row in run(conn, query):
        found.setdefault(row.station, []).append(row.lot)
    return found


def resources_of_run(conn: Connection, code: str) -> list[tuple[str, str]]:
    """What a run used, with the role it had."""
    query = "SELECT role, resource FROM run_resource WHERE run = ? ORDER BY role, resource"
    return [(row.role, row.resource) for row in run(conn, query, (code,))]


def what_is_inside(conn: Connection, code: str) -> list[Inside]:
    """The lots of a run with where each lies in it."""
    query = "SELECT lot, from_ms, heavy, position FROM run_lot WHERE run = ? ORDER BY from_ms, lot"
    return [
        Inside(row.lot, row.from_ms, bool(row.heavy), row.position)
        for row in run(conn, query, (code,))
    ]


def runs_with(conn: Connection, resource: str) -> list[str]:
    """The runs that used a resource."""
    query = "SELECT DISTINCT run FROM run_resource WHERE resource = ? ORDER BY run"
    return [row.run for row in run(conn, query, (resource,))]


def runs_at(conn: Connection, station: str, from_ms: int, to_ms: int) -> list[Run]:
    """The runs of a station that touch a span, the oldest first."""
    query = (
        f"SELECT {_RUN} FROM run WHERE station = ? AND opened_ms <= ? "  # noqa: S608
        "AND coalesce(closed_ms, ?) >= ? ORDER BY opened_ms"
    )
    return [_run(row) for row in run(conn, query, (station, to_ms, to_ms, from_ms))]


def last_run_at(conn: Connection, station: str) -> Run | None:
    """The last run of a station that is over."""
    return _one(
        conn, "station = ? AND closed_ms IS NOT NULL ORDER BY closed_ms DESC LIMIT 1", station
    )
