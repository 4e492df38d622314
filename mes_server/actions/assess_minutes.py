"""A day of an outlet in parts of some minutes, for those who ask for minute data: what counts in a part is what counts in
the day."""

import numpy as np
from sqlalchemy import Connection

from mes_server.actions.assess_discharge import open_day
from mes_server.actions.gather_outlet import gather_outlet
from mes_server.actions.gather_waterworks import pollutants_on
from mes_server.actions.judge_pollutant import Analysed, online_of
from mes_server.domain.flow_means import HOUR_MIN, MINUTE_MS, Flow, excluded, part_means
from mes_server.domain.hj212 import MINUTE
from mes_server.domain.uplink import Parts, Told
from mes_server.store.water import checks_of


def assess_minutes(
    conn: Connection, outlet: str, day: str, size: int, of: tuple[str, int]
) -> Parts | None:
    """A working day ("2026-11-28") in parts of `size` minutes. `of`: the zone, and now; None: there is no such outlet."""
    opened = open_day(conn, outlet, day, *of)
    if opened is None:
        return None
    rules, span = opened
    pollutants = pollutants_on(day)
    metrics = [one["metric"] for one in pollutants.values() if one["metric"]]
    heard = gather_outlet(conn, rules.works, rules.outlet.station, span, metrics)
    checks = checks_of(conn, outlet, span.from_ms, span.to_ms)
    known = Analysed(span, rules, pollutants, heard, checks)
    told = []
    for code, said in pollutants.items():
        online = online_of(conn, known, code)
        if online is not None:
            hours = tuple(part_means(online, heard.flow, span.rules, size))
            told.append(Told(code, said["unit"], hours, tuple(excluded(online))))
    least = span.rules["least_minutes_of_hour"] / HOUR_MIN
    dark = _dark(heard.flow, size, least)
    begins = frozenset(span.from_ms + one * size * MINUTE_MS for one in dark)
    return Parts(outlet, MINUTE, size * MINUTE_MS, tuple(told), begins)


def _dark(flow: Flow, size: int, least: float) -> list[int]:
    """The numbers of the parts in which the flow is known in too few minutes to say how much water there was."""
    known = (~np.isnan(flow.rate)).astype(int)
    starts = np.arange(0, len(known), size)
    sizes = np.diff(np.append(starts, len(known)))
    dark: list[int] = np.flatnonzero(np.add.reduceat(known, starts) < least * sizes).tolist()
    return dark
