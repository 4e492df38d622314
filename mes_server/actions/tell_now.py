"""What the instruments of an outlet say at this moment, for those who ask for real-time data by HJ 212. Never kept: only
the newest matters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.gather_outlet import (
    FLOW,
    MINUTE_MS,
    STATE,
    contract_at,
    effluent_rules,
    hold_min,
)
from mes_server.actions.gather_waterworks import day_of, permits_at, pollutants_on, waterworks_at
from mes_server.actions.tell_authority import Teller
from mes_server.domain.analyser_doubt import by_checks, by_state
from mes_server.domain.discharge import IMPLAUSIBLE, NOT_GOOD
from mes_server.domain.flow_means import Span
from mes_server.domain.uplink import Reading, Telling, label_of, now_telling
from mes_server.store.series_now import SeriesNow, list_now
from mes_server.store.water import checks_of
from schemas.samples import GOOD
from schemas.station_types import MetricSpec

SILENT, NO_WATER, WELL = "silent", "no_water", "good"


@dataclass(frozen=True, slots=True)
class _Now:
    """What was last heard of an outlet, by metric, what its station promises, and by what it is judged."""

    at_ms: int
    heard: Mapping[str, SeriesNow]
    contract: Mapping[str, MetricSpec]
    rules: Mapping[str, Any]


def now_tellings(conn: Connection, teller: Teller, now_ms: int) -> list[Telling]:
    """Of every outlet with a monitoring point and a station."""
    works = waterworks_at(conn, now_ms)
    label = label_of(now_ms, teller.zone)
    found = []
    for outlet, permit in sorted(permits_at(conn, now_ms).items()):
        place = None if works is None else works.place(outlet)
        if permit.mn and place is not None and place.station:
            day = day_of(now_ms, str(teller.zone), permit.day_starts_min)
            heard = {one.metric: one for one in list_now(conn, place.station)}
            now = _Now(now_ms, heard, contract_at(conn, place.station), effluent_rules(day))
            readings = _readings(conn, now, (outlet, day), teller.profile)
            found.append(now_telling((permit.mn, outlet, label), readings, teller.profile))
    return found


def _readings(
    conn: Connection, now: _Now, of: tuple[str, str], profile: Mapping[str, Any]
) -> list[Reading]:
    """Water first, then every pollutant that has a code and an analyser here."""
    outlet, day = of
    marks = profile["marks"]
    spec = now.contract.get(FLOW)
    top = float("inf")
    if spec is not None and spec.alarm is not None and spec.alarm[1] is not None:
        top = spec.alarm[1] * float(now.rules["flow_range_factor"])
    flow, why = _said(now, FLOW, top)
    per_second = None if flow is None else flow * float(profile["realtime_flow_per_m3_h"])
    readings = [Reading(profile["water"], per_second, marks[why or WELL])]
    dry = flow is not None and not why and flow <= float(now.rules["least_flow_m3_h"])
    checks = checks_of(conn, outlet, now.at_ms, now.at_ms + 1)
    for code, said in pollutants_on(day).items():
        if not said["hj212"] or said["metric"] not in now.heard:
            continue
        value, odd = _said(now, said["metric"], float(said["plausible_max"]))
        spans = [*_state(now), *by_checks(checks, code, now.at_ms + 1)]
        held = next((one.reason for one in spans if one.from_ms <= now.at_ms < one.to_ms), "")
        # What nobody hears is silent, whatever its state was when it was last heard.
        why = odd if value is None else held or odd or (NO_WATER if dry else WELL)
        readings.append(Reading(said["hj212"], value, marks[why]))
    return readings


def _state(now: _Now) -> list[Span]:
    """What the analysers say of themselves; it holds until they say something else."""
    last = now.heard.get(STATE)
    said = "" if last is None or not isinstance(last.value, str) else last.value
    return by_state([(now.at_ms, said)], now.at_ms + 1)


def _said(now: _Now, metric: str, top: float) -> tuple[float | None, str]:
    """The value, None: nothing fresh or not good; and what is wrong with it, "" for nothing."""
    last = now.heard.get(metric)
    if last is None or last.at_ms > now.at_ms + int(now.rules["future_s"]) * 1000:
        return None, SILENT
    if now.at_ms // MINUTE_MS - last.at_ms // MINUTE_MS > hold_min(now.contract.get(metric)):
        return None, SILENT
    if last.quality != GOOD or isinstance(last.value, bool | str | None):
        return None, NOT_GOOD
    return float(last.value), "" if 0 <= last.value <= top else IMPLAUSIBLE
