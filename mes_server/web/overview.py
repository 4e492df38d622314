"""The present of the whole plant, read once: stations, how they stand, their latest values."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.store.excursions import ExcursionView, list_excursions
from mes_server.store.series_now import SeriesNow, list_now
from mes_server.store.stations import StationView, list_stations
from mes_server.web.layout import AREAS, OPERATIONS, Layout, place_in
from mes_server.web.site import Site
from mes_server.web.standing import Standing, standing_of

EXCURSIONS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class StationNow:
    """One station with all that a tile needs."""

    view: StationView
    layout: Layout | None
    standing: Standing
    now: dict[str, SeriesNow]


def load_standings(site: Site, conn: Connection, now_ms: int) -> list[tuple[StationView, Standing]]:
    """Every station and how it stands, in process order."""
    limits = _open_limits(list_excursions(conn, open_only=True, limit=EXCURSIONS_MAX))
    pairs = [
        (view, standing_of(view, site.layout_of(view), limits.get(view.id, ()), now_ms))
        for view in list_stations(conn)
    ]
    return sorted(pairs, key=lambda pair: _place(site, pair[0]))


def load_overview(
    site: Site, conn: Connection, pairs: Sequence[tuple[StationView, Standing]]
) -> list[StationNow]:
    """These stations with their latest values."""
    return [
        StationNow(
            view,
            site.layout_of(view),
            standing,
            {sample.metric: sample for sample in list_now(conn, view.id)},
        )
        for view, standing in pairs
    ]


def load_station_now(site: Site, conn: Connection, view: StationView, now_ms: int) -> StationNow:
    """One station with its latest values."""
    layout = site.layout_of(view)
    excursions = list_excursions(conn, view.id, open_only=True, limit=EXCURSIONS_MAX)
    standing = standing_of(view, layout, _open_limits(excursions).get(view.id, ()), now_ms)
    latest = {sample.metric: sample for sample in list_now(conn, view.id)}
    return StationNow(view, layout, standing, latest)


def _open_limits(excursions: list[ExcursionView]) -> dict[str, tuple[str, ...]]:
    """By station: the graver limit that each metric is beyond."""
    by_metric: dict[tuple[str, str], str] = {}
    for excursion in excursions:
        key = (excursion.station, excursion.metric)
        if by_metric.get(key) != "alarm":
            by_metric[key] = excursion.kind
    limits: dict[str, tuple[str, ...]] = {}
    for (station, _), kind in by_metric.items():
        limits[station] = (*limits.get(station, ()), kind)
    return limits


def _place(site: Site, view: StationView) -> tuple[object, ...]:
    layout = site.layout_of(view)
    operation = layout.type.operation if layout is not None else None
    return (place_in(AREAS, view.area), place_in(OPERATIONS, operation), view.type or "", view.id)
