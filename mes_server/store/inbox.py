"""Raw messages exactly as they came, until they are folded: a row for each batch that was committed.

Messages are numbered through. Folding keeps, for each shard of the nodes, the number it has come to, in
the transaction of its results; batches that all shards are done with are deleted.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, LargeBinary
from sqlmodel import Field, SQLModel

from mes_server.store.tables import run, wide, wide_key

SHARDS = 64
LANES = 2  # what is live is folded before what was filled in later
_FRAME = struct.Struct("<BqHIH")  # shard, received, sizes of topic, payload and fresh


class InboxRow(SQLModel, table=True):
    """One batch; its messages are numbered from `id` on."""

    __tablename__ = "inbox"

    id: int = wide_key()
    count: int
    blob: bytes = Field(sa_type=LargeBinary)


class FoldProgressRow(SQLModel, table=True):
    """The number of the last message of a shard that is folded."""

    __tablename__ = "fold_progress"

    shard: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: int = wide()


class InboxMessage(NamedTuple):
    """A message in the inbox. `fresh`: which of its records are new (domain.records.bits); None: all."""

    shard: int
    id: int
    received_ms: int
    topic: str
    payload: bytes
    fresh: bytes | None = None


def shard_of(group: str, node: str, late: bool = False) -> int:
    """The shard of a node's messages, those of its back-fill apart; the same in every process."""
    return zlib.crc32(f"{group}/{node}".encode()) % SHARDS + (SHARDS if late else 0)


def is_late_lane(shard: int) -> bool:
    """Whether a shard holds back-fill."""
    return shard >= SHARDS


def live_lane(shard: int) -> int:
    """The shard of the same nodes that holds what is not back-fill."""
    return shard % SHARDS


def append_batch(conn: Connection, messages: Sequence[InboxMessage]) -> None:
    """Put a batch into the inbox; its messages are numbered without gaps."""
    if not messages:
        return
    parts = []
    for shard, _, received_ms, topic, payload, fresh in messages:
        name = topic.encode()
        bits = fresh or b""
        parts += [
            _FRAME.pack(shard, received_ms, len(name), len(payload), len(bits)),
            name,
            payload,
            bits,
        ]
    run(
        conn,
        "INSERT INTO inbox (id, count, blob) VALUES (?, ?, ?)",
        (messages[0].id, len(messages), b"".join(parts)),
    )


def _messages(number: int, blob: bytes) -> Iterator[InboxMessage]:
    at = 0
    while at < len(blob):
        shard, received_ms, name, size, bits = _FRAME.unpack_from(blob, at)
        start = at + _FRAME.size
        middle = start + name
        end = middle + size
        at = end + bits
        topic = blob[start:middle].decode()
        yield InboxMessage(
            shard, number, received_ms, topic, blob[middle:end], blob[end:at] if bits else None
        )
        number += 1


def load_waiting(conn: Connection) -> dict[int, list[InboxMessage]]:
    """All messages that are not folded yet, by shard, in the order they came."""
    done: dict[int, int] = dict(_rows(conn, "SELECT shard, id FROM fold_progress"))
    waiting: dict[int, list[InboxMessage]] = {}
    for number, blob in _rows(conn, "SELECT id, blob FROM inbox ORDER BY id"):
        for message in _messages(number, bytes(blob)):
            if message.id > done.get(message.shard, 0):
                waiting.setdefault(message.shard, []).append(message)
    return waiting


def _rows(conn: Connection, query: str) -> list[Any]:
    return list(run(conn, query))


def save_progress(conn: Connection, folded: Mapping[int, tuple[int, int]]) -> bool:
    """Note for each shard the first and last message that this transaction folds.

    False: one of them was folded already; what the caller believes to wait is not what waits.
    """
    for shard, (first_id, last_id) in folded.items():
        moved = run(
            conn,
            "INSERT INTO fold_progress (shard, id) VALUES (?, ?) ON CONFLICT (shard) "
            "DO UPDATE SET id = excluded.id WHERE fold_progress.id < ? RETURNING shard",
            (shard, last_id, first_id),
        ).first()
        if moved is None:
            return False
    return True


def delete_batches(conn: Connection, before_id: int) -> None:
    """Delete the batches all of whose messages are numbered below `before_id`."""
    run(conn, "DELETE FROM inbox WHERE id < ? AND id + count <= ?", (before_id, before_id))
