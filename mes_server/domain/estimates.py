"""Ratios over days or runs with what is not known of them: a confidence interval that looks as wide as it is.

Ratio estimator R = Σy / Σx with v(R) = Σ(y − R·x)² / ((n − 1) · n · x̄²) (W. G. Cochran, Sampling Techniques, 3rd ed.
1977, section 6.4), Student's t with n − 1 degrees of freedom. What errs on all days alike (a meter, a laboratory)
does not show in the days: it is added as a share of R, in quadrature.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, hypot, log, sqrt

from scipy import stats

SURE = 2.0  # expanded uncertainties are stated with k = 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """`low`, `high`: the interval, None: one observation says nothing of it. `sd`, `least`, `most`: of single days."""

    value: float
    count: int
    low: float | None = None
    high: float | None = None
    sd: float | None = None
    least: float | None = None
    most: float | None = None

    @property
    def half(self) -> float | None:
        """How far the interval reaches above the value."""
        return None if self.high is None else self.high - self.value

    def times(self, factor: float) -> "Estimate":
        """In another unit."""
        parts = (self.low, self.high, self.sd, self.least, self.most)
        told = [None if one is None else one * factor for one in parts]
        return Estimate(self.value * factor, self.count, *told)


def ratio(pairs: Sequence[tuple[float, float]], level: float, common: float = 0.0) -> Estimate | None:  # fmt: skip
    """Of (y, x), one pair a day or run. `common`: expanded relative uncertainty (k = 2) that all pairs share.

    None: there is nothing to divide by. What cannot be below nothing has an interval that is not either.
    """
    whole = sum(x for _, x in pairs)
    if whole <= 0:
        return None
    value, count = sum(y for y, _ in pairs) / whole, len(pairs)
    single = [y / x for y, x in pairs if x > 0]
    spread = _spread(single)
    if count < 2:
        return Estimate(value, count, None, None, *spread)
    rest = sum((y - value * x) ** 2 for y, x in pairs) / (count - 1)
    error = sqrt(rest / count) / (whole / count)
    return _between(Estimate(value, count, None, None, *spread), error, (level, common))


def mean(values: Sequence[float], level: float, common: float = 0.0) -> Estimate | None:
    """Of single values, as ratio."""
    return ratio([(value, 1.0) for value in values], level, common)


def _between(told: Estimate, error: float, of: tuple[float, float]) -> Estimate:
    level, common = of
    t = float(stats.t.ppf((1 + level) / 2, told.count - 1))
    alike = common * abs(told.value) / SURE * float(stats.norm.ppf((1 + level) / 2))
    half = hypot(t * error, alike)
    low = told.value - half if told.value < 0 else max(0.0, told.value - half)
    return replace(told, low=low, high=told.value + half)


def _spread(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if not values:
        return None, None, None
    middle = sum(values) / len(values)
    sd = None
    if len(values) > 1:
        sd = sqrt(sum((one - middle) ** 2 for one in values) / (len(values) - 1))
    return sd, min(values), max(values)


def combined(one: Estimate, other: Estimate, divided: bool = False) -> Estimate:
    """The product, or the quotient; relative uncertainties in quadrature. Without both of them there is no interval.

    Of the quotient nothing is said above what the lower end of the divisor allows: it stays first order.
    """
    value = one.value / other.value if divided else one.value * other.value
    if one.half is None or other.half is None or one.value == 0:
        exact = one.value == 0 and one.half == 0
        return Estimate(value, one.count, value if exact else None, value if exact else None)
    half = abs(value) * hypot(one.half / one.value, other.half / other.value)
    low = value - half if value < 0 else max(0.0, value - half)
    return Estimate(value, one.count, low, value + half)


def difference_percent(of: Estimate, than: Estimate) -> tuple[float, float, float] | None:
    """By how many percent `of` is more than `than`, and between which; on the scale of logarithms.

    None: one of them has no interval, or reaches down to nothing, so that no share can be said.
    """
    if not (of.low and than.low) or of.half is None or than.half is None:
        return None
    wide = hypot(of.half / of.value, than.half / than.value)
    at = log(of.value / than.value)
    return tuple((exp(one) - 1) * 100 for one in (at, at - wide, at + wide))  # type: ignore[return-value]
