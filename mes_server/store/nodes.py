"""Edge nodes: who they are, what they said at birth and since, whether they are there."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, UniqueConstraint, func, or_, select, text, tuple_, update
from sqlmodel import Field, SQLModel

from mes_server.domain.nodes import NodeBirth
from mes_server.domain.seal import Anchor, read_anchor
from mes_server.store.alarms import AlarmRow
from mes_server.store.boards import NO_BOARD, Board, load_boards
from mes_server.store.forgotten import HIDDEN
from mes_server.store.positions import WatermarkRow
from mes_server.store.quarantine import QuarantineRow
from mes_server.store.tables import run, set_columns, table_of, wide_or_null

Fact = int | float | str | bool | None
_INT64_MAX = (1 << 63) - 1
_RECORD = 0xFFFFFFFF
_TEXT_MAX = 200
_ANCHORS_MAX = 2_000


class NodeRow(SQLModel, table=True):
    """One edge node. Positions are kept as epoch and record number: together they exceed 63 bits."""

    __tablename__ = "node"
    __table_args__ = (UniqueConstraint("group_id", "node_id"),)

    id: int | None = Field(default=None, primary_key=True)
    group_id: str
    node_id: str
    own: bool = False
    online: bool = False
    born_ms: int | None = wide_or_null()
    dead_ms: int | None = wide_or_null()
    seen_ms: int | None = wide_or_null()
    bd_seq: int | None = wide_or_null()
    interpreter: str | None = None
    version: str | None = None
    serial: str | None = None
    boot: int | None = wide_or_null()
    epoch: int | None = wide_or_null()
    first: int | None = wide_or_null()
    next: int | None = wide_or_null()
    lost: int | None = wide_or_null()
    used_pct: float | None = None
    clock: int | None = wide_or_null()
    heap: int | None = wide_or_null()
    anchors: str | None = None  # as Journal/Anchors told them


NODE = table_of(NodeRow)


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node as pages show it. `watermark`, `first`, `next` are record numbers of `epoch`."""

    group: str
    node: str
    online: bool
    interpreter: str | None
    version: str | None
    serial: str | None
    boot: int | None
    epoch: int | None
    watermark: int | None
    first: int | None
    next: int | None
    lost: int | None
    used_pct: float | None
    clock: int | None
    heap: int | None
    born_ms: int | None
    dead_ms: int | None
    seen_ms: int | None
    quarantined: int
    own: bool
    alarms: list[str]
    board: Board


def ensure_node(conn: Connection, group: str, node: str) -> int:
    """The key of a node, made when it is new."""
    known = run(conn, "SELECT id FROM node WHERE group_id = ? AND node_id = ?", (group, node))
    key: int | None = known.scalar()
    if key is None:
        insert = (
            "INSERT INTO node (group_id, node_id, own, online) VALUES (?, ?, ?, ?) RETURNING id"
        )
        key = int(run(conn, insert, (group, node, False, False)).scalar_one())
    return key


def load_node_keys(conn: Connection) -> dict[tuple[str, str], int]:
    """The keys of all nodes by group and name."""
    rows = conn.execute(select(NODE.c.group_id, NODE.c.node_id, NODE.c.id))
    return {(row.group_id, row.node_id): row.id for row in rows}


def note_seen(conn: Connection, seen: Sequence[tuple[int, int]]) -> None:
    """When nodes were last heard: `(seen_ms, key)` each."""
    if seen:
        run(conn, "UPDATE node SET seen_ms = ? WHERE id = ?", seen)


def set_all_nodes_offline(conn: Connection) -> None:
    """Nobody is known to be there."""
    conn.execute(update(NODE).where(NODE.c.online).values(online=False))


def set_node_born(
    conn: Connection, node_pk: int, birth: NodeBirth, born_ms: int, own: bool
) -> None:
    """The node is there and said this. `own`: it keeps one of our journals."""
    facts = {name: getattr(birth, name) for name in (*NodeBirth.__slots__, "epoch")}
    note_node(conn, node_pk, **facts, born_ms=born_ms, seen_ms=born_ms, own=own, online=True)


def set_node_dead(conn: Connection, node_pk: int, at_ms: int) -> None:
    """The node is gone; what it said stays."""
    facts = {"online": False, "dead_ms": at_ms}
    conn.execute(update(NODE).where(NODE.c.id == node_pk).values(facts))


