"""What a running day comes to at its end, if its remaining hours are as the last ones were."""

from dataclasses import dataclass

import numpy as np

from mes_server.domain.flow_means import HOUR_MIN, Flow, Judged


@dataclass(frozen=True, slots=True)
class Pace:
    """The last hours of a day: m³/h, and how many hours of the day are left."""

    rate: float
    left_h: float


def pace_of(flow: Flow, last_h: int) -> Pace | None:
    """How the water flowed in the last hours; None: nobody knows."""
    part = flow.rate[max(flow.elapsed - last_h * HOUR_MIN, 0) : flow.elapsed]
    known = part[~np.isnan(part)]
    if not len(known):
        return None
    return Pace(float(known.mean()), (len(flow.rate) - flow.elapsed) / HOUR_MIN)


def mean_at_end(found: Judged, flow: Flow, pace: Pace, last_h: int) -> float | None:
    """The day's mean at its end: the load so far and what the last hours' mean adds, by the volume of both."""
    usable = found.valid & flow.moving & flow.due
    if not usable.any():
        return None
    volume = np.where(usable, flow.rate, 0.0) / HOUR_MIN
    load = np.where(usable, found.means, 0.0) * volume
    begin = max(flow.elapsed - last_h * HOUR_MIN, 0)
    recent = volume[begin:].sum()
    if recent <= 0:
        return float(load.sum() / volume.sum())
    more = pace.rate * pace.left_h
    trend = load[begin:].sum() / recent
    # Water of minutes without a valid value counts at the mean of the rest, as it does in the day's mean.
    return float((load.sum() + trend * more) / (volume.sum() + more))
