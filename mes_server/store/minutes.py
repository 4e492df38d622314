"""A station's series minute by minute: packed minutes where an hour is merged and all good, else from its samples.

What is merged and what is not give the same minutes, because both are summed up hour by hour in the same way.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from mes_server.store.blocks import Gathered
from mes_server.store.chunks import ChunkBroken, decode_chunk, has_qualities
from mes_server.store.columns import FLOAT, TEXT, Samples, joined
from mes_server.store.rollup import (
    HOUR_MS,
    MINUTE_MS,
    Floats,
    Ints,
    Rollup,
    decode_minutes,
    load_minutes,
    rolled_up,
)
from mes_server.store.series import SERIES_PER_STATION, list_series
from mes_server.store.sources import Raw, add_chunks
from mes_server.store.tables import run
from schemas.samples import GOOD

_HEAD_BYTES = 8


@dataclass(slots=True)
class Minutes:
    """A span of a series, one entry a minute; NaN where there is no number. `counts`: good samples, `bads`: others.

    `lasts`: the last good sample of each minute.
    """

    from_ms: int
    counts: Ints
    bads: Ints
    lows: Floats
    highs: Floats
    totals: Floats
    firsts: Floats
    lasts: Floats

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def means(self) -> Floats:
        """Of the good samples of each minute."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.totals / self.counts)

    def since(self, first: int) -> "Minutes":
        """Without the minutes before one."""
        parts = (self.counts, self.bads, self.lows, self.highs, self.totals, self.firsts, self.lasts)  # fmt: skip
        from_ms = self.from_ms + first * MINUTE_MS
        return Minutes(from_ms, *(part[first:] for part in parts))  # type: ignore[arg-type]

    def add(self, part: Rollup) -> None:
        """Write the minutes of a rollup into their places; others than those of the span are left out."""
        at = (part.t0 - self.from_ms) // MINUTE_MS
        inside = (at >= 0) & (at < len(self))
        at = at[inside]
        for name in ("counts", "bads", "lows", "highs", "totals", "firsts", "lasts"):
            getattr(self, name)[at] = getattr(part, name)[inside]


def no_minutes(from_ms: int, size: int) -> Minutes:
    """A span of which nothing was heard."""
    nothing = [np.full(size, np.nan) for _ in range(5)]
    return Minutes(from_ms, np.zeros(size, np.int64), np.zeros(size, np.int64), *nothing)


