"""Nodes that a person said are gone for good: hidden until they are heard again, never deleted."""

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.store.tables import run, wide_key


class ForgottenRow(SQLModel, table=True):
    """Somebody forgot a node once."""

    __tablename__ = "forgotten_node"

    node: int = Field(foreign_key="node.id", primary_key=True)
    at_ms: int = wide_key()
    who: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A node that is hidden now, since when and by whom."""

    group: str
    node: str
    at_ms: int
    who: str


# The keys of the nodes that were forgotten and have not been heard since.
HIDDEN = """(SELECT g.node FROM forgotten_node g JOIN node m ON m.id = g.node
    WHERE NOT m.online AND g.at_ms >= coalesce(m.seen_ms, 0))"""


def append_forgotten(conn: Connection, node_pk: int, at_ms: int, who: str) -> None:
    """Keep that a node was forgotten."""
    values = (node_pk, at_ms, who)
    run(
        conn,
        "INSERT INTO forgotten_node (node, at_ms, who) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        values,
    )


_LIST = """
SELECT n.group_id, n.node_id, f.at_ms, f.who FROM node n JOIN forgotten_node f ON f.node = n.id
WHERE f.at_ms = (SELECT max(l.at_ms) FROM forgotten_node l WHERE l.node = n.id) AND n.id IN """


def list_forgotten(conn: Connection) -> list[Forgotten]:
    """The nodes that are hidden, by group and name, as they were forgotten last."""
    rows = run(conn, _LIST + HIDDEN + " ORDER BY n.group_id, n.node_id")
    return [Forgotten(*list(row)) for row in rows]
