"""Control charts: X-bar and R, X-bar and s, individuals and moving range, p, np, c, u.

Formulas: AIAG SPC reference manual, 2nd ed. 2005, appendix; ISO 7870-2:2013 (Shewhart charts).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import copysign, inf, sqrt
from statistics import fmean, stdev

from mes_server.domain.spc_constants import N_MAX, N_MIN, c4, d2, limits_of_range, limits_of_s
from mes_server.domain.spc_rules import MEANS, SHARED, SKEWED, Broken, Rule, broken_rules

XBAR_R, XBAR_S, I_MR, P, NP, C, U = CHARTS = ("xbar_r", "xbar_s", "i_mr", "p", "np", "c", "u")
_POINTS_MIN = 2
_SIZE_MAX = 10_000
_NORMAL = ("mean", "individual")
_NOISE = 1e-12  # what floating point adds to figures of at most twelve digits


class CannotChart(ValueError):
    """These readings make no such chart; `rule` says why."""

    def __init__(self, rule: str, **facts: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Trace:
    """One of the lines of a chart. `lower`, `upper`: the control limits of each point; where a limit has no
    meaning (a range below 0) it is the end of what is possible. `sigma`: of each point, 0: none."""

    name: str
    values: tuple[float, ...]
    centre: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    sigma: tuple[float, ...]
    broken: tuple[Broken, ...] = field(default=())

    @property
    def is_stable(self) -> bool:
        """No rule is broken."""
        return not self.broken


@dataclass(frozen=True, slots=True)
class Chart:
    """`sigma_within`: the deviation of single readings within subgroups; None for counts."""

    kind: str
    traces: tuple[Trace, ...]
    sigma_within: float | None = None

    @property
    def is_stable(self) -> bool:
        """No rule is broken on any line."""
        return all(trace.is_stable for trace in self.traces)

    def judged(self, rules: Sequence[Rule]) -> "Chart":
        """With the places where these rules are broken."""
        judged = [replace(one, broken=tuple(_broken(one, rules))) for one in self.traces]
        return replace(self, traces=tuple(judged))


def _broken(trace: Trace, rules: Sequence[Rule]) -> list[Broken]:
    z = [
        _sigmas(value - trace.centre, sigma, trace.centre)
        for value, sigma in zip(trace.values, trace.sigma, strict=True)
    ]
    points = MEANS if trace.name in _NORMAL else SHARED if trace.name == "moving_range" else SKEWED
    found = broken_rules(z, rules, points)
    if points != MEANS and any(rule.kind == "beyond" and rule.on for rule in rules):
        limits = zip(trace.values, trace.lower, trace.upper, strict=True)
        out = [i for i, (value, low, high) in enumerate(limits) if not low <= value <= high]
        found += [Broken("1", "beyond", (i,)) for i in out]
    return sorted(found, key=lambda one: (one.last, one.rule))


def _sigmas(off: float, sigma: float, centre: float) -> float:
    """How far off the centre in sigmas. Where subgroups have no spread at all every other mean is beyond all limits."""
    if sigma:
        return off / sigma
    return 0.0 if abs(off) <= _NOISE * abs(centre) else copysign(inf, off)


def _even(name: str, values: Sequence[float], centre: float, limits: tuple[float, float]) -> Trace:
    """A line whose limits are the same everywhere; a third of the way to the upper one is its sigma."""
    count = len(values)
    sigma = (limits[1] - centre) / 3
    return Trace(
        name, tuple(values), centre, (limits[0],) * count, (limits[1],) * count, (sigma,) * count
    )


def _size(groups: Sequence[Sequence[float]], most: int) -> int:
    sizes = {len(group) for group in groups}
    if len(groups) < _POINTS_MIN:
        raise CannotChart("subgroups_are_enough", least=str(_POINTS_MIN))
    if len(sizes) != 1 or not N_MIN <= min(sizes) <= most:
        raise CannotChart("subgroups_are_alike", sizes=", ".join(map(str, sorted(sizes))))
    return sizes.pop()


def xbar_r(groups: Sequence[Sequence[float]]) -> Chart:
    """Mean and range of subgroups of one size, 2 to 25."""
    n = _size(groups, N_MAX)
    ranges = [max(group) - min(group) for group in groups]
    middle = fmean(ranges)
    low, high = limits_of_range(n)
    spread = _even("range", ranges, middle, (low * middle, high * middle))
    sigma = middle / d2(n)
    return Chart(XBAR_R, (_means(groups, sigma, n), spread), sigma)


def xbar_s(groups: Sequence[Sequence[float]]) -> Chart:
    """Mean and standard deviation of subgroups of one size; c4 is known of any."""
    n = _size(groups, _SIZE_MAX)
    deviations = [stdev(group) for group in groups]
    middle = fmean(deviations)
    low, high = limits_of_s(n)
    spread = _even("deviation", deviations, middle, (low * middle, high * middle))
    sigma = middle / c4(n)
    return Chart(XBAR_S, (_means(groups, sigma, n), spread), sigma)


def _means(groups: Sequence[Sequence[float]], sigma: float, n: int) -> Trace:
    means = [fmean(group) for group in groups]
    centre, wide = fmean(means), 3 * sigma / sqrt(n)
    return _even("mean", means, centre, (centre - wide, centre + wide))


def i_mr(values: Sequence[float]) -> Chart:
    """Individuals and their moving range of two."""
    if len(values) < _POINTS_MIN:
        raise CannotChart("subgroups_are_enough", least=str(_POINTS_MIN))
    moving = [abs(after - before) for before, after in pairwise(values)]
    middle = fmean(moving)
    sigma = middle / d2(2)
    centre = fmean(values)
    location = _even("individual", values, centre, (centre - 3 * sigma, centre + 3 * sigma))
    spread = _even("moving_range", moving, middle, (0.0, limits_of_range(2)[1] * middle))
    return Chart(I_MR, (location, spread), sigma)


def p_chart(bad: Sequence[int], sizes: Sequence[int]) -> Chart:
    """Share of bad pieces in samples that may differ in size."""
    whole = _counted(bad, sizes)
    centre = sum(bad) / whole
    values = [count / size for count, size in zip(bad, sizes, strict=True)]
    sigma = [sqrt(centre * (1 - centre) / size) for size in sizes]
    return Chart(P, (_uneven("share", values, centre, sigma, 1.0),))


def np_chart(bad: Sequence[int], sizes: Sequence[int]) -> Chart:
    """Number of bad pieces in samples of one size."""
    whole = _counted(bad, sizes)
    if len(set(sizes)) != 1:
        raise CannotChart("subgroups_are_alike", sizes=", ".join(map(str, sorted(set(sizes)))))
    share = sum(bad) / whole
    sigma = sqrt(sizes[0] * share * (1 - share))
    trace = _uneven("count", list(bad), share * sizes[0], [sigma] * len(bad), float(sizes[0]))
    return Chart(NP, (trace,))


def c_chart(defects: Sequence[int]) -> Chart:
    """Number of defects in areas of opportunity of one size."""
    _counted(defects, [1] * len(defects), limited=False)
    centre = fmean(defects)
    return Chart(C, (_uneven("count", list(defects), centre, [sqrt(centre)] * len(defects)),))


def u_chart(defects: Sequence[int], sizes: Sequence[float]) -> Chart:
    """Defects per unit in samples that may differ in size."""
    if len(defects) != len(sizes) or len(defects) < _POINTS_MIN or min(sizes) <= 0:
        raise CannotChart("subgroups_are_enough", least=str(_POINTS_MIN))
    centre = sum(defects) / sum(sizes)
    values = [count / size for count, size in zip(defects, sizes, strict=True)]
    return Chart(U, (_uneven("rate", values, centre, [sqrt(centre / size) for size in sizes]),))


def _counted(bad: Sequence[int], sizes: Sequence[int], limited: bool = True) -> int:
    """All pieces looked at; raises CannotChart."""
    if len(bad) != len(sizes) or len(bad) < _POINTS_MIN or min(sizes) <= 0:
        raise CannotChart("subgroups_are_enough", least=str(_POINTS_MIN))
    if limited and any(count > size for count, size in zip(bad, sizes, strict=True)):
        raise CannotChart("rejects_are_of_the_sample", rejected=str(max(bad)))
    return sum(sizes)


def _uneven(
    name: str,
    values: Sequence[float],
    centre: float,
    sigma: Sequence[float],
    most: float = float("inf"),
) -> Trace:
    lower = tuple(max(0.0, centre - 3 * one) for one in sigma)
    upper = tuple(min(most, centre + 3 * one) for one in sigma)
    return Trace(name, tuple(values), centre, lower, upper, tuple(sigma))


# Charts of measured values by their name.
OF_GROUPS: dict[str, Callable[[Sequence[Sequence[float]]], Chart]] = {
    XBAR_R: xbar_r,
    XBAR_S: xbar_s,
    I_MR: lambda groups: i_mr([value for group in groups for value in group]),
}
