"""Journey one, seen by a person: a sample arrives on the chart, a dead agent becomes unknown."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.plant import Plant

STATION = "furnace-1"
CHART = '[data-chart="zone_1_temperature_c"]'
LONG_MS = 60_000


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory, micropython: str) -> Iterator[Plant]:
    plant = Plant(tmp_path_factory.mktemp("plant"), "nats", micropython)
    try:
        plant.start(web=True)
        # At this speed a ramp moves the zones by more than the deadband every second.
        plant.agent_on_buses("ctl-one", [(STATION, "sinter_furnace")], reconnect_s=1)
        plant.agent_on_buses("ctl-two", [("gauge-1", "flux_gauge")], reconnect_s=1)
        plant.wait_for_pages()
        yield plant
    finally:
        plant.stop()


def canvas(page: Page) -> str:
    """The picture of the chart as it is drawn now."""
    return str(page.eval_on_selector(f"{CHART} canvas", "canvas => canvas.toDataURL()"))


def test_a_sample_arrives_on_the_live_chart_without_a_reload(plant: Plant, page: Page) -> None:
    page.goto(f"{plant.url}/stations/{STATION}")
    expect(page.locator(f"{CHART} canvas")).to_be_visible(timeout=LONG_MS)
    page.evaluate("window.not_reloaded = true")
    row = page.locator('#values tr[data-metric="zone_1_temperature_c"] time')
    expect(row).to_have_attribute("data-at-ms", re.compile(r"\d+"), timeout=LONG_MS)
    before, drawn = row.get_attribute("data-at-ms"), canvas(page)
    page.wait_for_function(
        "([css, before]) => document.querySelector(css).dataset.atMs > before",
        arg=['#values tr[data-metric="zone_1_temperature_c"] time', before],
        timeout=LONG_MS,
    )
    page.wait_for_function(
        "([css, before]) => document.querySelector(css).toDataURL() !== before",
        arg=[f"{CHART} canvas", drawn],
        timeout=LONG_MS,
    )
    assert page.evaluate("window.not_reloaded") is True


def test_the_plant_page_goes_unknown_when_an_agent_dies_and_comes_back(
    plant: Plant, page: Page
) -> None:
    page.goto(plant.url)
    tile = page.locator(f'[data-station="{STATION}"]')
    other = page.locator('[data-station="gauge-1"]')
    expect(tile).to_have_attribute("data-known", "true", timeout=LONG_MS)
    expect(other).to_have_attribute("data-known", "true", timeout=LONG_MS)
    plant.agents["ctl-one"].kill()
    expect(tile).to_have_attribute("data-known", "false", timeout=LONG_MS)
    assert tile.get_attribute("data-look") not in ("idle", "run")
    expect(other).to_have_attribute("data-known", "true")
    plant.agents["ctl-one"].start()
    expect(tile).to_have_attribute("data-known", "true", timeout=LONG_MS)


def test_every_page_says_that_the_broker_is_dead_and_that_it_is_back(
    plant: Plant, page: Page
) -> None:
    page.goto(f"{plant.url}/nodes")
    expect(page.locator("#banner")).to_be_empty(timeout=LONG_MS)
    plant.broker.kill()
    expect(page.locator("#banner")).not_to_be_empty(timeout=LONG_MS)
    assert page.request.get(f"{plant.url}/healthz").status == 503
    plant.broker.start()
    expect(page.locator("#banner")).to_be_empty(timeout=LONG_MS)
    page.wait_for_function("async () => (await fetch('/healthz')).status === 200", timeout=LONG_MS)


def test_one_tap_shows_the_same_page_in_chinese(plant: Plant, page: Page) -> None:
    page.goto(plant.url)
    tile = page.locator(f'[data-station="{STATION}"]')
    expect(tile).to_contain_text("Vacuum sintering furnace", timeout=LONG_MS)
    page.click("#language")
    expect(tile).to_contain_text("真空烧结炉")
    page.goto(f"{plant.url}/stations/{STATION}")
    expect(page.locator("main")).to_contain_text("真空烧结炉")
