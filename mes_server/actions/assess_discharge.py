"""Judge a working day of an outlet, or a month: what was heard and sampled, what was coated, against what holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from sqlalchemy import Connection

from mes_server.actions.gather_outlet import (
    Coated,
    Day,
    Outlet,
    coated_on,
    effluent_rules,
    gather_outlet,
)
from mes_server.actions.gather_waterworks import (
    Rules,
    discharge_rows,
    permits_at,
    pollutants_on,
    rules_on,
    working_day,
)
from mes_server.actions.judge_pollutant import Known, asked_of, judge_pollutant
from mes_server.actions.mixed_limits import Notes, limits_on
from mes_server.domain.benchmark import benchmark_m3, ratio_of
from mes_server.domain.day_digest import digest_of
from mes_server.domain.discharge import (
    NO_LIMIT,
    ORDER,
    OutletDay,
    OutletMonth,
    PollutantDay,
    PollutantMonth,
)
from mes_server.domain.forecast import Pace, pace_of
from mes_server.domain.judge_discharge import Figures, Judging, verdicts
from mes_server.domain.month_means import days_of, mean_of, worst_run
from mes_server.domain.permits import FOUR_DAY, MONTHLY, Limit
from mes_server.domain.water_limits import applied_rows, benchmark_of
from mes_server.store.water import checks_of, samples_of

BY_TOTALISER, BY_FLOW = "totaliser", "flow"
_STEPS_TOLD = 5  # a meter that jumps every minute is told, and does not bury the rest


def assess_day(conn: Connection, outlet: str, day: str, zone: str, now_ms: int) -> OutletDay | None:
    """A working day ("2026-11-28") of an outlet as it stands; None: there is no such outlet."""
    opened = open_day(conn, outlet, day, zone, now_ms)
    if opened is None:
        return None
    found = _judged(conn, *opened, day)
    return replace(found, digest=digest_of(found))


def open_day(
    conn: Connection, outlet: str, day: str, zone: str, now_ms: int
) -> tuple[Rules, Day] | None:
    """By what a working day of an outlet is judged, and from when until when; None: there is no such outlet."""
    starts = permits_at(conn, working_day(day, zone)[1]).get(outlet)
    span = working_day(day, zone, 0 if starts is None else starts.day_starts_min)
    rules = rules_on(conn, outlet, day, span)
    if rules is None or rules.outlet not in rules.works.outlets:
        return None
    return rules, Day(*span, now_ms, effluent_rules(day))


def _judged(conn: Connection, rules: Rules, of: Day, day: str) -> OutletDay:  # long: one field each
    pollutants = pollutants_on(day)
    metrics = [one["metric"] for one in pollutants.values() if one["metric"]]
    heard = gather_outlet(conn, rules.works, rules.outlet.station, of, metrics)
    coated = coated_on(conn, rules, (of.from_ms, of.to_ms), of.now_ms)
    volume, notes = _volume(heard, of)
    per_m2 = None if rules.permit is None else _benchmark(rules, day)
    allowed = None if per_m2 is None else benchmark_m3(coated.area_m2, per_m2)
    ratio = None if allowed is None else ratio_of(volume, allowed)
    pace = None if of.elapsed >= of.size else pace_of(heard.flow, int(of.rules["forecast_h"]))
    at_end = _at_end(of, (volume, allowed), pace)
    known = Known(
        of, rules, pollutants, heard, checks_of(conn, rules.outlet.code, of.from_ms, of.to_ms),
        limits_on(conn, rules, of, (day, notes)), samples_of(conn, rules.outlet.code, of.from_ms, of.to_ms),
        _judging(rules, of, (day, coated, volume, ratio), running=True),
        _judging(rules, of, (day, coated, volume, at_end[1]), running=False),
        volume, pace,
    )  # fmt: skip
    told = tuple(judge_pollutant(conn, known, code) for code in asked_of(known))
    return OutletDay(
        rules.outlet.code, day, of.from_ms, of.to_ms, of.elapsed >= of.size,
        "" if rules.permit is None else rules.permit.name, volume, coated.area_m2, allowed, ratio,
        told, tuple(notes + _more_notes(known, told)), tuple(coated.lots),
        methods={"volume": BY_TOTALISER if heard.advanced.amount is not None else BY_FLOW, "forecast": "last_hours"},
        flow_m3=heard.integrated, forecast_m3=at_end[0], forecast_ratio=at_end[1],
    )  # fmt: skip


def _benchmark(rules: Rules, day: str) -> Mapping[str, Decimal] | None:
    assert rules.permit is not None  # noqa: S101  # the caller asked
    found = benchmark_of(rules.permit, discharge_rows(), rules.operations, day)
    return None if found is None else found[0]


def _volume(heard: Outlet, of: Day) -> tuple[float | None, Notes]:
    """By the totaliser, else by the flow; and what is odd about it."""
    notes: Notes = [
        (f"note_meter_{step.kind}", {"at_ms": str(step.at_ms), "before": str(step.before), "after": str(step.after)})
        for step in heard.advanced.steps[:_STEPS_TOLD]
    ]  # fmt: skip
    more = len(heard.advanced.steps) - _STEPS_TOLD
    if more > 0:
        notes.append(("note_meter_more", {"n": str(more)}))
    counted = (
        heard.advanced.amount or not heard.advanced.steps
    )  # steps alone are no evidence of no water
    if heard.advanced.amount is None or (not counted and heard.integrated):
        if heard.integrated is not None:
            notes.append(("note_volume_by_flow", {}))
        return heard.integrated, notes
    volume = float(heard.advanced.amount)
    if heard.integrated is not None:
        most = float(of.rules["flow_differs_pct"])
        apart = abs(heard.integrated - volume)
        if apart > max(volume, heard.integrated) * most / 100:
            facts = {"flow_m3": f"{heard.integrated:.4g}", "total_m3": f"{volume:.4g}"}
            notes.append(("note_flow_differs", facts))
    return volume, notes


def _at_end(
    of: Day, so_far: tuple[float | None, float | None], pace: Pace | None
) -> tuple[float | None, float | None]:
    """Volume and ratio at the end of the day: water as in the last hours, area as fast as so far."""
    volume, allowed = so_far
    if volume is None or pace is None:
        return None, None
    at_end = volume + pace.rate * pace.left_h
    if not allowed or not of.elapsed:
        return at_end, None
    return at_end, ratio_of(at_end, allowed * of.size / of.elapsed)


def _judging(
    rules: Rules, of: Day, facts: tuple[str, Coated, float | None, float | None], running: bool
) -> Judging:
    """By what the day is judged, now (`running`) or at its end."""
    day, coated, volume, ratio = facts
    benchmarks: set[str] = set()
    if rules.permit is not None:
        applied = applied_rows(rules.permit, discharge_rows(), rules.operations, day)
        benchmarks = {one.set for one, row in applied if row.get("benchmark_m3_m2")}
    over = of.elapsed >= of.size
    if running and not over and of.elapsed < int(of.rules["ratio_from_h"]) * 60:
        ratio = None
    wet = volume is not None and volume >= float(of.rules["least_volume_m3"])
    return Judging(
        float(of.rules["warn_share_pct"]), 0.0, ratio, frozenset(benchmarks),
        bool(benchmarks) and wet and not coated.ran,
    )  # fmt: skip


def _more_notes(known: Known, told: Sequence[PollutantDay]) -> Notes:
    notes: Notes = []
    if known.rules.permit is None:
        notes.append(("note_no_permit", {"outlet": known.rules.outlet.code}))
    if not known.rules.outlet.station:
        notes.append(("note_no_station", {"outlet": known.rules.outlet.code}))
    heard = known.outlet
    unknown = int(np.isnan(heard.flow.rate[: known.day.elapsed]).sum())
    if heard.flow_odd:
        facts = {"samples": str(heard.flow_odd)}
        notes.append(("note_flow_odd", facts))
    if known.rules.outlet.station and unknown > 60 - int(known.day.rules["least_minutes_of_hour"]):
        notes.append(("note_flow_unknown", {"minutes": str(unknown)}))
    if known.judging.no_production:
        notes.append(("note_no_production", {"volume_m3": f"{known.volume or 0:.4g}"}))
    seen = {one.pollutant for one in told}
    missing = sorted({code for code, _ in known.limits} - seen)
    if missing:
        notes.append(("note_not_sampled", {"pollutants": ", ".join(missing)}))
    bare = sorted(one.pollutant for one in told if one.status == NO_LIMIT)
    if bare and known.rules.permit is not None:
        notes.append(("note_no_limit", {"pollutants": ", ".join(bare)}))
    return notes


def assess_month(
    conn: Connection, outlet: str, month: str, zone: str, now_ms: int
) -> OutletMonth | None:
    """A calendar month ("2026-11") of an outlet, from its working days that have begun; None: no such outlet.

    Limits are those at the end of the month, or now. Means are of days that are over.
    """
    names = days_of(month)
    span = (working_day(names[0], zone)[0], working_day(names[-1], zone)[1])
    rules = rules_on(conn, outlet, names[-1], span)
    if rules is None:
        return None
    begun = [name for name in names if working_day(name, zone)[0] <= now_ms]
    days = [assess_day(conn, outlet, name, zone, now_ms) for name in begun]
    known = tuple(one for one in days if one is not None)
    of = Day(*span, now_ms, effluent_rules(names[-1]))
    limits = limits_on(conn, rules, of, (names[-1], []))
    before: list[OutletDay] = []
    if any(averaging == FOUR_DAY for _, averaging in limits):
        before = _days_before(conn, (outlet, names[0], zone, now_ms), int(of.rules["monitoring_days"]))  # fmt: skip
    codes = dict.fromkeys(one.pollutant for day in known for one in day.pollutants)
    told = tuple(_month_of(code, (known, before), limits, of) for code in codes)
    volumes = [day.volume_m3 for day in known if day.volume_m3 is not None]
    area: dict[str, float] = {}
    for day in known:
        for layers, m2 in day.area_m2.items():
            area[layers] = area.get(layers, 0.0) + m2
    # The last working day may begin later than midnight, and end with it.
    over = now_ms >= span[1] and all(day.over for day in known)
    found = OutletMonth(outlet, month, over, sum(volumes) if volumes else None, area, known, told)
    return replace(found, digest=digest_of(found))


def _days_before(conn: Connection, of: tuple[str, str, str, int], count: int) -> list[OutletDay]:
    """The days before the first of a month that may reach into it: as many as are needed were each monitored, twice."""
    outlet, first, zone, now_ms = of
    begun = date.fromisoformat(first)
    names = [(begun - timedelta(days=n)).isoformat() for n in range(2 * count, 0, -1)]
    days = [assess_day(conn, outlet, name, zone, now_ms) for name in names]
    return [one for one in days if one is not None]


def _values(days: Sequence[OutletDay], code: str) -> list[tuple[str, float]]:
    return [
        (day.day, one.mean)
        for day in days
        for one in day.pollutants
        if one.pollutant == code and one.mean is not None and day.over
    ]


def _month_of(
    code: str,
    days: tuple[Sequence[OutletDay], Sequence[OutletDay]],
    limits: Mapping[tuple[str, str], Limit],
    of: Day,
) -> PollutantMonth:
    """A pollutant's month: its own limits, and the worst of its days."""
    told = [one for day in days[0] for one in day.pollutants if one.pollutant == code]
    values = _values(days[0], code)
    loads = [one.load_kg for one in told if one.load_kg is not None]
    highs = [one.high for one in told if one.high is not None]
    mine = [limit for (name, kind), limit in limits.items() if name == code and kind in (MONTHLY, FOUR_DAY)]  # fmt: skip
    averages = {
        MONTHLY: mean_of(values),
        FOUR_DAY: worst_run(values, _values(days[1], code), int(of.rules["monitoring_days"])),
    }
    by = Judging(float(of.rules["warn_share_pct"]), float(of.rules["warn_margin"].get(code, 0)))
    judged = verdicts(mine, Figures(None, averages=averages), by)
    statuses = [one.status for one in judged] + [one.status for one in told]
    worst = min(statuses, key=ORDER.index)
    return PollutantMonth(
        code, told[0].unit, tuple(values), averages[MONTHLY], max(highs, default=None),
        sum(loads) if loads else None, worst, judged,
    )  # fmt: skip
