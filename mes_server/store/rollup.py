"""What the samples of an hour come to: one row for the hour, its minutes packed together.

Zooming out reads these instead of samples. Minutes are kept where an hour has samples enough for them
to be a relief; texts keep the samples at which they changed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from mes_server.store.chunks import ChunkBroken, encode_chunk
from mes_server.store.columns import TEXT, Samples
from mes_server.store.packing import (
    Reader,
    decimals,
    number_bytes,
    pack_floats,
    pack_ints,
    sealed,
    unpack_floats,
    unpack_ints,
    unsealed,
)
from mes_server.store.tables import run

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
MINUTES_FROM = 240  # samples in an hour

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Rollup:
    """Spans of time and what their samples come to; NaN where none has a number.

    `counts`: samples with a value. `bads`: samples without.
    """

    t0: Ints
    counts: Ints
    bads: Ints
    lows: Floats
    highs: Floats
    totals: Floats
    firsts: Floats
    lasts: Floats

    def __len__(self) -> int:
        return len(self.t0)


def _sums(values: Floats, starts: Ints) -> Floats:
    """Sums of decimals are decimals: added as whole numbers they stay short, and exact."""
    found = decimals(values)
    if found is None or found[0] > 15:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.add.reduceat(values, starts)
    return np.asarray(np.add.reduceat(found[1], starts) / 10.0 ** found[0])


def rolled_up(samples: Samples, span_ms: int) -> Rollup:
    """The samples (sorted by time) in spans of `span_ms` of Unix time; spans without one are left out."""
    spans = samples.times // span_ms * span_ms
    t0, owner = np.unique(spans, return_inverse=True)
    size = len(t0)
    known = np.ones(len(samples), bool) if samples.nulls is None else ~samples.nulls
    counts = np.bincount(owner[known], minlength=size).astype(np.int64)
    bads = np.bincount(owner[~known], minlength=size).astype(np.int64)
    five = [np.full(size, np.nan) for _ in range(5)]
    if samples.kind != TEXT and known.any():
        values = samples.values[known].astype(np.float64)
        inside = counts > 0
        ends = np.cumsum(counts[inside])
        starts = ends - counts[inside]
        reduced = (
            np.minimum.reduceat(values, starts),
            np.maximum.reduceat(values, starts),
            _sums(values, starts),
            values[starts],
            values[ends - 1],
        )
        for column, numbers in zip(five, reduced, strict=True):
            column[inside] = numbers
    return Rollup(t0, counts, bads, *five)


def _packed(columns: Sequence[Floats], known: npt.NDArray[np.bool_]) -> bytes:
    return pack_floats(np.concatenate([column[known] for column in columns]), False)


def _unpacked(reader: Reader, columns: int, known: npt.NDArray[np.bool_]) -> list[Floats]:
    found = np.full((columns, len(known)), np.nan)
    found[:, known] = unpack_floats(reader, columns * int(known.sum())).reshape(columns, -1)
    return list(found)


def encode_minutes(rollup: Rollup, hour: int) -> bytes:
    """The minutes of an hour as bytes; few arrays, because each costs a reader its time."""
    known = rollup.counts > 0
    minutes = (rollup.t0 - hour * HOUR_MS) // MINUTE_MS
    ints = pack_ints(np.concatenate((minutes, rollup.counts, rollup.bads)), False)
    sums = _packed((rollup.lows, rollup.highs, rollup.totals), known)
    ends = _packed((rollup.firsts, rollup.lasts), known)
    return sealed(b"".join((number_bytes(len(rollup)), ints, sums, ends)))


def decode_minutes(blob: bytes, hour: int, with_ends: bool = False) -> Rollup:
    """What `encode_minutes` was given, firsts and lasts only `with_ends`; raises ChunkBroken."""
    try:
        reader = Reader(unsealed(blob))
        size = reader.number()
        minutes, counts, bads = unpack_ints(reader, 3 * size).reshape(3, size)
        known = counts > 0
        lows, highs, totals = _unpacked(reader, 3, known)
        nothing = np.full(size, np.nan)
        firsts, lasts = _unpacked(reader, 2, known) if with_ends else (nothing, nothing)
    except ValueError as error:
        raise ChunkBroken(str(error)) from error
    t0 = minutes * MINUTE_MS + hour * HOUR_MS
    return Rollup(t0, counts, bads, lows, highs, totals, firsts, lasts)


def turns(samples: Samples) -> Samples:
    """The samples at which a value differs from the one before, and the last one."""
    if len(samples) < 3:
        return samples
    keep = np.ones(len(samples), bool)
    keep[1:-1] = samples.values[1:-1] != samples.values[:-2]
    if samples.nulls is not None:
        keep[1:-1] |= samples.nulls[1:-1] != samples.nulls[:-2]
    return samples.take(keep)


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


_SAVE = """
INSERT INTO rollup (series, level, t0, count, bad, late, low, high, total, first, last, label, blob)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def save_rollup(conn: Connection, series: int, hour: int, samples: Samples, late: int) -> None:
    """Write what the merged samples of an hour come to, in the place of what was there."""
    t0 = hour * HOUR_MS
    run(conn, "DELETE FROM rollup WHERE series = ? AND level IN (?, ?) AND t0 = ?",
        (series, MINUTE_MS, HOUR_MS, t0))  # fmt: skip
    whole = rolled_up(samples, HOUR_MS)
    label = None
    if samples.kind == TEXT:
        label = next(
            (json.dumps(v) for v in reversed(samples.python_values()) if v is not None), None
        )
    five = (whole.lows, whole.highs, whole.totals, whole.firsts, whole.lasts)
    count, bad = int(whole.counts[0]), int(whole.bads[0])
    head = (count, bad, late, *(_number(part[0]) for part in five), label)
    run(conn, _SAVE, (series, HOUR_MS, t0, *head, None))
    if len(samples) >= MINUTES_FROM:
        if samples.kind == TEXT:
            blob = encode_chunk(turns(samples))
        else:
            blob = encode_minutes(rolled_up(samples, MINUTE_MS), hour)
        run(conn, _SAVE, (series, MINUTE_MS, t0, *head, blob))


