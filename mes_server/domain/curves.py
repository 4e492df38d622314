"""A measured curve: samples, straight lines between them, and spans of which nothing is known.

A station reports a change at once and stays silent within its deadband, so that between two good samples that are
near enough in time a straight line is what is known. What was bad, stuck or silent for longer is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mes_server.domain.spans import Span, joined

Floats = NDArray[np.float64]
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Curve:
    """`times`: Unix ms of good samples, rising. `gap_max_ms`: the longest silence that a line bridges. `span`: what
    was asked for; before the first and behind the last sample is as in a silence."""

    metric: str
    times: Floats
    values: Floats
    span: Span
    gap_max_ms: float

    @cached_property
    def _pieces(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Start, end, value at the start and at the end of each piece that is known."""
        at = np.flatnonzero(np.diff(self.times) <= self.gap_max_ms)
        return self.times[at], self.times[at + 1], self.values[at], self.values[at + 1]

    @cached_property
    def known(self) -> list[Span]:
        """The spans of which the value is known."""
        starts, ends, _, _ = self._pieces
        return joined(zip(starts.tolist(), ends.tolist(), strict=True))

    @cached_property
    def unknown(self) -> list[Span]:
        """The gaps of the span asked for; at its ends a silence that would be bridged is none."""
        first, last = self.span
        edges, at = [], first
        for start, end in self.known:
            edges.append((at, start))
            at = end
        edges.append((at, last))
        bridged = self.gap_max_ms
        return [
            (start, end)
            for start, end in edges
            if end - start > (bridged if start == first or end == last else 0)
        ]

    def inside(self, low: float, high: float) -> list[Span]:
        """The spans in which the value lies within, its ends included: to the moment at which the line crosses."""
        starts, ends, v0, v1 = self._pieces
        slope = v1 - v0
        flat = slope == 0
        safe = np.where(flat, 1.0, slope)
        with np.errstate(over="ignore"):  # of a slope next to none: it crosses never
            at_low, at_high = (low - v0) / safe, (high - v0) / safe
        first = np.clip(np.minimum(at_low, at_high), 0, None)
        last = np.clip(np.maximum(at_low, at_high), None, 1)
        within = np.where(flat, (v0 >= low) & (v0 <= high), first <= last)
        first, last = np.where(flat, 0.0, first), np.where(flat, 1.0, last)
        width = ends - starts
        from_ms = np.where(first == 0, starts, starts + first * width)[within]
        to_ms = np.where(last == 1, ends, starts + last * width)[within]
        return joined(zip(from_ms.tolist(), to_ms.tolist(), strict=True))

    def at(self, moments: Floats) -> Floats:
        """The value at each moment; NaN where it is not known."""
        found = np.full(len(moments), np.nan)
        if not len(self.times):
            return found
        right = np.clip(np.searchsorted(self.times, moments, side="left"), 0, len(self.times) - 1)
        left = np.where(self.times[right] == moments, right, np.clip(right - 1, 0, None))
        width = self.times[right] - self.times[left]
        share = np.divide(
            moments - self.times[left], width, out=np.zeros(len(moments)), where=width > 0
        )
        value = self.values[left] + (self.values[right] - self.values[left]) * share
        inside = (moments >= self.times[0]) & (moments <= self.times[-1])
        known = inside & (width <= self.gap_max_ms)
        found[known] = value[known]
        return found

    def range_in(self, span: Span) -> tuple[float, float] | None:
        """The least and the greatest value in a span; None: nothing is known of it."""
        inside = (self.times >= span[0]) & (self.times <= span[1])
        values = np.concatenate([self.values[inside], self.at(np.array(span, float))])
        values = values[~np.isnan(values)]
        return (float(values.min()), float(values.max())) if len(values) else None

    def dose(self, base: float) -> float:
        """The integral of what lies above `base`, in value x hours, of what is known."""
        starts, ends, v0, v1 = self._pieces
        a, b = v0 - base, v1 - base
        hours = (ends - starts) / _HOUR_MS
        apart = np.where(a == b, 1.0, np.abs(b - a))
        whole = np.where((a >= 0) & (b >= 0), (a + b) / 2, 0.0)
        crossing = np.where((a < 0) != (b < 0), np.maximum(a, b) ** 2 / (2 * apart), 0.0)
        return float(np.sum(np.where((a < 0) != (b < 0), crossing, whole) * hours))

    def steepest(self, span: Span, over_ms: float, sign: int = 1) -> float | None:
        """The greatest rise (`sign` -1: fall) per minute over so long, within a span; None: it is not known anywhere."""
        inside = self.times[(self.times >= span[0]) & (self.times <= span[1] - over_ms)]
        rises = (self.at(inside + over_ms) - self.at(inside)) * sign * 60_000 / over_ms
        rises = rises[~np.isnan(rises)]
        return float(rises.max()) if len(rises) else None


def curve_from(
    metric: str, times: Sequence[float] | Floats, values: Sequence[float] | Floats, span: Span, gap_max_ms: float
) -> Curve:  # fmt: skip
    """A curve of good samples; of several at one moment the last counts."""
    when, what = np.asarray(times, float), np.asarray(values, float)
    good = np.isfinite(what)
    when, what = when[good][::-1], what[good][::-1]
    moments, at = np.unique(when, return_index=True)
    return Curve(metric, moments, what[at], span, gap_max_ms)


def without_stuck(curve: Curve, longest_ms: float) -> tuple[Curve, list[Span]]:
    """The curve without stretches in which every sample was the very same for longer than that, and these.

    A thermocouple that is right differs by its noise now and then; one that is stuck proves nothing.
    """
    times, values = curve.times, curve.values
    if len(times) < 2 or longest_ms <= 0:
        return curve, []
    apart = (np.diff(values) != 0) | (np.diff(times) > curve.gap_max_ms)
    edges = np.flatnonzero(apart) + 1
    firsts = np.concatenate(([0], edges))
    lasts = np.concatenate((edges - 1, [len(times) - 1]))
    stuck = [
        (first, last)
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
        if times[last] - times[first] > longest_ms
    ]
    keep = np.ones(len(times), bool)
    for first, last in stuck:
        keep[first + 1 : last] = False
    spans = [(float(times[first]), float(times[last])) for first, last in stuck]
    left = Curve(curve.metric, times[keep], values[keep], curve.span, curve.gap_max_ms)
    return left, spans


def spread(curves: Sequence[Curve], span: Span) -> float | None:
    """The greatest distance between the curves at one moment of a span; None: not known at any."""
    moments = np.unique(np.concatenate([one.times for one in curves]))
    moments = moments[(moments >= span[0]) & (moments <= span[1])]
    at = np.stack([one.at(moments) for one in curves])
    whole = ~np.isnan(at).any(axis=0)
    return float(np.ptp(at[:, whole], axis=0).max()) if whole.any() else None
