"""What boards told of themselves: the newest of each fact, the instruments with their errors, the last boots."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Index
from sqlmodel import Field, SQLModel

from mes_server.domain.boards import Bus, since
from mes_server.domain.firmware import Seen
from mes_server.store.forgotten import HIDDEN
from mes_server.store.tables import run, wide, wide_or_null


class BoardRow(SQLModel, table=True):
    """One board. `buses` as told last, `looked` as told at the last look; `ready_ms`: it had a whole release."""

    __tablename__ = "board"

    node: int = Field(
        primary_key=True, foreign_key="node.id", sa_column_kwargs={"autoincrement": False}
    )
    kind: str | None = None
    image: str | None = None
    boot_reason: str | None = None
    heap_free: int | None = wide_or_null()
    link: str | None = None
    certificate_until: int | None = wide_or_null()
    update_state: str | None = None
    update_ms: int | None = wide_or_null()
    ready_ms: int | None = wide_or_null()
    buses: str | None = None
    buses_ms: int | None = wide_or_null()
    looked: str | None = None
    looked_ms: int | None = wide_or_null()


class BootRow(SQLModel, table=True):
    """A board came up."""

    __tablename__ = "board_boot"
    __table_args__ = (Index("board_boot_node", "node", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    node: int = Field(foreign_key="node.id")
    at_ms: int = wide()
    boot: int | None = wide_or_null()
    reason: str | None = None
    image: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class BusNow:
    """An instrument of a board; `asked_since` and `failed_since`: since `since_ms`."""

    at: str
    asked: int
    failed: int
    last: str
    asked_since: int
    failed_since: int

    @property
    def failed_pct(self) -> float:
        """Share of the questions since the last look that got no good answer."""
        return 100 * self.failed_since / self.asked_since if self.asked_since else 0.0


@dataclass(frozen=True, slots=True)
class Board:
    """A board as pages show it."""

    kind: str | None = None
    image: str | None = None
    boot_reason: str | None = None
    heap_free: int | None = None
    link: str | None = None
    certificate_until: int | None = None
    update_state: str | None = None
    update_ms: int | None = None
    ready_ms: int | None = None
    buses: tuple[BusNow, ...] = ()
    since_ms: int | None = None


NO_BOARD = Board()


@dataclass(frozen=True, slots=True)
class Boot:
    """A board came up: when it was heard, its count, why, and with which image."""

    at_ms: int
    boot: int | None
    reason: str | None
    image: str | None
    serial: str | None


_SAME = "CASE WHEN coalesce(board.update_state, '') = excluded.update_state THEN board.{0} ELSE excluded.{0} END"
# When a state was told is when it was told first: births tell it again.
_AS_IT_WAS = {name: _SAME.format(name) for name in ("update_ms", "ready_ms")}


def note_board(conn: Connection, node_pk: int, facts: Mapping[str, Any]) -> None:
    """Change single facts; the columns are names of ours. `update_ms` and `ready_ms` come with `update_state`."""
    if not facts:
        return
    names = ", ".join(facts)
    marks = ", ".join("?" * (len(facts) + 1))
    told = ", ".join(f"{name} = {_AS_IT_WAS.get(name, 'excluded.' + name)}" for name in facts)
    query = f"INSERT INTO board (node, {names}) VALUES ({marks}) ON CONFLICT (node) DO UPDATE SET {told}"  # noqa: S608
    run(conn, query, (node_pk, *facts.values()))


def note_buses(
    conn: Connection, node_pk: int, buses: Sequence[Bus], at_ms: int, look_ms: int
) -> None:
    """The counts of the instruments; those compared with are moved on when they are older than a look."""
    query = "SELECT buses, buses_ms, looked_ms FROM board WHERE node = ?"
    known = run(conn, query, (node_pk,)).first()
    text = json.dumps([asdict(one) for one in buses], ensure_ascii=False)
    facts: dict[str, Any] = {"buses": text, "buses_ms": at_ms}
    if known is None or known.buses is None:
        facts |= {"looked": text, "looked_ms": at_ms}
    elif at_ms - known.looked_ms >= look_ms:
        facts |= {"looked": known.buses, "looked_ms": known.buses_ms}
    note_board(conn, node_pk, facts)


def append_boot(conn: Connection, node_pk: int, boot: Boot, kept: int) -> bool:
    """A birth told of a boot; whether it is another than the one before. Only so many are kept."""
    query = (
        "SELECT boot, reason, image, serial FROM board_boot WHERE node = ? ORDER BY id DESC LIMIT 1"
    )
    last = run(conn, query, (node_pk,)).first()
    said = (boot.boot, boot.reason, boot.image, boot.serial)
    if last is not None and tuple(last) == said:
        return False
    query = "INSERT INTO board_boot (node, at_ms, boot, reason, image, serial) VALUES (?, ?, ?, ?, ?, ?)"
    run(conn, query, (node_pk, boot.at_ms, *said))
    query = (
        "DELETE FROM board_boot WHERE node = ? AND id <= (SELECT id FROM board_boot WHERE node = ?"
        " ORDER BY id DESC LIMIT 1 OFFSET ?)"
    )
    run(conn, query, (node_pk, node_pk, kept))
    return True


def list_boots(conn: Connection, node_pk: int) -> list[Boot]:
    """The boots of a board that are kept, the last first."""
    query = (
        "SELECT at_ms, boot, reason, image, serial FROM board_boot WHERE node = ? ORDER BY id DESC"
    )
    return [Boot(**row) for row in run(conn, query, (node_pk,)).mappings()]


def load_boards(conn: Connection, keys: Collection[int] | None = None) -> dict[int, Board]:
    """The boards of these nodes, or all, by the key of the node."""
    query = "SELECT * FROM board"
    if keys is not None:
        if not keys:
            return {}
        query += f" WHERE node IN ({', '.join('?' * len(keys))})"
    rows = run(conn, query, tuple(keys or ())).mappings()
    return {row["node"]: _board(dict(row)) for row in rows}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node of ours as a roll-out looks at it; `name` is "group/node"."""

    name: str
    kind: str | None
    seen: Seen

    @property
    def image(self) -> str | None:
        """What it runs."""
        return self.seen.image

    @property
    def update_state(self) -> str | None:
        """None: its code takes no updates."""
        return self.seen.update_state


