"""Sludge that people weigh, where no counter stands: it came evenly since the last weighing, from the lines that drain there."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection

from mes_server.actions.gather_meters import comparison_row
from mes_server.actions.gather_water_day import Span
from mes_server.domain.water_records import SLUDGE as WEIGHED
from mes_server.domain.waterworks import BY_VOLUME, SLUDGE, Meter, Waterworks
from mes_server.store.water import waste_between

_DAY_MS = 86_400_000
_MG = 1_000_000


def weighed_sludge(conn: Connection, works: Waterworks, span: Span) -> list[tuple[Meter, int]]:
    """As meters would have it, with mg wet of the day: one for each place of which sludge was weighed lately."""
    from_ms, to_ms = span.ends
    look_ms = comparison_row(from_ms)["look_hand_days"] * _DAY_MS
    around = waste_between(conn, (WEIGHED,), from_ms - look_ms, to_ms + look_ms)
    counted = {one.station for one in works.meters if one.kind == SLUDGE}
    found = []
    for code in sorted({one.place for one in around}):
        place = works.place(code)
        lines = () if place is None else _lines(works, code)
        if place is None or place.station in counted or not lines:
            continue
        name = f"weighed-{code}"
        meter = Meter(name, SLUDGE, "", "", "", Decimal(1), None, lines, BY_VOLUME)
        told = [(one.at_ms, int(one.kg * _MG)) for one in around if one.place == code]
        found.append((meter, came_between(told, from_ms, to_ms)))
    return found


def came_between(weighed: Sequence[tuple[int, int]], from_ms: int, to_ms: int) -> int:
    """mg that came in [from, to): of each weighing (Unix ms, mg, by time) its part since the one before. The first counts
    where it was weighed. Days that meet add up to what was weighed."""
    total, before_ms = 0, None
    for at_ms, mg in weighed:
        if before_ms is None or before_ms == at_ms:
            total += mg if from_ms <= at_ms < to_ms else 0
        else:
            begun, ended = (min(max(one, before_ms), at_ms) - before_ms for one in (from_ms, to_ms))
            span = at_ms - before_ms
            total += mg * ended // span - mg * begun // span
        before_ms = at_ms
    return total


def _lines(works: Waterworks, place: str) -> tuple[str, ...]:
    """The lines whose water passes a place."""
    streams = {one.code for one in works.streams if place in works.way(one.code)}
    return tuple(one.station for one in works.lines if streams.intersection(one.drains))
