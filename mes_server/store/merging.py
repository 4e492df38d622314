"""From fresh blocks to small chunks, from small chunks to one an hour; a little at a time.

Nothing is taken away before what takes its place has been read back and found the same.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from mes_server.store.alarms import Facts, raise_alarm
from mes_server.store.blocks import Came
from mes_server.store.chunks import ChunkBroken, decode_chunk, encode_chunk
from mes_server.store.columns import Samples, joined, same
from mes_server.store.fresh import list_full, take_fresh
from mes_server.store.rollup import HOUR_MS, save_rollup
from mes_server.store.tables import run, run_many

PART_MAX = 65_536  # samples in one merged chunk
STAGGER_MS = 1_800_000
SECONDS_MAX = 0.02
CHUNK_BROKEN = "chunk broken"
_GRACE_MS = 180_000  # what is a little late still comes in time
_SPREAD = 2_654_435_761  # odd and large: neighbours in number fall far apart in time
_KINDS = 8  # of values; a small chunk of each may have come with one change
_FLUSH_SHARE = 8  # small chunks cost about as much as one merge


@dataclass(frozen=True, slots=True)
class ChunkFacts:
    """How the samples of a chunk came."""

    late_count: int
    clock_worst: int
    received_first_ms: int
    received_last_ms: int


_INSERT = """
INSERT INTO chunk (hour, series, number, t_first, t_last, count,
    late_count, clock_worst, received_first_ms, received_last_ms, blob)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DUE = "SELECT series, hour FROM chunk_due WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
_ENQUEUE = "INSERT INTO chunk_due (series, hour, due_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


def _row(
    key: tuple[int, int, int], samples: Samples, facts: ChunkFacts, blob: bytes
) -> tuple[int | bytes, ...]:
    """`key`: hour, series, number."""
    return (
        *key, int(samples.times[0]), int(samples.times[-1]), len(samples),
        facts.late_count, facts.clock_worst, facts.received_first_ms, facts.received_last_ms, blob,
    )  # fmt: skip


def _due_ms(series: int, hour: int, received_ms: int) -> int:
    """When to merge: after the hour, or after what came late; each series at a moment of its own."""
    over = min(max((hour + 1) * HOUR_MS, received_ms), received_ms + HOUR_MS)
    return over + _GRACE_MS + series * _SPREAD % STAGGER_MS


def _facts(came: Came) -> ChunkFacts:
    return ChunkFacts(
        int(np.count_nonzero(came.late)),
        int(came.clocks.min()),
        int(came.received.min()),
        int(came.received.max()),
    )


def _by_hour(came: Came) -> Iterator[tuple[int, Came]]:
    hours = came.samples.times // HOUR_MS
    first = int(hours[0])
    if bool((hours == first).all()):
        yield first, came
        return
    for hour in np.unique(hours).tolist():
        yield hour, came.take(hours == hour)


def flush_station(conn: Connection, station: int) -> int:
    """Turn the fresh blocks of a station into small chunks; how many."""
    series_came, number = take_fresh(conn, station)
    chunks, due = [], []
    for series, kinds in series_came.items():
        for kind, whole in enumerate(kinds):
            for hour, came in _by_hour(whole):
                facts = _facts(came)
                samples = came.samples.sorted()
                blob = encode_chunk(samples, thorough=False)
                chunks.append(_row((hour, series, number * _KINDS + kind), samples, facts, blob))
                due.append((series, hour, _due_ms(series, hour, facts.received_last_ms)))
    run_many(conn, _INSERT, chunks)
    run_many(conn, _ENQUEUE, due)
    return len(chunks)


def _by_kind(samples: Iterable[Samples]) -> list[Samples]:
    """Joined and sorted, one for each kind: nothing is converted where it is kept."""
    kinds: dict[int, list[Samples]] = {}
    for part in samples:
        kinds.setdefault(part.kind, []).append(part)
    return [joined(parts).sorted() for parts in kinds.values()]


def _encoded(samples: Samples) -> bytes:
    blob = encode_chunk(samples)
    if not same(decode_chunk(blob), samples):
        raise ChunkBroken("a chunk does not give back what was put into it")
    return blob


_SOURCES = """
SELECT blob, late_count, clock_worst, received_first_ms, received_last_ms FROM chunk
WHERE hour = ? AND series = ? ORDER BY number > 0, abs(number)
"""


def merge_hour(conn: Connection, series: int, hour: int) -> None:
    """Make one chunk of all those of an hour, and sum it up. Raises ChunkBroken, changing nothing."""
    rows = run(conn, _SOURCES, (hour, series)).all()
    run(conn, "DELETE FROM chunk_due WHERE series = ? AND hour = ?", (series, hour))
    if not rows:
        return
    facts = ChunkFacts(
        sum(row.late_count for row in rows),
        min(row.clock_worst for row in rows),
        min(row.received_first_ms for row in rows),
        max(row.received_last_ms for row in rows),
    )
    of_kinds = _by_kind(decode_chunk(row.blob) for row in rows)
    merged: list[tuple[int | bytes, ...]] = []
    for samples in of_kinds:
        for start in range(0, len(samples), PART_MAX):
            part = samples.take(slice(start, start + PART_MAX))
            merged.append(_row((hour, series, -len(merged)), part, facts, _encoded(part)))
            facts = replace(facts, late_count=0)  # told once
    run(conn, "DELETE FROM chunk WHERE hour = ? AND series = ?", (hour, series))
    run_many(conn, _INSERT, merged)
    late = sum(row.late_count for row in rows)
    save_rollup(conn, series, hour, joined(of_kinds).sorted(), late)


def _merge_or_tell(conn: Connection, series: int, hour: int, now_ms: int) -> None:
    """Merge an hour; one that cannot be read stays as it is, and an alarm says so."""
    try:
        merge_hour(conn, series, hour)
    except ChunkBroken as error:
        facts: Facts = {"hour": hour, "detail": str(error)}
        raise_alarm(conn, CHUNK_BROKEN, f"series {series}", facts, now_ms)


def merge_due(
    conn: Connection, now_ms: int, chunks_max: int = 32, seconds_max: float = SECONDS_MAX
) -> int:
    """Do some of what is due, in a transaction short enough to wait for; 0: nothing is due.

    How much was done: at most about `chunks_max` merges' worth, and nothing is begun after
    `seconds_max`. Call it again soon unless it did nothing.
    """
    end = time.monotonic() + seconds_max
    done = 0
    for station in list_full(conn, now_ms):
        if done and (done >= chunks_max or time.monotonic() > end):
            return done
        done += 1 + flush_station(conn, station) // _FLUSH_SHARE
    due = run(conn, _DUE, (now_ms, max(chunks_max - done, 0))).all()
    for row in due:
        if done and time.monotonic() > end:
            break
        _merge_or_tell(conn, row.series, row.hour, now_ms)
        done += 1
    return done
