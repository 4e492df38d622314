"""The page of one node and the boards in the list: web/board_words.py; figures for programs; what a stranger lacks."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from mes_server.domain.boards import Bus
from mes_server.web.board_words import image_parts
from tests.mes_server.actions.node_floor import Site
from tests.mes_server.people_help import begin_session, hire
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import NOW_MS, Plant

Page = Callable[..., str]
EN = {"headers": {"Accept-Language": "en"}}
ZH = {"headers": {"Accept-Language": "zh"}}
BUSES = [
    Bus("modbus ttyUSB0 1", 10_000, 12, "no answer"),
    Bus("modbus ttyUSB0 2", 10_000, 4_000, "exception 2"),
    Bus("aibus /srv/line/aibus 1", 900, 0, ""),
]
FACTS = {
    "kind": "esp32_s3", "image": "0.2.0 b", "boot_reason": "watchdog", "heap_free": 91_000, "link": "wifi -61",
    "certificate_until": NOW_MS // 1000 + 5 * 86_400, "update_state": "fetching 40",
}  # fmt: skip
ADDRESS = "/nodes/sintering/ctl-1"


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def node(plant: Plant) -> int:
    """A board with trouble of every kind, and a station."""
    key = plant.node("ctl-1", used_pct=83.0, clock=1)
    plant.board(key, BUSES, **FACTS)
    plant.alarm("journal_high", "sintering/ctl-1", used_pct=83.0, level=80)
    plant.station(key, "sinter-1", "sinter_furnace")
    return key


@pytest.mark.parametrize(("language", "words"), [
    (EN, ["esp32_s3", "0.2.0", "slot b", "WiFi −61 dBm", "watchdog: the agent hung", "own clock only", "83.0 %",
          "fetching 40 %", "journal nearly full", "the level is 80 %", "aibus aibus 1", "modbus ttyUSB0 2", "2000 / 5000 · 40.0 %",
          "exception 2", "sinter-1", "Certificate until"]),
    (ZH, ["槽 b", "无线 WiFi −61 dBm", "看门狗", "正在下载 40 %", "日志存储接近写满", "级别 80 %", "仪表", "启动记录"]),
])  # fmt: skip
def test_all_facts_of_a_board_are_on_its_page(
    page: Page, node: int, language: dict[str, object], words: list[str]
) -> None:
    for address in (ADDRESS, ADDRESS + "/body"):
        text = plain(page(address, **language)).replace("\u202f", "")
        assert [word for word in words if word not in text] == [], address


def test_the_list_shows_what_is_amiss_with_a_board(page: Page, node: int) -> None:
    html = page("/nodes", **EN)
    text = plain(html)
    for word in ("0.2.0 slot b", "WiFi −61 dBm", "watchdog", "1 of 3 with errors", "83.0 %"):
        assert word in text
    assert 'data-label="Instruments" class="is-alarm"' in html
    assert 'data-label="Last boot" class="is-warn"' in html
    assert f'href="{ADDRESS}"' in html


def test_health_says_what_an_alarm_of_a_board_means(page: Page, node: int) -> None:
    assert "83.0 % of it waits to be acknowledged" in page("/health", **EN)


def test_a_node_of_another_maker_shows_no_board_and_no_journal(page: Page, plant: Plant) -> None:
    plant.foreign_node("plc-7")
    text = plain(page("/nodes/thirdparty/plc-7", **EN))
    assert "other maker" in text
    assert "Free memory" not in text
    assert "Journal used" not in text
    assert "No station was born" in text


def test_a_node_that_is_gone_says_since_when(page: Page, plant: Plant) -> None:
    plant.node("ctl-2", online=False)
    assert "Offline" in page("/nodes/sintering/ctl-2", **EN)


@pytest.mark.parametrize("path", ["/nodes/sintering/nobody", "/nodes/x/y/body", "/nodes/%00/a"])
def test_a_node_that_nobody_met_is_not_found(page: Page, path: str) -> None:
    page(path, 404)


def test_the_api_tells_boards(client: FlaskClient, node: int, plant: Plant) -> None:
    plant.foreign_node("plc-7")
    items = {one["node"]: one["board"] for one in client.get("/api/v1/nodes").json["items"]}  # type: ignore[index]
    board = items["ctl-1"]
    assert (board["image"], board["boot_reason"], board["heap_free_bytes"]) == ("0.2.0 b", "watchdog", 91_000)  # fmt: skip
    assert board["certificate_until"] == "2026-11-28T10:33:20.000Z"
    assert board["buses"][1] == {
        "at": "modbus ttyUSB0 2", "asked": 10_000, "failed": 4_000, "last": "exception 2",
        "asked_since": 5_000, "failed_since": 2_000,
    }  # fmt: skip
    assert items["plc-7"]["image"] is None
    assert items["plc-7"]["buses"] == []


def test_prometheus_hears_of_boards(client: FlaskClient, node: int) -> None:
    text = client.get("/metrics").text
    place = 'group="sintering",node="ctl-1"'
    for line in (
        f"lodestone_node_journal_used_percent{{{place}}} 83.0",
        f"lodestone_node_heap_free_bytes{{{place}}} 91000.0",
        f"lodestone_node_clock_state{{{place}}} 1.0",
        f'lodestone_bus_failures_total{{at="modbus ttyUSB0 2",{place}}} 4000.0',
    ):
        assert line in text


def test_an_enrolled_node_leads_to_its_identity(
    page: Page, node: int, plant: Plant, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    board, _ = Site(plant.engine, tmp_path / "site").enrolled("ctl-1", "sintering")
    assert f"/nodes/identities/{board.fingerprint}" in page(ADDRESS)


def test_hostile_facts_are_shown_as_text(page: Page, plant: Plant) -> None:
    key = plant.node("ctl-1")
    plant.board(key, [Bus("<b>x", 1, 1, "<script>")], image="<i> <u>", link="<a>", update_state="refused: <s>",
                certificate_until=253_370_764_800)  # fmt: skip
    for html in (page("/nodes"), page(ADDRESS)):
        for tag in ("<b>x", "<script>alert", "<i>", "<u>", "<s>"):
            assert tag not in html


def test_an_image_has_a_version_and_a_slot() -> None:
    assert image_parts("0.2.0 b") == ("0.2.0", "b")
    assert image_parts(None) == ("", "")


def test_a_node_that_tells_long_texts_leaves_the_others_their_columns(
    app: Flask, browser: Browser, plant: Plant
) -> None:
    long = {"image": "0.2.0" + "x" * 115, "link": "wifi -" + "9" * 100}
    plant.board(plant.node("ctl-1"), BUSES, **(FACTS | long))
    plant.node("ctl-2")
    hire(plant.engine, "A-1", roles=("admin",))
    with serving(app) as port:
        live = f"http://127.0.0.1:{port}"
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        secret = begin_session(plant.engine, "A-1")
        tab.context.add_cookies([{"name": "session", "value": secret, "url": live}])
        tab.goto(f"{live}/nodes")
        wide = tab.locator(".wide")
        assert wide.evaluate("(box) => box.scrollWidth <= box.clientWidth")
        tab.close()
