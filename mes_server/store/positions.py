"""Which journal records are stored: watermarks, and each record's CRC, clocks and time of arrival.

A commit appends its positions to a log, one row; packing sorts the log into blocks by journal. A row
of its own for each record would make every commit rewrite a page for each node.
"""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Index, LargeBinary
from sqlmodel import Field, SQLModel

from mes_server.domain.watermarks import Watermark, restored
from mes_server.store.tables import CLUSTERED, run, wide, wide_key

_IN_MAX = 500
_LOG_ROWS_MAX = 20_000
_NEAR = 1_000  # records
_INT64_MAX = (1 << 63) - 1
Positions = npt.NDArray[np.void]
_POSITION = np.dtype(
    [
        ("node", "<i8"),
        ("epoch", "<i8"),
        ("seq", "<i8"),
        ("crc", "<i8"),
        ("mono", "<i8"),
        ("clock", "<i8"),
        ("received_ms", "<i8"),
    ]
)
_COLUMNS = ("seq", "crc", "mono", "clock", "received_ms")  # of a block


class WatermarkRow(SQLModel, table=True):
    """How far a journal is stored without a gap (`seq`, for pages), and what domain.watermarks knows."""

    __tablename__ = "watermark"
    __table_args__ = CLUSTERED

    node: int = wide_key()
    epoch: int = wide_key()
    seq: int = wide()
    begun_ms: int = wide()
    ranges: str
    floor: int = wide()
    stated: int = wide()


class PositionLogRow(SQLModel, table=True):
    """The positions of one commit, as they came."""

    __tablename__ = "position_log"

    id: int = wide_key()
    count: int
    blob: bytes = Field(sa_type=LargeBinary)


class PositionBlockRow(SQLModel, table=True):
    """Positions of one journal, sorted. Records that came late lie in blocks of their own."""

    __tablename__ = "position_block"
    __table_args__ = (Index("position_block_received", "received_ms"),)

    node: int = wide_key()
    epoch: int = wide_key()
    first: int = wide_key()
    number: int = wide_key()
    last: int = wide()
    count: int
    received_ms: int = wide()
    blob: bytes = Field(sa_type=LargeBinary)


class Journal(NamedTuple):
    """One journal of one node; `node` is the node's number in the store."""

    node: int
    epoch: int


class Position(NamedTuple):
    """One stored record: the edge's CRC, monotonic time and clock state, and when it came."""

    node: int
    epoch: int
    seq: int
    crc: int
    mono: int
    clock: int
    received_ms: int


# -- watermarks --------------------------------------------------------------------------------


def load_watermarks(conn: Connection, journals: Iterable[Journal]) -> dict[Journal, Watermark]:
    """The watermarks of those of the journals that are known."""
    found: dict[Journal, Watermark] = {}
    wanted = sorted(set(journals))
    for start in range(0, len(wanted), _IN_MAX):
        part = wanted[start : start + _IN_MAX]
        query = (
            "SELECT node, epoch, ranges, floor, stated FROM watermark "  # noqa: S608  only question marks
            f"WHERE (node, epoch) IN (VALUES {', '.join(['(?, ?)'] * len(part))})"
        )
        for node, epoch, *kept in _rows(conn, query, tuple(chain.from_iterable(part))):
            found[Journal(node, epoch)] = restored(*kept)
    return found


