"""Due checks at the tablet: asked for, measured by pad or gauge, out, read and acknowledged; nothing is typed."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from mes_server.actions.keep_gauges import Calibrating, NewGauge, add_gauge, calibrate
from mes_server.actions.release_document import release_document
from tests.mes_server.domain.plan_making import attribute, line, plan
from tests.mes_server.people_help import signer
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.tablets import DEADLINE_MS, Tablet
from tests.mes_server.web.tablets import address as address
from tests.mes_server.web.tablets import staff as staff

REACTION = {"en": "Stop and call the setter.", "zh": "停机并呼叫调机员。"}
TITLE = {"en": "Oil level", "zh": "油位"}


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant)


def release(shop: Shop, *lines: dict[str, Any], **more: Any) -> None:
    assert shop.act(release_document, "plan", plan(*lines, **more), signer()) == []


def open_tablet(browser: Browser, address: str, staff: dict[str, str]) -> Tablet:
    return Tablet(browser, address, secret=staff["W-ANNA"])


def due(tablet: Tablet, name: str, state: str) -> Any:
    found = tablet.page.locator(f'#checks [data-check="{name}"][data-state="{state}"]')
    expect(found).to_be_visible(timeout=DEADLINE_MS)
    return found


def press(tablet: Tablet, text: str) -> None:
    """On the number pad."""
    for digit in text:
        tablet.page.locator("#sheet .pad").get_by_role("button", name=digit, exact=True).click()


def record(tablet: Tablet) -> None:
    tablet.page.locator("#primary").click()


def test_a_missing_check_is_made_by_the_pad_and_the_lot_goes_in(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    hourly = line("oil", title=TITLE, every={"each": "hours"}, sample=1, reaction=REACTION)
    release(shop, hourly, line("thickness", title={"en": "Thickness", "zh": "厚度"}))
    code = shop.lot()
    tablet = open_tablet(browser, address, staff)
    missed = due(tablet, "oil", "missed")
    expect(missed).to_contain_text("4.95 – 5.05 mm · 1 ×")
    tablet.scan(code)
    tablet.told("refused", "A check of this station is overdue", "oil", "Make the check now")
    missed.get_by_role("button").click()
    expect(tablet.page.locator("#sheet h2")).to_contain_text("Oil level")
    expect(tablet.page.locator("#primary")).to_be_hidden()
    press(tablet, "5.00")
    record(tablet)
    tablet.told("ok", "Good", "Oil level", "Recorded as CK")
    expect(tablet.page.locator('#checks [data-check="oil"]')).to_have_count(0)
    tablet.scan(code)
    tablet.told("ok", code)
    due(tablet, "thickness", "due").get_by_role("button").click()
    for figure in ("5.00", "4.99"):  # a gauge that types what it reads
        tablet.scan(figure)
    record(tablet)
    tablet.told("ok", "Good", "Thickness")
    found = shop.events("check_recorded")
    assert [[r["value"] for r in one["readings"]] for one in found] == [["5.00"], ["5.00", "4.99"]]
    assert {(one["source"], one["person"]) for one in found} == {("tablet", "W-ANNA")}
    tablet.close()


def test_a_reading_that_is_out_says_what_to_do_and_holds_the_lot(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    assert shop.act(add_gauge, NewGauge("MIC-07", "micrometer", "0-25 mm")) == []
    points = [{"reference": "5", "reading": "5.0"}]
    assert shop.act(calibrate, "MIC-07", Calibrating("0.01", points)) == []
    release(shop, line("thickness", sample=1, gauge="micrometer", symbol="", reaction=REACTION))
    code = shop.lot()
    tablet = open_tablet(browser, address, staff)
    tablet.scan(code)
    tablet.told("ok", code)
    due(tablet, "thickness", "due").get_by_role("button").click()
    sheet = tablet.page.locator("#sheet")
    expect(sheet).to_contain_text("Scan the gauge")
    press(tablet, "5.10")
    expect(tablet.page.locator("#primary")).to_be_hidden()
    tablet.scan("MIC-07")
    expect(sheet).to_contain_text("MIC-07")
    tablet.page.locator("#language").click()
    expect(sheet).to_contain_text("量具")
    expect(sheet.locator(".value").first).to_have_text("5.10"), "the entry stays"
    tablet.page.locator("#language").click()
    record(tablet)
    tablet.told("refused", "Out of the spec", "Stop and call the setter.", code)
    (held,) = shop.events("lot_held")
    assert held["person"] == "W-ANNA"
    due(tablet, "thickness", "out")
    tablet.close()


def test_pieces_are_counted_and_an_instruction_is_read(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    text = {"en": "Wear gloves.\nKeep the tray level.", "zh": "戴手套。\n托盘放平。"}
    title = {"en": "Loading a tray", "zh": "装盘"}
    wi = {"code": "WI-1", "revision": "A", "title": title, "text": text}
    assert shop.act(release_document, "instruction", wi, signer()) == []
    fool = attribute(
        "master",
        title={"en": "Master part", "zh": "标准件"},
        moment="challenge",
        every={"each": "shift"},
    )
    release(shop, fool, instructions=[{"code": "WI-1", "operation": "sinter"}])
    code = shop.lot()
    tablet = open_tablet(browser, address, staff)
    due(tablet, "WI-1/A", "unread").get_by_role("button").click()
    expect(tablet.page.locator("#sheet")).to_contain_text("Keep the tray level.")
    record(tablet)
    tablet.told("ok", "Noted that you read it.")
    due(tablet, "master", "missed").get_by_role("button").click()
    tablet.page.get_by_role("button", name="Bad: one more").click()
    record(tablet)
    tablet.told("refused", "Out of the spec")
    due(tablet, "master", "out").get_by_role("button").click()
    record(tablet)
    tablet.told("ok", "Good")
    tablet.scan(code)
    tablet.told("ok", code)
    assert [one["rejected"] for one in shop.events("check_recorded")] == [1, 0]
    tablet.close()


def test_a_check_made_without_the_network_is_sent_later_once(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    release(shop, line("oil", title=TITLE, every={"each": "hours"}, sample=1))
    shop.lot()
    tablet = open_tablet(browser, address, staff)
    due(tablet, "oil", "missed")
    tablet.context.set_offline(True)
    due(tablet, "oil", "missed").get_by_role("button").click()
    press(tablet, "5.01")
    record(tablet)
    tablet.told("wait", "1 waiting")
    tablet.chip(waiting="1")
    assert shop.events("check_recorded") == []
    tablet.context.set_offline(False)
    tablet.chip(waiting="0", link="online")
    (one,) = shop.events("check_recorded")
    assert (one["readings"][0]["value"], one["person"]) == ("5.01", "W-ANNA")
    tablet.close()


def test_a_stop_is_told_with_a_reason_and_asks_for_a_restart_check(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    release(shop, attribute("restart", moment="restart", every={"each": "restart"}))
    code = shop.lot()
    tablet = open_tablet(browser, address, staff)
    tablet.page.locator("#menu").click()
    tablet.page.locator("#sheet .pick", has_text="The line was stopped").click()
    tablet.page.locator("#sheet .pick", has_text="Power cut").click()
    tablet.told("ok", "verified first")
    tablet.scan(code)
    tablet.told("refused", "was stopped and has not been verified")
    due(tablet, "restart", "missed")
    tablet.close()
