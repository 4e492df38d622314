"""Control charts as drawings: where each point, limit and mark lies. Templates only write them down as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10

from mes_server.domain.spc import Trace

WIDTH, HEIGHT = 940, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 14, 92, 22, 30
_ROOM = 0.08
_APART = 14  # between what is written at the edge


@dataclass(frozen=True, slots=True)
class Mark:
    """A point. `rules`: that it breaks as the last point, "" none; `doubted`: it is one of those that break one."""

    x: float
    y: float
    text: str
    rules: str
    doubted: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A centre or limit, written at the right edge at the height `y`."""

    name: str
    path: str
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One line of a chart. `values`: of each point as text, in the digits of the chart."""

    name: str
    path: str
    marks: tuple[Mark, ...]
    levels: tuple[Level, ...]
    xs: tuple[float, ...]
    values: tuple[str, ...]


def draw(trace: Trace, points: int) -> Drawing:
    """A trace with room for so many points; one that has fewer begins later (moving ranges)."""
    ends = [v for v in (*trace.values, *trace.lower, *trace.upper, trace.centre) if isfinite(v)]
    low, high = min(ends), max(ends)
    room = (high - low) * _ROOM or abs(high) * _ROOM or 1.0
    low, high = low - room, high + room

    def y(value: float) -> float:
        inside = min(high, max(low, value))
        return round(_TOP + (high - inside) / (high - low) * (HEIGHT - _TOP - _BOTTOM), 2)

    step = (WIDTH - _LEFT - _RIGHT) / points
    behind = points - len(trace.values)
    xs = [round(_LEFT + step * (i + behind + 0.5), 2) for i in range(len(trace.values))]
    places = _places(ends)

    def write(value: float) -> str:
        return written(value, places)

    lines = {"upper": trace.upper, "centre": (trace.centre,) * len(xs), "lower": trace.lower}
    levels = []
    for (name, line), apart in zip(lines.items(), (-_APART, 0, _APART), strict=True):
        height, middle = y(line[-1]), y(trace.centre) + apart
        at = min(height, middle) if apart < 0 else max(height, middle) if apart else height
        levels.append(
            Level(name, _steps(xs, [y(value) for value in line], step), at, write(line[-1]))
        )
    doubted = {point for one in trace.broken for point in one.points}
    marks = []
    for i, value in enumerate(trace.values):
        rules = ", ".join(dict.fromkeys(one.rule for one in trace.broken if one.last == i))
        marks.append(Mark(xs[i], y(value), write(value), rules, i in doubted))
    path = " ".join(f"{mark.x},{mark.y}" for mark in marks)
    values = tuple(mark.text for mark in marks)
    return Drawing(trace.name, path, tuple(marks), tuple(levels), tuple(xs), values)


def _steps(xs: Sequence[float], ys: Sequence[float], step: float) -> str:
    """A path whose height is that of each point for half a step on either side of it."""
    said = []
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if i == 0 or ys[i - 1] != y:
            said.append(f"{'M' if i == 0 else 'L'}{x - step / 2:.2f},{y}")
        if i == len(xs) - 1 or ys[i + 1] != y:
            said.append(f"L{x + step / 2:.2f},{y}")
    return " ".join(said)


def _places(values: Sequence[float]) -> int:
    """Digits after the point that tell these values apart."""
    known = [value for value in values if isfinite(value)]
    span = max(known) - min(known)
    return min(8, max(0, 2 - floor(log10(span)))) if span else 4


def written(value: float, places: int) -> str:
    """A figure of a chart."""
    return f"{value:.{places}f}".replace("-", "\N{MINUS SIGN}") if isfinite(value) else "–"
