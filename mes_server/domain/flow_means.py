"""Means of a day weighted by flow, minute by minute, from what counts; what does not count is left out with its reason.

A value holds until the next one, as long as its contract allows silence: a sensor that reports changes only is silent
because nothing changed. A minute is the smallest thing that is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mes_server.domain.discharge import (
    CALIBRATING,
    FAULT,
    FUTURE,
    IMPLAUSIBLE,
    MAINTENANCE,
    NOT_GOOD,
    SPAN_FAILED,
    STUCK,
    Excluded,
    Hour,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
MINUTE_MS, HOUR_MS, HOUR_MIN = 60_000, 3_600_000, 60
# The first that holds for a minute is told; 0: it counts.
_CODES = (
    "", FUTURE, MAINTENANCE, FAULT, CALIBRATING, SPAN_FAILED, NOT_GOOD, IMPLAUSIBLE, STUCK,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """A metric by the minute, NaN where nothing was heard. `counts`: good samples; `bads`: samples that were not."""

    means: Floats
    lows: Floats
    highs: Floats
    lasts: Floats
    counts: Ints
    bads: Ints


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes that do not count for a reason, Unix ms, [from, to)."""

    from_ms: int
    to_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A metric of which it is known minute by minute what counts. `why`: numbers of _CODES."""

    from_ms: int
    means: Floats
    lows: Floats
    highs: Floats
    counts: Ints
    bads: Ints
    why: npt.NDArray[np.int8]

    @property
    def valid(self) -> Bools:
        """The minutes that count."""
        return np.asarray((self.why == 0) & ~np.isnan(self.means))

    def since(self, first: int) -> "Judged":
        """Without the minutes before one."""
        parts = (self.means, self.lows, self.highs, self.counts, self.bads, self.why)
        from_ms = self.from_ms + first * MINUTE_MS
        return Judged(from_ms, *(part[first:] for part in parts))  # type: ignore[arg-type]


def _sources(heard: Heard, hold_min: int) -> Ints:
    """For each minute the one whose value holds in it, itself or one before; -1: none."""
    size = len(heard.means)
    at = np.arange(size)
    speaks = (heard.counts > 0) | (heard.bads > 0)
    last = np.maximum.accumulate(np.where(speaks, at, -1))
    # What ended in a bad sample is not known to go on.
    kept = (last >= 0) & (at - last <= hold_min)
    kept &= (heard.bads[last] == 0) | (last == at)
    kept &= heard.counts[last] > 0
    return np.where(kept, last, -1)


def judged(
    heard: Heard, from_ms: int, hold_min: int, spans: Sequence[Span], plausible: tuple[float, float]
) -> Judged:
    """What counts of a metric, but for a value that stands still (`without_stuck`).

    `hold_min`: how long a value holds. `plausible`: the least and the greatest value that can be.
    """
    source = _sources(heard, hold_min)
    own = source == np.arange(len(source))
    known = source >= 0
    means = np.where(own, heard.means, heard.lasts[source])
    lows = np.where(own, heard.lows, heard.lasts[source])
    highs = np.where(own, heard.highs, heard.lasts[source])
    why = np.zeros(len(source), np.int8)
    why[(heard.bads > 0) & (heard.counts == 0)] = _CODES.index(NOT_GOOD)
    with np.errstate(invalid="ignore"):
        odd = (heard.lows < plausible[0]) | (heard.highs > plausible[1])
    why[odd & (heard.counts > 0)] = _CODES.index(IMPLAUSIBLE)
    for span in spans:
        _cover(why, from_ms, span)
    why = np.where((why == 0) & known, why[source], why).astype(np.int8)
    for part in (means, lows, highs):
        part[~known] = np.nan
    return Judged(from_ms, means, lows, highs, heard.counts, heard.bads, why)


def _cover(why: npt.NDArray[np.int8], from_ms: int, span: Span) -> None:
    """Every minute that a span touches gets its reason, unless a stronger one holds."""
    code = _CODES.index(span.reason)
    first = max((span.from_ms - from_ms) // MINUTE_MS, 0)
    end = max(-(-(span.to_ms - from_ms) // MINUTE_MS), 0)
    part = why[first:end]
    part[(part == 0) | (part > code)] = code


def without_stuck(found: Judged, moving: Bools, stuck_min: int, before_min: int = 0) -> Judged:
    """Without the minutes in which the value stood still for longer than `stuck_min` while water moved.

    `before_min`: for how long the first value of the day had stood still already.
    """
    at = np.flatnonzero(found.valid)
    if not len(at):
        return found
    flat = found.lows[at] == found.highs[at]
    same = np.zeros(len(at), bool)
    same[1:] = flat[1:] & flat[:-1] & (found.means[at][1:] == found.means[at][:-1])
    groups = np.cumsum(~same) - 1
    still = np.bincount(groups, weights=moving[at] & flat)
    if before_min and flat[0]:
        still[0] += before_min
    gone = at[still[groups] > stuck_min]
    why = found.why.copy()
    why[gone] = _CODES.index(STUCK)
    return Judged(
        found.from_ms, found.means, found.lows, found.highs, found.counts, found.bads, why
    )


def excluded(found: Judged) -> list[Excluded]:
    """What was left out, as spans of one reason each; a span in which nothing was heard is none, nor is a
    future into which the last value would hold."""
    marks = np.where(np.isnan(found.means) & (found.bads == 0), 0, found.why)
    edges = np.flatnonzero(np.diff(marks)) + 1
    begins = np.concatenate(([0], edges))
    ends = np.concatenate((edges, [len(marks)]))
    samples = found.counts + found.bads
    spans = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        held_only = _CODES[marks[begin]] == FUTURE and not samples[begin:end].any()
        if begin < end and marks[begin] and not held_only:
            from_ms = found.from_ms + begin * MINUTE_MS
            to_ms = found.from_ms + end * MINUTE_MS
            count = int(samples[begin:end].sum())
            spans.append(Excluded(from_ms, to_ms, count, _CODES[marks[begin]]))
    return spans


@dataclass(frozen=True, slots=True)
class DayMeans:
    """A pollutant's day. `due`: hours in which water flowed, or flow was not known; `heard`: those that have a mean.

    `volume`: m³ that the mean is of, by the flow.
    """

    count: int
    low: float | None
    mean: float | None
    high: float | None
    p95: float | None
    due: int
    heard: int
    covered: float
    volume: float
    hours: tuple[Hour, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Flow by the minute in m³/h, NaN: not known. `elapsed`: minutes of the day that are over."""

    rate: Floats
    elapsed: int
    least: float

    @property
    def moving(self) -> Bools:
        """The minutes in which water is known to flow."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.rate > self.least)

    @property
    def due(self) -> Bools:
        """The minutes that are over in which a value is asked for: water flows, or nobody knows."""
        found = self.moving | np.isnan(self.rate)
        found[self.elapsed :] = False
        return found


def day_means(found: Judged, flow: Flow, rules: Mapping[str, int]) -> DayMeans:
    """The hours and the day. An hour with too few valid minutes has no mean and does not count in the day's."""
    asked, valid = flow.due, found.valid
    weighed, facts = _weighed(found, flow), _counted(found, flow, rules, HOUR_MIN)
    usable, weights, loads, _ = weighed
    keeps, _, due_min = facts
    hours = _parts(found, weighed, facts, HOUR_MIN)
    kept = usable & np.repeat(keeps, HOUR_MIN)[: len(usable)]
    due, heard = int((due_min > 0).sum()), int(keeps.sum())
    enough = due > 0 and heard * 24 >= rules["least_hours_of_day"] * due
    volume = float(weights[kept].sum()) / HOUR_MIN
    counted = valid & asked
    values = found.means[counted]
    return DayMeans(
        int(found.counts[valid].sum()),
        float(found.lows[counted].min()) if len(values) else None,
        float(loads[kept].sum() / weights[kept].sum()) if enough and kept.any() else None,
        float(found.highs[counted].max()) if len(values) else None,
        float(np.percentile(values, 95)) if len(values) else None,
        due, heard,
        float(usable.sum() / asked.sum()) if asked.any() else 0.0,
        volume, tuple(hours),
    )  # fmt: skip


