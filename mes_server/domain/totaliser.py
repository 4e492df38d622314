"""The volume of a day by the totaliser of its flow meter, from its readings minute by minute."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from mes_server.domain.flow_means import Floats, Ints
from mes_server.domain.meters import Advanced, advanced

MINUTE_MS = 60_000
_PARTS_MS = (
    0,
    20_000,
    40_000,
    MINUTE_MS - 1,
)  # of a minute: where its first, high, low and last are put


def volume(
    minutes: tuple[int, Floats, Floats, Floats, Floats],
    before: float | None,
    rolls_at: Decimal | None,
    most_per_h: Decimal | None,
    exchanged_ms: Sequence[int],
) -> Advanced:
    """What a counter went on by. `minutes`: since when, then first, low, high and last of each, NaN for none;
    `before`: the last reading before them.

    A minute in which it did not simply rise is taken as first, high, low, last.
    """
    from_ms, first, low, high, last = minutes
    known = np.flatnonzero(~np.isnan(first))
    odd = (low[known] < first[known]) | (high[known] > last[known])
    times = np.array(_PARTS_MS)[None, :] + (from_ms + known * MINUTE_MS)[:, None]
    four = np.stack((first[known], high[known], low[known], last[known]), axis=1)
    keep = np.ones_like(four, bool)
    keep[~odd, 1:3] = False
    at, values = times[keep], four[keep]
    if before is not None:
        at = np.concatenate(([from_ms - 1], at))
        values = np.concatenate(([before], values))
    put_in = [_step_of(at, values, one) for one in exchanged_ms]
    wanted = _corners(at, values, most_per_h, put_in)
    readings = [(int(at[n]), Decimal(repr(float(values[n])))) for n in wanted.tolist()]
    return advanced(readings, rolls_at, most_per_h, put_in)


def _step_of(at: Ints, values: Floats, exchanged_ms: int) -> int:
    """When an exchange shows in the readings: the greatest step within a minute of when it was noted, else as noted."""
    near = np.flatnonzero(
        (at[:-1] <= exchanged_ms + MINUTE_MS) & (at[1:] >= exchanged_ms - MINUTE_MS)
    )
    if not len(near):
        return exchanged_ms
    return int(at[near[np.abs(np.diff(values)[near]).argmax()] + 1])


def _corners(
    at: Ints, values: Floats, most_per_h: Decimal | None, exchanged_ms: Sequence[int]
) -> Ints:
    """The readings on both sides of every step that is not a plain rise, and the ends; between them it simply rose."""
    if len(at) < 3:
        return np.arange(len(at))
    steps, times = np.diff(values), np.diff(at)
    odd = steps < 0
    if most_per_h is not None:
        odd |= steps > float(most_per_h) * np.maximum(times, MINUTE_MS) / 3_600_000
    for one in exchanged_ms:
        odd |= (at[:-1] < one) & (one <= at[1:])
    keep = np.zeros(len(at), bool)
    keep[[0, -1]] = True
    keep[:-1] |= odd
    keep[1:] |= odd
    keep[2:] |= steps[:-1] < 0  # what came after a fall tells a bad reading from a new beginning
    return np.asarray(np.flatnonzero(keep))
