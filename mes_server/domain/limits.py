"""Excursions: stretches of samples outside the normal or the alarm range of a metric. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

NORMAL = "normal"
ALARM = "alarm"
LOW = "low"
HIGH = "high"
Range = Sequence[float | None] | None  # low, high; None: open on that side
Limits = tuple[Range, Range]  # normal, alarm
Times = npt.NDArray[np.int64]
Values = npt.NDArray[Any]  # numbers; NaN: no value


@dataclass(frozen=True, slots=True)
class Excursion:
    """One contiguous stretch on one side of one range; a sample without a value does not end it.

    `bound`: the limit that was passed. `last_ms`: the last sample outside. `to_ms`: the first one
    no longer outside; None while it lasts.
    """

    kind: str
    side: str
    bound: float
    from_ms: int
    last_ms: int
    to_ms: int | None
    worst: float
    count: int


def _sides(values: Values, limits: Sequence[float | None]) -> npt.NDArray[np.int8]:
    low, high = limits
    sides = np.zeros(len(values), np.int8)
    if low is not None:
        sides[values < low] = -1
    if high is not None:
        sides[values > high] = 1
    return sides


def _stretches(
    kind: str, limits: Sequence[float | None], times: Times, values: Values
) -> list[Excursion]:
    """The stretches outside, in order; the last one may be without end."""
    sides = _sides(values, limits)
    edges = np.flatnonzero(sides[1:] != sides[:-1]) + 1
    starts = [0, *edges.tolist()]
    ends = [*edges.tolist(), len(sides)]
    found = []
    for start, end in zip(starts, ends, strict=True):
        side = int(sides[start])
        if side == 0:
            continue
        bound = limits[0] if side < 0 else limits[1]
        part = values[start:end]
        found.append(
            Excursion(
                kind,
                LOW if side < 0 else HIGH,
                float(bound or 0),
                int(times[start]),
                int(times[end - 1]),
                int(times[end]) if end < len(times) else None,
                float(part.min() if side < 0 else part.max()),
                end - start,
            )
        )
    return found


def _joined(first: Excursion, second: Excursion) -> Excursion:
    worst = min(first.worst, second.worst) if first.side == LOW else max(first.worst, second.worst)
    return replace(
        second,
        from_ms=min(first.from_ms, second.from_ms),
        last_ms=max(first.last_ms, second.last_ms),
        worst=worst,
        count=first.count + second.count,
    )


def _judge_late(
    opened: Excursion | None, stretches: list[Excursion]
) -> tuple[list[Excursion], Excursion | None]:
    """Stretches of the past end with what is known of them, or lie within the one that is open."""
    closed = []
    for stretch in stretches:
        if (
            opened is not None
            and stretch.side == opened.side
            and opened.from_ms <= stretch.last_ms
            and stretch.from_ms <= opened.last_ms
        ):
            opened = replace(_joined(stretch, opened), from_ms=opened.from_ms)
        elif stretch.to_ms is None:
            closed.append(replace(stretch, to_ms=stretch.last_ms))
        else:
            closed.append(stretch)
    return closed, opened


def _judge_live(
    opened: Excursion | None, stretches: list[Excursion], first_ms: int
) -> tuple[list[Excursion], Excursion | None]:
    """Stretches that follow what was judged before: the first may go on with the open one."""
    if opened is not None:
        goes_on = bool(stretches) and stretches[0].from_ms == first_ms
        if goes_on and stretches[0].side == opened.side:
            stretches = [_joined(opened, stretches[0]), *stretches[1:]]
        else:
            stretches = [replace(opened, to_ms=first_ms), *stretches]
    if stretches and stretches[-1].to_ms is None:
        return stretches[:-1], stretches[-1]
    return stretches, None


def _whole_side(low: float, high: float, limits: Range) -> tuple[str | None, float]:
    """Where values of `low` to `high` lie, all of them, and the limit they passed.

    "" inside, LOW, HIGH; None: here and there.
    """
    bottom, top = (None, None) if limits is None else limits
    if bottom is not None and high < bottom:
        return LOW, bottom
    if top is not None and low > top:
        return HIGH, top
    inside = (bottom is None or bottom <= low) and (top is None or high <= top)
    return "" if inside else None, 0


def _gone_on(
    opened: Sequence[Excursion], times: Times, values: Values, limits: Limits
) -> list[Excursion] | None:
    """The open excursions after values that change nothing about them but their end; None: they do.

    Most of what is judged is this, and needs no look at single samples.
    """
    if not len(values):
        return list(opened)
    low, high = float(values.min()), float(values.max())
    first_ms, last_ms = int(times.min()), int(times.max())
    found = []
    for kind, inside in zip((NORMAL, ALARM), limits, strict=True):
        open_one = next((e for e in opened if e.kind == kind), None)
        side, bound = _whole_side(low, high, inside)
        if open_one is None and side == "":
            continue
        if open_one is None or side != open_one.side or first_ms < open_one.last_ms:
            return None
        worst = min(low, open_one.worst) if side == LOW else max(high, open_one.worst)
        count = open_one.count + len(values)
        found.append(
            replace(open_one, bound=float(bound), last_ms=last_ms, worst=worst, count=count)
        )
    return found


def excursions(
    times: Times,
    values: Values,
    limits: Limits,
    open_excursions: Sequence[Excursion] = (),
    *,
    late: bool = False,
) -> tuple[list[Excursion], list[Excursion]]:
    """`(closed, open)` after these samples, given those that were open before (one a kind at most).

    The two kinds are judged apart: what is beyond the alarm range is beyond the normal one as well.
    Samples older than the open excursion's last one, or all of them when `late`, are of the past:
    what they show is closed at once and ends no open excursion.
    """
    known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), bool)
    times, values = times[known], values[known].astype(np.float64)
    gone_on = _gone_on(() if late else open_excursions, times, values, limits)
    if gone_on is not None:
        return [], list(open_excursions) if late else gone_on
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    closed: list[Excursion] = []
    still_open: list[Excursion] = []
    for kind, inside in zip((NORMAL, ALARM), limits, strict=True):
        opened = next((e for e in open_excursions if e.kind == kind), None)
        if inside is not None:
            known_until = opened.last_ms if opened is not None else int(times[0])
            past = len(times) if late else int(np.searchsorted(times, known_until))
            if past:
                found = _stretches(kind, inside, times[:past], values[:past])
                done, opened = _judge_late(opened, found)
                closed += done
            if past < len(times):
                found = _stretches(kind, inside, times[past:], values[past:])
                done, opened = _judge_live(opened, found, int(times[past]))
                closed += done
        if opened is not None:
            still_open.append(opened)
    return closed, still_open
