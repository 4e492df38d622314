"""A series as a page shows it: no more points than pixels, gaps as gaps, and how much of it is there.

Short spans are read sample by sample, long ones from rollups; what is not merged yet is added to
both. The cost grows with the span, in hours at worst, never with the store.
"""

from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Connection

from mes_server.store.buckets import Buckets, Points
from mes_server.store.chunks import ChunkBroken, decode_chunk
from mes_server.store.columns import TEXT, Samples, Value, joined
from mes_server.store.gaps import CORRUPT, Gap, Presence, Window, find_gaps
from mes_server.store.losses import losses_between
from mes_server.store.rollup import (
    HOUR_MS,
    MINUTE_MS,
    Hours,
    decode_minutes,
    load_hours,
    load_minutes,
    turns,
)
from mes_server.store.series import SERIES_PER_STATION, series_key
from mes_server.store.sources import Raw, add_chunks, add_fresh, add_small_chunks
from schemas.sparkplug import DATATYPES

HOURS_FROM_MS = 1_800_000  # a point at least this wide is read from the rows of the hours
MINUTES_FROM_MS = 300_000  # … this wide, from the packed minutes
RAW_MAX = 400_000  # above so many samples, from the minutes as soon as a point is as wide as one
_TEXTS = (DATATYPES["string"], DATATYPES["text"], DATATYPES["uuid"])


@dataclass(frozen=True, slots=True)
class Coverage:
    """`expected`: samples an unbroken series has at least (0: not known). `received`: samples stored.

    `late`: of those, came late (counted by chunk at the ends of the span). `lost`: stated as given up.
    """

    expected: int
    received: int
    late: int
    lost: int


