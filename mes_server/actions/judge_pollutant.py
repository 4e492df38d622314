"""Judge one pollutant of an outlet's day: what its analyser and the lab gave that counts, against its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.gather_outlet import (
    LEAD_MIN,
    Day,
    Outlet,
    heard_of,
    hold_min,
    stood_still_min,
)
from mes_server.actions.gather_waterworks import Rules
from mes_server.domain.analyser_doubt import by_checks, by_state
from mes_server.domain.discharge import (
    COMPOSITE,
    GRAB,
    ONLINE,
    Excluded,
    PollutantDay,
    Verdict,
)
from mes_server.domain.flow_means import (
    DayMeans,
    Judged,
    day_means,
    excluded,
    judged,
    without_stuck,
)
from mes_server.domain.forecast import Pace, mean_at_end
from mes_server.domain.judge_discharge import (
    NOT_CONVERTED,
    Figures,
    Judging,
    judge,
    status_of,
    verdicts,
    worst_of,
)
from mes_server.domain.lab_figures import LabFigures, lab_figures, sampled
from mes_server.domain.permits import DAILY, HOURLY, Limit
from mes_server.domain.substituted import substituted_load
from mes_server.domain.water_samples import AnalyserCheck, WaterSample


@dataclass(frozen=True, slots=True)
class Analysed:
    """All from which it is known what counts of the analysers of a day."""

    day: Day
    rules: Rules
    pollutants: Mapping[str, Mapping[str, Any]]
    outlet: Outlet
    checks: Sequence[AnalyserCheck]


@dataclass(frozen=True, slots=True)
class Known(Analysed):
    """All that the pollutants of a day are judged from."""

    limits: Mapping[tuple[str, str], Limit]
    samples: Sequence[WaterSample]
    judging: Judging
    ahead: Judging
    volume: float | None
    pace: Pace | None


def asked_of(known: Known) -> list[str]:
    """The pollutants of the day: those that have an analyser here, and those that were sampled."""
    measured = {
        code for code, one in known.pollutants.items() if one["metric"] in known.outlet.minutes
    }
    return [one for one in known.pollutants if one in measured | sampled(known.samples)]


def judge_pollutant(
    conn: Connection, known: Known, code: str
) -> PollutantDay:  # long: one field each
    said = known.pollutants[code]
    limits = [limit for (name, _), limit in known.limits.items() if name == code]
    rules = known.day.rules
    judging = replace(known.judging, margin=float(rules["warn_margin"].get(code, 0)))
    lab = _lab(known, code)
    online = online_of(conn, known, code)
    means = None if online is None else day_means(online, known.outlet.flow, rules)
    dry = means is not None and means.due == 0 and known.day.elapsed > 0
    judging = replace(judging, dry=dry)
    mean, by = _value(means, lab)
    # One sample drawn over the day is the day: it is judged once, under its own number.
    daily = None if by == COMPOSITE and len(lab.composites) == 1 else mean
    composites = () if by == GRAB else lab.composites
    hours = () if means is None else means.hours
    told = verdicts(limits, Figures(daily, hours, lab.grabs, composites), judging)
    ahead = _forecast(known, online, limits, code)
    spans: list[Excluded] = [] if online is None else excluded(online)
    lows = (means.low, means.high, means.p95) if means is not None else _ends(lab)
    mass = said["unit"] == "mg/L" and known.volume is not None and code not in NOT_CONVERTED
    substituted = (None, 0) if means is None or not mass else substituted_load(means.hours)
    return PollutantDay(
        code, said["unit"], means.count if means is not None else len(lab.codes),
        lows[0], mean, lows[1], lows[2],
        0.0 if means is None else means.covered,
        _converted(mean, judging, code),
        mean * (known.volume or 0.0) / 1000 if mean is not None and mass else None,
        status_of(told, bool(limits), mean is not None, dry), told, hours,
        (*spans, *lab.excluded), lab.codes,
        None if ahead is None else ahead.value, "" if ahead is None else ahead.status,
        *substituted, by, *((means.due, means.heard) if means is not None else (0, 0)),
    )  # fmt: skip


def _ends(lab: LabFigures) -> tuple[float | None, float | None, float | None]:
    values = [value for _, value in (*lab.grabs, *lab.composites)]
    return (min(values), max(values), None) if values else (None, None, None)


def _value(means: DayMeans | None, lab: LabFigures) -> tuple[float | None, str]:
    """The day's value and what it is of: online, else what was drawn over the day, else single samples."""
    if means is not None and means.mean is not None:
        return means.mean, ONLINE
    if lab.composites:
        return lab.mean, COMPOSITE
    return (lab.mean, GRAB) if means is None else (None, ONLINE)


def _converted(mean: float | None, judging: Judging, code: str) -> float | None:
    holds = judging.ratio is not None and judging.ratio > 1 and bool(judging.benchmarks)
    return mean * (judging.ratio or 1) if mean is not None and holds and code not in NOT_CONVERTED else mean  # fmt: skip


def _lab(known: Known, code: str) -> LabFigures:
    late_ms = known.day.now_ms + int(known.day.rules["future_s"]) * 1000
    top = float(known.pollutants[code]["plausible_max"])
    return lab_figures(known.samples, code, top, late_ms, known.day.rules["nondetect"])


def online_of(conn: Connection, known: Analysed, code: str) -> Judged | None:
    """What counts of an analyser's day; None: there is none here."""
    said, day, heard = known.pollutants[code], known.day, known.outlet
    metric = said["metric"]
    minutes = heard.minutes.get(metric) if metric else None
    if minutes is None:
        return None
    spans = [day.future, *by_state(heard.turns, day.to_ms)]
    spans += by_checks(known.checks, code, day.to_ms)
    hold = hold_min(heard.contract.get(metric))
    ends = (0.0, float(said["plausible_max"]))
    found = judged(heard_of(minutes), minutes.from_ms, hold, spans, ends).since(LEAD_MIN)
    stuck_h = day.rules["stuck_h"]
    limit_min = int(float(stuck_h.get(code, stuck_h[""])) * 60)
    before = stood_still_min(conn, known.rules.outlet.station, metric, (day, found))
    return without_stuck(found, heard.flow.moving, limit_min, before)


def _forecast(
    known: Known, online: Judged | None, limits: Sequence[Limit], code: str
) -> Verdict | None:
    """The day's value at its end against the limits of a day (of an hour, where it has only these)."""
    if online is None or known.pace is None:
        return None
    last_h = int(known.day.rules["forecast_h"])
    value = mean_at_end(online, known.outlet.flow, known.pace, last_h)
    if value is None:
        return None
    by = replace(known.ahead, margin=float(known.day.rules["warn_margin"].get(code, 0)))
    some = [one for one in limits if one.averaging == DAILY]
    some = some or [one for one in limits if one.averaging == HOURLY]
    told = [judge(limit, value, by) for limit in some]
    return worst_of(told)
