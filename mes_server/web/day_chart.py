"""The hours of a pollutant's day as a picture: steps of the hourly means with their spread, limits as bands, gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

from mes_server.domain.discharge import Hour, PollutantDay
from mes_server.web.proof_chart import BOTTOM, HEIGHT, WIDTH, Box

HOUR_MS = 3_600_000
_ROOM = 1.08
_TICKS = 4


@dataclass(frozen=True, slots=True)
class DayPicture:
    """`steps`: polylines of the means; `spread`: x, y, width, height of least to greatest; `over`: y and height of what
    is beyond a limit; `ends`: y and figure of each limit; `gaps`: x and width of hours without a mean."""

    steps: tuple[str, ...]
    spread: tuple[tuple[float, float, float, float], ...]
    over: tuple[tuple[float, float], ...]
    ends: tuple[tuple[float, str], ...]
    gaps: tuple[tuple[float, float], ...]
    ticks_x: tuple[tuple[float, int], ...]
    ticks_y: tuple[tuple[float, str], ...]


def picture_of(one: PollutantDay, to_ms: int, now_ms: int) -> DayPicture | None:
    """None: it has no hours, because only the lab measures it."""
    if not one.hours:
        return None
    limits = {(v.limit.low, v.limit.high) for v in one.verdicts}
    lows = sorted({float(low) for low, _ in limits if low is not None})
    highs = sorted({float(high) for _, high in limits if high is not None})
    box = _box(one.hours, to_ms, lows, highs)
    over = [(0.0, box.y(highs[0]))] if highs else []
    over += [(box.y(lows[-1]), HEIGHT - BOTTOM - box.y(lows[-1]))] if lows else []
    ends = tuple((box.y(value), f"{value:g}") for value in (*lows, *highs))
    gaps, spread = [], []
    for hour in one.hours:
        x = box.x(hour.from_ms)
        width = round(box.x(min(hour.from_ms + HOUR_MS, to_ms)) - x, 1)
        if hour.mean is None and hour.from_ms < now_ms:
            gaps.append((x, width))
        if hour.low is not None and hour.high is not None:
            top = box.y(hour.high)
            spread.append((x, top, width, max(round(box.y(hour.low) - top, 1), 1.0)))
    every = max(len(one.hours) // 8, 1)
    ticks = tuple((box.x(hour.from_ms), hour.from_ms) for hour in one.hours[::every])
    return DayPicture(
        tuple(_steps(box, one.hours, to_ms)), tuple(spread), tuple(over), ends, tuple(gaps), ticks,
        _ticks_y(box),
    )  # fmt: skip


def _box(hours: Sequence[Hour], to_ms: int, lows: Sequence[float], highs: Sequence[float]) -> Box:
    values = [end for hour in hours for end in (hour.low, hour.high) if end is not None]
    top = max([*values, *highs, 1e-6]) * _ROOM
    low = min([*values, *lows], default=0.0)
    return Box(hours[0].from_ms, to_ms, low * 0.9 if lows else 0.0, top)


def _steps(box: Box, hours: Sequence[Hour], to_ms: int) -> list[str]:
    lines: list[list[str]] = [[]]
    for hour in hours:
        if hour.mean is None:
            lines.append([])
            continue
        y = box.y(hour.mean)
        end = min(hour.from_ms + HOUR_MS, to_ms)
        lines[-1] += [f"{box.x(hour.from_ms)},{y}", f"{box.x(end)},{y}"]
    return [" ".join(line) for line in lines if line]


def _ticks_y(box: Box) -> tuple[tuple[float, str], ...]:
    step = (box.high - box.low) / _TICKS
    return tuple((box.y(box.low + n * step), f"{box.low + n * step:.3g}") for n in range(_TICKS + 1))  # fmt: skip


__all__ = ["WIDTH", "DayPicture", "picture_of"]
