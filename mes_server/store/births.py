"""What nodes and stations said at birth, remembered so that a restart asks nobody to say it again."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.store.tables import run, wide

Value = float | int | bool | str | None
BirthMetric = tuple[str, int, Value]


class BirthRow(SQLModel, table=True):
    """The latest birth of a station; of the node itself where the device is empty."""

    __tablename__ = "birth"

    node: int = Field(primary_key=True, foreign_key="node.id")
    device: str = Field(primary_key=True)
    born_ms: int = wide()
    metrics: str


@dataclass(frozen=True, slots=True)
class Birth:
    """`metrics`: name, code of the datatype, value at birth. `device` is None for the node."""

    node: int
    device: str | None
    born_ms: int
    metrics: list[BirthMetric]


def save_birth(
    conn: Connection, node_pk: int, device: str | None, born_ms: int, metrics: list[BirthMetric]
) -> None:
    """Remember a birth in the place of the one before."""
    text = json.dumps(metrics)
    run(
        conn,
        "INSERT INTO birth (node, device, born_ms, metrics) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (node, device) DO UPDATE"
        " SET born_ms = excluded.born_ms, metrics = excluded.metrics",
        (node_pk, device or "", born_ms, text),
    )


def load_births(conn: Connection) -> list[Birth]:
    """All births remembered, each node's own before those of its stations."""
    query = "SELECT node, device, born_ms, metrics FROM birth ORDER BY node, device"
    births = []
    for row in run(conn, query):
        metrics: list[BirthMetric] = [(m[0], m[1], m[2]) for m in json.loads(row.metrics)]
        births.append(Birth(row.node, row.device or None, row.born_ms, metrics))
    return births
