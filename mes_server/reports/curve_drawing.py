"""Curves of a run as one SVG drawing: lines, soak bands, gaps hatched, axes with numbers. No scripts, no styles.

Presentation attributes alone: the pages' content security policy forbids inline styles, and Typst reads the same.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT = 720, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 8, 26
_COLOURS = ("#1f5fa8", "#b3541e", "#2b7a4b", "#7a3b8f", "#8a6d00", "#a8325e", "#3f6f7a", "#555555")
_DASHES = ("", "6 3", "2 2", "8 2 2 2")
_FONT = "DejaVu Sans Mono, monospace"
_UNITS = ((60, "min", 2_000), (3_600, "h", 200), (86_400, "d", math.inf))


def drawing(curves: Sequence[Mapping[str, Any]], label: str) -> str:
    """Curves of one unit and one run, as their JSON has them. `label`: what a reader is told who cannot see it."""
    span_s = max([1, *(t for curve in curves for t in curve["t_s"])])
    return _drawn(curves, label, _Frame((0, span_s), _range(curves)))


def soak_drawings(curves: Sequence[Mapping[str, Any]], label: str) -> list[str]:
    """Each soak band alone, near enough to see tenths of a degree; none for a spec, or a band without both limits."""
    told = {tuple(sorted(b.items())): b for c in curves for b in c["bands"]}
    bands = [b for b in told.values() if "lower" in b and "upper" in b and not is_spec(b)]
    return [_soak(curves, label, b) for b in sorted(bands, key=lambda b: float(b["from_s"]))]


def is_spec(band: Mapping[str, Any]) -> bool:
    """Whether a band is the spec of a characteristic over all its checks, and no soak."""
    return bool(band["name"] == "spec")


def _soak(curves: Sequence[Mapping[str, Any]], label: str, band: Mapping[str, Any]) -> str:
    from_s, to_s = band["from_s"], band["to_s"]
    low, high = float(band["lower"]), float(band["upper"])
    room_s, room = (to_s - from_s) * 0.3 + 60, (high - low) * 0.75
    span = (max(from_s - room_s, 0), to_s + room_s)
    return _drawn(curves, label, _Frame(span, (low - room, high + room)))


def _drawn(curves: Sequence[Mapping[str, Any]], label: str, frame: "_Frame") -> str:
    parts = [*_bands(curves, frame), *_gaps(curves, frame), *_axes(frame)]
    for at, curve in enumerate(curves):
        parts += _line(curve, frame, at)
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label, quote=True)}">{_HATCH}{body}</svg>'
    )


_HATCH = (
    '<defs><pattern id="gap" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path d="M0 6 L6 0" stroke="#999999" stroke-width="1"/></pattern></defs>'
)


class _Frame:
    """Where a moment and a value lie on the drawing."""

    def __init__(self, span: tuple[float, float], values: tuple[float, float]) -> None:
        self.from_s, self.to_s = span
        self.low, self.high = values

    def x(self, at_s: float) -> float:
        share = min(max((at_s - self.from_s) / (self.to_s - self.from_s), 0), 1)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = min(max((value - self.low) / (self.high - self.low), 0), 1)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)

    def shows(self, at_s: float, value: float) -> bool:
        """Whether a point lies on it."""
        return self.from_s <= at_s <= self.to_s and self.low <= value <= self.high


def _numbers(values: Iterable[str | None]) -> list[float]:
    return [float(value) for value in values if value is not None]


def _range(curves: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    found = [v for curve in curves for v in _numbers([*curve["low"], *curve["high"]])]
    found += [float(b[k]) for c in curves for b in c["bands"] for k in ("lower", "upper") if k in b]
    low, high = min(found, default=0.0), max(found, default=1.0)
    room = (high - low) * 0.04 or 1.0
    return low - room, high + room


def _line(curve: Mapping[str, Any], frame: _Frame, at: int) -> list[str]:
    """A line that is broken where nothing is known."""
    colour, dash = _COLOURS[at % len(_COLOURS)], _DASHES[at // len(_COLOURS) % len(_DASHES)]
    pieces: list[list[str]] = [[]]
    before = -math.inf
    for second, value in zip(curve["t_s"], curve["value"], strict=True):
        gone = value is None or not frame.shows(second, float(value))
        if gone or any(_covers(gap, before, second) for gap in curve["gaps"]):
            pieces.append([])
        before = second
        if value is not None and not gone:
            pieces[-1].append(f"{frame.x(second)},{frame.y(float(value))}")
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return [
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.2"{dashed} points="{" ".join(piece)}"/>'
        for piece in pieces
        if piece
    ]


def _covers(gap: Mapping[str, Any], before: float, second: float) -> bool:
    """Whether a gap lies between two points: points are the middles of stretches, and may reach into it."""
    from_s, to_s = float(gap["from_s"]), float(gap["to_s"])
    overlap = min(second, to_s) - max(before, from_s)
    return overlap > 0 and 2 * overlap >= min(second - before, to_s - from_s)


def _bands(curves: Sequence[Mapping[str, Any]], frame: _Frame) -> list[str]:
    told = {tuple(sorted(band.items())): band for curve in curves for band in curve["bands"]}
    found = []
    for band in told.values():
        if band["to_s"] < frame.from_s or band["from_s"] > frame.to_s:
            continue
        top = frame.y(float(band["upper"])) if "upper" in band else _TOP
        bottom = frame.y(float(band["lower"])) if "lower" in band else HEIGHT - _BOTTOM
        left, right = frame.x(band["from_s"]), frame.x(band["to_s"])
        found.append(
            f'<rect x="{left}" y="{top}" width="{max(right - left, 1):.1f}" height="{max(bottom - top, 2):.1f}" '
            'fill="#cfe8d5" stroke="#2b7a4b" stroke-width="0.6"/>'
        )
    return found


def _gaps(curves: Sequence[Mapping[str, Any]], frame: _Frame) -> list[str]:
    told = {(gap["from_s"], gap["to_s"]) for curve in curves for gap in curve["gaps"]}
    tall = HEIGHT - _TOP - _BOTTOM
    found = []
    for from_s, to_s in sorted(told):
        left, right = frame.x(from_s), frame.x(to_s)
        found.append(
            f'<rect x="{left}" y="{_TOP}" width="{max(right - left, 1):.1f}" height="{tall}" fill="url(#gap)"/>'
        )
    return found


def steps(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two ends, at most so many."""
    raw = (high - low) / most
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * nice for nice in (1, 2, 2.5, 5, 10) if size * nice >= raw)
    first = math.ceil(low / step)
    return [round(n * step, 10) for n in range(first, math.floor(high / step) + 1)]


