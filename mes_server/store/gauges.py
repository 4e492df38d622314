"""Gauges and studies, computed from the ledger."""

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.domain.gauges import ADDED, Gauge, Study, replay_gauge, stream_of, study_from
from mes_server.domain.seal import Event
from mes_server.store.ledger import load_stream
from mes_server.store.tables import CLUSTERED, run

STREAMS = ("gauge:",)


class GaugeRow(SQLModel, table=True):
    """That there is a gauge; the rest is replayed."""

    __tablename__ = "gauge"
    __table_args__ = (CLUSTERED,)

    code: str = Field(primary_key=True)
    type: str


def follow(conn: Connection, event: Event) -> None:
    """Bring the tables up to an event."""
    if event.kind == ADDED:
        facts, code = event.facts(), event.stream.removeprefix("gauge:")
        run(conn, "INSERT INTO gauge (code, type) VALUES (?, ?)", (code, facts["type"]))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM gauge")


def load_gauge(conn: Connection, code: str) -> Gauge | None:
    """A gauge with its calibrations."""
    return replay_gauge(load_stream(conn, stream_of(code)))


def list_gauges(conn: Connection) -> list[Gauge]:
    """All gauges by code."""
    codes = [row.code for row in run(conn, "SELECT code FROM gauge ORDER BY code")]
    return [one for code in codes if (one := load_gauge(conn, code)) is not None]


def studies_of(conn: Connection, kind: str) -> list[Study]:
    """The studies of a type of gauge, the oldest first."""
    return [study_from(event) for event in load_stream(conn, f"study:{kind}")]
