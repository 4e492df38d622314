"""Series of samples: append and read. Where the samples lie is nobody else's business."""

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from mes_server.store.blocks import encode_block
from mes_server.store.chunks import decode_chunk
from mes_server.store.columns import Column, Samples, Value, by_hour, joined, samples_of
from mes_server.store.curves import Coverage, Series, load_series
from mes_server.store.fresh import append_blocks, load_fresh
from mes_server.store.gaps import Gap
from mes_server.store.merging import merge_due
from mes_server.store.numbering import next_change
from mes_server.store.rollup import HOUR_MS
from mes_server.store.series import (
    SERIES_PER_STATION,
    SeriesView,
    ensure_series,
    list_series,
)
from mes_server.store.series_now import NowSample, save_now
from mes_server.store.sources import list_hours, load_blobs
from schemas.samples import GOOD, Sample

__all__ = [
    "Column",
    "Coverage",
    "Gap",
    "Series",
    "SeriesView",
    "append_samples",
    "ensure_series",
    "iter_samples",
    "list_series",
    "load_series",
    "merge_due",
]


def _latest(column: Column, samples: Samples) -> NowSample:
    at = len(samples.times) - 1
    if at:
        newest = int(samples.times.argmax())
        if samples.times[newest] > samples.times[at]:
            at = newest
    value = samples.values.item(at) if samples.nulls is None or not samples.nulls[at] else None
    quality = GOOD if samples.qualities is None else int(samples.qualities[at])
    text = repr(value) if type(value) is float else json.dumps(value)
    at_ms = samples.times.item(at)
    return column.series_pk, at_ms, text, quality, column.received_ms, column.late


def append_samples(conn: Connection, columns: Sequence[Column]) -> int:
    """Store samples, and show the latest of each series; the number of this change.

    Whatever is handed in is stored: a sample handed in twice is there twice.
    """
    number = next_change(conn)
    stations: dict[int, list[tuple[Column, Samples]]] = {}
    latest = []
    for column in columns:
        if len(column.times_ms) == 0:
            continue
        samples = samples_of(column)
        stations.setdefault(column.series_pk // SERIES_PER_STATION, []).append((column, samples))
        latest.append(_latest(column, samples))
    blocks = []
    for station, came in stations.items():
        received_ms = min(column.received_ms for column, _ in came)
        blocks.append((station, received_ms, encode_block(came, received_ms)))
    append_blocks(conn, blocks, number)
    save_now(conn, latest, number)
    return number


def _in_order(parts: list[Samples]) -> Iterator[Sample]:
    """The samples of an hour by time, each value as it was stored, whatever its kind."""
    if len({part.kind for part in parts}) > 1:
        rows = [
            (at_ms, value, quality)
            for part in parts
            for at_ms, value, quality in zip(*_columns(part), strict=True)
        ]
        rows.sort(key=lambda row: row[0])
    else:
        rows = list(zip(*_columns(joined(parts).sorted()), strict=True))
    for at_ms, value, quality in rows:
        yield Sample("", at_ms, value, quality)


def _columns(samples: Samples) -> tuple[list[int], list[Value], list[int]]:
    return samples.times.tolist(), samples.python_values(), samples.quality_codes().tolist()


def iter_samples(conn: Connection, series_pk: int, from_ms: int, to_ms: int) -> Iterator[Sample]:
    """Every sample of `from_ms` to `to_ms`, both included, by time and then as they came.

    The metric of a sample is left empty. Raises ChunkBroken.
    """
    fresh: dict[int, list[Samples]] = {}
    for came in load_fresh(conn, series_pk):
        for hour, samples in by_hour(came.samples, HOUR_MS):
            fresh.setdefault(hour, []).append(samples)
    for hour in list_hours(conn, series_pk, from_ms // HOUR_MS, to_ms // HOUR_MS, fresh):
        stored = [decode_chunk(blob) for blob in load_blobs(conn, series_pk, hour)]
        for sample in _in_order([*stored, *fresh.get(hour, [])]):
            if from_ms <= sample.at_ms <= to_ms:
                yield sample