def _storable(name: str, value: Fact) -> Fact:
    """What a stranger may say is anything; what a column takes is not."""
    if isinstance(value, str):
        return value.replace("\0", "")[: _ANCHORS_MAX if name == "anchors" else _TEXT_MAX]
    if name in ("first", "next") and value is not None:
        return int(value) & _RECORD
    if isinstance(value, int):
        return min(value, _INT64_MAX)
    return value


def note_node(conn: Connection, node_pk: int, **facts: Fact) -> None:
    """Change single facts (columns of NodeRow, such as `seen_ms`, `used_pct`).

    `first` and `next` may be whole positions: their record number is kept.
    """
    set_columns(
        conn, "node", node_pk, {name: _storable(name, fact) for name, fact in facts.items()}
    )


def list_edge_anchors(conn: Connection) -> list[Anchor]:
    """What nodes remember of the ledger, as they told it last; what is no anchor is left out."""
    query = "SELECT group_id, node_id, anchors FROM node WHERE anchors <> '' ORDER BY id"
    return [
        anchor
        for row in run(conn, query)
        for line in row.anchors.split(",")
        if (anchor := read_anchor(line, node_name(row.group_id, row.node_id)))
    ]


def node_name(group: str, node: str) -> str:
    """How alarms name a node."""
    return f"{group}/{node}"


@dataclass(frozen=True, slots=True)
class NodePart:
    """Which nodes are wanted: so many behind `after` (group and name) of those whose texts hold `like`, or `only` one."""

    limit: int
    after: tuple[str, str] | None = None
    like: str = ""
    only: tuple[str, str] | None = None


def find_node(conn: Connection, group: str, node: str) -> tuple[int, bool] | None:
    """The key of a node and whether it is there; None when nobody has met it."""
    same = (NODE.c.group_id == group) & (NODE.c.node_id == node)
    row = conn.execute(select(NODE.c.id, NODE.c.online).where(same)).first()
    return None if row is None else (row.id, bool(row.online))


def list_nodes(conn: Connection, part: NodePart | None = None) -> list[NodeView]:
    """Nodes by group and name, with what stands open against them; those forgotten are left out."""
    alarm, quarantine = table_of(AlarmRow), table_of(QuarantineRow)
    alarms: dict[str, list[str]] = {}
    opened = select(alarm.c.subject, alarm.c.kind).where(alarm.c.settled_ms.is_(None))
    for subject, kind in conn.execute(opened.order_by(alarm.c.opened_ms)):
        alarms.setdefault(subject, []).append(kind)
    grouped = select(quarantine.c.node, func.count()).group_by(quarantine.c.node)
    open_ones = grouped.where(quarantine.c.settled_ms.is_(None))
    waiting = {row[0]: row[1] for row in conn.execute(open_ones)}
    mark = table_of(WatermarkRow)
    joined = NODE.outerjoin(mark, (mark.c.node == NODE.c.id) & (mark.c.epoch == NODE.c.epoch))
    query = select(NODE, mark.c.seq.label("watermark")).select_from(joined)
    query = query.where(NODE.c.id.not_in(text(HIDDEN)))
    if part is not None:
        query = query.limit(part.limit)
        if part.after is not None:
            query = query.where(tuple_(NODE.c.group_id, NODE.c.node_id) > part.after)
        if part.only is not None:
            query = query.where(tuple_(NODE.c.group_id, NODE.c.node_id) == part.only)
        if part.like:
            texts = (NODE.c.group_id, NODE.c.node_id, NODE.c.serial)
            query = query.where(or_(*(c.icontains(part.like, autoescape=True) for c in texts)))
    rows = conn.execute(query.order_by(NODE.c.group_id, NODE.c.node_id)).mappings().all()
    boards = load_boards(conn, None if part is None else [row["id"] for row in rows])
    views = []
    for row in rows:
        facts = {name: row[name] for name in NodeView.__slots__ if name in row}
        name = node_name(row["group_id"], row["node_id"])
        views.append(
            NodeView(
                **facts,
                group=row["group_id"],
                node=row["node_id"],
                quarantined=waiting.get(row["id"], 0),
                alarms=alarms.get(name, []),
                board=boards.get(row["id"], NO_BOARD),
            )
        )
    return views
