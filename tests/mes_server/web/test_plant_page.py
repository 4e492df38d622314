"""The plant page: every station, how it stands, and that the unknown never looks like rest.

With it mes_server.web.overview: what a page tells of every station.
"""

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from mes_server.actions.run_charge import load_lot_into
from mes_server.domain.routes import Operation
from mes_server.settings import Settings
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import NOW_MS, Plant

Page = Callable[..., str]
EN = {"headers": {"Accept-Language": "en"}}


def tile(page: str, station: str) -> str:
    """The HTML of one tile."""
    found = re.search(rf'<a class="tile"[^>]*data-station="{station}".*?</a>', page, re.DOTALL)
    assert found is not None, f"no tile for {station}"
    return found.group()


def facts(tile_html: str) -> dict[str, str]:
    """The data- attributes of a tile itself."""
    opening = tile_html.partition(">")[0]
    return dict(re.findall(r'data-(\w+)="([^"]*)"', opening))


def test_every_station_has_a_tile_under_its_area_in_process_order(
    page: Page, stations: dict[str, int]
) -> None:
    html = page("/", **EN)
    assert re.findall(r'class="tile"[^>]*data-station="([^"]+)"', html) == [
        "mill-1", "sinter-1", "coater-1",
    ]  # fmt: skip
    areas = re.findall(r'class="area-name"[^>]*>([^<]+)<', html)
    assert areas == ["Powder", "Sintering and ageing", "Grain-boundary diffusion"]


def test_a_running_station_shows_state_values_and_a_fresh_age(
    page: Page, stations: dict[str, int]
) -> None:
    html = tile(page("/", **EN), "sinter-1")
    assert facts(html) == {"station": "sinter-1", "look": "run", "known": "true", "mark": "none"}
    assert "Running" in html
    assert "Vacuum sintering furnace" in html
    assert html.count("data-metric=") == 3
    assert 'data-band="normal"' in html
    assert "#run" in html
    assert re.search(r"<time[^>]*>\d+ s</time>", html)
    assert 'class="spark"' in html


def test_a_station_of_a_dead_node_is_offline_with_its_own_shape_and_word(
    page: Page, stations: dict[str, int]
) -> None:
    html = tile(page("/", **EN), "coater-1")
    assert facts(html)["look"] == "offline"
    assert facts(html)["known"] == "false"
    assert "Offline" in html
    assert "#offline" in html
    assert 'class="spark"' not in html


def test_a_silent_station_turns_unknown_not_idle(
    page: Page, stations: dict[str, int], clock: Clock
) -> None:
    assert facts(tile(page("/"), "mill-1"))["look"] == "idle"
    clock.now_ms = NOW_MS + 45_000
    html = tile(page("/", **EN), "mill-1")
    assert facts(html)["look"] == "unknown"
    assert facts(html)["known"] == "false"
    assert "Unknown" in html
    assert "Idle" not in html


def test_an_open_excursion_marks_the_tile_with_the_graver_limit(
    page: Page, plant: Plant, stations: dict[str, int]
) -> None:
    plant.excursion(stations["sinter-1"], "zone_1_temperature_c", "normal", 9)
    assert facts(tile(page("/"), "sinter-1"))["mark"] == "warn"
    plant.excursion(stations["sinter-1"], "zone_1_temperature_c", "alarm", 5)
    html = tile(page("/", **EN), "sinter-1")
    assert facts(html)["mark"] == "alarm"
    assert "1 outside limits" in html
    assert "1</b> outside limits" in page("/", **EN)


def test_an_excursion_of_a_station_that_is_gone_marks_nothing(
    page: Page, plant: Plant, stations: dict[str, int]
) -> None:
    plant.excursion(stations["coater-1"], "chamber_pressure_pa", "alarm", 9)
    assert facts(tile(page("/"), "coater-1"))["mark"] == "none"


def test_an_empty_plant_says_how_to_get_the_first_station(page: Page, plant: Plant) -> None:
    html = page("/", **EN)
    assert "make run" in html
    assert "127.0.0.1:1883" in html
    assert 'class="tile"' not in html


def test_the_header_names_site_interpreters_and_condition(
    page: Page, stations: dict[str, int], settings: Settings
) -> None:
    html = page("/", **EN)
    assert "1 agent: MicroPython 1.25.0" in html
    assert settings.site in html
    assert "DEMO" not in html
    (settings.data_dir / "demo.json").write_text("{}")
    assert "DEMO" in page("/", **EN)


def test_a_station_of_another_maker_shows_what_it_sends(page: Page, plant: Plant) -> None:
    node = plant.foreign_node("edge-7")
    station = plant.station(node, "compressor-9", None)
    plant.samples(station, "Motor/Speed", [NOW_MS - 9000, NOW_MS - 3000], [1480.0, 1502.5])
    html = tile(page("/", **EN), "compressor-9")
    assert facts(html)["look"] == "reporting"
    assert "Motor/Speed" in html
    assert "1502" in html or "1503" in html


def test_the_tiles_alone_are_the_same_tiles(page: Page, stations: dict[str, int]) -> None:
    alone = page("/tiles")
    assert "<html" not in alone
    assert tile(alone, "sinter-1") == tile(page("/"), "sinter-1")


def test_the_language_is_the_browsers_until_somebody_switches(
    client: FlaskClient, stations: Any
) -> None:
    assert 'lang="zh-Hans"' in client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    english = client.get("/", headers={"Accept-Language": "de-DE,en;q=0.5"}).text
    assert 'lang="en"' in english
    assert "?lang=zh" in english
    switched = client.get("/stations/sinter-1?lang=zh&span=8h", headers={"Accept-Language": "en"})
    assert switched.status_code == 303
    assert switched.location == "/stations/sinter-1?span=8h"
    html = client.get("/", headers={"Accept-Language": "en"}).text
    assert 'lang="zh-Hans"' in html
    assert "运行" in html


def test_light_and_dark_can_be_set_by_hand(client: FlaskClient, stations: Any) -> None:
    assert 'media="(prefers-color-scheme: dark)"' in client.get("/").text
    client.get("/?theme=dark")
    assert 'data-theme="dark"' in client.get("/").text
    client.get("/?theme=light")
    assert "dark.css" not in client.get("/").text


def test_a_tile_names_the_lots_in_its_station(
    page: Page, plant: Plant, stations: dict[str, int]
) -> None:
    shop = Shop(plant)
    first, second = shop.lot(), shop.lot()
    sinter = Operation("sinter", {}, ("sinter_furnace",))
    for code in (first, second):
        shop.act(load_lot_into, code, sinter, {}, place="sinter-1")
    inside = tile(page("/", **EN), "sinter-1")
    assert f"{first} +1" in inside
    assert "+1" not in tile(page("/", **EN), "mill-1")
