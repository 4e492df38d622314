"""Fresh samples: one small block for all series of a station and a commit, until they are merged.

A commit writes one row a station instead of one a series, and a reader of one series has to look at
few rows of one station only.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, Index, LargeBinary
from sqlmodel import Field, SQLModel

from mes_server.store.columns import BOOL, DTYPES, TEXT, Column, Samples
from mes_server.store.series import SERIES_PER_STATION
from mes_server.store.tables import run, run_many, wide, wide_key

ROWS_MAX = 64
BYTES_MAX = 1 << 20
AGE_MS_MAX = 600_000


class FreshRow(SQLModel, table=True):
    """What one commit brought of a station. `number`: the change it belongs to."""

    __tablename__ = "fresh"
    __table_args__ = (Index("fresh_size", "station", "received_ms", "size"),)

    station: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = wide_key()
    received_ms: int = wide()
    size: int
    blob: bytes = Field(sa_type=LargeBinary)


@dataclass(slots=True)
class Piece:
    """Samples that came together, and how they came."""

    samples: Samples
    late: bool
    clock: int
    received_ms: int


_START = struct.Struct("<BHq")  # version, columns, the earliest time received
_VERSION = 1
_HEAD = np.dtype(
    [
        ("index", "<u2"),
        ("kind", "u1"),
        ("flags", "u1"),
        ("clock", "u1"),
        ("count", "<u4"),
        ("received", "<u4"),
        ("times", "<u4"),
        ("body", "<u4"),
    ]
)
_NULLS, _QUALITIES, _LATE = 1, 2, 4


def _body(samples: Samples) -> bytes:
    if samples.kind == TEXT:
        text = json.dumps(samples.values.tolist()).encode()
        body = struct.pack("<I", len(text)) + text
    else:
        body = samples.values.tobytes()
    if samples.nulls is not None:
        body += samples.nulls.tobytes()
    if samples.qualities is not None:
        body += samples.qualities.tobytes()
    return body


def encode_block(columns: Sequence[tuple[Column, Samples]]) -> bytes:
    """The bytes of a station's columns. Equal times of neighbours are kept once."""
    received = min(column.received_ms for column, _ in columns)
    heads, bodies = [], []
    at = times_at = 0
    last_times = b""
    for column, samples in columns:
        times = samples.times.tobytes()
        if times != last_times:
            bodies.append(times)
            times_at, last_times = at, times
            at += len(times)
        body = _body(samples)
        flags = (
            (_NULLS if samples.nulls is not None else 0)
            | (_QUALITIES if samples.qualities is not None else 0)
            | (_LATE if column.late else 0)
        )
        delay = min(column.received_ms - received, 0xFFFFFFFF)
        index = column.series_pk % SERIES_PER_STATION
        heads.append(
            (index, samples.kind, flags, column.clock & 255, len(samples), delay, times_at, at)
        )
        bodies.append(body)
        at += len(body)
    start = _START.pack(_VERSION, len(columns), received)
    return b"".join((start, np.array(heads, _HEAD).tobytes(), *bodies))


def _read_piece(blob: bytes, head: tuple[int, ...], start: int, received: int) -> Piece:
    _, kind, flags, clock, count, delay, times_at, at = head
    at += start
    times = np.frombuffer(blob, np.int64, count, start + times_at)
    if kind == TEXT:
        size = struct.unpack_from("<I", blob, at)[0]
        values = np.empty(count, object)
        values[:] = json.loads(blob[at + 4 : at + 4 + size])
        at += 4 + size
    else:
        values = np.frombuffer(blob, DTYPES[kind], count, at)
        at += count * (1 if kind == BOOL else 8)
    nulls = qualities = None
    if flags & _NULLS:
        nulls = np.frombuffer(blob, np.bool_, count, at)
        at += count
    if flags & _QUALITIES:
        qualities = np.frombuffer(blob, np.uint16, count, at)
    samples = Samples(kind, times, values, nulls, qualities)
    return Piece(samples, bool(flags & _LATE), clock, received + delay)


def decode_block(blob: bytes, index: int | None = None) -> Iterator[tuple[int, Piece]]:
    """The pieces of a block, or those of one series only, with the index of their series."""
    _, columns, received = _START.unpack_from(blob)
    heads = np.frombuffer(blob, _HEAD, columns, _START.size)
    start = _START.size + columns * _HEAD.itemsize
    if index is not None:
        heads = heads[heads["index"] == index]
    for head in heads.tolist():
        yield head[0], _read_piece(blob, head, start, received)


def append_blocks(conn: Connection, blocks: Sequence[tuple[int, int, bytes]], number: int) -> None:
    """Write blocks `(station, received_ms, bytes)` of one commit."""
    run_many(
        conn,
        "INSERT INTO fresh (station, number, received_ms, size, blob) VALUES (?, ?, ?, ?, ?)",
        [(station, number, received, len(blob), blob) for station, received, blob in blocks],
    )


def load_fresh(conn: Connection, series: int) -> list[Piece]:
    """The pieces of one series that are not in chunks yet, in the order they came."""
    station, index = divmod(series, SERIES_PER_STATION)
    rows = run(conn, "SELECT blob FROM fresh WHERE station = ? ORDER BY number", (station,))
    return [piece for row in rows for _, piece in decode_block(row.blob, index)]


def take_fresh(conn: Connection, station: int) -> tuple[dict[int, list[Piece]], int]:
    """Take all blocks of a station out: pieces by series, and the latest change among them."""
    rows = run(conn, "SELECT number, blob FROM fresh WHERE station = ? ORDER BY number", (station,))
    pieces: dict[int, list[Piece]] = {}
    number = 0
    for row in rows:
        number = row.number
        for index, piece in decode_block(row.blob):
            pieces.setdefault(station * SERIES_PER_STATION + index, []).append(piece)
    run(conn, "DELETE FROM fresh WHERE station = ? AND number <= ?", (station, number))
    return pieces, number


def list_full(conn: Connection, now_ms: int) -> list[int]:
    """Stations whose blocks are many, large or old, the oldest first."""
    rows = run(
        conn,
        "SELECT station FROM fresh GROUP BY station"
        " HAVING count(*) >= ? OR sum(size) >= ? OR min(received_ms) <= ? ORDER BY min(received_ms)",
        (ROWS_MAX, BYTES_MAX, now_ms - AGE_MS_MAX),
    )
    return [row.station for row in rows]
