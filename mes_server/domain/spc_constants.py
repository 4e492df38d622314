"""Constants of control charts for samples of n from a normal population, computed, not copied.

c4 is exact; d2 and d3 are the mean and the standard deviation of the relative range, by numerical integration of
its distribution (Tippett 1925). The tables of AIAG SPC 2nd ed. and ASTM STP 15D are these, rounded.
"""

from functools import cache
from math import exp, lgamma, sqrt

import numpy as np
from scipy.stats import norm

N_MIN, N_MAX = 2, 25
_REACH, _STEPS = 9.0, 1_201  # in standard deviations; Simpson's rule takes an odd number of points


@cache
def c4(n: int) -> float:
    """Mean of s over sigma: sqrt(2/(n-1)) gamma(n/2) / gamma((n-1)/2)."""
    return sqrt(2 / (n - 1)) * exp(lgamma(n / 2) - lgamma((n - 1) / 2))


@cache
def _moments(n: int) -> tuple[float, float]:
    """Mean and standard deviation of the range of n standard normal values."""
    x = np.linspace(-_REACH, _REACH, _STEPS)
    step = x[1] - x[0]
    weights = np.where(np.arange(_STEPS) % 2, 4.0, 2.0) * step / 3
    weights[[0, -1]] = step / 3
    below, above = norm.cdf(x), norm.sf(x)
    mean = float(np.sum(weights * (1 - above**n - below**n)))
    # E[W^2] = 2 * integral over a < b of P(min < a, max > b) = 1 - (1-F(a))^n - F(b)^n + (F(b)-F(a))^n.
    inner = 1 - above[:, None] ** n - below[None, :] ** n
    between = np.clip(below[None, :] - below[:, None], 0, None)
    joint = np.where(x[:, None] <= x[None, :], inner + between**n, 0.0)
    np.fill_diagonal(joint, np.diag(joint) / 2)
    square = 2 * float(np.sum(joint)) * step * step
    return mean, sqrt(square - mean * mean)


def d2(n: int) -> float:
    """Mean of the range over sigma."""
    return _moments(n)[0]


def d3(n: int) -> float:
    """Standard deviation of the range over sigma."""
    return _moments(n)[1]


def degrees_of_range(n: int) -> float:
    """Degrees of freedom that each subgroup adds to the mean range: those of a chi whose variation is the same. The row
    cd of Duncan's table (AIAG MSA, 4th ed., appendix C), for many subgroups."""
    return (d2(n) / d3(n)) ** 2 / 2


def degrees_of_s(n: int) -> float:
    """The same of the mean standard deviation."""
    return c4(n) ** 2 / (2 * (1 - c4(n) ** 2))


# Of the mean moving range of two, for each reading: ranges that share readings tell less than a standard deviation
# does (Cryer and Ryan, Journal of Quality Technology 22 (1990) 187: its variance is 1.65 times as large).
DEGREES_OF_MOVING = 0.605


def a2(n: int) -> float:
    """Limits of the mean from the mean range."""
    return 3 / (d2(n) * sqrt(n))


def a3(n: int) -> float:
    """Limits of the mean from the mean standard deviation."""
    return 3 / (c4(n) * sqrt(n))


def limits_of_range(n: int) -> tuple[float, float]:
    """D3 and D4: lower and upper limit of the range over the mean range."""
    wide = 3 * d3(n) / d2(n)
    return max(0.0, 1 - wide), 1 + wide


def limits_of_s(n: int) -> tuple[float, float]:
    """B3 and B4: lower and upper limit of s over the mean s."""
    wide = 3 * sqrt(1 - c4(n) ** 2) / c4(n)
    return max(0.0, 1 - wide), 1 + wide
