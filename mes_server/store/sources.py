"""Where the samples of a series lie: merged chunks, small ones, fresh blocks; read without conversion."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row

from mes_server.store.chunks import ChunkBroken, decode_chunk
from mes_server.store.columns import Samples
from mes_server.store.fresh import load_fresh
from mes_server.store.rollup import HOUR_MS
from mes_server.store.tables import run

_HOURS_AT_ONCE = 200


@dataclass(slots=True)
class Raw:
    """Samples of a series in the order they came; `late` of them (or of their chunks) came late."""

    parts: list[Samples] = field(default_factory=list)
    late: int = 0
    broken: list[int] = field(default_factory=list)  # hours with a chunk that cannot be read


def list_hours(
    conn: Connection, series: int, first: int, last: int, more: Iterable[int] = ()
) -> list[int]:
    """The hours `first` to `last` that have samples of a series, with those of `more`."""
    merged = run(
        conn,
        "SELECT t0 FROM rollup WHERE series = ? AND level = ? AND t0 BETWEEN ? AND ?",
        (series, HOUR_MS, first * HOUR_MS, last * HOUR_MS),
    )
    hours = {row.t0 // HOUR_MS for row in merged} | {h for h in more if first <= h <= last}
    small = run(
        conn,
        "SELECT DISTINCT hour FROM chunk WHERE number > 0 AND series = ? AND hour BETWEEN ? AND ?",
        (series, first, last),
    )
    return sorted(hours | {row.hour for row in small})


def load_blobs(conn: Connection, series: int, hour: int) -> list[bytes]:
    """The chunks of an hour in the order in which their samples came."""
    rows = run(
        conn,
        "SELECT blob FROM chunk WHERE hour = ? AND series = ? ORDER BY number > 0, abs(number)",
        (hour, series),
    )
    return [row.blob for row in rows]


def _add(raw: Raw, rows: Iterable[Row[Any]]) -> None:
    for row in rows:
        try:
            raw.parts.append(decode_chunk(row.blob))
            raw.late += row.late_count
        except ChunkBroken:
            raw.broken.append(row.hour)


def add_chunks(conn: Connection, series: int, hours: Sequence[int], raw: Raw) -> None:
    """Add all chunks of these hours, merged or not."""
    for start in range(0, len(hours), _HOURS_AT_ONCE):
        some = hours[start : start + _HOURS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        query = f"SELECT hour, late_count, blob FROM chunk WHERE hour IN ({marks}) AND series = ?"  # noqa: S608
        order = " ORDER BY hour, number > 0, abs(number)"
        _add(raw, run(conn, query + order, (*some, series)))


def add_small_chunks(
    conn: Connection, series: int, span: tuple[int, int], raw: Raw, besides: Container[int] = ()
) -> None:
    """Add the chunks of the hours of a span that are not merged yet, `besides` those of some hours."""
    rows = run(
        conn,
        "SELECT hour, late_count, blob FROM chunk"
        " WHERE number > 0 AND series = ? AND hour BETWEEN ? AND ? ORDER BY hour, number",
        (series, *span),
    )
    _add(raw, (row for row in rows if row.hour not in besides))


def add_fresh(conn: Connection, series: int, from_ms: int, to_ms: int, raw: Raw) -> None:
    """Add what is not in chunks yet."""
    for came in load_fresh(conn, series):
        times = came.samples.times
        inside = (times >= from_ms) & (times <= to_ms)
        if inside.any():
            raw.parts.append(came.samples.take(inside))
            raw.late += int(np.count_nonzero(came.late & inside))
