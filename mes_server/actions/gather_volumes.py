"""What a counter of a station went on by, read over a span as long as a day or a year."""

from decimal import Decimal

from sqlalchemy import Connection

from mes_server.domain.meters import Advanced, advanced
from mes_server.store.curves import load_series

_POINTS = 2_000


def counter_readings(
    conn: Connection, station: str, metric: str, span: tuple[int, int]
) -> list[tuple[int, Decimal]]:
    """The readings of a counter between Unix ms, least before greatest where many stand for one point."""
    found = load_series(conn, station, metric, span[0], span[1], _POINTS)
    pairs = zip(found.times_ms, found.lows, found.highs, strict=True)
    return [
        (at_ms, Decimal(str(value)))
        for at_ms, low, high in pairs
        if isinstance(low, int | float) and isinstance(high, int | float)
        for value in ([low] if low == high else [low, high])
    ]


def volume_over(conn: Connection, station: str, span: tuple[int, int]) -> Advanced:
    """m³ by the totaliser of a stream or outlet; without exchanges and rollovers: for a picture, no record."""
    return advanced(counter_readings(conn, station, "total_m3", span))
