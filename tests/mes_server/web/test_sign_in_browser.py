"""Sign-in in a real Chromium: a scanner, gloves, a keyboard alone; and a screen that locks itself."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from mes_server.domain.cards import BADGE, card_code
from mes_server.settings import Settings
from tests.mes_server.people_help import PIN, begin_session, give_pin, hire
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_browser import DEADLINE_MS, live, tab

__all__ = ["tab"]  # a fixture
WIDTHS = (400, 800, 1280)


@pytest.fixture
def address(
    app: Flask, plant: Plant, stations: dict[str, int], settings: Settings
) -> Iterator[str]:
    """A plant with an operator and an administrator, on a port."""
    hire(plant.engine, "W-101", ["operator"], "王芳")
    hire(plant.engine, "A-501", ["admin"], "孙磊")
    for badge in ("W-101", "A-501"):
        give_pin(plant.engine, settings.data_dir, badge)
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


def scan(tab: Page, code: str) -> None:
    """What a keyboard wedge does."""
    tab.keyboard.type(code)
    tab.keyboard.press("Enter")


def signed_in(tab: Page, address: str, plant: Plant, badge: str) -> None:
    secret = begin_session(plant.engine, badge)
    tab.context.add_cookies([{"name": "session", "value": secret, "url": address}])


def test_a_scanned_badge_and_six_taps_are_all_it_takes(address: str, tab: Page) -> None:
    tab.goto(f"{address}/nodes")
    expect(tab).to_have_url(re.compile("/sign-in"))
    expect(tab.locator("#badge")).to_be_focused()
    scan(tab, card_code(BADGE, "W-101"))
    expect(tab.locator("#pin")).to_be_focused()
    for digit in PIN:
        tab.locator(f'[data-digit="{digit}"]').click()
    expect(tab).to_have_url(f"{address}/nodes")
    expect(tab.locator("#me")).to_have_text("王芳")
    live(tab)


def test_the_keyboard_alone_is_enough(address: str, tab: Page) -> None:
    tab.goto(f"{address}/sign-in")
    scan(tab, "A-501")
    tab.keyboard.type("48")
    tab.keyboard.press("Backspace")
    tab.keyboard.type(PIN[1:])
    expect(tab.locator("#me")).to_have_text("孙磊")
    expect(tab.get_by_role("link", name=re.compile("People|人员"))).to_be_visible()


def test_a_badge_scanned_while_the_pin_is_awaited_takes_its_place(address: str, tab: Page) -> None:
    tab.goto(f"{address}/sign-in")
    scan(tab, "W-101")
    tab.keyboard.type("12")
    tab.locator("#pin").fill("")
    scan(tab, "A-501")
    expect(tab.locator("#badge")).to_have_value("A-501")
    expect(tab.locator("#pin")).to_have_value("")
    tab.keyboard.type(PIN)
    expect(tab.locator("#me")).to_have_text("孙磊")


def test_a_wrong_pin_is_said_and_the_badge_stays(address: str, tab: Page) -> None:
    tab.goto(f"{address}/sign-in")
    scan(tab, "W-101")
    tab.keyboard.type("735102")
    expect(tab.get_by_role("alert").filter(has_text="do not fit")).to_be_visible()
    expect(tab.locator("#badge")).to_have_value("W-101")
    expect(tab.locator("#pin")).to_be_focused()
    expect(tab.locator("#pin")).to_have_value("")
    tab.keyboard.type(PIN)
    expect(tab.locator("#me")).to_have_text("王芳")


def test_the_pad_is_for_gloves(address: str, tab: Page) -> None:
    tab.goto(f"{address}/sign-in")
    boxes = [key.bounding_box() for key in tab.locator(".gate button").all()]
    assert len(boxes) == 13
    for box in boxes:
        assert box is not None
        assert box["height"] >= 96
        assert box["width"] >= 96
    gap = tab.locator(".pad").evaluate("e => getComputedStyle(e).gap")
    assert gap == "16px"


def test_a_screen_that_nobody_touches_goes_to_the_sign_in_page(
    address: str, tab: Page, plant: Plant, clock: Clock
) -> None:
    tab.clock.install()
    signed_in(tab, address, plant, "W-101")
    tab.goto(f"{address}/nodes")
    tab.evaluate("document.addEventListener('locking', () => sessionStorage.kept = 'yes')")
    tab.clock.run_for(110_000)
    expect(tab).to_have_url(f"{address}/nodes")
    clock.now_ms += 121_000
    tab.clock.run_for(15_000)
    expect(tab).to_have_url(re.compile("/sign-in.*next=/nodes"), timeout=DEADLINE_MS)
    assert tab.evaluate("sessionStorage.kept") == "yes"


def test_a_touch_keeps_the_screen_open(address: str, tab: Page, plant: Plant, clock: Clock) -> None:
    """The negative control of the test above."""
    tab.clock.install()
    signed_in(tab, address, plant, "W-101")
    tab.goto(f"{address}/nodes")
    clock.now_ms += 100_000
    tab.clock.run_for(100_000)
    with tab.expect_response("**/sign-in/stay"):
        tab.mouse.click(5, 400)
    clock.now_ms += 100_000
    with tab.expect_response("**/sign-in/left") as asked:
        tab.clock.run_for(100_000)
    assert asked.value.status == 200
    expect(tab).to_have_url(f"{address}/nodes")


def test_two_people_at_one_tablet_one_after_the_other(address: str, tab: Page) -> None:
    tab.goto(f"{address}/sign-in")
    scan(tab, "W-101")
    tab.keyboard.type(PIN)
    expect(tab.locator("#me")).to_have_text("王芳")
    tab.goto(f"{address}/sign-in")
    scan(tab, "A-501")
    tab.keyboard.type(PIN)
    expect(tab.locator("#me")).to_have_text("孙磊")
    tab.locator("#sign_out").click()
    expect(tab).to_have_url(re.compile("/sign-in"))


@pytest.mark.parametrize("path", ["/sign-in", "/sessions", "/people", "/people/W-101"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_of_people_scrolls_sideways_and_every_control_can_be_hit(
    address: str, tab: Page, plant: Plant, path: str, width: int
) -> None:
    signed_in(tab, address, plant, "A-501")
    begin_session(plant.engine, "W-101", station="mill-1")
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(address + path)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    small = tab.evaluate(
        "[...document.querySelectorAll('button, .tap, nav a, main input')].filter(e => e.offsetParent && "
        "(e.getBoundingClientRect().height < 48)).map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []
    nameless = tab.evaluate(
        "[...document.querySelectorAll('a, button, input:not([type=hidden])')].filter(e => !("
        "e.textContent.trim() || e.getAttribute('aria-label') || e.title || e.labels?.length))"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert nameless == []
