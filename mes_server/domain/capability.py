"""Capability and performance of a process against its spec: Cp, Cpk, Pp, Ppk, with their confidence intervals.

An index is told only of a process that is stable and known well enough; else it is said why not. Formulas: AIAG
SPC, 2nd ed. 2005, chapter IV; ISO 22514-4:2016 (percentiles where readings are not normal); confidence of Cp by
the chi-squared distribution, of Cpk by Bissell, Applied Statistics 39 (1990) 331.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from statistics import fmean, stdev

import numpy as np
from scipy import stats
from scipy.special import inv_boxcox

from mes_server.domain.spc import XBAR_R, XBAR_S, Chart
from mes_server.domain.spc_constants import DEGREES_OF_MOVING, degrees_of_range, degrees_of_s

LEVEL = 0.95
_LOW, _HIGH = 0.00135, 0.99865  # what lies between is 6 sigma of a normal distribution


@dataclass(frozen=True, slots=True)
class Spec:
    """The limits of a characteristic; None: not limited on that side."""

    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Needs:
    """What an index takes, of the reference data (capability.json)."""

    readings_min: int = 30
    normal_p_min: float = 0.05
    good: float = 1.67
    fair: float = 1.33


@dataclass(frozen=True, slots=True)
class Index:
    """An index with its confidence interval at LEVEL. None of the ends: not known."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Capability:
    """`refused`: why there are no indices, as rules; then all of them are None. `normal_p`: of the test of
    Shapiro and Wilk; `by_percentiles`: the readings are not normal. `cp`, `pp`: two limits only."""

    count: int
    mean: float
    sigma_within: float
    sigma_overall: float
    normal_p: float | None
    by_percentiles: bool
    refused: tuple[str, ...]
    cp: Index | None = None
    cpk: Index | None = None
    pp: Index | None = None
    ppk: Index | None = None

    def band(self, needs: Needs) -> str:
        """good, fair or poor by Ppk (Cpk where it is known to be worse); unknown without an index."""
        known = [one.value for one in (self.cpk, self.ppk) if one is not None]
        if not known:
            return "unknown"
        worst = min(known)
        return "good" if worst > needs.good else "fair" if worst >= needs.fair else "poor"


def capability(
    values: Sequence[float], chart: Chart, spec: Spec, needs: Needs, group: int = 1
) -> Capability:
    """Of the readings of a judged chart. `group`: readings in a subgroup."""
    refused = _refused(values, chart, spec, needs)
    within = chart.sigma_within or 0.0
    if len(values) < 2:
        mean = values[0] if values else 0.0
        return Capability(len(values), mean, within, 0.0, None, False, tuple(refused))
    mean, overall = fmean(values), stdev(values)
    if overall == 0 or within == 0:
        refused.append("readings_differ")
    normal_p = _normal_p(values, overall)
    odd = normal_p is not None and normal_p < needs.normal_p_min
    told = Capability(len(values), mean, within, overall, normal_p, odd, tuple(refused))
    if refused:
        return told
    if not odd:
        cp, cpk, pp, ppk = _normal(told, spec, _degrees(chart.kind, len(values), group))
    elif (at := _percentiles(values, needs)) is not None:
        cp, cpk, pp, ppk = _by_percentiles(at, spec)
    else:
        return replace(told, refused=("readings_fit_a_curve",))
    return Capability(len(values), mean, within, overall, normal_p, odd, (), cp, cpk, pp, ppk)


def _refused(values: Sequence[float], chart: Chart, spec: Spec, needs: Needs) -> list[str]:
    refused = []
    if spec.lower is None and spec.upper is None:
        refused.append("spec_is_given")
    if len(values) < needs.readings_min:
        refused.append("readings_are_enough")
    if not chart.is_stable:
        refused.append("process_is_stable")
    return refused


def _normal_p(values: Sequence[float], overall: float) -> float | None:
    if len(values) < 3 or overall == 0:
        return None
    return float(stats.shapiro(np.asarray(values[:5_000])).pvalue)


Four = tuple[Index | None, Index | None, Index | None, Index | None]


def _degrees(kind: str, count: int, group: int) -> float:
    """Degrees of freedom of sigma within, by how the chart has found it."""
    if kind == XBAR_R:
        return count // group * degrees_of_range(group)
    if kind == XBAR_S:
        return count // group * degrees_of_s(group)
    return DEGREES_OF_MOVING * (count - 1)


def _normal(told: Capability, spec: Spec, degrees: float) -> Four:
    count = told.count
    cp, cpk = _pair(told.mean, told.sigma_within, spec)
    pp, ppk = _pair(told.mean, told.sigma_overall, spec)
    return (
        _chi(cp, degrees), _bissell(cpk, count, degrees), _chi(pp, count - 1),
        _bissell(ppk, count, count - 1),
    )  # fmt: skip


def _pair(mean: float, sigma: float, spec: Spec) -> tuple[float | None, float]:
    """Both sides over 6 sigma (two limits only), and the nearer side over 3 sigma."""
    sides = []
    if spec.upper is not None:
        sides.append((spec.upper - mean) / (3 * sigma))
    if spec.lower is not None:
        sides.append((mean - spec.lower) / (3 * sigma))
    both = None
    if spec.upper is not None and spec.lower is not None:
        both = (spec.upper - spec.lower) / (6 * sigma)
    return both, min(sides)


def _chi(value: float | None, degrees: float) -> Index | None:
    if value is None:
        return None
    low = float(stats.chi2.ppf((1 - LEVEL) / 2, degrees))
    high = float(stats.chi2.ppf((1 + LEVEL) / 2, degrees))
    return Index(value, value * sqrt(low / degrees), value * sqrt(high / degrees))


def _bissell(value: float, count: int, degrees: float) -> Index:
    wide = float(stats.norm.ppf((1 + LEVEL) / 2)) * sqrt(
        1 / (9 * count) + value * value / (2 * degrees)
    )
    return Index(value, value - wide, value + wide)


def _percentiles(values: Sequence[float], needs: Needs) -> tuple[float, float, float] | None:
    """The percentiles that lie 3 sigma off in a normal distribution, and the median; None: they are not known.

    Counted off where the readings are so many that some lie beyond; else of the curve that a power of the readings
    makes normal (Box and Cox 1964), if there is one: the extremes of a few readings lie far inside.
    """
    if len(values) >= 1 / _LOW:
        low, middle, high = (float(v) for v in np.quantile(values, (_LOW, 0.5, _HIGH)))
        return low, middle, high
    if min(values) <= 0:
        return None
    bent, power = stats.boxcox(np.asarray(values))
    if float(stats.shapiro(bent).pvalue) < needs.normal_p_min:
        return None
    mean, sigma = float(bent.mean()), float(bent.std(ddof=1))
    ends = [float(inv_boxcox(mean + side * 3 * sigma, power)) for side in (-1, 0, 1)]
    return (ends[0], ends[1], ends[2]) if all(map(isfinite, ends)) else None


def _by_percentiles(at: tuple[float, float, float], spec: Spec) -> Four:
    """Pp and Ppk by percentiles (ISO 22514-2); no Cp: there is no sigma to speak of."""
    low, middle, high = at
    sides = []
    if spec.upper is not None and high > middle:
        sides.append((spec.upper - middle) / (high - middle))
    if spec.lower is not None and middle > low:
        sides.append((middle - spec.lower) / (middle - low))
    pp = None
    if spec.upper is not None and spec.lower is not None and high > low:
        pp = Index((spec.upper - spec.lower) / (high - low))
    return None, None, pp, Index(min(sides)) if sides else None
