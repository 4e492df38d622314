"""Excursions, open and closed, as the fold judged them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Connection, ForeignKey, UniqueConstraint, select
from sqlmodel import Field, SQLModel

from mes_server.domain.limits import LOW, Excursion
from mes_server.store.series import SERIES
from mes_server.store.stations import STATION
from mes_server.store.tables import partial_index, run_many, table_of, wide, wide_or_null

JOIN_MS = 60_000  # late pieces of one excursion come in several messages, this far apart at most


class ExcursionRow(SQLModel, table=True):
    """One stretch outside a range; `to_ms` is empty while it lasts."""

    __tablename__ = "excursion"
    __table_args__ = (
        UniqueConstraint("series", "kind", "side", "from_ms"),
        partial_index("excursion_open", "series", "kind", where="to_ms IS NULL", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    series: int = Field(sa_type=BigInteger, sa_column_args=(ForeignKey("series.id"),))
    kind: str
    side: str
    bound: float
    from_ms: int = wide()
    last_ms: int = wide()
    to_ms: int | None = wide_or_null()
    worst: float
    count: int = wide()


EXCURSION = table_of(ExcursionRow)
_FIELDS = tuple(Excursion.__slots__)
_values_of = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class ExcursionView:
    """An excursion as pages show it. `station`: the id in addresses."""

    station: str
    metric: str
    kind: str
    side: str
    bound: float
    from_ms: int
    last_ms: int
    to_ms: int | None
    worst: float
    count: int


# A series, its excursions closed and open, and whether they were judged late.
Judged = tuple[int, Sequence[Excursion], bool]

_SAVE = """
INSERT INTO excursion (series, kind, side, bound, from_ms, last_ms, to_ms, worst, count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (series, kind, side, from_ms) DO UPDATE SET last_ms = excluded.last_ms,
    to_ms = excluded.to_ms, worst = excluded.worst, count = excluded.count
"""


def _join_late(conn: Connection, series_pk: int, piece: Excursion) -> Excursion:
    """Take closed neighbours of a late piece out of the store and into it."""
    t = EXCURSION.c
    same = (t.series == series_pk) & (t.kind == piece.kind) & (t.side == piece.side)
    touches = (t.from_ms <= piece.last_ms + JOIN_MS) & (t.last_ms >= piece.from_ms - JOIN_MS)
    neighbours = conn.execute(select(EXCURSION).where(same, touches, t.to_ms.is_not(None)))
    worst = min if piece.side == LOW else max
    for row in neighbours.mappings().all():
        piece = replace(
            piece,
            from_ms=min(piece.from_ms, row["from_ms"]),
            last_ms=max(piece.last_ms, row["last_ms"]),
            to_ms=max(piece.to_ms or piece.last_ms, row["to_ms"]),
            worst=worst(piece.worst, row["worst"]),
            count=piece.count + row["count"],
        )
        conn.execute(EXCURSION.delete().where(t.id == row["id"]))
    return piece


def save_excursions(conn: Connection, judged: Iterable[Judged]) -> None:
    """Write what `domain.limits.excursions` answered for many series."""
    rows: list[tuple[Any, ...]] = []
    for series_pk, found, late in judged:
        for excursion in found:
            if late and excursion.to_ms is not None:
                run_many(conn, _SAVE, rows)  # it may have to join one of these
                rows = []
                excursion = _join_late(conn, series_pk, excursion)
            rows.append((series_pk, *_values_of(excursion)))
    run_many(conn, _SAVE, rows)


def load_open_excursions(
    conn: Connection, series: Iterable[int] | None = None
) -> dict[int, list[Excursion]]:
    """The open excursions of these series (of all by default); series without one are left out."""
    found: dict[int, list[Excursion]] = {}
    wanted = None if series is None else set(series)
    open_ones = select(EXCURSION).where(EXCURSION.c.to_ms.is_(None))
    query = open_ones.order_by(EXCURSION.c.kind.desc())  # normal before alarm, as they are judged
    for row in conn.execute(query).mappings():
        if wanted is None or row["series"] in wanted:
            excursion = Excursion(**{name: row[name] for name in _FIELDS})
            found.setdefault(row["series"], []).append(excursion)
    return found


def list_excursions(
    conn: Connection, station_id: str | None = None, open_only: bool = False, limit: int = 100
) -> list[ExcursionView]:
    """Excursions of one station or of all, the latest begun first."""
    t = EXCURSION.c
    columns = (STATION.c.url_id, SERIES.c.metric, *(t[name] for name in _FIELDS))
    joined = EXCURSION.join(SERIES, SERIES.c.id == t.series)
    joined = joined.join(STATION, STATION.c.id == SERIES.c.station)
    query = select(*columns).select_from(joined).order_by(t.from_ms.desc(), t.id.desc())
    if station_id is not None:
        query = query.where(STATION.c.url_id == station_id)
    if open_only:
        query = query.where(t.to_ms.is_(None))
    return [ExcursionView(*row) for row in conn.execute(query.limit(limit))]


def excursions_between(
    conn: Connection, station_id: str, from_ms: int, to_ms: int, limit: int = 200
) -> list[ExcursionView]:
    """Excursions of a station that touch a span, by time."""
    t = EXCURSION.c
    columns = (STATION.c.url_id, SERIES.c.metric, *(t[name] for name in _FIELDS))
    joined = EXCURSION.join(SERIES, SERIES.c.id == t.series)
    joined = joined.join(STATION, STATION.c.id == SERIES.c.station)
    ended = t.to_ms.is_(None) | (t.to_ms >= from_ms)
    query = select(*columns).select_from(joined).where(STATION.c.url_id == station_id, ended)
    query = query.where(t.from_ms <= to_ms).order_by(t.from_ms, t.id)
    return [ExcursionView(*row) for row in conn.execute(query.limit(limit))]
