"""A pollutant's figures against its limits: by the day, by the hour, by single samples."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mes_server.domain.discharge import (
    EXCEED,
    NO_DATA,
    NO_DISCHARGE,
    NO_LIMIT,
    NO_PRODUCTION,
    OK,
    ORDER,
    WARN,
    Hour,
    Verdict,
)
from mes_server.domain.permits import DAILY, FOUR_DAY, HOURLY, MONTHLY, SPOT, Limit

NOT_CONVERTED = ("ph",)  # no concentration: more water does not thin it in proportion


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a pollutant's day. `daily`: its value, None: too few hours; `grabs`, `composites`: code and value
    of lab samples; `averages`: of several days, by averaging."""

    daily: float | None
    hours: Sequence[Hour] = ()
    grabs: Sequence[tuple[str, float]] = ()
    composites: Sequence[tuple[str, float]] = ()
    averages: Mapping[str, float | None] | None = None


@dataclass(frozen=True, slots=True)
class Judging:
    """By what is judged. `ratio`: of the benchmark discharge, for limits of the sets in `benchmarks`; `no_production`:
    water was discharged and no line ran. `dry`: it is known that none was. `warn_share`: % of a limit; `margin`: of a limit with two ends."""

    warn_share: float
    margin: float = 0.0
    ratio: float | None = None
    benchmarks: Collection[str] = ()
    no_production: bool = False
    dry: bool = False


def rounded(value: float) -> float:
    """To six significant digits: what a sum of floats differs by decides nothing."""
    return float(f"{value:.6g}")


def converted(value: float, limit: Limit, by: Judging) -> float:
    """The concentration at the benchmark discharge, where more was discharged than it allows (GB 21900-2008 4.2)."""
    holds = limit.origin in by.benchmarks and limit.pollutant not in NOT_CONVERTED
    return value * by.ratio if holds and by.ratio is not None and by.ratio > 1 else value


def judge(limit: Limit, measured: float | None, by: Judging, sample: str = "") -> Verdict:
    """A measured value against a limit; both ends are allowed."""
    if measured is None:
        return Verdict(limit, None, None, NO_DISCHARGE if by.dry else NO_DATA, sample)
    value = rounded(converted(measured, limit, by))
    high = None if limit.high is None else float(limit.high)
    low = None if limit.low is None else float(limit.low)
    share = value / high * 100 if high and low is None else None
    if (high is not None and value > high) or (low is not None and value < low):
        return Verdict(limit, value, share, EXCEED, sample)
    if limit.origin in by.benchmarks and by.no_production and limit.pollutant not in NOT_CONVERTED:
        return Verdict(limit, value, share, NO_PRODUCTION, sample)
    return Verdict(limit, value, share, WARN if _near(value, (low, high), by) else OK, sample)


def _near(value: float, ends: tuple[float | None, float | None], by: Judging) -> bool:
    low, high = ends
    if low is None:
        return high is not None and rounded(value * 100) >= rounded(high * by.warn_share)
    return rounded(value - low) < by.margin or (
        high is not None and rounded(high - value) < by.margin
    )


def worst_of(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that decides."""
    ranked = sorted(verdicts, key=lambda one: (ORDER.index(one.status), -(one.share or 0)))
    return ranked[0] if ranked else None


def verdicts(limits: Sequence[Limit], figures: Figures, by: Judging) -> tuple[Verdict, ...]:
    """A pollutant against all of its limits. A limit on spot samples has a verdict where one was taken."""
    found: list[Verdict] = []
    for limit in limits:
        if limit.averaging == SPOT:
            found += [judge(limit, value, by, code) for code, value in figures.grabs]
        elif limit.averaging == HOURLY:
            found.append(_of_hours(limit, figures.hours, by))
        elif limit.averaging == DAILY:
            if figures.daily is not None or not figures.composites:
                found.append(judge(limit, figures.daily, by))
            found += [judge(limit, value, by, code) for code, value in figures.composites]
        elif figures.averages is not None and limit.averaging in (FOUR_DAY, MONTHLY):
            found.append(judge(limit, figures.averages.get(limit.averaging), by))
    return tuple(found)


def _of_hours(limit: Limit, hours: Sequence[Hour], by: Judging) -> Verdict:
    """The hour that is worst; of those that are equally good, the one nearest to an end."""
    told = [judge(limit, one.mean, by) for one in hours if one.mean is not None]
    if not told:
        return judge(limit, None, by)

    def room(one: Verdict) -> float:
        value = one.value or 0.0
        ends = [float(end) for end in (limit.low, limit.high) if end is not None]
        return min((abs(value - end) for end in ends), default=0.0)

    status = min((one.status for one in told), key=ORDER.index)
    some = [one for one in told if one.status == status]
    far = status == EXCEED
    return max(some, key=room) if far else min(some, key=room)


def status_of(told: Sequence[Verdict], limited: bool, measured: bool, dry: bool = False) -> str:
    """The status of a pollutant. `limited`: it has a limit here, though perhaps none that a day can be held against;
    then it is good only where something was `measured` that counts. `dry`: it is known that no water came."""
    decides = worst_of(told)
    if decides is not None:
        return decides.status
    if not limited:
        return NO_LIMIT
    if measured:
        return OK
    return NO_DISCHARGE if dry else NO_DATA