@dataclass(slots=True)
class Hours:
    """Merged hours of a series: what each comes to. `lates`: samples that came late."""

    rollup: Rollup
    lates: Ints
    labels: list[str | None]


def any_hour(conn: Connection, series: Sequence[int]) -> bool:
    """Whether one of the series has a merged hour: whether it is older than an hour or so."""
    marks = ", ".join("?" * len(series))
    query = f"SELECT 1 FROM rollup WHERE level = ? AND series IN ({marks}) LIMIT 1"  # noqa: S608
    return bool(series) and run(conn, query, (HOUR_MS, *series)).first() is not None


def load_hours(conn: Connection, series: int, from_ms: int, to_ms: int) -> Hours:
    """The merged hours that begin from `from_ms` to `to_ms`, by time."""
    rows = run(
        conn,
        "SELECT t0, count, bad, low, high, total, first, last, late, label FROM rollup"
        " WHERE series = ? AND level = ? AND t0 BETWEEN ? AND ? ORDER BY t0",
        (series, HOUR_MS, from_ms, to_ms),
    ).all()
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * 10
    t0, counts, bads, lates = (np.array(columns[at], np.int64) for at in (0, 1, 2, 8))
    lows, highs, totals, firsts, lasts = (np.array(columns[at], np.float64) for at in range(3, 8))
    rollup = Rollup(t0, counts, bads, lows, highs, totals, firsts, lasts)
    labels = [None if label is None else json.loads(label) for label in columns[9]]
    return Hours(rollup, lates, labels)


def load_minutes(conn: Connection, series: int, from_ms: int, to_ms: int) -> dict[int, bytes]:
    """The packed minutes (or turns, of texts) of the hours that have them, by the hour's number."""
    rows = run(
        conn,
        "SELECT t0, blob FROM rollup WHERE series = ? AND level = ? AND t0 BETWEEN ? AND ?",
        (series, MINUTE_MS, from_ms, to_ms),
    )
    return {row.t0 // HOUR_MS: row.blob for row in rows}
