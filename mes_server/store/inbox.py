"""Raw messages exactly as they came, and which journal positions are stored.

A message lies in the inbox until it is folded; folding deletes it in the transaction of its results.
Shards keep a node's messages in order and let folding work through the nodes in turns.
"""

import zlib
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, LargeBinary
from sqlmodel import Field, SQLModel

from mes_server.domain.watermarks import Watermark, restored
from mes_server.store.tables import CLUSTERED, run, wide, wide_key

SHARDS = 16
_INT64_MAX = (1 << 63) - 1
_IN_MAX = 500


class InboxRow(SQLModel, table=True):
    """One message. `fresh`: which of its records are new, a bit each from the lowest; None: all."""

    __tablename__ = "inbox"
    __table_args__ = CLUSTERED
    shard: int = wide_key()
    id: int = wide_key()
    received_ms: int = wide()
    topic: str
    payload: bytes = Field(sa_type=LargeBinary)
    fresh: bytes | None = Field(default=None, sa_type=LargeBinary)


class PositionRow(SQLModel, table=True):
    """One journalled record that is stored: its CRC, the edge's clocks and ours."""

    __tablename__ = "position"
    __table_args__ = CLUSTERED
    node: int = wide_key()
    epoch: int = wide_key()
    seq: int = wide_key()
    crc: int = wide()
    mono: int = wide()
    clock: int
    received_ms: int = wide()


class WatermarkRow(SQLModel, table=True):
    """How far a journal is stored without a gap, and how many records are stored beyond that."""

    __tablename__ = "watermark"
    __table_args__ = CLUSTERED
    node: int = wide_key()
    epoch: int = wide_key()
    seq: int = wide()
    ahead: int
    begun_ms: int = wide()


class Journal(NamedTuple):
    """One journal of one node; `node` is the node's number in the store."""

    node: int
    epoch: int


class NewPosition(NamedTuple):
    """A row for `append_positions`, in the order of its columns."""

    node: int
    epoch: int
    seq: int
    crc: int
    mono: int
    clock: int
    received_ms: int


class InboxMessage(NamedTuple):
    """A message on its way into or out of the inbox; the columns of InboxRow."""

    shard: int
    id: int
    received_ms: int
    topic: str
    payload: bytes
    fresh: bytes | None = None


def shard_of(group: str, node: str) -> int:
    """The shard of a node's messages; the same in every process."""
    return zlib.crc32(f"{group}/{node}".encode()) % SHARDS


# -- positions and watermarks ------------------------------------------------------------------


def load_watermarks(conn: Connection, journals: Iterable[Journal]) -> dict[Journal, Watermark]:
    """The watermarks of those of the journals that are known."""
    found: dict[Journal, Watermark] = {}
    wanted = sorted(set(journals))
    for start in range(0, len(wanted), _IN_MAX):
        part = wanted[start : start + _IN_MAX]
        query = (
            "SELECT node, epoch, seq, ahead FROM watermark "  # noqa: S608  only question marks
            f"WHERE (node, epoch) IN (VALUES {', '.join(['(?, ?)'] * len(part))})"
        )
        rows: list[Any] = list(run(conn, query, tuple(chain.from_iterable(part))))
        for node, epoch, seq, ahead in rows:
            journal = Journal(node, epoch)
            found[journal] = restored(seq, _stored_beyond(conn, journal, seq) if ahead else ())
    return found


def _stored_beyond(conn: Connection, journal: Journal, seq: int) -> list[int]:
    query = "SELECT seq FROM position WHERE node = ? AND epoch = ? AND seq > ?"
    return list(run(conn, query, (*journal, seq)).scalars())


def save_watermarks(conn: Connection, marks: dict[Journal, Watermark], now_ms: int) -> None:
    """Write the watermarks as they are now."""
    if not marks:
        return
    run(
        conn,
        "INSERT INTO watermark (node, epoch, seq, ahead, begun_ms) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (node, epoch) DO UPDATE SET seq = excluded.seq, ahead = excluded.ahead",
        [(*journal, mark.seq, len(mark.ahead), now_ms) for journal, mark in marks.items()],
    )


