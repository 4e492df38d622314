"""What was heard of an outlet on a day: its analysers and flow by the minute, its totaliser, what was coated upstream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import Connection

from mes_server.actions.gather_waterworks import Rules
from mes_server.actions.loaded_lots import went_in
from mes_server.domain.discharge import IMPLAUSIBLE
from mes_server.domain.flow_means import Floats, Flow, Heard, Judged, Span, excluded, judged
from mes_server.domain.meters import Advanced
from mes_server.domain.totaliser import volume
from mes_server.domain.waterworks import NO_LAYER, Waterworks
from mes_server.store.minutes import (
    Minutes,
    load_station_minutes,
    load_turns,
    no_minutes,
    reading_before,
)
from mes_server.store.runs import lots_of_run, runs_at
from mes_server.store.stations import load_station
from mes_server.store.water import exchanges_of
from schemas.limit_rows import load_rows, row_at
from schemas.station_types import MetricSpec, StationType, load_station_types

FLOW, TOTAL, STATE = "flow_m3_h", "total_m3", "analyser_state"
MINUTE_MS = 60_000
LEAD_MIN = 60  # no contract allows a longer silence than this
_ANY = (float("-inf"), float("inf"))
_MM2_PER_M2 = 1_000_000


@dataclass(frozen=True, slots=True)
class Day:
    """A day to be judged: until when it goes (Unix ms, [from, to)), what the clock says, the dated rules."""

    from_ms: int
    to_ms: int
    now_ms: int
    rules: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Its minutes."""
        return (self.to_ms - self.from_ms) // MINUTE_MS

    @property
    def elapsed(self) -> int:
        """The minutes of it that are over."""
        return min(max((self.now_ms - self.from_ms) // MINUTE_MS, 0), self.size)

    @property
    def future(self) -> Span:
        """From when on a sample is one of the future."""
        return Span(self.now_ms + self.rules["future_s"] * 1000, self.to_ms, "future")


@dataclass(frozen=True, slots=True)
class Outlet:
    """What was heard. `minutes`: by metric, those before the day too in which a value may still hold. `turns`: analyser states; `integrated`: m³ by the flow; `flow_odd`: samples of it that cannot be."""

    minutes: Mapping[str, Minutes]
    contract: Mapping[str, MetricSpec]
    flow: Flow
    turns: Sequence[tuple[int, str]]
    advanced: Advanced
    integrated: float | None
    flow_odd: int = 0


@dataclass(slots=True)
class Coated:
    """What the lines upstream coated in a day: m² by class of layers, the lots of it; `ran`: a line did, whatever it coats."""

    area_m2: dict[str, float] = field(default_factory=dict)
    lots: list[str] = field(default_factory=list)
    ran: bool = False


@cache
def _rows() -> list[dict[str, Any]]:
    return load_rows("effluent_rules")


def effluent_rules(day: str) -> dict[str, Any]:
    """How an outlet is judged on a day."""
    return row_at(_rows(), day)


@cache
def _contracts() -> Mapping[str, StationType]:
    return load_station_types()


def contract_at(conn: Connection, station: str) -> dict[str, MetricSpec]:
    """What the contract of a station promises, by metric."""
    view = load_station(conn, station) if station else None
    known = None if view is None else _contracts().get(view.type or "")
    return {} if known is None else {one.name: one for one in known.metrics}


def hold_min(spec: MetricSpec | None) -> int:
    """For how many minutes a value holds: as long as the contract allows silence."""
    return 1 if spec is None else min(max(-(-spec.report_ms // MINUTE_MS), 1), LEAD_MIN)


def heard_of(minutes: Minutes) -> Heard:
    """As the domain takes it."""
    return Heard(
        minutes.means, minutes.lows, minutes.highs, minutes.lasts, minutes.counts, minutes.bads
    )


def gather_outlet(
    conn: Connection, works: Waterworks, station: str, day: Day, metrics: Sequence[str]
) -> Outlet:
    """What was heard of the station of an outlet."""
    contract = contract_at(conn, station)
    span = (day.from_ms - LEAD_MIN * MINUTE_MS, day.to_ms)
    found = load_station_minutes(conn, station, {*metrics, FLOW, TOTAL}, span, (TOTAL,))
    if FLOW not in found:
        found[FLOW] = no_minutes(span[0], day.size + LEAD_MIN)
    flow, odd = _flow(found[FLOW], contract.get(FLOW), day)
    turns = load_turns(conn, station, STATE, span)
    most = _most(contract.get(FLOW), day)
    total = found[TOTAL].since(LEAD_MIN) if TOTAL in found else None
    gone = _advanced(conn, works, station, (total, day, most))
    known = ~np.isnan(flow.rate[: day.elapsed])
    integrated = float(np.nansum(flow.rate[: day.elapsed])) / 60 if known.any() else None
    return Outlet(found, contract, flow, turns, gone, integrated, odd)


def _most(spec: MetricSpec | None, day: Day) -> float | None:
    """More than this no water flows here: the range of the instrument, and a little."""
    top = None if spec is None or spec.alarm is None else spec.alarm[1]
    return None if top is None else top * float(day.rules["flow_range_factor"])


def _flow(minutes: Minutes, spec: MetricSpec | None, day: Day) -> tuple[Flow, int]:
    """The flow, and how many of its samples do not count because no water flows so."""
    most = _most(spec, day)
    ends = (0.0, _ANY[1] if most is None else most)
    found = judged(heard_of(minutes), minutes.from_ms, hold_min(spec), [day.future], ends)
    rate = np.where(found.valid, found.means, np.nan)[LEAD_MIN:]
    rate[day.elapsed :] = np.nan
    odd = sum(one.count for one in excluded(found.since(LEAD_MIN)) if one.reason == IMPLAUSIBLE)
    return Flow(rate, day.elapsed, float(day.rules["least_flow_m3_h"])), odd


def _advanced(
    conn: Connection,
    works: Waterworks,
    station: str,
    of: tuple[Minutes | None, Day, float | None],
) -> Advanced:
    """What the totaliser of a station went on by."""
    minutes, day, most = of
    if minutes is None:
        return Advanced(None)
    meters = (one for one in works.meters if (one.station, one.metric) == (station, TOTAL))
    meter = next(meters, None)
    until = day.elapsed
    parts = (
        day.from_ms, minutes.firsts[:until], minutes.lows[:until], minutes.highs[:until], minutes.lasts[:until],
    )  # fmt: skip
    return volume(
        parts,
        reading_before(conn, station, TOTAL, day.from_ms) if (minutes.counts > 0).any() else None,
        None if meter is None else meter.rolls_at,
        None if most is None else Decimal(repr(most)),
        exchanges_of(conn, station, TOTAL, day.from_ms, day.to_ms),
    )


def stream_volume(conn: Connection, works: Waterworks, station: str, day: Day) -> float | None:
    """What passed a stream on a day, by its totaliser; None: nothing was heard of it."""
    if not station:
        return None
    span = (day.from_ms, day.to_ms)
    minutes = load_station_minutes(conn, station, (TOTAL,), span, (TOTAL,)).get(TOTAL)
    most = _most(contract_at(conn, station).get(FLOW), day)
    amount = _advanced(conn, works, station, (minutes, day, most)).amount
    return None if amount is None else float(amount)


def stood_still_min(conn: Connection, station: str, metric: str, of: tuple[Day, Judged]) -> int:
    """For how many minutes before the day the value with which it begins had stood still already, while water moved."""
    day, found = of
    at = np.flatnonzero(found.valid)
    if not len(at) or found.lows[at[0]] != found.highs[at[0]]:
        return 0
    hours = max(float(one) for one in day.rules["stuck_h"].values())
    span = (day.from_ms - int(hours * 60) * MINUTE_MS, day.from_ms)
    earlier = load_station_minutes(conn, station, (metric, FLOW), span)
    if metric not in earlier or FLOW not in earlier:
        return 0
    value: Floats = earlier[metric].means
    same = (earlier[metric].lows == earlier[metric].highs) & (value == found.means[at[0]])
    silent = earlier[metric].counts == 0
    broken = np.flatnonzero(~(same | silent))
    since = int(broken[-1]) + 1 if len(broken) else 0
    moving = np.nan_to_num(earlier[FLOW].means) > float(day.rules["least_flow_m3_h"])
    begun = np.flatnonzero(same[since:])
    return int(moving[since + begun[0] :].sum()) if len(begun) else 0


def coated_on(conn: Connection, rules: Rules, span: tuple[int, int], now_ms: int) -> Coated:
    """What the lines whose water comes here coated: the lots of runs that were closed in the span.

    `lots`: of all runs that touched it, because their water came, too.
    """
    found = Coated()
    lots: dict[str, None] = {}
    for line in rules.works.lines_of(rules.outlet.code):
        for run in runs_at(conn, line.station, span[0], min(span[1] - 1, now_ms)):
            codes = [code for code, _ in lots_of_run(conn, run.code)]
            lots.update(dict.fromkeys(codes))
            found.ran = True
            over = run.closed_ms is not None and span[0] <= run.closed_ms < span[1]
            if over and line.layers != NO_LAYER:
                area = sum(went_in(conn, run.code, code).area_mm2 for code in codes)
                had = found.area_m2.get(line.layers, 0.0)
                found.area_m2[line.layers] = had + area / _MM2_PER_M2
    found.lots = sorted(lots)
    return found
