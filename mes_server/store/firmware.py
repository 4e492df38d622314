"""Releases for boards, the keys they are signed with, and their roll-outs, computed from the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Index, Row
from sqlmodel import Field, SQLModel

from mes_server.domain import firmware as fw
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide, wide_or_null

STREAMS = ("firmware:", "firmware_key:", "roll_out:")


class FirmwareKeyRow(SQLModel, table=True):
    """A public key (hex) that releases may be signed with, until it was withdrawn."""

    __tablename__ = "firmware_key"
    __table_args__ = (CLUSTERED,)

    key: str = Field(primary_key=True)
    name: str
    trusted_ms: int = wide()
    person: str
    withdrawn_ms: int | None = wide_or_null()


class FirmwareReleaseRow(SQLModel, table=True):
    """A release, as domain.firmware.Release."""

    __tablename__ = "firmware_release"
    __table_args__ = (CLUSTERED,)

    code: str = Field(primary_key=True)
    version: str
    board: str
    counter: int = wide()
    manifest_bytes: int
    manifest_sha256: str
    files: int
    bytes: int = wide()
    key: str
    at_ms: int = wide()
    person: str


class RollOutRow(SQLModel, table=True):
    """A roll-out, as domain.firmware.RollOut."""

    __tablename__ = "roll_out"
    __table_args__ = (Index("roll_out_state", "state"), CLUSTERED)

    code: str = Field(primary_key=True)
    release: str
    state: str
    percent: int
    reason: str
    begun_ms: int = wide()
    changed_ms: int = wide()
    person: str


class RollOutNodeRow(SQLModel, table=True):
    """A node ("group/node") in a roll-out."""

    __tablename__ = "roll_out_node"
    __table_args__ = (Index("roll_out_node_name", "node", "state"), CLUSTERED)

    roll_out: str = Field(primary_key=True)
    node: str = Field(primary_key=True)
    state: str
    offered_ms: int = wide()
    detail: str
    ended_ms: int | None = wide_or_null()


def follow(conn: Connection, event: Event) -> None:
    """Bring the tables up to an event of a key, a release or a roll-out."""
    about, _, name = event.stream.partition(":")
    if about == "firmware_key":
        _follow_key(conn, event, name)
    elif about == "firmware":
        facts = event.facts()
        names = ("version", "board", "counter", "manifest_bytes", "manifest_sha256", "files", "bytes", "key")  # fmt: skip
        query = f"INSERT INTO firmware_release (code, {', '.join(names)}, at_ms, person) VALUES (?{', ?' * 10})"  # noqa: S608  names of ours
        run(conn, query, (name, *(facts[one] for one in names), event.at_ms, event.person))
    else:
        _follow_roll_out(conn, event, name)


def _follow_key(conn: Connection, event: Event, key: str) -> None:
    if event.kind == fw.KEY_WITHDRAWN:
        run(conn, "UPDATE firmware_key SET withdrawn_ms = ? WHERE key = ?", (event.at_ms, key))
        return
    query = (
        "INSERT INTO firmware_key (key, name, trusted_ms, person) VALUES (?, ?, ?, ?) ON CONFLICT (key)"
        " DO UPDATE SET name = excluded.name, trusted_ms = excluded.trusted_ms,"
        " person = excluded.person, withdrawn_ms = NULL"
    )
    run(conn, query, (key, event.facts()["name"], event.at_ms, event.person))


_STATES = {fw.STOPPED: fw.HALTED, fw.RESUMED: fw.RUNNING, fw.WITHDRAWN: fw.ENDED}


def _follow_roll_out(conn: Connection, event: Event, code: str) -> None:
    facts, at_ms = event.facts(), event.at_ms
    if event.kind == fw.BEGUN:
        query = (
            "INSERT INTO roll_out (code, release, state, percent, reason, begun_ms, changed_ms, person)"
            " VALUES (?, ?, ?, 0, ?, ?, ?, ?)"
        )
        said = (facts["release"], fw.RUNNING, event.reason, at_ms, at_ms, event.person)
        run(conn, query, (code, *said))
    elif event.kind in _STATES:
        query = "UPDATE roll_out SET state = ?, reason = ?, changed_ms = ? WHERE code = ?"
        run(conn, query, (_STATES[event.kind], event.reason, at_ms, code))
    elif event.kind == fw.WIDENED:
        query = "UPDATE roll_out SET percent = ?, changed_ms = ? WHERE code = ?"
        run(conn, query, (facts["percent"], at_ms, code))
    _follow_nodes(conn, event, code)


def _follow_nodes(conn: Connection, event: Event, code: str) -> None:
    facts, at_ms = event.facts(), event.at_ms
    if event.kind in (fw.BEGUN, fw.WIDENED, fw.AGAIN):
        query = (
            "INSERT INTO roll_out_node (roll_out, node, state, offered_ms, detail) VALUES (?, ?, ?, ?, '')"
            " ON CONFLICT (roll_out, node) DO UPDATE SET state = excluded.state,"
            " offered_ms = excluded.offered_ms, detail = '', ended_ms = NULL"
        )
        for node in facts["nodes"]:
            run(conn, query, (code, node, fw.OFFERED, facts["offered_ms"]))
    elif event.kind in (fw.UPDATED, fw.FAILED):
        state = fw.DONE if event.kind == fw.UPDATED else fw.FAILED_NODE
        query = "UPDATE roll_out_node SET state = ?, detail = ?, ended_ms = ? WHERE roll_out = ? AND node = ?"
        run(conn, query, (state, facts.get("detail", ""), at_ms, code, facts["node"]))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    for table in ("roll_out_node", "roll_out", "firmware_release", "firmware_key"):
        run(conn, f"DELETE FROM {table}")  # noqa: S608


def trusted_keys(conn: Connection) -> dict[str, str]:
    """The keys (hex) that releases may be signed with, and what they are called."""
    query = "SELECT key, name FROM firmware_key WHERE withdrawn_ms IS NULL ORDER BY trusted_ms, key"
    return {row.key: row.name for row in run(conn, query)}


_RELEASE = "code, version, board, counter, manifest_bytes, manifest_sha256, files, bytes, key, at_ms, person"


def list_releases(conn: Connection) -> list[fw.Release]:
    """All releases, those with the highest counter first."""
    query = f"SELECT {_RELEASE} FROM firmware_release ORDER BY counter DESC, code"  # noqa: S608
    return [fw.Release(**row) for row in run(conn, query).mappings()]


def load_release(conn: Connection, code: str) -> fw.Release | None:
    """A release by its code."""
    query = f"SELECT {_RELEASE} FROM firmware_release WHERE code = ?"  # noqa: S608
    row = run(conn, query, (code,)).mappings().first()
    return None if row is None else fw.Release(**row)


def highest_counter(conn: Connection, board: str) -> int:
    """Of the releases for a kind of board; 0 before there is one."""
    query = "SELECT max(counter) FROM firmware_release WHERE board = ?"
    return run(conn, query, (board,)).scalar() or 0


_ROLL_OUT = "code, release, state, percent, reason, begun_ms, changed_ms, person"


def list_roll_outs(conn: Connection, states: Sequence[str] = ()) -> list[fw.RollOut]:
    """Roll-outs in these states, or all, the newest first."""
    where = f" WHERE state IN ({', '.join('?' * len(states))})" if states else ""
    query = f"SELECT {_ROLL_OUT} FROM roll_out{where} ORDER BY begun_ms DESC, code DESC"  # noqa: S608
    found = run(conn, query, tuple(states)).mappings().all()
    return [_roll_out(conn, row) for row in found]


def load_roll_out(conn: Connection, code: str) -> fw.RollOut | None:
    """A roll-out by its code."""
    query = f"SELECT {_ROLL_OUT} FROM roll_out WHERE code = ?"  # noqa: S608
    row = run(conn, query, (code,)).mappings().first()
    return None if row is None else _roll_out(conn, row)


def _roll_out(conn: Connection, row: Mapping[Any, Any]) -> fw.RollOut:
    query = "SELECT node, state, offered_ms, detail, ended_ms FROM roll_out_node WHERE roll_out = ? ORDER BY node"
    nodes = tuple(fw.RollOutNode(**one) for one in run(conn, query, (row["code"],)).mappings())
    return fw.RollOut(**row, nodes=nodes)


_OFFERS = f"""
SELECT n.node, n.roll_out, n.offered_ms, {", ".join("r." + one for one in _RELEASE.split(", "))}
FROM roll_out o JOIN roll_out_node n ON n.roll_out = o.code JOIN firmware_release r ON r.code = o.release
WHERE o.state = 'running' AND n.state = 'offered'"""  # noqa: S608


def list_offers(conn: Connection) -> dict[str, fw.Release]:
    """What is offered now, by node; of several the one with the highest counter."""
    rows = run(conn, _OFFERS + " ORDER BY r.counter, n.roll_out").mappings()
    return {row["node"]: _offered(row) for row in rows}


def list_withdrawn(conn: Connection) -> set[str]:
    """The nodes that were offered a release which is stopped or withdrawn now, or which failed with it."""
    query = (
        "SELECT n.node FROM roll_out o JOIN roll_out_node n ON n.roll_out = o.code"
        " WHERE n.state = 'failed' OR (n.state = 'offered' AND o.state <> 'running')"
    )
    return set(run(conn, query).scalars())


def offered_to(conn: Connection, node: str) -> fw.Release | None:
    """The release that is offered to a node now."""
    rows = run(conn, _OFFERS + " AND n.node = ? ORDER BY r.counter DESC, n.roll_out DESC", (node,))
    found: Row[Any] | None = rows.first()
    return None if found is None else _offered(found._mapping)


def _offered(row: Mapping[Any, Any]) -> fw.Release:
    return fw.Release(**{name: row[name] for name in fw.Release.__slots__})
