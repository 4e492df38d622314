"""A measured curve: samples, straight lines between them, and spans of which nothing is known.

A station reports a change at once and stays silent within its deadband, so that between two samples that are near
enough in time a straight line is what is known. What has no value, and a silence that is too long, is not known.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mes_server.domain.spans import Span, joined

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """`times`: Unix ms, rising, of what was measured; `values`. `gap_max_ms`: the longest silence that a line
    bridges. `from_ms`, `to_ms`: what was asked for; before the first and behind the last sample as in a silence."""

    metric: str
    times: Floats
    values: Floats
    from_ms: float
    to_ms: float
    gap_max_ms: float

    @cached_property
    def _pieces(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Start, end, value at the start and at the end of each piece that is known."""
        times, values = self.times, self.values
        if len(times) < 2:
            nothing = np.empty(0)
            return nothing, nothing, nothing, nothing
        at = np.flatnonzero(np.diff(times) <= self.gap_max_ms)
        return times[at], times[at + 1], values[at], values[at + 1]

    @cached_property
    def known(self) -> list[Span]:
        """The spans of which the value is known."""
        starts, ends, _, _ = self._pieces
        return joined(zip(starts.tolist(), ends.tolist(), strict=True))

    @cached_property
    def unknown(self) -> list[Span]:
        """The gaps of the span asked for. The first and last moments count as known as in a silence."""
        edges, at = [], self.from_ms
        for start, end in self.known:
            edges.append((at, start))
            at = end
        edges.append((at, self.to_ms))
        return [
            (start, end) for start, end in edges
            if end - start > (self.gap_max_ms if start == self.from_ms or end == self.to_ms else 0)
        ]  # fmt: skip

    def inside(self, low: float, high: float) -> list[Span]:
        """The spans in which the value lies within, its ends included: to the moment at which the line crosses."""
        starts, ends, v0, v1 = self._pieces
        if not len(starts):
            return []
        slope = v1 - v0
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            at_low = np.where(slope != 0, (low - v0) / slope, np.nan)
            at_high = np.where(slope != 0, (high - v0) / slope, np.nan)
        flat_in = (v0 >= low) & (v0 <= high)
        first = np.where(slope > 0, at_low, at_high)
        last = np.where(slope > 0, at_high, at_low)
        first = np.where(slope == 0, np.where(flat_in, 0.0, 2.0), np.clip(first, 0, None))
        last = np.where(slope == 0, 1.0, np.clip(last, None, 1))
        keep = first <= last
        width = ends - starts
        from_ = (starts + first * width)[keep].tolist()
        to = (starts + last * width)[keep].tolist()
        return joined(zip(from_, to, strict=True))

    def at(self, moments: Floats) -> Floats:
        """The value at each moment; NaN where it is not known."""
        starts, ends, v0, v1 = self._pieces
        found = np.full(len(moments), np.nan)
        if not len(starts):
            return found
        index = np.clip(np.searchsorted(starts, moments, side="right") - 1, 0, None)
        width = ends[index] - starts[index]
        share = np.divide(
            moments - starts[index], width, out=np.zeros(len(moments)), where=width > 0
        )
        value = v0[index] + (v1[index] - v0[index]) * share
        inside = (moments >= starts[index]) & (moments <= ends[index])
        found[inside] = value[inside]
        return found

    def highest(self, span: Span) -> float | None:
        """The greatest value in a span; None: nothing is known of it."""
        return self._extreme(span, max)

    def lowest(self, span: Span) -> float | None:
        """The least value in a span."""
        return self._extreme(span, min)

    def _extreme(self, span: Span, pick: Callable[[list[float]], float]) -> float | None:
        inside = (self.times >= span[0]) & (self.times <= span[1])
        ends = self.at(np.asarray(span, float))
        values = [*self.values[inside].tolist(), *ends[~np.isnan(ends)].tolist()]
        return pick(values) if values else None

    def dose(self, base: float) -> float:
        """The integral of what lies above `base`, in value x hours, of what is known."""
        starts, ends, v0, v1 = self._pieces
        a, b = v0 - base, v1 - base
        hours = (ends - starts) / 3_600_000
        both = np.where((a > 0) & (b > 0), (a + b) / 2 * hours, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            up = np.where((a <= 0) & (b > 0), b * b / (b - a) / 2 * hours, 0.0)
            down = np.where((a > 0) & (b <= 0), a * a / (a - b) / 2 * hours, 0.0)
        return float(np.sum(both + up + down))

    def steepest(self, span: Span, over_ms: float = 60_000) -> float | None:
        """The greatest rise per minute over so long, within a span; None: it is not known anywhere."""
        inside = self.times[(self.times >= span[0]) & (self.times <= span[1] - over_ms)]
        if not len(inside):
            return None
        rises = (self.at(inside + over_ms) - self.at(inside)) * 60_000 / over_ms
        return None if np.isnan(rises).all() else float(np.nanmax(rises))


def curve_from(
    metric: str, samples: Iterable[tuple[int, float | None]], span: Span, gap_max_ms: float
) -> Curve:
    """A curve of samples by time; None: no value was measured, which is a silence until the next that was."""
    pairs = [(at_ms, float(value)) for at_ms, value in samples if value is not None]
    times = np.array([at for at, _ in pairs], float)
    values = np.array([value for _, value in pairs], float)
    return Curve(metric, times, values, span[0], span[1], gap_max_ms)


def spread(curves: Sequence[Curve], span: Span) -> float | None:
    """The greatest distance between the curves at one moment of a span; None: not known at any."""
    moments = np.unique(np.concatenate([one.times for one in curves]))
    moments = moments[(moments >= span[0]) & (moments <= span[1])]
    if not len(moments):
        return None
    at = np.stack([one.at(moments) for one in curves])
    whole = ~np.isnan(at).any(axis=0)
    return float(np.ptp(at[:, whole], axis=0).max()) if whole.any() else None