def append_positions(conn: Connection, rows: Sequence[NewPosition]) -> None:
    """Note stored records; one that is noted already stays as it is."""
    if not rows:
        return
    run(
        conn,
        "INSERT INTO position (node, epoch, seq, crc, mono, clock, received_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [row if row.mono <= _INT64_MAX else row._replace(mono=_INT64_MAX) for row in rows],
    )


def load_crcs(conn: Connection, journal: Journal, seqs: Iterable[int]) -> dict[int, int]:
    """The CRCs of those of the records `seqs` that are still noted."""
    found: dict[int, int] = {}
    wanted = sorted(set(seqs))
    for start in range(0, len(wanted), _IN_MAX):
        part = wanted[start : start + _IN_MAX]
        query = (
            "SELECT seq, crc FROM position WHERE node = ? AND epoch = ? "  # noqa: S608  as above
            f"AND seq IN ({', '.join('?' * len(part))})"
        )
        rows: list[Any] = list(run(conn, query, (*journal, *part)))
        found |= dict(rows)
    return found


def trim_positions(conn: Connection, before_ms: int, limit: int) -> int:
    """Forget about `limit` positions that came before `before_ms` and lie below their watermark.

    How many; less than `limit`: there are no more. A record sent again after that is still known to be
    stored, by the watermark, only not compared.
    """
    done = 0
    journals: list[Any] = list(run(conn, "SELECT node, epoch, seq FROM watermark"))
    for node, epoch, seq in journals:
        if done >= limit:
            break
        last = run(
            conn,
            "SELECT max(seq) FROM (SELECT seq, received_ms FROM position "
            "WHERE node = ? AND epoch = ? AND seq <= ? ORDER BY seq LIMIT ?) AS oldest "
            "WHERE received_ms < ?",
            (node, epoch, seq, limit - done, before_ms),
        ).scalar()
        if last is not None:
            gone = "DELETE FROM position WHERE node = ? AND epoch = ? AND seq <= ?"
            done += run(conn, gone, (node, epoch, last)).rowcount
    return done


def received_at(conn: Connection, journal: Journal, seq: int) -> int | None:
    """When a record came, if that is still noted."""
    query = "SELECT received_ms FROM position WHERE node = ? AND epoch = ? AND seq = ?"
    at_ms: int | None = run(conn, query, (*journal, seq)).scalar()
    return at_ms


# -- messages ----------------------------------------------------------------------------------


def append_messages(conn: Connection, rows: Sequence[InboxMessage]) -> None:
    """Put messages into the inbox."""
    if not rows:
        return
    run(
        conn,
        "INSERT INTO inbox (shard, id, received_ms, topic, payload, fresh) VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )


def list_messages(conn: Connection, shard: int, limit: int) -> list[InboxMessage]:
    """The oldest messages of a shard, in the order they came."""
    query = (
        "SELECT shard, id, received_ms, topic, payload, fresh FROM inbox "
        "WHERE shard = ? ORDER BY id LIMIT ?"
    )
    rows: list[Any] = list(run(conn, query, (shard, limit)))
    return [InboxMessage(*row) for row in rows]


def delete_messages(conn: Connection, shard: int, last_id: int) -> None:
    """Take out what has been folded: everything of the shard up to `last_id`."""
    run(conn, "DELETE FROM inbox WHERE shard = ? AND id <= ?", (shard, last_id))


def count_messages(conn: Connection) -> dict[int, int]:
    """How many messages wait to be folded in each shard. Reads all of the inbox: for starts."""
    rows: list[Any] = list(run(conn, "SELECT shard, count(*) FROM inbox GROUP BY shard"))
    return dict(rows)
