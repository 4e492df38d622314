"""Sludge that people weigh, where no counter stands: on the day of its weighing, for the lines that drain there."""

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
    """As meters would have it, with mg wet of the day: one for each place of which sludge was weighed lately.

    A day without a weighing has none of it: sums over a period are right, single days are not.
    """
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
        today = [one for one in around if one.place == code and from_ms <= one.at_ms < to_ms]
        name = f"weighed-{code}"
        meter = Meter(name, SLUDGE, "", "", "", Decimal(1), None, lines, BY_VOLUME)
        found.append((meter, sum(int(one.kg * _MG) for one in today)))
    return found


def _lines(works: Waterworks, place: str) -> tuple[str, ...]:
    """The lines whose water passes a place."""
    streams = {one.code for one in works.streams if place in works.way(one.code)}
    return tuple(one.station for one in works.lines if streams.intersection(one.drains))
