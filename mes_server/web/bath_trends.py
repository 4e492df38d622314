"""The figures of a bath over its titrations as small curves with the bands of the spec."""

from collections.abc import Sequence
from dataclasses import dataclass

from mes_server.web.answers_baths import BathParameterAnswer, BathWholeAnswer

WIDTH, HEIGHT = 240.0, 64.0
_EDGE = 6.0
_MOST = 30


@dataclass(frozen=True, slots=True)
class Trend:
    """`points`: x, y and verdict, the oldest first. `spec`, `action`: top and height of the bands, None: no such limit.
    `line`: the points as a polyline."""

    points: tuple[tuple[float, float, str], ...]
    line: str
    spec: tuple[float, float]
    action: tuple[float, float] | None


def trends_of(bath: BathWholeAnswer) -> dict[str, Trend]:
    """A curve for each parameter that was titrated."""
    found = {}
    for one in bath.parameters:
        values = [
            (float(value.value), value.verdict)
            for done in reversed(bath.titrations)
            if not done.voided
            for value in done.values
            if value.parameter == one.parameter
        ][-_MOST:]
        if values:
            found[one.parameter] = _trend(one, values)
    return found


def _trend(one: BathParameterAnswer, values: Sequence[tuple[float, str]]) -> Trend:
    limits = [float(text) for text in (one.lower, one.upper) if text]
    shown = [*limits, *(value for value, _ in values)]
    low, high = min(shown), max(shown)
    scale = (HEIGHT - 2 * _EDGE) / ((high - low) or 1.0)

    def y(value: float) -> float:
        return round(HEIGHT - _EDGE - (value - low) * scale, 1)

    def band(lower: str, upper: str) -> tuple[float, float]:
        top = y(float(upper)) if upper else 0.0
        bottom = y(float(lower)) if lower else HEIGHT
        return top, round(bottom - top, 1)

    step = (WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    points = tuple(
        (round(_EDGE + n * step, 1), y(value), verdict) for n, (value, verdict) in enumerate(values)
    )
    narrow = (one.action_lower or one.lower, one.action_upper or one.upper)
    has_action = bool(one.action_lower or one.action_upper)
    return Trend(
        points, " ".join(f"{x},{at}" for x, at, _ in points), band(one.lower, one.upper),
        band(*narrow) if has_action else None,
    )  # fmt: skip
