"""Points of equal width that take in samples and rollups, however many."""

from collections.abc import Sequence

import numpy as np

from mes_server.store.columns import TEXT, Array, Samples, Value
from mes_server.store.rollup import Rollup

Points = tuple[list[int], list[Value], list[Value], list[Value], list[int]]


class Buckets:
    """`size` points from `origin_ms` on, each `step_ms` wide, over numbers or (`text`) over texts."""

    def __init__(self, origin_ms: int, step_ms: int, size: int, text: bool) -> None:
        self.origin_ms = origin_ms
        self.step_ms = step_ms
        self.text = text
        self.counts = np.zeros(size, np.int64)
        self.totals = np.zeros(size)
        self.lows = np.full(size, np.inf)
        self.highs = np.full(size, -np.inf)
        self.labels = np.full(size, "", object)
        self.label_times = np.full(size, np.iinfo(np.int64).min)

    @property
    def end_ms(self) -> int:
        """The first moment after the last point."""
        return self.origin_ms + self.step_ms * len(self.counts)

    def add_rollup(self, rollup: Rollup) -> int:
        """Take in the spans that begin inside; how many samples they stand for, with a value or not."""
        inside = (rollup.t0 >= self.origin_ms) & (rollup.t0 < self.end_ms)
        total = int((rollup.counts + rollup.bads)[inside].sum())
        inside &= ~np.isnan(rollup.lows)
        owner = (rollup.t0[inside] - self.origin_ms) // self.step_ms
        np.add.at(self.counts, owner, rollup.counts[inside])
        with np.errstate(over="ignore", invalid="ignore"):
            np.add.at(self.totals, owner, rollup.totals[inside])
        np.minimum.at(self.lows, owner, rollup.lows[inside])
        np.maximum.at(self.highs, owner, rollup.highs[inside])
        return total

    def add_labels(self, times: Array, counts: Array, labels: Sequence[str | None]) -> None:
        """Take in texts that held at these times, each standing for so many samples."""
        found = zip(times.tolist(), counts.tolist(), labels, strict=True)
        for at_ms, count, label in found:
            point = (at_ms - self.origin_ms) // self.step_ms
            if label is not None and 0 <= point < len(self.counts):
                self.counts[point] += count
                if at_ms >= self.label_times[point]:
                    self.label_times[point] = at_ms
                    self.labels[point] = label

    def add_samples(self, samples: Samples) -> None:
        """Take in samples, sorted, all of them inside."""
        if samples.nulls is not None:
            samples = samples.take(~samples.nulls)
        if not len(samples):
            return
        owner = (samples.times - self.origin_ms) // self.step_ms
        edges = np.flatnonzero(np.diff(owner)) + 1
        starts = np.concatenate(([0], edges))
        ends = np.concatenate((edges, [len(owner)]))
        points = owner[starts]
        if self.text or samples.kind == TEXT:
            last = samples.take(ends - 1)
            self.add_labels(last.times, ends - starts, [str(v) for v in last.values.tolist()])
            return
        numbers = samples.values.astype(np.float64)
        self.counts[points] += ends - starts
        with np.errstate(over="ignore", invalid="ignore"):
            self.totals[points] += np.add.reduceat(numbers, starts)
        self.lows[points] = np.minimum(self.lows[points], np.minimum.reduceat(numbers, starts))
        self.highs[points] = np.maximum(self.highs[points], np.maximum.reduceat(numbers, starts))

    def points(self) -> Points:
        """Middle, mean (or last text), least, greatest and count of every point that has samples."""
        there = np.flatnonzero(self.counts)
        times = (self.origin_ms + there * self.step_ms + self.step_ms // 2).tolist()
        counts = self.counts[there]
        if self.text:
            labels = self.labels[there].tolist()
            return times, labels, labels, labels, counts.tolist()
        totals, lows, highs = self.totals[there], self.lows[there], self.highs[there]
        with np.errstate(invalid="ignore"):
            means = totals / counts
        middles = lows / 2 + highs / 2  # where the sum was too large for a number
        means = np.where(np.isfinite(means), means, middles)
        return times, means.tolist(), lows.tolist(), highs.tolist(), counts.tolist()
