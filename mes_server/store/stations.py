"""Stations: where they are, of which type, whether their node vouches for them."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, UniqueConstraint, update
from sqlmodel import Field, SQLModel

from mes_server.store.forgotten import HIDDEN
from mes_server.store.numbering import next_change
from mes_server.store.tables import run, set_columns, table_of, wide, wide_or_null


class StationRow(SQLModel, table=True):
    """One station (Sparkplug device). `url_id` is given once and never changes.

    `change`: the latest change of this row; `sampled`: that of its samples.
    """

    __tablename__ = "station"
    __table_args__ = (UniqueConstraint("node", "device"),)

    id: int | None = Field(default=None, primary_key=True)
    node: int = Field(foreign_key="node.id")
    device: str
    url_id: str = Field(unique=True)
    type: str | None = None
    revision: str | None = None
    area: str
    contract_fits: bool = False
    online: bool = False
    online_since_ms: int | None = wide_or_null()
    change: int = wide()
    sampled: int = wide()


STATION = table_of(StationRow)
STATE = "state"


@dataclass(frozen=True, slots=True)
class StationView:
    """A station as pages show it. `online_since_ms`: when it last came or went.

    `state`: latest value of the metric of that name. `contract_fits`: its birth had what its type
    promises.
    """

    id: str
    group: str
    node: str
    device: str
    type: str | None
    revision: str | None
    area: str
    online: bool
    online_since_ms: int | None
    last_sample_ms: int | None
    last_received_ms: int | None
    state: str | None
    contract_fits: bool


def _free_url_id(conn: Connection, group: str, node: str, device: str) -> str:
    """The device id; where another node has it already, the node's and the group's before it."""
    longest = f"{group}-{node}-{device}"
    for name in (device, f"{node}-{device}", longest):
        if station_key(conn, name) is None:
            return name
    number = 2
    while station_key(conn, f"{longest}-{number}"):
        number += 1
    return f"{longest}-{number}"


def ensure_station(
    conn: Connection, node_pk: int, device: str, type_name: str | None, area: str | None
) -> int:
    """The key of a station, made when it is new (in the area of its node's group unless told).

    A type or area that is told replaces the one known; None leaves it.
    """
    same = "SELECT id, type, area FROM station WHERE node = ? AND device = ?"
    known = run(conn, same, (node_pk, device)).first()
    told = {"type": type_name, "area": area}
    told = {name: value for name, value in told.items() if value is not None}
    if known is not None:
        if any(known._mapping[name] != value for name, value in told.items()):
            note_station(conn, known.id, **told)
        return int(known.id)
    query = "SELECT group_id, node_id FROM node WHERE id = ?"
    owner = run(conn, query, (node_pk,)).one()
    url_id = _free_url_id(conn, owner.group_id, owner.node_id, device)
    made = run(
        conn,
        "INSERT INTO station (node, device, url_id, type, area, contract_fits, online, change, sampled)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id",
        (node_pk, device, url_id, type_name, area or owner.group_id, False, False,
         next_change(conn)),
    )  # fmt: skip
    return int(made.scalar_one())


def note_station(conn: Connection, station_pk: int, **facts: str | bool | None) -> None:
    """Change single facts: `type`, `revision`, `area`, `contract_fits`."""
    set_columns(conn, "station", station_pk, {**facts, "change": next_change(conn)})


def set_station_online(conn: Connection, station_pk: int, online: bool, at_ms: int) -> None:
    """The station is there or gone since `at_ms`; saying again what is known changes nothing."""
    run(
        conn,
        "UPDATE station SET online = ?, online_since_ms = ?, change = ?"
        " WHERE id = ? AND (online <> ? OR online_since_ms IS NULL)",
        (online, at_ms, next_change(conn), station_pk, online),
    )


def set_node_stations_offline(conn: Connection, node_pk: int, at_ms: int) -> None:
    """All stations of a node are gone since `at_ms`; those that are already stay as they are."""
    there = (STATION.c.node == node_pk) & (STATION.c.online | STATION.c.online_since_ms.is_(None))
    values = {"online": False, "online_since_ms": at_ms, "change": next_change(conn)}
    conn.execute(update(STATION).where(there).values(values))


def set_all_stations_offline(conn: Connection, at_ms: int) -> None:
    """Nobody is known to be there since `at_ms`."""
    values = {"online": False, "online_since_ms": at_ms, "change": next_change(conn)}
    conn.execute(update(STATION).where(STATION.c.online).values(values))


# The series of a station are found by their numbers: see series.py.
_VIEW = """
SELECT s.url_id, n.group_id, n.node_id, s.device, s.type, s.revision, s.area, s.online,
    s.online_since_ms,
    (SELECT max(w.at_ms) FROM series_now w WHERE w.series BETWEEN {first} AND {first} + 65535),
    (SELECT max(w.received_ms) FROM series_now w WHERE w.series BETWEEN {first} AND {first} + 65535),
    (SELECT w.value FROM series_now w JOIN series r ON r.id = w.series
        WHERE r.station = s.id AND r.metric = 'state'),
    s.contract_fits
FROM station s JOIN node n ON n.id = s.node
""".replace("{first}", "CAST(s.id AS BIGINT) * 65536")


def _view(row: Row[Any]) -> StationView:
    fields = list(row)
    fields[7], fields[12] = bool(fields[7]), bool(fields[12])
    state = None if fields[11] is None else json.loads(fields[11])
    fields[11] = state if isinstance(state, str) else None
    return StationView(*fields)


def list_stations(conn: Connection) -> list[StationView]:
    """All stations by area and id; those of nodes that were forgotten are left out."""
    query = _VIEW + "WHERE n.id NOT IN " + HIDDEN + " ORDER BY s.area, s.url_id"
    return [_view(row) for row in run(conn, query)]


def list_changed_stations(conn: Connection, since: int) -> list[StationView]:
    """Stations that came, went or were renamed after change number `since`."""
    return [
        _view(row) for row in run(conn, _VIEW + "WHERE s.change > ? ORDER BY s.url_id", (since,))
    ]


def load_station(conn: Connection, station_id: str) -> StationView | None:
    """One station by its id in addresses."""
    row = run(conn, _VIEW + "WHERE s.url_id = ?", (station_id,)).first()
    return None if row is None else _view(row)


def station_key(conn: Connection, station_id: str) -> int | None:
    """The key of a station by its id in addresses."""
    key: int | None = run(conn, "SELECT id FROM station WHERE url_id = ?", (station_id,)).scalar()
    return key