@dataclass(frozen=True, slots=True)
class Series:
    """Points of a series, all lists of one length.

    Few samples: each as it was, with None (and count 0) for no value. Many: middle of the point, mean,
    least, greatest and count. Of texts: the samples at which they changed and the last one, or the
    last of each point. `count`: samples in the span.
    """

    metric: str
    times_ms: list[int]
    values: list[Value]
    lows: list[Value]
    highs: list[Value]
    counts: list[int]
    gaps: list[Gap]
    count: int
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class _Asked:
    series: int
    text: bool
    from_ms: int
    to_ms: int
    points_max: int

    def grid(self, unit_ms: int) -> Buckets:
        """Points over the span, each a whole number of units wide and aligned to them."""
        origin = self.from_ms // unit_ms * unit_ms
        span = self.to_ms + 1 - origin
        step = max(-(-span // (self.points_max * unit_ms)), 1) * unit_ms
        return Buckets(origin, step, -(-span // step), self.text)


@dataclass(slots=True)
class _Found:
    """Samples, and what stands for samples that were not read: points, turns of texts, counts."""

    buckets: Buckets | None = None
    raw: Raw = field(default_factory=Raw)
    turns: list[Samples] = field(default_factory=list)
    presence: Presence = field(default_factory=Presence)
    count: int = 0
    late: int = 0


def _level(asked: _Asked, hours: Hours | None) -> int:
    width = (asked.to_ms + 1 - asked.from_ms) // asked.points_max
    if width < MINUTE_MS or hours is None:
        return 0
    if width >= HOURS_FROM_MS:
        return HOUR_MS
    many = int(hours.rollup.counts.sum()) > RAW_MAX
    return MINUTE_MS if many or width >= MINUTES_FROM_MS else 0


def _add_minutes(found: _Found, hour: int, blob: bytes) -> None:
    try:
        if found.buckets is None:
            found.turns.append(decode_chunk(blob))
            found.presence.add_span(hour * HOUR_MS, hour * HOUR_MS + HOUR_MS - 1)
        else:
            minutes = decode_minutes(blob, hour)
            found.count += found.buckets.add_rollup(minutes)
            found.presence.add_rollup(minutes, MINUTE_MS)
    except ChunkBroken:
        found.raw.broken.append(hour)


def _from_minutes(conn: Connection, asked: _Asked, hours: Hours) -> _Found:
    """Packed minutes (of texts their turns) where an hour has them, else its chunks; the unmerged."""
    found = _Found(None if asked.text else asked.grid(MINUTE_MS))
    first, last = asked.from_ms // HOUR_MS, asked.to_ms // HOUR_MS
    packed = load_minutes(conn, asked.series, first * HOUR_MS, last * HOUR_MS)
    bare = []
    whole = (hours.rollup.counts + hours.rollup.bads).tolist()
    merged = zip(hours.rollup.t0.tolist(), whole, hours.lates.tolist(), strict=True)
    for t0, count, late in merged:
        hour = t0 // HOUR_MS
        if hour not in packed:
            bare.append(hour)
            continue
        _add_minutes(found, hour, packed[hour])
        found.late += late
        found.count += count if asked.text else 0
    add_chunks(conn, asked.series, bare, found.raw)
    add_small_chunks(conn, asked.series, (first, last), found.raw, besides=set(bare))
    return found


def _from_hours(conn: Connection, asked: _Asked, hours: Hours) -> _Found:
    """The rows of the hours, and what is not merged."""
    buckets = asked.grid(HOUR_MS)
    found = _Found(buckets, late=int(hours.lates.sum()))
    found.count = buckets.add_rollup(hours.rollup)
    if asked.text:
        buckets.add_labels(hours.rollup.t0, hours.rollup.counts, hours.labels)
    found.presence.add_rollup(hours.rollup, HOUR_MS)
    span = (asked.from_ms // HOUR_MS, asked.to_ms // HOUR_MS)
    add_small_chunks(conn, asked.series, span, found.raw)
    return found


def _gather(conn: Connection, asked: _Asked) -> _Found:
    """Read as little as can show what was asked."""
    first, last = asked.from_ms // HOUR_MS, asked.to_ms // HOUR_MS
    hours = None
    if asked.to_ms - asked.from_ms >= asked.points_max * MINUTE_MS:
        hours = load_hours(conn, asked.series, first * HOUR_MS, last * HOUR_MS)
    level = _level(asked, hours)
    if hours is not None and level == HOUR_MS:
        found = _from_hours(conn, asked, hours)
    elif hours is not None and level == MINUTE_MS:
        found = _from_minutes(conn, asked, hours)
    else:
        found = _Found()
        add_chunks(conn, asked.series, range(first, last + 1), found.raw)
    end_ms = asked.to_ms if found.buckets is None else found.buckets.end_ms - 1
    add_fresh(conn, asked.series, asked.from_ms, end_ms, found.raw)
    return found


def _as_they_were(samples: Samples) -> Points:
    values = samples.python_values()
    known = np.ones(len(samples), np.int64) if samples.nulls is None else ~samples.nulls
    counts = known.astype(np.int64).tolist()
    return samples.times.tolist(), values, list(values), list(values), counts


def _points(asked: _Asked, found: _Found, samples: Samples) -> Points:
    text = asked.text or samples.kind == TEXT
    if text and found.buckets is None:
        samples = joined([*found.turns, samples]).sorted()
        samples = turns(samples.between(asked.from_ms, asked.to_ms))
    if found.buckets is None and len(samples) <= asked.points_max:
        return _as_they_were(samples)
    buckets = found.buckets or asked.grid(1)
    buckets.text = text
    buckets.add_samples(samples)
    return buckets.points()


def load_series(  # noqa: PLR0913  # long: what is asked, how finely, and how silence is told from a gap
    conn: Connection,
    station_id: str,
    metric: str,
    from_ms: int,
    to_ms: int,
    points_max: int = 600,
    silence_ms: int | None = None,
) -> Series:
    """A span of a series, both ends included, in about `points_max` points at most.

    `silence_ms`: the longest silence the contract allows (its `report_ms`); without it silences are
    not told. Read from rollups (points wider than five minutes) a silence shorter than a minute, from
    hours one shorter than an hour, is not seen. What is not known has no points.
    """
    key = series_key(conn, station_id, metric)
    if key is None or to_ms < from_ms:
        return Series(metric, [], [], [], [], [], [], 0, Coverage(0, 0, 0, 0))
    asked = _Asked(key[0], key[1] in _TEXTS, from_ms, to_ms, max(points_max, 1))
    found = _gather(conn, asked)
    end_ms = to_ms if found.buckets is None else found.buckets.end_ms - 1
    start_ms = from_ms if found.buckets is None else found.buckets.origin_ms
    samples = joined(found.raw.parts).sorted().between(start_ms, end_ms)
    found.presence.add_samples(samples)
    losses = losses_between(conn, key[0] // SERIES_PER_STATION, from_ms, to_ms)
    gaps = find_gaps(found.presence, Window(from_ms, to_ms, silence_ms), losses)
    gaps += [Gap(h * HOUR_MS, h * HOUR_MS + HOUR_MS - 1, CORRUPT) for h in found.raw.broken]
    count = found.count + len(samples)
    lost = sum(loss.count for loss in losses if loss.count > 0)
    expected = (to_ms - from_ms) // silence_ms if silence_ms else 0
    coverage = Coverage(expected, count, min(found.late + found.raw.late, count), lost)
    return Series(
        metric, *_points(asked, found, samples), _longest(gaps, points_max), count, coverage
    )


def _longest(gaps: list[Gap], most: int) -> list[Gap]:
    """The longest gaps, by time: more of them than points nobody can see."""
    if len(gaps) > most:
        gaps = sorted(gaps, key=lambda gap: gap.from_ms - gap.to_ms)[:most]
    return sorted(gaps, key=lambda gap: (gap.from_ms, gap.to_ms))