class _Station:
    """What of a station's series lies where, for a span of hours; looked up once for all of them."""

    def __init__(self, conn: Connection, station: str, metrics: Collection[str]) -> None:
        self.conn = conn
        known = list_series(conn, station)
        self.series = {one.metric: one.series_id for one in known if one.metric in metrics}
        self.fresh: dict[int, list[Samples]] = {}
        self.rough: set[tuple[int, int]] = set()
        self.chunked: set[tuple[int, int]] = set()

    def look(self, hours: Sequence[int]) -> None:
        """Find what is not merged, and what is merged but not all good."""
        if not self.series:
            return
        some = tuple(self.series.values())
        query = (
            f"SELECT hour, series, number, substr(blob, 1, {_HEAD_BYTES}) AS head FROM chunk "  # noqa: S608
            f"WHERE hour IN ({_marks(hours)}) AND series IN ({_marks(some)})"
        )
        for row in run(self.conn, query, (*hours, *some)):
            self.chunked.add((row.series, row.hour))
            if row.number > 0 or has_qualities(row.head):
                self.rough.add((row.series, row.hour))
        first = some[0] // SERIES_PER_STATION * SERIES_PER_STATION
        gathered = Gathered()
        query = "SELECT blob FROM fresh WHERE station = ? ORDER BY number"
        for row in run(self.conn, query, (first // SERIES_PER_STATION,)):
            gathered.add(row.blob)
        for index, kinds in gathered.series().items():
            parts = [came.samples for came in kinds]
            self.fresh[first + index] = parts
            for part in parts:
                self.rough |= {(first + index, hour) for hour in np.unique(part.times // HOUR_MS)}

    def samples(self, series: int, hours: Sequence[int]) -> Samples:
        """All samples of some hours, by time."""
        raw = Raw(parts=[])
        add_chunks(self.conn, series, hours, raw)
        raw.parts += self.fresh.get(series, [])
        return joined(raw.parts).sorted()

    def last_hour(self, series: int, hour: int) -> int | None:
        """The last hour before one that has samples of a series, wherever they lie."""
        small = "SELECT max(hour) FROM chunk WHERE number > 0 AND series = ? AND hour < ?"
        merged = (
            "SELECT max(t0) FROM rollup WHERE series = ? AND level = ? AND t0 < ? AND count > 0"
        )
        t0 = run(self.conn, merged, (series, HOUR_MS, hour * HOUR_MS)).scalar()
        hours = [None if t0 is None else t0 // HOUR_MS]
        hours.append(run(self.conn, small, (series, hour)).scalar())
        for part in self.fresh.get(series, []):
            earlier = part.times[part.times < hour * HOUR_MS]
            hours.append(int(earlier.max()) // HOUR_MS if len(earlier) else None)
        return max((one for one in hours if one is not None), default=None)


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _good_numbers(samples: Samples) -> Samples:
    """As numbers; what has no value or is not good has none."""
    values = samples.numbers()
    nulls = np.isnan(values) | (samples.quality_codes() != GOOD)
    return Samples(FLOAT, samples.times, np.where(nulls, 0.0, values), nulls)


def load_station_minutes(
    conn: Connection,
    station: str,
    metrics: Collection[str],
    span: tuple[int, int],
    ends: Collection[str] = (),
) -> dict[str, Minutes]:
    """The metrics of a station from a minute (Unix ms) until another, which is not included.

    A metric that the station never reported is not there. `ends`: those of which firsts and lasts are asked for; of the
    others they are read only where a minute is silent, because the one before may hold.
    """
    from_ms, to_ms = span
    hours = range(from_ms // HOUR_MS, (to_ms - 1) // HOUR_MS + 1)
    there = _Station(conn, station, metrics)
    there.look(hours)
    found = {}
    for metric, series in there.series.items():
        minutes = no_minutes(from_ms, -(-(to_ms - from_ms) // MINUTE_MS))
        _fill(there, series, hours, (minutes, metric in ends))
        found[metric] = minutes
    return found


def _fill(there: _Station, series: int, hours: Sequence[int], of: tuple[Minutes, bool]) -> None:
    minutes, with_ends = of
    packed = load_minutes(there.conn, series, hours[0] * HOUR_MS, hours[-1] * HOUR_MS)
    rough = [
        hour
        for hour in hours
        if (series, hour) in there.rough or (hour not in packed and (series, hour) in there.chunked)
    ]
    smooth = [hour for hour in hours if hour in packed and hour not in rough]
    rough += _unpack(minutes, packed, smooth, with_ends)
    if rough:
        samples = _good_numbers(there.samples(series, rough))
        for hour in rough:
            part = samples.between(hour * HOUR_MS, hour * HOUR_MS + HOUR_MS - 1)
            if len(part):
                minutes.add(rolled_up(part, MINUTE_MS))
    if not with_ends:
        _unpack(minutes, packed, [hour for hour in _held(minutes) if hour in smooth], True)


def _unpack(
    minutes: Minutes, packed: Mapping[int, bytes], hours: Iterable[int], with_ends: bool
) -> list[int]:
    """Write packed hours into their places; those that cannot be read."""
    broken = []
    for hour in hours:
        try:
            minutes.add(decode_minutes(packed[hour], hour, with_ends))
        except ChunkBroken:
            broken.append(hour)
    return broken


def _held(minutes: Minutes) -> list[int]:
    """The hours in which a minute with samples is followed by a silent one, into which its last value may hold."""
    speaks = minutes.counts + minutes.bads > 0
    at = np.flatnonzero(speaks[:-1] & ~speaks[1:])
    hours: list[int] = np.unique((minutes.from_ms + at * MINUTE_MS) // HOUR_MS).tolist()
    return hours


def load_turns(
    conn: Connection, station: str, metric: str, span: tuple[int, int]
) -> list[tuple[int, str]]:
    """The texts of a metric in a span, each where it began (Unix ms); the first is what held at its beginning."""
    from_ms, to_ms = span
    hours = range(from_ms // HOUR_MS - 1, (to_ms - 1) // HOUR_MS + 1)
    there = _Station(conn, station, (metric,))
    there.look(hours)
    series = there.series.get(metric)
    if series is None:
        return []
    packed = load_minutes(conn, series, hours[0] * HOUR_MS, hours[-1] * HOUR_MS)
    rough = [hour for hour in hours if (series, hour) in there.rough or hour not in packed]
    parts = [there.samples(series, rough)]
    parts += [decode_chunk(packed[hour]) for hour in packed if hour not in rough]
    earlier = there.last_hour(series, hours[0])
    if earlier is not None:
        parts.append(there.samples(series, [earlier]))
    samples = joined([part for part in parts if len(part)]).sorted()
    if samples.kind != TEXT:
        return []
    return _changes(zip(samples.times.tolist(), samples.python_values(), strict=True), span)


def _changes(told: Iterable[tuple[int, object]], span: tuple[int, int]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = [(span[0], "")]
    for at_ms, value in told:
        if not isinstance(value, str) or at_ms >= span[1]:
            continue
        if at_ms <= span[0]:
            found = [(span[0], value)]
        elif value != found[-1][1]:
            found.append((at_ms, value))
    return found if len(found) > 1 or found[0][1] else []


def reading_before(conn: Connection, station: str, metric: str, at_ms: int) -> float | None:
    """The last good sample of a counter before a moment: of that hour and the one before, else of the last there is."""
    hour = at_ms // HOUR_MS - 1
    found = _last_of(conn, station, metric, (hour * HOUR_MS, at_ms))
    if found is not None:
        return found
    there = _Station(conn, station, (metric,))
    there.look((hour,))
    earlier = there.last_hour(there.series[metric], hour) if there.series else None
    if earlier is None:
        return None
    return _last_of(conn, station, metric, (earlier * HOUR_MS, earlier * HOUR_MS + HOUR_MS))


def _last_of(conn: Connection, station: str, metric: str, span: tuple[int, int]) -> float | None:
    minutes = load_station_minutes(conn, station, (metric,), span, (metric,)).get(metric)
    if minutes is None:
        return None
    known = minutes.lasts[~np.isnan(minutes.lasts)]
    return float(known[-1]) if len(known) else None
