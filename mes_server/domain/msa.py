"""Studies of measurement systems: repeatability and reproducibility of a gauge, by ranges and by ANOVA.

AIAG MSA reference manual, 4th ed. 2010, chapter III B. A study is `readings[appraiser][part][trial]`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, isclose, sqrt
from statistics import fmean, stdev

import numpy as np
from scipy import stats

from mes_server.domain.spc_constants import d2, d3

Study = Sequence[Sequence[Sequence[float]]]
_NOISE = 1e-12  # of what floating point adds to figures that are written with twelve digits
_MANY = 15  # groups from which d2* is taken for d2
_NDC = 1.41  # 97 % confidence intervals of the parts that do not overlap


class CannotStudy(ValueError):
    """These readings are no such study; `rule` says why."""

    def __init__(self, rule: str, **facts: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Grr:
    """All of them standard deviations in the unit of the readings. `interaction` 0: there is none, or it was pooled
    (`pooled`); `of`: what the percentages are of (total variation, or tolerance / 6)."""

    method: str
    repeatability: float
    reproducibility: float
    interaction: float
    part: float
    of: float
    pooled: bool = False
    interaction_p: float | None = None

    @property
    def grr(self) -> float:
        """Repeatability and reproducibility together."""
        return sqrt(self.repeatability**2 + self.reproducibility**2 + self.interaction**2)

    @property
    def total(self) -> float:
        """Total variation of the study."""
        return hypot(self.grr, self.part)

    @property
    def ndc(self) -> int:
        """Number of distinct categories."""
        return int(_NDC * self.part / self.grr) if self.grr else 0

    def pct(self, of: float) -> float:
        """A deviation as a percentage of what all are compared with."""
        return 100 * of / self.of if self.of else 0.0

    @property
    def grr_pct(self) -> float:
        """The figure that is judged."""
        return self.pct(self.grr)


def _checked(study: Study) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """As an array (appraiser, part, trial); raises CannotStudy."""
    shapes = {len(part) for appraiser in study for part in appraiser}
    if len(study) < 2 or len({len(a) for a in study}) != 1 or len(shapes) != 1:
        raise CannotStudy("study_is_whole")
    values = np.asarray(study, dtype=float)
    if values.shape[1] < 2 or values.shape[2] < 2:
        raise CannotStudy("study_is_whole")
    return values


def _star(n: int, groups: int = 1) -> float:
    """d2* of so many groups of n (Duncan 1955; AIAG MSA, 4th ed., appendix C): of the mean of few ranges. Of more than
    15 it is d2, as K1 of the manual has it."""
    return d2(n) if groups > _MANY else hypot(d2(n), d3(n) / sqrt(groups))


def by_ranges(study: Study, tolerance: float | None = None) -> Grr:
    """The average and range method. `tolerance`: compare with a sixth of it, not with the total variation."""
    values = _checked(study)
    appraisers, parts, trials = values.shape
    mean_range = float(np.ptp(values, axis=2).mean())
    repeatability = mean_range / _star(trials, appraisers * parts)
    of_appraisers = values.mean(axis=(1, 2))
    between = float(np.ptp(of_appraisers)) / _star(appraisers)
    reproducibility = sqrt(max(0.0, between**2 - repeatability**2 / (parts * trials)))
    part = float(np.ptp(values.mean(axis=(0, 2)))) / _star(parts)
    return _compared(Grr("ranges", repeatability, reproducibility, 0.0, part, 0.0), tolerance)


def by_anova(study: Study, tolerance: float | None = None, pool_p_min: float = 0.25) -> Grr:
    """Analysis of variance, parts and appraisers crossed. The interaction is pooled where its p is above that."""
    values = _checked(study)
    a, p, r = values.shape
    grand = values.mean()
    of_a, of_p, cells = values.mean(axis=(1, 2)), values.mean(axis=(0, 2)), values.mean(axis=2)
    ss_a = p * r * float(((of_a - grand) ** 2).sum())
    ss_p = a * r * float(((of_p - grand) ** 2).sum())
    ss_cells = r * float(((cells - grand) ** 2).sum())
    ss_e = float(((values - cells[:, :, None]) ** 2).sum())
    ss_i = max(0.0, ss_cells - ss_a - ss_p)
    df_i, df_e = (a - 1) * (p - 1), a * p * (r - 1)
    ms_i, ms_e = ss_i / df_i, ss_e / df_e
    p_value = float(stats.f.sf(ms_i / ms_e, df_i, df_e)) if ms_e else 0.0
    pooled = p_value > pool_p_min
    if pooled:
        ms_e = (ss_e + ss_i) / (df_e + df_i)
        ms_i = ms_e
    interaction = sqrt(max(0.0, ms_i - ms_e) / r)
    reproducibility = sqrt(max(0.0, ss_a / (a - 1) - ms_i) / (p * r))
    part = sqrt(max(0.0, ss_p / (p - 1) - ms_i) / (a * r))
    found = Grr("anova", sqrt(ms_e), reproducibility, interaction, part, 0.0, pooled, p_value)
    return _compared(found, tolerance)


def _compared(found: Grr, tolerance: float | None) -> Grr:
    of = tolerance / 6 if tolerance else found.total
    return Grr(
        found.method, found.repeatability, found.reproducibility, found.interaction, found.part, of,
        found.pooled, found.interaction_p,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bias:
    """Of repeated readings of a part with a known value. `accepted`: 0 lies within the interval."""

    bias: float
    repeatability: float
    t: float
    p: float
    low: float
    high: float

    @property
    def accepted(self) -> bool:
        """Whether the bias may be 0."""
        return self.low <= 0 <= self.high


def bias(readings: Sequence[float], reference: float, level: float = 0.95) -> Bias:
    """The independent sample method."""
    count = len(readings)
    if count < 2:
        raise CannotStudy("study_is_whole")
    found, sigma = fmean(readings) - reference, stdev(readings)
    found = 0.0 if isclose(fmean(readings), reference, rel_tol=_NOISE, abs_tol=0.0) else found
    if sigma == 0:  # the gauge shows no scatter: what is left is bias, or none
        return Bias(found, 0.0, 0.0, 1.0 if found == 0 else 0.0, found, found)
    error = sigma / sqrt(count)
    wide = float(stats.t.ppf((1 + level) / 2, count - 1)) * error
    t = found / error
    return Bias(
        found, sigma, t, float(2 * stats.t.sf(abs(t), count - 1)), found - wide, found + wide
    )


@dataclass(frozen=True, slots=True)
class Linearity:
    """Bias over the range: bias = slope x reference + intercept. `slope_p`, `intercept_p`: that they are 0."""

    slope: float
    intercept: float
    r_squared: float
    slope_p: float
    intercept_p: float
    level: float

    @property
    def accepted(self) -> bool:
        """Neither slope nor intercept can be told from 0."""
        return min(self.slope_p, self.intercept_p) >= 1 - self.level


def linearity(
    references: Sequence[float], readings: Sequence[Sequence[float]], level: float = 0.95
) -> Linearity:
    """Of parts with known values over the range, each read several times."""
    if len(set(references)) < 3 or len(references) != len(readings) or not all(readings):
        raise CannotStudy("study_is_whole")
    x = np.repeat(np.asarray(references, float), [len(one) for one in readings])
    y = np.concatenate([np.asarray(one, float) for one in readings]) - x
    fit = stats.linregress(x, y)
    degrees = len(x) - 2
    size = float(np.abs(y).max())
    if np.sum((y - fit.slope * x - fit.intercept) ** 2) <= len(x) * (_NOISE * np.abs(x).max()) ** 2:
        # No scatter at all: what slope and intercept are not 0, they are for certain.
        certain = size > _NOISE * float(np.abs(x).max())
        slope = float(fit.slope) if abs(fit.slope) > _NOISE else 0.0
        return Linearity(
            slope, float(fit.intercept), 1.0, float(not slope), float(not certain), level
        )
    intercept_p = float(2 * stats.t.sf(abs(fit.intercept / fit.intercept_stderr), degrees))
    return Linearity(
        float(fit.slope), float(fit.intercept), float(fit.rvalue**2), float(fit.pvalue), intercept_p, level,
    )  # fmt: skip
