"""Surveys of furnaces and their thermocouples, as the ledger has them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.pyrometry import CHANGE, CHANGED, INSTALLED, SURVEYED, Survey, Thermocouple
from mes_server.domain.recalls import EVER_MS
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide, wide_or_null

STREAMS = ("pyrometry:",)


class SurveyRow(SQLModel, table=True):
    """One survey or change, as domain.pyrometry.Survey; `content` is JSON."""

    __tablename__ = "survey"
    __table_args__ = (Index("survey_station", "station", "test", "at_ms"), CLUSTERED)

    code: str = Field(primary_key=True)
    station: str
    test: str
    result: str
    content: str
    at_ms: int = wide()
    person: str
    signer: str
    number: int = wide()


class ThermocoupleRow(SQLModel, table=True):
    """One thermocouple; installed anew it begins anew, with the uses that are told then."""

    __tablename__ = "thermocouple"
    __table_args__ = (Index("thermocouple_station", "station"), CLUSTERED)

    code: str = Field(primary_key=True)
    station: str
    role: str
    content: str
    installed_ms: int = wide()
    removed_ms: int | None = wide_or_null()


_SURVEY = "code, station, test, result, content, at_ms, person, signer, number"


def follow(conn: Connection, event: Event) -> None:
    """Bring the tables up to an event of a furnace."""
    facts = event.facts()
    if event.kind in (SURVEYED, CHANGED):
        content = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        test, result = (CHANGE, "") if event.kind == CHANGED else (facts["test"], facts["result"])
        values = (
            facts["survey"], facts["station"], test, result, content, event.at_ms, event.person,
            facts.get("signer", ""), event.number,
        )  # fmt: skip
        run(conn, f"INSERT INTO survey ({_SURVEY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608
    elif event.kind == INSTALLED:
        _install(conn, facts, event.at_ms)
    else:
        query = "UPDATE thermocouple SET removed_ms = ? WHERE code = ?"
        run(conn, query, (event.at_ms, facts["thermocouple"]))


def _install(conn: Connection, facts: Mapping[str, Any], at_ms: int) -> None:
    run(conn, "DELETE FROM thermocouple WHERE code = ?", (facts["thermocouple"],))
    query = (
        "INSERT INTO thermocouple (code, station, role, content, installed_ms, removed_ms) "
        "VALUES (?, ?, ?, ?, ?, ?)"
    )
    content = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    named = (facts["thermocouple"], facts["station"], facts["role"])
    run(conn, query, (*named, content, at_ms, None))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM survey")
    run(conn, "DELETE FROM thermocouple")


def _survey(row: Row[Any]) -> Survey:
    return Survey(
        row.code, row.station, row.test, row.result, json.loads(row.content), row.at_ms, row.person,
        row.signer, row.number,
    )  # fmt: skip


def load_survey(conn: Connection, code: str) -> Survey | None:
    """A survey by its number."""
    row = run(conn, f"SELECT {_SURVEY} FROM survey WHERE code = ?", (code,)).first()  # noqa: S608
    return None if row is None else _survey(row)


def list_surveys(conn: Connection, station: str) -> list[Survey]:
    """The surveys and changes of a furnace, the oldest first."""
    query = f"SELECT {_SURVEY} FROM survey WHERE station = ? ORDER BY at_ms, number"  # noqa: S608
    return [_survey(row) for row in run(conn, query, (station,))]


def list_thermocouples(
    conn: Connection, station: str, before_ms: int = EVER_MS
) -> list[Thermocouple]:
    """Those that are or were installed in a furnace, each with the runs that used it since, begun before that time."""
    query = (
        "SELECT code, station, role, content, installed_ms, removed_ms FROM thermocouple "
        "WHERE station = ? ORDER BY removed_ms IS NOT NULL, role, code"
    )
    rows = run(conn, query, (station,)).all()
    uses = _uses(conn, [(row.code, row.installed_ms) for row in rows], before_ms)
    return [_thermocouple(row, uses[row.code]) for row in rows]


def load_thermocouple(conn: Connection, code: str) -> Thermocouple | None:
    """A thermocouple as it was installed last."""
    query = "SELECT code, station, role, content, installed_ms, removed_ms FROM thermocouple WHERE code = ?"
    row = run(conn, query, (code,)).first()
    return None if row is None else _thermocouple(row, _uses(conn, [(code, row.installed_ms)])[code])  # fmt: skip


def _uses(
    conn: Connection, installed: Sequence[tuple[str, int]], before_ms: int = EVER_MS
) -> dict[str, int]:
    query = (
        "SELECT count(DISTINCT r.code) FROM run_resource u JOIN run r ON r.code = u.run "
        "WHERE u.resource = ? AND coalesce(r.closed_ms, r.opened_ms) >= ? AND r.opened_ms < ?"
    )
    return {
        code: int(run(conn, query, (code, since, before_ms)).scalar() or 0)
        for code, since in installed
    }


def _thermocouple(row: Row[Any], uses: int) -> Thermocouple:
    said = json.loads(row.content)
    return Thermocouple(
        row.code, row.station, row.role, said["type"], row.installed_ms, row.removed_ms,
        uses + said["uses_before"],
    )  # fmt: skip


def surveyed_stations(conn: Connection) -> list[str]:
    """The stations of which a survey, a change or a thermocouple is known."""
    query = "SELECT station FROM survey UNION SELECT station FROM thermocouple ORDER BY station"
    return [row.station for row in run(conn, query)]
