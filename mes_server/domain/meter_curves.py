"""A meter over time in whole base units (mL, Wh, mg): what it went on by between any two moments, to the unit.

Between two readings it goes on evenly. Where they lie further apart than a gap allows, how much is known and when
is not: that is told apart as unplaced.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mes_server.domain.meters import BACKWARDS, RESET, Step, advanced, blinked, put_in
from mes_server.domain.waterworks import ELECTRICITY, Meter

_MILLI, _MICRO = 1000, 1_000_000
_HOUR_MS = 3_600_000


def base_of(kind: str) -> int:
    """Base units in a canonical one: mL and mL of gas in a m³, Wh in a kWh, mg in a kg."""
    return _MILLI if kind == ELECTRICITY else _MICRO


@dataclass(frozen=True, slots=True)
class Ways:
    """How a meter is read: `most_per_h` in canonical units; `gap_ms`: readings further apart say nothing of when."""

    most_per_h: Decimal | None
    gap_ms: int
    exchanged_ms: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class MeterCurve:
    """`totals`: gone on since the first reading, `unplaced`: of that, over gaps; both in base units, by `times` (ms)."""

    times: tuple[int, ...]
    totals: tuple[int, ...]
    unplaced: tuple[int, ...]
    steps: tuple[Step, ...]

    def gone(self, from_ms: int, to_ms: int) -> tuple[int, int] | None:
        """Base units placed in time and unplaced ones; None: nothing was heard of that span."""
        if not self.times or self.times[0] > to_ms or self.times[-1] < from_ms:
            return None
        (whole, late), (before, early) = self._at(to_ms), self._at(from_ms)
        return whole - before - (late - early), late - early

    def _at(self, at_ms: int) -> tuple[int, int]:
        after = bisect_right(self.times, at_ms)
        if after == 0:
            return self.totals[0], self.unplaced[0]
        if after == len(self.times):
            return self.totals[-1], self.unplaced[-1]
        since, span = at_ms - self.times[after - 1], self.times[after] - self.times[after - 1]
        return (
            _between(self.totals, after, since, span),
            _between(self.unplaced, after, since, span),
        )

    def odd(self, from_ms: int, to_ms: int) -> tuple[Step, ...]:
        """Where it did not simply go on."""
        return tuple(one for one in self.steps if from_ms < one.at_ms <= to_ms)


def _between(totals: Sequence[int], after: int, since: int, span: int) -> int:
    return totals[after - 1] + (totals[after] - totals[after - 1]) * since // span


def curve_of(meter: Meter, readings: Sequence[tuple[int, float]], ways: Ways) -> MeterCurve:
    """Of the readings in their order, as read."""
    scale = float(meter.factor) * base_of(meter.kind)
    times: list[int] = []
    totals, unplaced = [0], [0]
    steps: list[Step] = []
    last = 0.0
    fallen: tuple[int, Decimal] | None = None  # when it fell, and from where
    for at_ms, value in readings:
        kept = value
        if not times:
            times.append(at_ms)
        elif at_ms > times[-1]:
            if fallen is not None and blinked(fallen, (at_ms, Decimal(repr(value)))):
                last = float(fallen[1])
            gone = round(value * scale) - round(last * scale)
            if gone < 0 or _is_odd(gone, times[-1], at_ms, (meter, ways)):
                gone, odd = _odd((times[-1], last), (at_ms, value), meter, ways)
                steps += odd
                kind = odd[-1].kind if odd else ""
                kept = last if kind == BACKWARDS else value
                if kind == RESET and not put_in(times[-1], at_ms, ways.exchanged_ms):
                    fallen = (at_ms, Decimal(repr(last)))
            is_gap = at_ms - times[-1] > ways.gap_ms
            totals.append(totals[-1] + gone)
            unplaced.append(unplaced[-1] + (gone if is_gap else 0))
            times.append(at_ms)
        last = kept
    size = len(times)
    return MeterCurve(tuple(times), tuple(totals[:size]), tuple(unplaced[:size]), tuple(steps))


def _is_odd(gone: int, since_ms: int, at_ms: int, of: tuple[Meter, Ways]) -> bool:
    meter, ways = of
    if any(since_ms < one <= at_ms for one in ways.exchanged_ms):
        return True
    if ways.most_per_h is None:
        return False
    return gone > float(ways.most_per_h) * base_of(meter.kind) * (at_ms - since_ms) / _HOUR_MS


def _odd(
    before: tuple[int, float], after: tuple[int, float], meter: Meter, ways: Ways
) -> tuple[int, tuple[Step, ...]]:
    """What a step comes to that is none up, or one that is too large."""
    most = None if ways.most_per_h is None else ways.most_per_h / meter.factor
    pair = [(at_ms, Decimal(repr(value))) for at_ms, value in (before, after)]
    told = advanced(pair, meter.rolls_at, most, ways.exchanged_ms)
    return round((told.amount or 0) * meter.factor * base_of(meter.kind)), told.steps
