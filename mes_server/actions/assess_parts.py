"""A day of an outlet in parts: its hours, and some minutes for those who ask for minute data. What counts in a part is what
counts in the day."""

from collections.abc import Mapping

import numpy as np
from sqlalchemy import Connection

from mes_server.actions.assess_discharge import open_day
from mes_server.actions.gather_outlet import gather_outlet
from mes_server.actions.gather_waterworks import pollutants_on
from mes_server.actions.judge_pollutant import Analysed, online_of
from mes_server.domain.flow_means import HOUR_MIN, MINUTE_MS, Flow, excluded, part_means
from mes_server.domain.uplink import Parts, Told
from mes_server.store.water import checks_of


def assess_parts(
    conn: Connection, outlet: str, day: str, sizes: Mapping[str, int], of: tuple[str, int]
) -> list[Parts]:
    """A working day ("2026-11-28") in parts of so many minutes, by the command that tells them. `of`: the zone, and now;
    none: there is no such outlet."""
    opened = open_day(conn, outlet, day, *of)
    if opened is None:
        return []
    rules, span = opened
    pollutants = pollutants_on(day)
    metrics = [one["metric"] for one in pollutants.values() if one["metric"]]
    heard = gather_outlet(conn, rules.works, rules.outlet.station, span, metrics)
    checks = checks_of(conn, outlet, span.from_ms, span.to_ms)
    known = Analysed(span, rules, pollutants, heard, checks)
    online = {
        code: judged for code in pollutants if (judged := online_of(conn, known, code)) is not None
    }
    least = span.rules["least_minutes_of_hour"] / HOUR_MIN
    found = []
    for command, size in sizes.items():
        told = tuple(
            Told(
                code,
                pollutants[code]["unit"],
                tuple(part_means(one, heard.flow, span.rules, size)),
                tuple(excluded(one)),
            )
            for code, one in online.items()
        )
        dark = frozenset(
            span.from_ms + n * size * MINUTE_MS for n in _dark(heard.flow, size, least)
        )
        found.append(Parts(outlet, command, size * MINUTE_MS, told, dark))
    return found


def _dark(flow: Flow, size: int, least: float) -> list[int]:
    """The numbers of the parts in which the flow is known in too few minutes to say how much water there was."""
    known = (~np.isnan(flow.rate)).astype(int)
    starts = np.arange(0, len(known), size)
    sizes = np.diff(np.append(starts, len(known)))
    dark: list[int] = np.flatnonzero(np.add.reduceat(known, starts) < least * sizes).tolist()
    return dark
