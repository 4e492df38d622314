"""Records of days and months of outlets that were closed: each revision, and the paper that it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide

STREAM = "discharge:"
CLOSED = "discharge_closed"
STREAMS = (STREAM,)
_COLUMNS = "outlet, period, revision, paper, digest, at_ms, person, reason, content"


class DischargeRecordRow(SQLModel, table=True):
    """One revision. `period`: a day or a month; `content`: what it came to, as JSON."""

    __tablename__ = "discharge_record"
    __table_args__ = (CLUSTERED,)

    outlet: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    revision: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    paper: str
    digest: str
    at_ms: int = wide()
    person: str
    reason: str
    content: str


@dataclass(frozen=True, slots=True)
class DischargeRecord:
    """`digest`: of the judged day or month when it was closed; `told`: what it came to, by a name, as texts."""

    outlet: str
    period: str
    revision: int
    paper: str
    digest: str
    at_ms: int
    person: str
    reason: str
    told: Mapping[str, str]


def stream_of(outlet: str, period: str) -> str:
    """The stream of the ledger about a day or a month of an outlet."""
    return f"{STREAM}{outlet}:{period}"


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to a record that was closed."""
    facts = event.facts()
    values = (
        facts["outlet"], facts["period"], facts["revision"], facts["paper"], facts["digest"], event.noted_ms,
        facts["by"], event.reason, json.dumps(facts["told"], sort_keys=True, ensure_ascii=False),
    )  # fmt: skip
    marks = ", ".join("?" * len(values))
    run(conn, f"INSERT INTO discharge_record ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM discharge_record")


def _record(row: Row[Any]) -> DischargeRecord:
    return DischargeRecord(
        row.outlet, row.period, row.revision, row.paper, row.digest, row.at_ms, row.person, row.reason,
        json.loads(row.content),
    )  # fmt: skip


def revisions(conn: Connection, outlet: str, period: str) -> list[DischargeRecord]:
    """All revisions of a record, the first one first."""
    query = (
        f"SELECT {_COLUMNS} FROM discharge_record WHERE outlet = ? AND period = ? ORDER BY revision"  # noqa: S608
    )
    return [_record(row) for row in run(conn, query, (outlet, period))]


def newest_records(conn: Connection, outlet: str, month: str) -> dict[str, DischargeRecord]:
    """The newest revision of each day of a month, and of the month itself, by the period."""
    query = (
        f"SELECT {_COLUMNS} FROM discharge_record WHERE outlet = ? AND period LIKE ? "  # noqa: S608
        "ORDER BY period, revision"
    )
    return {row.period: _record(row) for row in run(conn, query, (outlet, f"{month}%"))}


def record_of_paper(conn: Connection, paper: str) -> DischargeRecord | None:
    """The record that a paper is."""
    query = f"SELECT {_COLUMNS} FROM discharge_record WHERE paper = ?"  # noqa: S608
    row = run(conn, query, (paper,)).first()
    return None if row is None else _record(row)
