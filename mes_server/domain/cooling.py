"""How fast a charge was cooled behind a soak: where the recipe says so, of each control thermocouple.

Between the last time at `from_c` and the first at `to_c`. A gap at an end of that way makes it longer than it can have
been, so that a rate that is high enough even so is enough; one that is too low is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mes_server.domain.curves import Curve
from mes_server.domain.decimals import written
from mes_server.domain.recipes import Cooling, Stage
from mes_server.domain.soaks import Soak
from mes_server.domain.spans import Span, length, within

_COLD, _HOT = -1e6, 1e6
KEPT, UNKNOWN, UNSEEN, SLOW, FAST = "kept", "unknown", "unseen", "slow", "fast"
_WORST = (FAST, SLOW, UNKNOWN, UNSEEN, KEPT)


@dataclass(frozen=True, slots=True)
class Fall:
    """One thermocouple. °C/min: the mean over the whole way and the steepest over the time the recipe asks for; None:
    it did not get there. `missing_s`: how much of the way is not known."""

    state: str
    metric: str
    mean_c_min: float | None
    steepest_c_min: float | None
    missing_s: float


def fall_of(stage: Stage, soak: Soak, rest: tuple[Sequence[Soak], float], control: Sequence[Curve]) -> Fall | None:  # fmt: skip
    """The worst of the thermocouples; None: nothing is asked for, or there was no soak. `rest`: the soaks behind
    this one, and over how many ms a steepest fall is taken."""
    asked = stage.cool
    if asked is None or soak.extent is None:
        return None
    after, over_ms = rest
    next_ms = [one.extent[0] for one in after if one.extent is not None]
    window = soak.extent[1], min([control[0].span[1], *next_ms])
    found = [_fall(asked, curve, window, over_ms) for curve in control]
    return min(found, key=lambda one: _WORST.index(one.state), default=None)


def _fall(asked: Cooling, curve: Curve, window: Span, over_ms: float) -> Fall:
    low = within(curve.inside(_COLD, asked.to_c), window)
    end_ms = low[0][0] if low else window[1]
    high = [end for _, end in within(curve.inside(asked.from_c, _HOT), (window[0], end_ms))]
    way = max(high, default=window[0]), end_ms
    gaps = within(curve.unknown, way)
    minutes = (way[1] - way[0]) / 60_000
    mean = (asked.from_c - asked.to_c) / minutes if minutes > 0 else float("inf")
    steepest = curve.steepest(way, min(over_ms, way[1] - way[0]), -1) if minutes > 0 else None
    missing_s = length(gaps) / 1000
    open_ends = any(end > start and (start <= way[0] or end >= way[1]) for start, end in gaps)
    if asked.max_c_min and steepest is not None and steepest > asked.max_c_min:
        state = FAST
    elif mean < asked.min_c_min:
        state = UNKNOWN if open_ends else SLOW
    elif not low:
        state = UNSEEN
    else:
        state = UNKNOWN if asked.max_c_min and (missing_s > 0 or steepest is None) else KEPT
    return Fall(state, curve.metric, mean if low else None, steepest, missing_s)


def facts_of(stage: Stage, fall: Fall) -> dict[str, str]:
    """What a sentence about it needs."""
    asked = stage.cool or Cooling(0.0, 0.0)
    return {
        "stage": stage.id, "metric": fall.metric, "from": written(asked.from_c), "to": written(asked.to_c),
        "mean": _text(fall.mean_c_min), "steepest": _text(fall.steepest_c_min),
        "least": written(asked.min_c_min) if asked.min_c_min else "", "missing": f"{fall.missing_s / 60:.1f}",
        "most": written(asked.max_c_min) if asked.max_c_min else "",
    }  # fmt: skip


def _text(value: float | None) -> str:
    return "" if value is None else written(value, 3)