def _axes(frame: _Frame) -> list[str]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    tall = bottom - _TOP
    parts = [
        f'<rect x="{_LEFT}" y="{_TOP}" width="{right - _LEFT}" height="{tall}" fill="none" stroke="#666666"/>'
    ]
    for value in steps(frame.low, frame.high):
        y = frame.y(value)
        parts.append(f'<path d="M{_LEFT} {y} H{right}" stroke="#dddddd" stroke-width="0.6"/>')
        parts.append(_text(_LEFT - 4, y + 4, f"{value:g}", "end"))
    size, unit = next((s, u) for s, u, most in _UNITS if (frame.to_s - frame.from_s) / s <= most)
    for number in steps(frame.from_s / size, frame.to_s / size, 8):
        x = frame.x(number * size)
        parts.append(f'<path d="M{x} {bottom} v4" stroke="#666666"/>')
        parts.append(_text(x, bottom + 16, f"{number:g}", "middle"))
    parts.append(_text(right, HEIGHT - 2, unit, "end"))
    return parts


def _text(x: float, y: float, said: str, anchor: str) -> str:
    return (
        f'<text x="{x}" y="{y:.1f}" font-family="{_FONT}" font-size="10" fill="#333333" '
        f'text-anchor="{anchor}">{said}</text>'
    )


def colour_of(at: int) -> str:
    """The colour of the curve at that place, for the legend beside the drawing."""
    return _COLOURS[at % len(_COLOURS)]


def grouped(curves: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, list[Mapping[str, Any]]]]:
    """Run, unit and curves of each drawing: those of one run and unit together, in their order."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for curve in curves:
        found.setdefault((curve["run"], curve["unit"]), []).append(curve)
    return [(run, unit, group) for (run, unit), group in found.items()]
