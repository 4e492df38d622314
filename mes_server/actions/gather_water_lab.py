"""What is known of samples and analysers at a moment: which samples are due, how each analyser stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.actions.gather_waterworks import (
    day_of,
    pollutants_on,
    rules_on,
    waterworks_at,
    working_day,
)
from mes_server.actions.keep_analysers import doubtful_from
from mes_server.actions.read_water import dated_row
from mes_server.domain.water_samples import SPAN, ZERO, AnalyserCheck, Result, WaterSample
from mes_server.domain.waterworks import Place
from mes_server.store.analyser_checks import list_checks_of, open_work
from mes_server.store.series import series_key
from mes_server.store.water_samples import Sought, list_samples

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
LOOK_BACK_DAYS = 30  # beyond twice the longest time between two samples
GOOD, DUE, DOUBTFUL, WORKED_ON, UNCHECKED = ("good", "due", "doubtful", "maintenance", "unchecked")


@dataclass(frozen=True, slots=True)
class SampleDue:
    """A pollutant of an outlet is to be sampled. `last_ms`: when it last was, None: never that we know of."""

    place: Place
    pollutant: str
    every_days: int
    last_ms: int | None
    is_due: bool


@dataclass(frozen=True, slots=True)
class Analyser:
    """An online analyser. `checks`: the newest first, voided ones too; `doubtful_ms`: since when its values are, 0: ever;
    None: they are not. `full_scale`: as the last check said."""

    place: Place
    pollutant: str
    state: str
    checks: Sequence[AnalyserCheck]
    zero: AnalyserCheck | None
    span: AnalyserCheck | None
    doubtful_ms: int | None
    work: AnalyserCheck | None


def samples_due(conn: Connection, now_ms: int, zone: str) -> list[SampleDue]:
    """What the dated row asks for at each outlet, of what its permit limits; what is overdue first."""
    works = waterworks_at(conn, now_ms)
    asked = dated_row("self_monitoring", now_ms)["every_days"]
    found = []
    for place in works.outlets if works is not None else ():
        every = asked.get(place.kind, {})
        day = day_of(now_ms, zone)
        rules = rules_on(conn, place.code, day, working_day(day, zone))
        limited = {pollutant for pollutant, _ in rules.limits} if rules is not None else set()
        last = _last_drawn(conn, place.code, now_ms, max(every.values(), default=0))
        for name in [one for one in every if one in limited]:
            at_ms = last.get(name)
            is_due = at_ms is None or now_ms - at_ms >= every[name] * DAY_MS
            found.append(SampleDue(place, name, every[name], at_ms, is_due))
    return found


def _last_drawn(conn: Connection, place: str, now_ms: int, days: int) -> dict[str, int]:
    """When a pollutant was last sampled for, asked or found."""
    found: dict[str, int] = {}
    since_ms = now_ms - (2 * days + LOOK_BACK_DAYS) * DAY_MS
    for one in list_samples(conn, Sought(place, (), since_ms), 1000):
        if not one.voided:
            for name in {*one.asked, *(result.pollutant for result in one.results)}:
                found[name] = max(found.get(name, 0), one.from_ms)
    return found


def usual_methods(conn: Connection, now_ms: int) -> dict[str, tuple[str, str]]:
    """Method and LOD that a pollutant was last reported with; the method of the dated row where it never was."""
    found = {name: (row["method"], "") for name, row in _pollutants(now_ms).items()}
    seen: dict[str, Result] = {}
    for sample in list_samples(conn, Sought(), 100):
        for one in sample.results:
            if one.lod is not None:
                seen.setdefault(one.pollutant, one)
    return found | {
        name: (one.method, format(one.lod, "f")) for name, one in seen.items() if one.lod
    }


def _pollutants(now_ms: int) -> dict[str, dict[str, str]]:
    return pollutants_on(day_of(now_ms, "UTC"))


def analysers_at(conn: Connection, now_ms: int) -> list[Analyser]:
    """Each analyser that reports, or was ever checked, at any place of the waterworks; the outlets first."""
    works = waterworks_at(conn, now_ms)
    if works is None:
        return []
    rest = [one for one in works.places if one not in works.outlets]
    measured = {name: row["metric"] for name, row in _pollutants(now_ms).items() if row["metric"]}
    found = []
    for place in [*works.outlets, *rest]:
        for pollutant, metric in measured.items() if place.station else ():
            checks = list_checks_of(conn, place.code, pollutant)
            if checks or series_key(conn, place.station, metric) is not None:
                found.append(_analyser(conn, (place, pollutant), checks, now_ms))
    return found


def _analyser(
    conn: Connection, of: tuple[Place, str], checks: Sequence[AnalyserCheck], now_ms: int
) -> Analyser:
    place, pollutant = of
    good = [one for one in checks if not one.voided]
    zero, span = (next((one for one in good if one.kind == kind), None) for kind in (ZERO, SPAN))
    doubtful = [
        since
        for one in (zero, span)
        if one is not None and (since := doubtful_from(conn, one)) is not None
    ]
    work = open_work(conn, place.code, pollutant)
    every = dated_row("analyser_checks", now_ms)["every_h"]
    late = [
        one is None or now_ms - one.at_ms > int(every[kind]) * HOUR_MS
        for kind, one in ((ZERO, zero), (SPAN, span))
    ]
    state = GOOD
    if work is not None:
        state = WORKED_ON
    elif doubtful:
        state = DOUBTFUL
    elif zero is None and span is None:
        state = UNCHECKED
    elif any(late):
        state = DUE
    since_ms = min(doubtful) if doubtful else None
    return Analyser(place, pollutant, state, checks, zero, span, since_ms, work)


def is_on_its_way(sample: WaterSample) -> bool:
    """Whether something is still to come of it."""
    return not sample.voided and (not sample.results or bool(sample.missing))
