"""Who used what a meter counted: runs by what it went on by in their time, the rest of the day by area; to the unit.

Whole base units only (mL, Wh, mg), split by largest remainder, so that the parts add up to the meter exactly.
A run that spans several working days has on each day what the meter went on by there while it lasted, and a share
of that day's rest; its area is split over its days by their length.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mes_server.domain.meter_curves import MeterCurve

BY_AREA, BY_MASS, BY_NUMBER = WEIGHTS = ("area", "mass", "number")


@dataclass(frozen=True, slots=True)
class Stint:
    """The part of a run that lies in a day: [from_ms, to_ms). `area_mm2` and `mass_mg`: of that part."""

    run: str
    station: str
    operation: str
    from_ms: int
    to_ms: int
    area_mm2: int
    mass_mg: int


@dataclass(frozen=True, slots=True)
class Shared:
    """Base units by run, and those that nobody used."""

    runs: Mapping[str, int]
    unallocated: int

    @property
    def whole(self) -> int:
        """As the meter says."""
        return sum(self.runs.values()) + self.unallocated


def split(amount: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Whole shares in proportion to the weights, that add up to the amount; {} where all weights are 0.

    Largest remainder; of equal remainders the name that comes first, so that order changes nothing.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    shares = {name: amount * weight // whole for name, weight in weights.items()}
    left = amount - sum(shares.values())
    by_rest = sorted(weights, key=lambda name: (-(amount * weights[name] % whole), name))
    for name in by_rest[:left]:
        shares[name] += 1
    return shares


def weights_of(stints: Sequence[Stint]) -> tuple[dict[str, int], str]:
    """What the runs of a day share by: area; mass where a run has no area; else each the same."""
    for name, of in ((BY_AREA, "area_mm2"), (BY_MASS, "mass_mg")):
        if all(getattr(one, of) > 0 for one in stints):
            return _summed(stints, of), name
    return dict.fromkeys((one.run for one in stints), 1), BY_NUMBER


def _summed(stints: Sequence[Stint], of: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in stints:
        found[one.run] = found.get(one.run, 0) + getattr(one, of)
    return found


def share_meter(curve: MeterCurve, span: tuple[int, int], stints: Sequence[Stint]) -> Shared | None:
    """What a line's own meter went on by in [from, to) ms; None: nothing was heard of it.

    Runs that overlap share their common time by area, too.
    """
    told = curve.gone(*span)
    if told is None:
        return None
    weights, _ = weights_of(stints)
    cuts = {*span, *(at for one in stints for at in (one.from_ms, one.to_ms))}
    edges = sorted(at for at in cuts if span[0] <= at <= span[1])
    runs = dict.fromkeys(sorted(weights), 0)
    rest = told[1]
    for begun, ended in itertools.pairwise(edges):
        inside = {s.run: weights[s.run] for s in stints if s.from_ms <= begun and s.to_ms >= ended}
        gone = curve.gone(begun, ended)
        placed = 0 if gone is None else gone[0]
        if not inside:
            rest += placed
        for run, part in split(placed, inside).items():
            runs[run] += part
    return _with_rest(runs, rest, weights)


def _with_rest(runs: dict[str, int], rest: int, weights: Mapping[str, int]) -> Shared:
    shares = split(rest, weights)
    for run, part in shares.items():
        runs[run] += part
    return Shared(runs, rest - sum(shares.values()))


def share_by(amount: int, lines: Mapping[str, int], stints: Sequence[Stint]) -> Shared:
    """An amount that lines share by these weights (volume drained, load), then their runs by area.

    What a line without a run has to bear, and all of it where no line has a weight, stays unallocated.
    """
    runs: dict[str, int] = {}
    left = amount
    for station, part in split(amount, lines).items():
        mine = [one for one in stints if one.station == station]
        shares = split(part, weights_of(mine)[0]) if mine else {}
        for run, share in shares.items():
            runs[run] = runs.get(run, 0) + share
        left -= sum(shares.values())
    return Shared(runs, left)
