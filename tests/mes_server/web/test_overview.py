"""The present of the plant: in process order, each station with its gravest limits."""

from flask import Flask

from mes_server.web.overview import load_overview, load_standings, load_station_now
from mes_server.web.site import EXTENSION, Site
from tests.mes_server.web.plant_data import NOW_MS, Plant


def site_of(app: Flask) -> Site:
    site: Site = app.extensions[EXTENSION]
    return site


def test_stations_come_in_process_order_and_unknown_types_last(
    app: Flask, plant: Plant, stations: dict[str, int]
) -> None:
    plant.station(plant.foreign_node("edge-7"), "compressor-9", None)
    site = site_of(app)
    with site.reading() as conn:
        standings = load_standings(site, conn, NOW_MS)
        overview = load_overview(site, conn, standings)
    ids = [view.id for view, _ in standings]
    assert ids == ["mill-1", "sinter-1", "coater-1", "compressor-9"]
    assert [station.view.id for station in overview] == ids
    assert "zone_1_temperature_c" in overview[1].now
    assert overview[3].layout is None
    assert overview[3].now == {}


def test_a_station_alone_is_as_it_is_among_all(
    app: Flask, plant: Plant, stations: dict[str, int]
) -> None:
    plant.excursion(stations["sinter-1"], "zone_1_temperature_c", "normal", 3)
    site = site_of(app)
    with site.reading() as conn:
        for among_all in load_overview(site, conn, load_standings(site, conn, NOW_MS)):
            assert load_station_now(site, conn, among_all.view, NOW_MS) == among_all


def test_of_two_limits_of_one_metric_the_graver_counts_once(
    app: Flask, plant: Plant, stations: dict[str, int]
) -> None:
    furnace = stations["sinter-1"]
    for metric, kind in (("zone_1_temperature_c", "normal"), ("zone_1_temperature_c", "alarm"),
                         ("zone_2_temperature_c", "normal")):  # fmt: skip
        plant.excursion(furnace, metric, kind, 3)
    site = site_of(app)
    with site.reading() as conn:
        standings = {view.id: standing for view, standing in load_standings(site, conn, NOW_MS)}
    assert (standings["sinter-1"].mark, standings["sinter-1"].excursions) == ("alarm", 2)
    assert (standings["mill-1"].mark, standings["mill-1"].excursions) == ("none", 0)
