"""Coatings side by side: water, energy, chemicals, pollutants before and after treatment, sludge, rejects and life.

Per m² and per kg of what was coated once, and per m² and 24 h of salt-spray life. A coating of which little is known
is pale, and nothing is concluded from it; never the heavy metals alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import Any

from mes_server.domain.coating_days import BY_SST, DayUse, Measure, counted, key_of, measures_of
from mes_server.domain.estimates import (
    Estimate,
    combined,
    difference_percent,
    mean,
    ratio,
)

PALE, WHOLE = "pale", "whole"


@dataclass(frozen=True, slots=True)
class Life:
    """Hours of salt spray. `at_least`: a test ended before anything was seen. `asked`: lower limits of the plans."""

    hours: Estimate | None
    at_least: bool = False
    asked: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """`estimate` None: not known, `why` says it. `bound`: "at_most" where the life is a lower bound. `look`: PALE or WHOLE."""

    measure: Measure
    estimate: Estimate | None
    look: str
    runs: int
    days: int
    samples: int
    why: str = ""
    bound: str = ""
    than: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """A coating. `code`: as the rows name it."""

    code: str
    title: Mapping[str, str]
    days: tuple[DayUse, ...]
    life: Life
    figures: Mapping[str, Figure]

    @property
    def runs(self) -> list[str]:
        """Each run once."""
        return list(dict.fromkeys(run for day in self.days for run in day.runs))


@dataclass(frozen=True, slots=True)
class Asked:
    """How to compare. `dry`: the share of solids in sludge, None: not known. `row`: of the set "comparison"."""

    by: str
    row: Mapping[str, Any]
    dry: Estimate | None = None

    @property
    def level(self) -> float:
        """Of confidence."""
        return float(self.row["confidence_percent"]) / 100

    def common(self, sure: str) -> float:
        """Expanded relative uncertainty of a kind of figure; a load has that of its water, too."""
        shares = self.row["uncertainty_percent"]
        whole = hypot(float(shares[sure]), float(shares["drained"]) if sure == "lab" else 0.0)
        return whole / 100


def side_of(of: tuple[str, Mapping[str, Any]], days: Sequence[DayUse], life: Life, asked: Asked) -> Side:  # fmt: skip
    """A coating with all its figures."""
    code, said = of
    figures = {}
    for measure in measures_of(asked.row):
        figures[key_of(measure)] = _figure(measure, days, life, asked)
    return Side(code, said["title"], tuple(days), life, figures)


def _figure(measure: Measure, days: Sequence[DayUse], life: Life, asked: Asked) -> Figure:
    told = counted(measure, days)
    estimate = _estimate(measure, told, asked)
    runs = len({run for day, _ in told for run in day.runs})
    is_dry = not any(day.streams for day, _ in told)  # drains nothing: nothing to sample
    samples = sum(day.results(measure.pollutant) for day, _ in told)
    why, bound = "", ""
    if estimate is None:
        why = "dry_share_unknown" if measure.name == "dry_sludge" and told else "nothing_known"
    elif asked.by == BY_SST and measure.name != "rejects":
        bound = "at_most" if life.at_least else ""
        if life.hours is None or life.hours.value <= 0:
            estimate, why = None, "no_life"
        else:
            estimate = combined(estimate, life.hours.times(1 / float(asked.row["sst_per_h"])), divided=True)  # fmt: skip
    look = WHOLE if estimate is not None and _is_enough(measure, (len(told), None if is_dry else samples), life, asked) else PALE  # fmt: skip
    return Figure(measure, estimate, look, runs, len(told), samples, why, bound)


def _is_enough(measure: Measure, counts: tuple[int, int | None], life: Life, asked: Asked) -> bool:
    least = asked.row["least"]
    if counts[0] < least["days"]:
        return False
    if measure.pollutant and counts[1] is not None and counts[1] < least["samples"]:
        return False
    return asked.by != BY_SST or (life.hours is not None and life.hours.count >= least["sst"])


def _estimate(
    measure: Measure, days: Sequence[tuple[DayUse, int]], asked: Asked
) -> Estimate | None:
    if measure.name == "rejects":
        pieces = [(amount / measure.scale, day.pieces) for day, amount in days]
        return _of_none(ratio(pieces, asked.level), sum(many for _, many in pieces), asked.level)
    pairs = [(amount / measure.scale, day.basis(asked.by)) for day, amount in days]
    found = ratio(pairs, asked.level, asked.common(measure.sure))
    if measure.name == "dry_sludge" and found is not None:
        return None if asked.dry is None else combined(found, asked.dry)
    return found


def _of_none(found: Estimate | None, pieces: int, level: float) -> Estimate | None:
    """No reject among so many pieces is no proof that there is none: the upper end of Clopper and Pearson, in %."""
    if found is None or found.value != 0 or found.high is None:
        return found
    return replace(found, high=(1 - ((1 - level) / 2) ** (1 / pieces)) * 100)


def conclude(sides: Sequence[Side]) -> list[Side]:
    """Beside each figure how it compares with the first coating, where both are whole and it can be said."""
    if not sides:
        return []
    first, found = sides[0], [sides[0]]
    for side in sides[1:]:
        figures = {key: _compared(one, first.figures[key]) for key, one in side.figures.items()}
        found.append(replace(side, figures=figures))
    return found


def _compared(one: Figure, other: Figure) -> Figure:
    if PALE in (one.look, other.look) or one.estimate is None or other.estimate is None:
        return one
    if one.bound or other.bound:
        return one
    told = difference_percent(one.estimate, other.estimate)
    if told is None or told[1] <= 0 <= told[2]:
        return one
    return replace(one, than=told)


def life_of(
    readings: Sequence[tuple[str, float, bool]], asked_h: Iterable[str], asked: Asked
) -> Life:
    """Of the checks: (check, hours, ended before anything was seen)."""
    hours = mean([value for _, value, _ in readings], asked.level, asked.common("sst"))
    beyond = any(one for _, _, one in readings)
    codes = tuple(dict.fromkeys(code for code, _, _ in readings))
    return Life(hours, beyond, tuple(sorted(set(asked_h), key=float)), codes)