def _rows(conn: Connection, query: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
    return list(run(conn, query, parameters))


def save_watermarks(conn: Connection, marks: dict[Journal, Watermark], now_ms: int) -> None:
    """Write the watermarks as they are now."""
    if not marks:
        return
    run(
        conn,
        "INSERT INTO watermark (node, epoch, seq, begun_ms, ranges, floor, stated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node, epoch) DO UPDATE SET "
        "seq = excluded.seq, ranges = excluded.ranges, floor = excluded.floor, stated = excluded.stated",
        [
            (*journal, mark.seq, now_ms, mark.ranges_text(), mark.floor, mark.stated)
            for journal, mark in marks.items()
        ],
    )


# -- positions ---------------------------------------------------------------------------------


def append_positions(conn: Connection, number: int, rows: Sequence[Position]) -> None:
    """Note the records one commit stores; `number` grows from commit to commit."""
    if not rows:
        return
    bounded = [row if row.mono <= _INT64_MAX else row._replace(mono=_INT64_MAX) for row in rows]
    blob = np.array(bounded, _POSITION).tobytes()
    insert = "INSERT INTO position_log (id, count, blob) VALUES (?, ?, ?)"
    run(conn, insert, (number, len(rows), blob))


def _log(rows: Iterable[Any]) -> Positions:
    blobs = [bytes(row.blob) for row in rows]
    return np.frombuffer(b"".join(blobs), _POSITION)


def pack_positions(conn: Connection, records_min: int) -> int:
    """Move the log into blocks when it holds at least so many records; how many moved."""
    held = run(conn, "SELECT coalesce(sum(count), 0) FROM position_log").scalar_one()
    if held < max(records_min, 1):
        return 0
    rows = _rows(conn, "SELECT id, blob FROM position_log ORDER BY id LIMIT ?", (_LOG_ROWS_MAX,))
    log = _log(rows)
    log = log[np.lexsort((log["seq"], log["epoch"], log["node"]))]
    edges = [0, *(np.flatnonzero(np.diff(_keys(log))) + 1).tolist(), len(log)]
    blocks = [_block(log[a:b], rows[-1].id) for a, b in pairwise(edges)]
    run(
        conn,
        "INSERT INTO position_block (node, epoch, first, number, last, count, received_ms, blob) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        blocks,
    )
    run(conn, "DELETE FROM position_log WHERE id <= ?", (rows[-1].id,))
    return len(log)


def _block(part: Positions, number: int) -> tuple[int | bytes, ...]:
    columns = [np.diff(part[name], prepend=0).tobytes() for name in _COLUMNS]
    return (
        int(part["node"][0]), int(part["epoch"][0]), int(part["seq"][0]), number,
        int(part["seq"][-1]), len(part), int(part["received_ms"].max()),
        zlib.compress(b"".join(columns), 1),
    )  # fmt: skip


def _unblock(journal: Journal, blob: bytes) -> Positions:
    columns = np.frombuffer(zlib.decompress(blob), "<i8").reshape(len(_COLUMNS), -1).cumsum(axis=1)
    part = np.empty(columns.shape[1], _POSITION)
    part["node"], part["epoch"] = journal
    for name, column in zip(_COLUMNS, columns, strict=True):
        part[name] = column
    return part


def _keys(log: Positions) -> npt.NDArray[np.int64]:
    keys: npt.NDArray[np.int64] = log["node"] << 32 ^ log["epoch"]
    return keys


def _logged(conn: Connection, journals: Iterable[Journal]) -> dict[Journal, Positions]:
    """What the log holds of each of the journals; it is read once for all of them."""
    log = _log(_rows(conn, "SELECT blob FROM position_log ORDER BY id"))
    log = log[np.argsort(_keys(log), kind="stable")]
    keys = _keys(log)
    found = {}
    for journal in journals:
        key = journal.node << 32 ^ journal.epoch
        first, last = np.searchsorted(keys, (key, key + 1))
        found[journal] = log[first:last]
    return found


def _packed(conn: Connection, journal: Journal, first: int, last: int) -> list[Positions]:
    blocks = _rows(
        conn,
        "SELECT blob FROM position_block WHERE node = ? AND epoch = ? AND first <= ? AND last >= ?",
        (*journal, last, first),
    )
    return [_unblock(journal, bytes(row.blob)) for row in blocks]


def load_positions(
    conn: Connection, journal: Journal, first: int = 0, last: int = 0xFFFFFFFF
) -> list[Position]:
    """The positions of a journal's records `first` … `last` that are still noted, in order."""
    whole = np.concatenate(
        [*_packed(conn, journal, first, last), *_logged(conn, [journal]).values()]
    )
    whole = whole[(whole["seq"] >= first) & (whole["seq"] <= last)]
    return [Position(*row) for row in whole[np.argsort(whole["seq"])].tolist()]


def load_crcs(
    conn: Connection, wanted: Mapping[Journal, Collection[int]]
) -> dict[tuple[Journal, int], int]:
    """The CRCs of those of the records wanted (at least one of each journal) that are still noted."""
    crcs = {}
    for journal, logged in _logged(conn, wanted).items() if wanted else ():
        for seq, crc in _crcs(conn, journal, wanted[journal], logged):
            crcs[journal, seq] = crc
    return crcs


def _crcs(
    conn: Connection, journal: Journal, seqs: Collection[int], logged: Positions
) -> Iterable[tuple[int, int]]:
    wanted = np.unique(np.fromiter(seqs, np.int64))
    # What lies far apart is read apart: not every block between the first and the last.
    runs = np.split(wanted, np.flatnonzero(np.diff(wanted) > _NEAR) + 1)
    blocks = [block for run in runs for block in _packed(conn, journal, int(run[0]), int(run[-1]))]
    whole = np.concatenate([*blocks, logged])
    whole = whole[np.isin(whole["seq"], wanted)]
    return zip(whole["seq"].tolist(), whole["crc"].tolist(), strict=True)


def received_at(conn: Connection, journal: Journal, seq: int) -> int | None:
    """When a record came, if that is still noted."""
    found = load_positions(conn, journal, seq, seq)
    return found[0].received_ms if found else None


def trim_positions(conn: Connection, before_ms: int) -> int:
    """Forget blocks all of whose records came before `before_ms`; how many.

    A record sent again after that is still known to be stored, by the watermark, only not compared.
    """
    return run(conn, "DELETE FROM position_block WHERE received_ms < ?", (before_ms,)).rowcount
