"""Checks and their readings, computed from the ledger; found by lot, run, station, gauge and characteristic."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.checks import RECORDED, Check, check_from, reading_of
from mes_server.domain.documents import Document
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide

STREAMS = ("checks:",)
_IN_MAX = 500


class CheckRow(SQLModel, table=True):
    """One check, as domain.checks.Check; `readings` is JSON, as written."""

    __tablename__ = "check_done"
    __table_args__ = (
        Index("check_lot", "lot", "at_ms"),
        Index("check_run", "run"),
        Index("check_place", "place", "characteristic", "at_ms"),
        Index("check_gauge", "gauge", "at_ms"),
        Index("check_line", "part", "characteristic", "at_ms"),
        CLUSTERED,
    )

    code: str = Field(primary_key=True)
    at_ms: int = wide()
    noted_ms: int = wide()
    person: str
    place: str
    plan: str
    characteristic: str
    operation: str
    moment: str
    lot: str
    run: str
    part: str
    gauge: str
    readings: str
    sample: int
    rejected: int
    verdict: str
    source: str
    temperature_c: str
    note: str
    action: str
    voided: str


_COLUMNS = (
    "code", "at_ms", "noted_ms", "person", "place", "plan", "characteristic", "operation", "moment", "lot", "run",
    "part", "gauge", "readings", "sample", "rejected", "verdict", "source", "temperature_c", "note", "action",
    "voided",
)  # fmt: skip


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to an event of a check."""
    facts = event.facts()
    if event.kind == RECORDED:
        check = check_from(event)
        written = json.dumps(facts["readings"], sort_keys=True, ensure_ascii=False)
        values = {name: getattr(check, name) for name in _COLUMNS} | {"readings": written}
        marks = ", ".join("?" * len(_COLUMNS))
        query = f"INSERT INTO check_done ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608
        run(conn, query, tuple(values[name] for name in _COLUMNS))
    else:
        query = "UPDATE check_done SET voided = ? WHERE code = ?"
        run(conn, query, (event.reason, facts["check"]))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM check_done")


def _check(row: Row[Any]) -> Check:
    said = {name: getattr(row, name) for name in _COLUMNS}
    readings = tuple(map(reading_of, json.loads(said.pop("readings"))))
    return Check(**said, readings=readings)


def load_check(conn: Connection, code: str) -> Check | None:
    """A check by its number."""
    found = _where(conn, "code = ?", (code,))
    return found[0] if found else None


def _where(conn: Connection, where: str, values: tuple[str | int, ...]) -> list[Check]:
    query = f"SELECT {', '.join(_COLUMNS)} FROM check_done WHERE {where}"  # noqa: S608
    return [_check(row) for row in run(conn, query, values)]


def list_checks(
    conn: Connection, since_ms: int = 0, until_ms: int = 2**62, limit: int = 100_000, **same: str
) -> list[Check]:
    """Checks of a span by time, with these values in these columns of CheckRow; voided ones, too."""
    unknown = set(same) - set(_COLUMNS)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    parts = [f"{name} = ?" for name in same]
    where = " AND ".join([*parts, "at_ms >= ? AND at_ms <= ? ORDER BY at_ms, code LIMIT ?"])
    return _where(conn, where, (*same.values(), since_ms, until_ms, limit))


def checks_of_runs(conn: Connection, runs: Sequence[str]) -> list[Check]:
    """The checks of these runs, by time."""
    return _among(conn, "run", runs)


def checks_of_lots(conn: Connection, lots: Sequence[str]) -> list[Check]:
    """The checks of these lots, by time."""
    return _among(conn, "lot", lots)


def _among(conn: Connection, column: str, values: Sequence[str]) -> list[Check]:
    found: list[Check] = []
    for start in range(0, len(values), _IN_MAX):
        part = tuple(values[start : start + _IN_MAX])
        marks = ", ".join("?" * len(part))
        found += _where(conn, f"{column} IN ({marks})", part)
    return sorted(found, key=lambda one: (one.at_ms, one.code))


def newest_of(conn: Connection, place: str, characteristic: str, until_ms: int) -> list[Check]:
    """Of each part the newest check of a characteristic at a place that counts, none behind that time."""
    query = (
        "SELECT part, max(at_ms) AS at_ms FROM check_done WHERE place = ? AND characteristic = ? "
        "AND at_ms <= ? AND voided = '' GROUP BY part ORDER BY part"
    )
    found = []
    for row in run(conn, query, (place, characteristic, until_ms)).all():
        same = (place, characteristic, row.part, row.at_ms)
        where = "place = ? AND characteristic = ? AND part = ? AND at_ms = ? AND voided = ''"
        found += _where(conn, f"{where} ORDER BY noted_ms, code", same)
    return found


def newest_checks(conn: Connection, limit: int) -> list[Check]:
    """The last checks that were made, the newest first."""
    return _where(conn, "voided IS NOT NULL ORDER BY at_ms DESC, code DESC LIMIT ?", (limit,))


def open_runs_under(conn: Connection, plan: Document) -> list[str]:
    """The open runs with lots of parts that a plan is for: they were begun under it."""
    parts = [str(part) for part in plan.content.get("parts", ())]
    if not parts:
        return []
    marks = ", ".join("?" * len(parts))
    query = (
        "SELECT DISTINCT r.code FROM run r JOIN run_lot i ON i.run = r.code JOIN lot l ON l.code = i.lot "  # noqa: S608
        f"WHERE r.closed_ms IS NULL AND l.part IN ({marks}) AND r.opened_ms >= ? ORDER BY r.code"
    )
    return [row.code for row in run(conn, query, (*parts, plan.released_ms))]


def other_part_ran(conn: Connection, station: str, part: str) -> int:
    """When a lot of another part last went into a run of the station; 0: never."""
    query = (
        "SELECT max(i.from_ms) FROM run r JOIN run_lot i ON i.run = r.code JOIN lot l ON l.code = i.lot "
        "WHERE r.station = ? AND l.part <> ?"
    )
    return int(run(conn, query, (station, part)).scalar() or 0)
