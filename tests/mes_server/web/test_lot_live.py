"""Pages about lots in a real Chromium while others work: drawn anew, and never over what somebody has begun."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.mes_server.people_help import begin_session, hire
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_browser import DEADLINE_MS, live, tab

__all__ = ["tab"]  # a fixture
SOON = {"timeout": DEADLINE_MS}


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant)


@pytest.fixture
def address(app: Flask, plant: Plant, shop: Shop, tab: Page) -> Iterator[str]:
    """The plant on a port; somebody of quality is signed in."""
    hire(plant.engine, "Q-1", ["quality", "lead"])
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        secret = begin_session(plant.engine, "Q-1")
        tab.context.add_cookies([{"name": "session", "value": secret, "url": address}])
        yield address


def test_what_others_do_to_a_lot_shows_by_itself(address: str, tab: Page, shop: Shop) -> None:
    code = shop.lot()
    tab.goto(f"{address}/lots/{code}")
    live(tab)
    tab.locator("#genealogy-title ~ details summary").click()
    tab.evaluate("window.same = true")
    shop.hold(code, "oxygen too high")
    expect(tab.locator("#holds")).to_contain_text("oxygen too high", **SOON)
    expect(tab.locator("#genealogy-title ~ details")).to_have_attribute("open", "")
    assert tab.evaluate("window.same"), "not loaded anew"
    expect(tab.locator("#changed")).to_be_hidden()


def test_what_was_begun_stays_until_the_new_one_is_asked_for(
    address: str, tab: Page, shop: Shop
) -> None:
    code = shop.lot()
    tab.goto(f"{address}/lots/{code}")
    live(tab)
    reason = tab.get_by_label("Reason for the hold")
    reason.fill("half a sent")
    shop.hold(code, "oxygen too high")
    expect(tab.locator("#changed")).to_be_visible(**SOON)
    expect(reason).to_have_value("half a sent")
    expect(tab.locator("#holds")).to_have_count(0)
    tab.locator("#changed button").click()
    expect(tab.locator("#holds")).to_contain_text("oxygen too high")
    expect(reason).to_have_value("")


def test_a_new_lot_comes_into_the_list_while_somebody_searches(
    address: str, tab: Page, shop: Shop
) -> None:
    first = shop.lot()
    tab.goto(f"{address}/lots")
    live(tab)
    tab.get_by_role("searchbox").fill("N4")
    second = shop.lot()
    expect(tab.locator(f'a[href="/lots/{second}"]')).to_be_visible(**SOON)
    expect(tab.locator(f'a[href="/lots/{first}"]')).to_be_visible()
    expect(tab.get_by_role("searchbox")).to_have_value("N4")


def test_what_was_missed_before_the_stream_began_is_looked_for(
    address: str, tab: Page, shop: Shop
) -> None:
    """Between the drawing of a page and its stream nobody tells it anything."""
    code = shop.lot()
    held = []

    def late(route: object) -> None:
        if not held:
            held.append(True)
            shop.hold(code, "oxygen too high")
        route.continue_()  # type: ignore[attr-defined]

    tab.route("**/api/v1/events*", late)
    tab.goto(f"{address}/lots/{code}")
    expect(tab.locator("#holds")).to_contain_text("oxygen too high", **SOON)


def test_a_recall_is_never_drawn_over(address: str, tab: Page, shop: Shop) -> None:
    code = shop.lot()
    tab.goto(f"{address}/recall?kind=lot&name={code}")
    live(tab)
    shop.hold(code, "oxygen too high")
    expect(tab.locator("#changed")).to_be_visible(**SOON)
    expect(tab.locator("tbody .is-alarm")).to_have_count(0)
    tab.locator("#changed button").click()
    expect(tab.locator("tbody .is-alarm")).to_have_count(1)
