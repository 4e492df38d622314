"""What the meters of the waterworks went on by: over rollovers, recorded exchanges and gaps, in m³, kWh or kg."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection

from mes_server.domain.days import utc_day
from mes_server.domain.meter_curves import MeterCurve, Ways, base_of, curve_of
from mes_server.domain.meters import Advanced
from mes_server.domain.waterworks import WATER, Meter, Place
from mes_server.store.measured import load_measured
from mes_server.store.series import series_key
from mes_server.store.water import exchanges_of, hand_readings_of
from schemas.limit_rows import load_rows, row_at

TOTALISER = "total_m3"  # of the stations that stand at streams and outlets
_HOUR_MS, _MINUTE_MS = 3_600_000, 60_000


@cache
def _rows() -> list[dict[str, Any]]:
    return load_rows("comparison")


def comparison_row(at_ms: int) -> dict[str, Any]:
    """How things are shared and compared, as it stood then."""
    return row_at(_rows(), utc_day(at_ms))


def meter_curve(conn: Connection, meter: Meter, from_ms: int, to_ms: int) -> MeterCurve:
    """A meter over a span, with the last reading before it and the first one after it."""
    row = comparison_row(from_ms)
    ways = Ways(
        Decimal(row["most_per_h"][meter.kind]), row["gap_min"] * _MINUTE_MS,
        exchanges_of(conn, meter.station, meter.metric, from_ms - row["look_h"] * _HOUR_MS, to_ms + row["look_h"] * _HOUR_MS),
    )  # fmt: skip
    if is_read_by_hand(conn, meter):
        return curve_of(meter, _by_hand(conn, meter, (from_ms, to_ms), row), ways)
    readings = _readings(conn, meter, (from_ms - _HOUR_MS, to_ms + _HOUR_MS))
    if not readings or readings[0][0] > from_ms:
        early = _readings(conn, meter, (from_ms - row["look_h"] * _HOUR_MS, from_ms))
        readings = early[-1:] + [one for one in readings if not early or one[0] > early[-1][0]]
    if readings and readings[-1][0] < to_ms:
        late = _readings(conn, meter, (to_ms, to_ms + row["look_h"] * _HOUR_MS))
        readings += late[:1]
    return curve_of(meter, readings, ways)


def _readings(conn: Connection, meter: Meter, span: tuple[int, int]) -> list[tuple[int, float]]:
    found = load_measured(conn, meter.station, meter.metric, *span)
    return list(zip(map(int, found.times.tolist()), found.values.tolist(), strict=True))


def is_read_by_hand(conn: Connection, meter: Meter) -> bool:
    """Whether no station reports it."""
    return series_key(conn, meter.station, meter.metric) is None


def _by_hand(
    conn: Connection, meter: Meter, span: tuple[int, int], row: Mapping[str, Any]
) -> list[tuple[int, float]]:
    """What people read around a span: how much between two of them is known, and not when."""
    look_ms = row["look_hand_days"] * 24 * _HOUR_MS
    found: list[tuple[int, float]] = []
    for note in hand_readings_of(conn, meter.code, span[0] - look_ms, span[1] + look_ms):
        if note.before is not None:
            found.append((note.at_ms - 1, float(note.before)))
        found.append((note.at_ms, float(note.after)))
    return found


def meter_span(conn: Connection, meter: Meter, from_ms: int, to_ms: int) -> Advanced:
    """What a meter went on by from one moment to another, in m³, kWh or kg; None: nothing was heard of it."""
    curve = meter_curve(conn, meter, from_ms, to_ms)
    told = curve.gone(from_ms, to_ms)
    amount = None if told is None else Decimal(sum(told)) / base_of(meter.kind)
    return Advanced(amount, curve.odd(from_ms, to_ms))


def totaliser(place: Place) -> Meter:
    """The meter of a stream or an outlet."""
    return Meter(place.code, WATER, "", place.station, TOTALISER, Decimal(1), None, (), "volume")
