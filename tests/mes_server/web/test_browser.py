"""The pages in a real Chromium: live without reloading, no complaint of the security policy."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from mes_server.settings import Settings
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_story import tell
from tests.mes_server.web.plant_data import NOW_MS, Plant, write_status

DEADLINE_MS = 15_000
ZONE = "zone_1_temperature_c"


@pytest.fixture
def address(app: Flask, stations: dict[str, int]) -> Iterator[str]:
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A page whose console must stay silent."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    tab.set_default_timeout(DEADLINE_MS)
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # Aborted by a test on purpose; refused, which the page says itself.
        known = ("net::ERR_FAILED", "status of 401", "status of 409")
        meant = any(one in message.text for one in known)
        if message.type in ("error", "warning") and not meant:
            complaints.append(message.text)

    tab.on("console", note)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    context.close()
    assert complaints == []


def live(tab: Page) -> None:
    """Wait until the event stream is open."""
    expect(tab.locator("#link")).to_have_attribute("data-level", "ok", timeout=DEADLINE_MS)


def test_a_sample_changes_its_tile_without_reloading(
    address: str, tab: Page, plant: Plant, stations: dict[str, int]
) -> None:
    tab.goto(address)
    live(tab)
    plant.samples(stations["sinter-1"], ZONE, [NOW_MS + 10], [1105.5])
    line = tab.locator(f'[data-station="sinter-1"] [data-metric="{ZONE}"]')
    expect(line.locator(".v")).to_have_text("1105.5", timeout=DEADLINE_MS)
    expect(line).to_have_attribute("data-band", "warn")


def test_a_tile_turns_unknown_when_its_station_falls_silent(
    address: str, tab: Page, clock: Clock
) -> None:
    tab.goto(address)
    live(tab)
    tile = tab.locator('.tile[data-station="mill-1"]')
    expect(tile).to_have_attribute("data-look", "idle")
    clock.now_ms = NOW_MS + 300_000
    expect(tile).to_have_attribute("data-look", "unknown", timeout=DEADLINE_MS)
    expect(tile).to_contain_text("Unknown")
    expect(tile).to_have_css("border-left-style", "dashed")


def test_a_new_station_appears_by_itself(address: str, tab: Page, plant: Plant) -> None:
    tab.goto(address)
    live(tab)
    station = plant.station(plant.node("ctl-new", "powder"), "mill-2", "jet_mill")
    plant.samples(station, "feed_rate_kg_h", [NOW_MS - 500], [77.0])
    expect(tab.locator('.tile[data-station="mill-2"]')).to_be_visible(timeout=DEADLINE_MS)


def test_the_fault_banner_comes_and_goes_on_an_open_page(
    address: str, tab: Page, settings: Settings
) -> None:
    tab.goto(address + "/nodes")
    live(tab)
    expect(tab.locator("#banner .banner")).to_have_count(0)
    write_status(settings.data_dir, storing=False, fault="disk full")
    expect(tab.locator("#banner")).to_contain_text("The disk is full", timeout=DEADLINE_MS)
    expect(tab.locator("#condition")).to_have_text("Not collecting")
    write_status(settings.data_dir)
    expect(tab.locator("#banner .banner")).to_have_count(0, timeout=DEADLINE_MS)


def test_a_sample_is_drawn_on_the_live_chart_and_in_the_table(
    address: str, tab: Page, plant: Plant, stations: dict[str, int]
) -> None:
    tab.goto(f"{address}/stations/sinter-1?metrics={ZONE}&span=10m")
    live(tab)
    readout = tab.locator(f'[data-chart="{ZONE}"] .readout b')
    expect(readout).to_have_text(re.compile(r"^\d+\.\d$"), timeout=DEADLINE_MS)
    before = canvas(tab)
    plant.samples(stations["sinter-1"], ZONE, [NOW_MS + 400], [1118.5])
    expect(readout).to_have_text("1118.5", timeout=DEADLINE_MS)
    row = tab.locator(f'.values tr[data-metric="{ZONE}"]')
    expect(row.locator(".v")).to_have_text("1118.5")
    expect(row).to_have_attribute("data-band", "warn")
    assert canvas(tab) != before


def canvas(tab: Page) -> str:
    """What is drawn, as text."""
    drawn: str = tab.locator(".chart canvas").first.evaluate("canvas => canvas.toDataURL()")
    return drawn


def test_dragging_zooms_and_the_address_can_be_sent_to_a_colleague(address: str, tab: Page) -> None:
    asked: list[str] = []
    tab.on(
        "request", lambda request: asked.append(request.url) if "/curves" in request.url else None
    )
    tab.goto(f"{address}/stations/sinter-1?metrics={ZONE}")
    live(tab)
    plot = tab.locator(".u-over").first
    box = plot.bounding_box()
    assert box is not None
    points = int(re.findall(r"points=(\d+)", asked[0])[0])
    assert points <= box["width"], "no more points than pixels"
    count = len(asked)
    tab.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 70, steps=6)
    tab.mouse.up()
    expect(tab).to_have_url(re.compile(r"from=2026-.*to=2026-"), timeout=DEADLINE_MS)
    tab.wait_for_function(
        f"() => performance.getEntriesByType('resource').filter(e => e.name.includes('/curves')).length > {count}"
    )
    sent = tab.url
    shown = tab.locator("#shown-span").text_content()
    tab.goto(address)
    tab.goto(sent)
    expect(tab.locator("#shown-span")).to_have_text(shown or "", timeout=DEADLINE_MS)
    tab.go_back()
    expect(tab).to_have_url(address + "/")


def test_every_span_can_be_shown_and_the_keyboard_moves_the_chart(address: str, tab: Page) -> None:
    tab.goto(f"{address}/stations/sinter-1?metrics={ZONE}")
    live(tab)
    for name in ("1m", "8h", "7d", "1y", "1h"):
        tab.locator(f'[data-span="{name}"]').click()
        expect(tab).to_have_url(re.compile(f"span={name}"))
        expect(tab.locator(f'[data-span="{name}"]')).to_have_attribute("aria-pressed", "true")
    tab.locator(".plot").first.focus()
    tab.keyboard.press("ArrowLeft")
    expect(tab).to_have_url(re.compile("from="))
    tab.keyboard.press("Home")
    expect(tab).to_have_url(re.compile("span="))


def test_one_tap_changes_the_language_and_keeps_the_page(address: str, tab: Page) -> None:
    tab.goto(f"{address}/stations/sinter-1?span=8h")
    tab.locator("#language").click()
    expect(tab).to_have_url(f"{address}/stations/sinter-1?span=8h")
    expect(tab.locator("h1")).to_contain_text("真空烧结炉")
    expect(tab.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_a_page_that_loses_its_server_says_so_and_trusts_nothing(
    tab: Page, app: Flask, stations: dict[str, int]
) -> None:
    with serving(app) as port:
        tab.goto(f"http://127.0.0.1:{port}")
        live(tab)
        tab.clock.install()
        tab.route("**/api/v1/events**", lambda route: route.abort())
        app.extensions["lodestone-hub"].close()
        expect(tab.locator("#link")).to_have_attribute("data-level", "ok")
        tab.clock.run_for(30_000)
        expect(tab.locator("[data-cut]")).to_be_visible(timeout=DEADLINE_MS)
        expect(tab.locator('.tile[data-known="true"]')).to_have_count(0, timeout=DEADLINE_MS)


@pytest.mark.parametrize("path", ["/", "/stations/sinter-1", "/nodes", "/health"])
@pytest.mark.parametrize("width", [400, 1280])
def test_no_page_scrolls_sideways_and_every_control_can_be_hit(
    address: str, tab: Page, path: str, width: int
) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(address + path)
    live(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    small = tab.evaluate(
        "[...document.querySelectorAll('button, .tap, nav a')].filter(e => e.offsetParent && "
        "(e.getBoundingClientRect().height < 48)).map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []
    nameless = tab.evaluate(
        "[...document.querySelectorAll('a, button, input, [role=img]')].filter(e => !(e.textContent.trim() || "
        "e.getAttribute('aria-label') || e.title || e.labels?.length)).map(e => e.outerHTML.slice(0, 80))"
    )
    assert nameless == []


def test_the_lots_in_a_station_are_marked_on_the_time_axis_and_lead_to_them(
    address: str, tab: Page, plant: Plant
) -> None:
    story = tell(plant.engine)
    tab.goto(f"{address}/stations/sinter-1?span=1h")
    bars = tab.locator(".lane .run")
    expect(bars).to_have_count(2, timeout=DEADLINE_MS)
    expect(bars.first).to_contain_text("3 lots")
    expect(bars.first).to_contain_text(story["green"])
    bars.first.locator("a.whole").click()
    expect(tab.locator("h1")).to_have_text(re.compile("^CH26-"))
    tab.get_by_role("link", name=story["green"]).first.click()
    expect(tab.locator("h1")).to_have_text(story["green"])
    graph = tab.locator(".graph-box")
    here = tab.locator(".graph [aria-current] rect").bounding_box()
    box = graph.bounding_box()
    assert here is not None
    assert box is not None
    assert box["x"] < here["x"] < here["x"] + here["width"] < box["x"] + box["width"]