def part_means(found: Judged, flow: Flow, rules: Mapping[str, int], size: int) -> list[Hour]:
    """Parts of the day of so many minutes, each as an hour is: of its minutes with water the same share must be valid."""
    return _parts(found, _weighed(found, flow), _counted(found, flow, rules, size), size)


def _weighed(found: Judged, flow: Flow) -> tuple[Bools, Floats, Floats, Floats]:
    """By the minute: whether it is usable, its weight, its load, its flow."""
    usable = found.valid & flow.moving & flow.due
    weights = np.where(usable, flow.rate, 0.0)
    return usable, weights, np.where(usable, found.means, 0.0) * weights, flow.rate


def _counted(
    found: Judged, flow: Flow, rules: Mapping[str, int], size: int
) -> tuple[Bools, Ints, Ints]:
    """By the part: whether it counts, its usable minutes and those that are asked for."""
    asked = flow.due
    usable = found.valid & flow.moving & asked
    starts = np.arange(0, len(usable), size)
    due_min, usable_min = (np.add.reduceat(one.astype(int), starts) for one in (asked, usable))
    least_share = rules["least_minutes_of_hour"] / HOUR_MIN
    return (usable_min > 0) & (usable_min >= least_share * due_min), usable_min, due_min


def _parts(
    found: Judged, of: tuple[Bools, Floats, Floats, Floats], facts: tuple[Bools, Ints, Ints], size: int
) -> list[Hour]:  # fmt: skip
    """Each part of so many minutes, of what _weighed and _counted say."""
    usable, weights, loads, rate = of
    starts = np.arange(0, len(usable), size)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.add.reduceat(loads, starts) / np.add.reduceat(weights, starts)
        covered = np.where(facts[2] > 0, facts[1] / facts[2], 0.0)
    columns = (
        starts * MINUTE_MS + found.from_ms, facts[0], means,
        np.minimum.reduceat(np.where(usable, found.lows, np.inf), starts),
        np.maximum.reduceat(np.where(usable, found.highs, -np.inf), starts),
        np.add.reduceat(np.nan_to_num(rate), starts) / HOUR_MIN, covered,
    )  # fmt: skip
    return [
        Hour(at_ms, mean, low, high, volume, share) if counts else Hour(at_ms, None, None, None, volume, share)
        for at_ms, counts, mean, low, high, volume, share in zip(*(one.tolist() for one in columns), strict=True)
    ]  # fmt: skip
