"""Losses that were stated: samples given up, by whom, when, how many, why."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Index, select
from sqlmodel import Field, SQLModel

from mes_server.store.nodes import NODE
from mes_server.store.stations import STATION
from mes_server.store.tables import run, table_of, wide

TRIMMED = "trimmed"  # the edge no longer has it
FOUND = "found"  # was stated as trimmed, and came after all: it takes so many back


class LossRow(SQLModel, table=True):
    """One stated loss; without a station it concerns all stations of the node."""

    __tablename__ = "loss"
    __table_args__ = (
        Index("loss_station", "station", "from_ms"),
        Index("loss_node", "node", "from_ms"),
    )

    id: int | None = Field(default=None, primary_key=True)
    node: int = Field(foreign_key="node.id")
    station: int | None = Field(default=None, foreign_key="station.id")
    from_ms: int = wide()
    to_ms: int = wide()
    count: int = wide()
    reason: str
    stated_ms: int = wide()


LOSS = table_of(LossRow)


@dataclass(frozen=True, slots=True)
class Loss:
    """What was given up. `count` is -1 when nobody knows how many."""

    node: int
    station: int | None
    from_ms: int
    to_ms: int
    count: int
    reason: str
    stated_ms: int


@dataclass(frozen=True, slots=True)
class LossView:
    """A loss as pages show it; `station` is its id in addresses, None for the whole node."""

    group: str
    node: str
    station: str | None
    from_ms: int
    to_ms: int
    count: int
    reason: str
    stated_ms: int


def append_loss(conn: Connection, loss: Loss) -> None:
    """Keep a stated loss."""
    conn.execute(LOSS.insert().values(asdict(loss)))


def list_losses(
    conn: Connection, station_id: str | None = None, limit: int = 100
) -> list[LossView]:
    """Losses, the latest stated first; those of one station with those of its node."""
    columns = (
        NODE.c.group_id, NODE.c.node_id, STATION.c.url_id, LOSS.c.from_ms, LOSS.c.to_ms,
        LOSS.c.count, LOSS.c.reason, LOSS.c.stated_ms,
    )  # fmt: skip
    joined = LOSS.join(NODE, NODE.c.id == LOSS.c.node)
    joined = joined.outerjoin(STATION, STATION.c.id == LOSS.c.station)
    query = select(*columns).select_from(joined).order_by(LOSS.c.id.desc()).limit(limit)
    if station_id is not None:
        its_node = select(STATION.c.node).where(STATION.c.url_id == station_id).scalar_subquery()
        whole_node = LOSS.c.station.is_(None) & (LOSS.c.node == its_node)
        query = query.where((STATION.c.url_id == station_id) | whole_node)
    return [LossView(*row) for row in conn.execute(query)]


_COLUMNS = "node, station, from_ms, to_ms, count, reason, stated_ms"
_BETWEEN = f"""
SELECT {_COLUMNS} FROM loss
    WHERE station = ? AND from_ms <= ? AND to_ms >= ? AND reason <> '{FOUND}'
UNION ALL SELECT {_COLUMNS} FROM loss
    WHERE station IS NULL AND node = (SELECT node FROM station WHERE id = ?)
    AND from_ms <= ? AND to_ms >= ? AND reason <> '{FOUND}'
ORDER BY from_ms
"""  # noqa: S608


def losses_between(conn: Connection, station_pk: int, from_ms: int, to_ms: int) -> list[Loss]:
    """Losses that touch a span of a station, by time."""
    rows = run(conn, _BETWEEN, (station_pk, to_ms, from_ms, station_pk, to_ms, from_ms))
    return [Loss(**row) for row in rows.mappings()]


def last_cut(conn: Connection, station: str, least_ms: int, until_ms: int) -> int:
    """When the controller of a station (its id in addresses) last came back after it was gone for so long; 0: never."""
    query = (
        "SELECT max(l.to_ms) FROM loss l JOIN station s ON s.id = l.station"
        " WHERE s.url_id = ? AND l.reason = 'restart' AND l.to_ms <= ? AND l.to_ms - l.from_ms >= ?"
    )
    return int(run(conn, query, (station, until_ms, least_ms)).scalar_one() or 0)
