"""The curves of a run as pictures: each control thermocouple, the bands of the soaks, what is not known, another run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mes_server.domain.curves import Curve, Floats
from mes_server.domain.spans import Span

WIDTH, HEIGHT = 960.0, 300.0
LEFT, BOTTOM = 56.0, 26.0
_POINTS = 500
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Box:
    """What of time and temperature a picture shows."""

    from_ms: float
    to_ms: float
    low: float
    high: float

    def x(self, at_ms: float) -> float:
        """Across."""
        share = (at_ms - self.from_ms) / max(self.to_ms - self.from_ms, 1)
        return round(LEFT + share * (WIDTH - LEFT), 1)

    def y(self, value: float) -> float:
        """Down; what lies outside is drawn at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / max(self.high - self.low, 1e-9)
        return round((HEIGHT - BOTTOM) * (1 - share), 1)


@dataclass(frozen=True, slots=True)
class Picture:
    """`lines`: of each curve its polylines; `bands`: x, y, width, height of each soak; `gaps`: x and width of what is
    not known; `ticks_x`: x and Unix ms; `ticks_y`: y and °C."""

    lines: tuple[tuple[str, tuple[str, ...]], ...]
    other: tuple[str, ...]
    bands: tuple[tuple[float, float, float, float], ...]
    gaps: tuple[tuple[float, float], ...]
    ticks_x: tuple[tuple[float, int], ...]
    ticks_y: tuple[tuple[float, str], ...]


def picture(
    box: Box, curves: Sequence[Curve], bands: Sequence[tuple[Span, tuple[float, float]]], other: Sequence[Curve] = ()
) -> Picture:  # fmt: skip
    """Draw. `bands`: when, and from which to which temperature."""
    lines = tuple((curve.metric, tuple(_polylines(box, curve))) for curve in curves)
    drawn = []
    for (from_ms, to_ms), (low, high) in bands:
        x, y = box.x(max(from_ms, box.from_ms)), box.y(high)
        drawn.append((x, y, round(box.x(min(to_ms, box.to_ms)) - x, 1), max(round(box.y(low) - y, 1), 1.5)))  # fmt: skip
    gaps = []
    for curve in curves:
        for from_ms, to_ms in curve.unknown:
            x = box.x(max(from_ms, box.from_ms))
            width = round(box.x(min(to_ms, box.to_ms)) - x, 1)
            if to_ms > box.from_ms and from_ms < box.to_ms:
                gaps.append((x, max(width, 2.0)))
    others = tuple(line for curve in other for line in _polylines(box, curve))
    return Picture(lines, others, tuple(drawn), tuple(sorted(set(gaps))), _ticks_x(box), _ticks_y(box))  # fmt: skip


def _polylines(box: Box, curve: Curve) -> list[str]:
    inside = (curve.times >= box.from_ms) & (curve.times <= box.to_ms)
    shown = (curve.values >= box.low) & (curve.values <= box.high)
    beside = np.zeros(
        len(shown) + 2, bool
    )  # its neighbours lead a line to the edge, and no further along it
    beside[:-2] |= shown
    beside[2:] |= shown
    at = np.flatnonzero(inside & (shown | beside[1:-1]))
    times, values = curve.times[at], curve.values[at]
    if not len(times):
        return []
    cuts = np.flatnonzero((np.diff(times) > curve.gap_max_ms) | (np.diff(at) > 1)) + 1
    found = []
    for when, what in zip(np.split(times, cuts), np.split(values, cuts), strict=True):
        kept = _fewer(when, what)
        points = [f"{box.x(at)},{box.y(value)}" for at, value in zip(*kept, strict=True)]
        found.append(" ".join(points if len(points) > 1 else points * 2))
    return found


def _fewer(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The least and the greatest of each part of what has more samples than a picture has pixels."""
    if len(times) <= 2 * _POINTS:
        return times, values
    edges = np.linspace(0, len(times), _POINTS + 1).astype(int)
    picked = {0, len(times) - 1}
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        picked |= {first + int(values[first:last].argmin()), first + int(values[first:last].argmax())}  # fmt: skip
    at = np.array(sorted(picked))
    return times[at], values[at]


def _ticks_x(box: Box) -> tuple[tuple[float, int], ...]:
    return tuple(
        (box.x(at), int(at)) for at in np.linspace(box.from_ms, box.to_ms, _TICKS + 1)[:-1].tolist()
    )


def _ticks_y(box: Box) -> tuple[tuple[float, str], ...]:
    step = (box.high - box.low) / _TICKS
    places = 0 if step >= 2 else 1
    return tuple(
        (box.y(box.low + n * step), f"{box.low + n * step:.{places}f}") for n in range(_TICKS + 1)
    )