_CANDIDATES = """SELECT n.group_id, n.node_id, b.kind, n.online, n.born_ms, b.image, b.update_state, b.update_ms,
    b.ready_ms FROM node n LEFT JOIN board b ON b.node = n.id WHERE n.own AND n.id NOT IN """


def list_candidates(conn: Connection) -> list[Candidate]:
    """The nodes of ours that are not forgotten."""
    rows = run(conn, _CANDIDATES + HIDDEN + " ORDER BY n.group_id, n.node_id").mappings()
    return [
        Candidate(
            f"{row['group_id']}/{row['node_id']}",
            row["kind"],
            Seen(**{name: row[name] for name in Seen.__slots__}),
        )
        for row in rows
    ]


_CERTIFICATES = """SELECT n.group_id, n.node_id, b.certificate_until FROM board b JOIN node n ON n.id = b.node
    WHERE b.certificate_until IS NOT NULL AND n.id NOT IN """


def list_certificates(conn: Connection) -> list[tuple[str, str, int]]:
    """Group, node and the end of the certificate (Unix s, 0: there is none) of boards that told it."""
    rows = run(conn, _CERTIFICATES + HIDDEN)
    return [(row.group_id, row.node_id, row.certificate_until) for row in rows]


def _board(row: Mapping[str, Any]) -> Board:
    facts = {name: row[name] for name in Board.__slots__ if name in row and name != "buses"}
    buses, before = _read(row["buses"]), _read(row["looked"])
    counted = zip(buses, since(buses, before), strict=True)
    now = tuple(
        BusNow(one.at, one.asked, one.failed, one.last, asked, failed)
        for one, (asked, failed) in counted
    )
    return Board(**facts, buses=now, since_ms=row["looked_ms"])


def _read(text: str | None) -> list[Bus]:
    return [Bus(**one) for one in json.loads(text or "[]")]
