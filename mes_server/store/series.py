"""Series: one metric of one station over time, known by a number that also says the station."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, UniqueConstraint, select
from sqlmodel import Field, SQLModel

from mes_server.store.stations import STATION
from mes_server.store.tables import run, run_many, table_of, wide_key

_IN_MAX = 500
SERIES_PER_STATION = 65536  # station = series // this: found without looking it up


class SeriesRow(SQLModel, table=True):
    """One series. `datatype` is the Sparkplug code of the latest birth."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("station", "metric"),)

    id: int = wide_key()
    station: int = Field(foreign_key="station.id")
    metric: str
    datatype: int


SERIES = table_of(SeriesRow)


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series a page may ask for. `datatype`: code of the Sparkplug datatype."""

    series_id: int
    metric: str
    datatype: int


class TooManySeries(Exception):
    """A station with more metrics than a series number has room for."""


def ensure_series(
    conn: Connection, station_pk: int, metrics: Sequence[tuple[str, int]]
) -> dict[str, int]:
    """The numbers of a station's series (metric, code of the datatype), made where they are new."""
    wanted = dict(metrics)
    known = _known(conn, station_pk, list(wanted))
    numbers: dict[str, int] = {row.metric: row.id for row in known}
    datatypes = {row.metric: row.datatype for row in known}
    first, end = station_pk * SERIES_PER_STATION, (station_pk + 1) * SERIES_PER_STATION
    query = "SELECT max(id) FROM series WHERE id >= ? AND id < ?"
    last = run(conn, query, (first, end)).scalar()
    free = first if last is None else last + 1
    new, changed = [], []
    for metric, datatype in wanted.items():
        if metric not in numbers:
            numbers[metric] = free
            new.append((free, station_pk, metric, datatype))
            free += 1
        elif datatypes[metric] != datatype:
            changed.append((datatype, numbers[metric]))
    if free > end:
        raise TooManySeries(f"a station has room for {SERIES_PER_STATION} series")
    run_many(conn, "INSERT INTO series (id, station, metric, datatype) VALUES (?, ?, ?, ?)", new)
    run_many(conn, "UPDATE series SET datatype = ? WHERE id = ?", changed)
    return {metric: numbers[metric] for metric in wanted}


def _known(conn: Connection, station_pk: int, metrics: list[str]) -> list[Any]:
    """Those of the metrics that have a series; a stranger's station may have very many others."""
    known: list[Any] = []
    for start in range(0, len(metrics), _IN_MAX):
        some = metrics[start : start + _IN_MAX]
        query = "SELECT metric, id, datatype FROM series WHERE station = ? AND metric IN "
        query += f"({', '.join('?' * len(some))})"
        known += run(conn, query, (station_pk, *some)).all()
    return known


def list_series(conn: Connection, station_id: str) -> list[SeriesView]:
    """The series of a station, in the order in which it named them."""
    columns = (SERIES.c.id, SERIES.c.metric, SERIES.c.datatype)
    joined = SERIES.join(STATION, STATION.c.id == SERIES.c.station)
    query = select(*columns).select_from(joined).where(STATION.c.url_id == station_id)
    return [SeriesView(*row) for row in conn.execute(query.order_by(SERIES.c.id))]


def series_key(conn: Connection, station_id: str, metric: str) -> tuple[int, int] | None:
    """Number and datatype code of a series, or None."""
    row = run(
        conn,
        "SELECT r.id, r.datatype FROM series r JOIN station s ON s.id = r.station"
        " WHERE s.url_id = ? AND r.metric = ?",
        (station_id, metric),
    ).first()
    return None if row is None else (row.id, row.datatype)
