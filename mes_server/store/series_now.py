"""The latest value of every series, for pages that show the present."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlmodel import SQLModel

from mes_server.store.series import SERIES_PER_STATION
from mes_server.store.tables import CLUSTERED, run, run_many, wide, wide_key

Value = float | int | bool | str | None


class SeriesNowRow(SQLModel, table=True):
    """The latest sample. `order_ms`: its time, or when it came if its clock is ahead of ours.

    `change` has no index: PostgreSQL then changes a row in place. The station's `sampled` leads to it.
    """

    __tablename__ = "series_now"
    __table_args__ = CLUSTERED

    series: int = wide_key()
    order_ms: int = wide()
    at_ms: int = wide()
    value: str
    quality: int
    received_ms: int = wide()
    historical: bool
    change: int = wide()


@dataclass(frozen=True, slots=True)
class SeriesNow:
    """A latest sample as pages show it. `station`: the id in addresses."""

    series_id: int
    metric: str
    datatype: int
    at_ms: int
    value: Value
    quality: int
    received_ms: int
    historical: bool
    station: str


_SAVE = """
INSERT INTO series_now (series, order_ms, at_ms, value, quality, received_ms, historical, change)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (series) DO UPDATE SET order_ms = excluded.order_ms, at_ms = excluded.at_ms,
    value = excluded.value, quality = excluded.quality, received_ms = excluded.received_ms,
    historical = excluded.historical, change = excluded.change
WHERE excluded.order_ms >= series_now.order_ms AND (NOT excluded.historical OR series_now.historical)
"""
_VIEW = """
SELECT w.series, r.metric, r.datatype, w.at_ms, w.value, w.quality, w.received_ms, w.historical, s.url_id
FROM series_now w JOIN series r ON r.id = w.series JOIN station s ON s.id = r.station
"""

# series, time of the sample, value as JSON, quality, received, historical
NowSample = tuple[int, int, str, int, int, bool]


def save_now(conn: Connection, samples: Sequence[NowSample], change: int) -> None:
    """Make each sample its series' latest if it is later; a historical one never replaces a live one."""
    rows = [
        (series, min(at_ms, received_ms), at_ms, value, quality, received_ms, historical, change)
        for series, at_ms, value, quality, received_ms, historical in samples
    ]
    run_many(conn, _SAVE, rows)
    stations = {sample[0] // SERIES_PER_STATION for sample in samples}
    touched = [(change, station) for station in sorted(stations)]
    run_many(conn, "UPDATE station SET sampled = ? WHERE id = ?", touched)


def _view(row: Sequence[object]) -> SeriesNow:
    fields: list[object] = list(row)
    fields[4] = json.loads(str(fields[4]))
    fields[7] = bool(fields[7])
    return SeriesNow(*fields)  # type: ignore[arg-type]  # in the order of _VIEW


def list_now(conn: Connection, station_id: str) -> list[SeriesNow]:
    """The latest sample of each series of a station."""
    rows = run(conn, _VIEW + "WHERE s.url_id = ? ORDER BY w.series", (station_id,))
    return [_view(row) for row in rows]


def list_now_since(conn: Connection, since: int, limit: int) -> list[SeriesNow]:
    """Latest samples written after change number `since`, the newest change first."""
    query = _VIEW + "WHERE s.sampled > ? AND w.change > ? ORDER BY w.change DESC, w.series LIMIT ?"
    return [_view(row) for row in run(conn, query, (since, since, limit))]


def load_latest_times(conn: Connection, station_pk: int) -> dict[int, int]:
    """The time of the latest sample of each series of a station."""
    span = (station_pk * SERIES_PER_STATION, (station_pk + 1) * SERIES_PER_STATION - 1)
    rows = run(conn, "SELECT series, at_ms FROM series_now WHERE series BETWEEN ? AND ?", span)
    return {row.series: row.at_ms for row in rows}
