"""Meters that were exchanged or read by hand, computed from the ledger."""

import json
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import SQLModel

from mes_server.domain.decimals import figure, figure_or_none
from mes_server.domain.seal import Event
from mes_server.domain.water_records import EXCHANGED, NOTE_VOIDED, READ, MeterNote
from mes_server.store.tables import CLUSTERED, run, wide, wide_key

STREAMS = ("meter:",)


class MeterNoteRow(SQLModel, table=True):
    """An exchange or a reading by hand, as domain.water_records.MeterNote; `content`: its figures as JSON."""

    __tablename__ = "meter_note"
    __table_args__ = (
        Index("meter_note_of", "station", "metric", "at_ms"),
        Index("meter_note_meter", "meter", "at_ms"),
        CLUSTERED,
    )

    number: int = wide_key()
    meter: str
    station: str
    metric: str
    kind: str
    at_ms: int = wide()
    person: str
    content: str
    voided: str


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to an event of a meter."""
    facts = event.facts()
    if event.kind == NOTE_VOIDED:
        query = "UPDATE meter_note SET voided = ? WHERE meter = ? AND number = ?"
        meter = event.stream.removeprefix("meter:")
        run(conn, query, (event.reason, meter, facts["number"]))
        return
    said = {name: facts.get(name, "") for name in ("before", "after", "note")}
    query = (
        "INSERT INTO meter_note (number, meter, station, metric, kind, at_ms, person, content, voided) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')"
    )
    content = json.dumps(said, sort_keys=True, ensure_ascii=False)
    about = (event.stream.removeprefix("meter:"), facts["station"], facts["metric"])
    when = (event.kind, facts["at_ms"], facts["person"])
    run(conn, query, (event.number, *about, *when, content))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM meter_note")


_NOTE = "number, meter, station, metric, kind, at_ms, person, content, voided"


def _note(row: Row[Any]) -> MeterNote:
    said = json.loads(row.content)
    return MeterNote(
        row.number, row.meter, row.station, row.metric, row.kind, row.at_ms, row.person,
        figure_or_none(said["before"]), figure(said["after"]), said["note"], row.voided,
    )  # fmt: skip


def exchanges_of(
    conn: Connection, station: str, metric: str, from_ms: int, to_ms: int
) -> list[int]:
    """When another meter was put in, in [from, to], in their order."""
    query = (
        "SELECT at_ms FROM meter_note WHERE station = ? AND metric = ? AND kind = ? AND voided = '' "
        "AND at_ms BETWEEN ? AND ? ORDER BY at_ms"
    )
    rows = run(conn, query, (station, metric, EXCHANGED, from_ms, to_ms))
    return [row.at_ms for row in rows]


def hand_readings_of(conn: Connection, meter: str, from_ms: int, to_ms: int) -> list[MeterNote]:
    """What was read of a meter by hand in [from, to], in its order; exchanges are readings, too."""
    query = (
        f"SELECT {_NOTE} FROM meter_note WHERE meter = ? AND kind IN (?, ?) AND voided = '' "  # noqa: S608
        "AND at_ms BETWEEN ? AND ? ORDER BY at_ms, number"
    )
    rows = run(conn, query, (meter, READ, EXCHANGED, from_ms, to_ms))
    return [_note(row) for row in rows]


def list_notes(conn: Connection, meter: str = "", limit: int = 100) -> list[MeterNote]:
    """The newest first, voided ones with them; `meter`: only of one."""
    where = "WHERE meter = ? " if meter else ""
    query = f"SELECT {_NOTE} FROM meter_note {where}ORDER BY at_ms DESC, number DESC LIMIT ?"  # noqa: S608
    return [_note(row) for row in run(conn, query, ((meter,) if meter else ()) + (limit,))]
