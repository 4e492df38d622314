"""Long lists in parts: nodes and plant stay usable however many there are, and forgotten ones are gone."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from mes_server.actions.forget_node import forget_node
from mes_server.settings import Settings
from mes_server.web import nodes as nodes_module
from mes_server.web import plant as plant_module
from tests.mes_server.web.plant_data import NOW_MS, Plant

Page = Callable[..., str]
EN = {"headers": {"Accept-Language": "en"}}
NEXT = re.compile(r'rel="next" href="([^"]+)"')

NODE = r'first"><strong><a [^>]+>([^<]+)'


def leaves(page: Page, address: str, item: str) -> list[list[str]]:
    """What each part shows, following the link to the next one."""
    found = []
    while True:
        html = page(address, **EN)
        found.append(re.findall(item, html))
        link = NEXT.search(html)
        if link is None:
            return found
        address = link[1].replace("&amp;", "&")


@pytest.fixture
def many(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven nodes in two areas, each with a station."""
    monkeypatch.setattr(nodes_module, "SHOWN_MAX", 3)
    monkeypatch.setattr(plant_module, "SHOWN_MAX", 3)
    names = [f"ctl-{at}" for at in range(7)]
    for at, name in enumerate(names):
        online = at != 5
        node = plant.node(name, "sintering" if at < 4 else "powder", online)
        kind = "sinter_furnace" if at < 4 else "jet_mill"
        station = plant.station(node, f"st-{at}", kind, online)
        plant.samples(station, "state", [NOW_MS - 1000], ["run" if at else "idle"], "string")
    return names


def test_nodes_come_in_parts_and_each_once(page: Page, many: list[str]) -> None:
    parts = leaves(page, "/nodes", NODE)
    assert [len(part) for part in parts] == [3, 3, 1]
    assert sorted(name for part in parts for name in part) == many
    assert "7 nodes" in page("/nodes", **EN)


def test_a_node_is_found_by_a_part_of_its_texts(page: Page, many: list[str]) -> None:
    assert leaves(page, "/nodes?q=CTL-4", NODE) == [["ctl-4"]]
    assert leaves(page, "/nodes?q=powder", NODE) == [["ctl-4", "ctl-5", "ctl-6"]]
    assert "No node is called so" in page("/nodes?q=%25", **EN)
    assert page("/nodes?q=%00&after=%00", **EN)
    assert 'data-refresh="/nodes/rows?q=CTL-4"' in page("/nodes?q=CTL-4", **EN)


def test_stations_come_in_parts_in_process_order(page: Page, many: list[str]) -> None:
    parts = leaves(page, "/", r'data-station="([^"]+)"')
    assert parts == [["st-4", "st-5", "st-6"], ["st-0", "st-1", "st-2"], ["st-3"]]
    html = page("/", **EN)
    assert "1 to 3 of 7" in html
    assert re.search(r"<b>5</b> Running", html), "the summary counts all of them"


def test_stations_are_chosen_by_how_they_stand_or_by_area(page: Page, many: list[str]) -> None:
    shown = r'data-station="([^"]+)"'
    assert leaves(page, "/?show=idle", shown) == [["st-0"]]
    assert leaves(page, "/?show=offline", shown) == [["st-5"]]
    assert leaves(page, "/?show=area:powder", shown) == [["st-4", "st-5", "st-6"]]
    assert leaves(page, "/?show=area:sintering", shown) == [["st-0", "st-1", "st-2"], ["st-3"]]
    assert "No station stands so" in page("/?show=alarm", **EN)
    assert leaves(page, "/?after=nobody", shown)[0] == ["st-4", "st-5", "st-6"]


def test_a_forgotten_node_is_on_no_list_and_raises_no_alarm(
    page: Page, client: FlaskClient, plant: Plant, many: list[str], settings: Settings
) -> None:
    plant.alarm("serial_changed", "powder/ctl-5", before="A", now="B")
    assert "ctl-5" in page("/health", **EN)
    assert forget_node(plant.engine, ("powder", "ctl-5"), "li", NOW_MS) == "forgotten"
    for address in (
        "/",
        "/nodes",
        "/nodes?q=ctl-5",
        "/health",
        "/api/v1/nodes",
        "/api/v1/stations",
    ):
        html = page(address, **EN).replace('value="ctl-5"', "").replace("q=ctl-5", "")
        assert "ctl-5" not in html, address
        assert "st-5" not in html, address
    health = client.get("/api/v1/health").json
    assert health is not None
    assert health["alarms"] == health["notes"] == []
    assert page("/stations/st-5", **EN), "its samples can still be looked at"


def test_what_was_only_counted_is_told_on_the_health_page(page: Page, plant: Plant) -> None:
    plant.unread("spBv1.0/a/DDATA/n/d", b"?")
    plant.alarm("quarantined", "a/n", only_beginning=7, only_counted=123)
    html = page("/health", **EN)
    assert "123 more came and were only counted" in html
    assert "Of 7 of them only the beginning is kept" in html
    assert "mes quarantine discard" in html
