"""What else a worker does at the tablet: choices, parts, split, merge, scrap, hold. No typing."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from mes_server.actions.release_route import release_route
from mes_server.domain.amounts import Amount
from mes_server.domain.cards import CONTAINER, card_code
from mes_server.store.engine import reading
from mes_server.store.ledger import iter_events
from tests.mes_server.web.lot_data import Shop, route_content
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.tablets import ANNA, DEADLINE_MS, Tablet
from tests.mes_server.web.tablets import address as address
from tests.mes_server.web.tablets import staff as staff

HEAVY = Amount(20, 2_000_000, 0, {"Nd": 500_000, "Tb": 100_000})
TRAY = card_code(CONTAINER, "0117")


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant, line_clearance=True, reworks_max=1)


@pytest.fixture
def tablet(browser: Browser, address: str, staff: dict[str, str]) -> Iterator[Tablet]:
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    yield tablet
    tablet.close()


def pick(tablet: Tablet, text: str) -> None:
    tablet.page.locator("#sheet .pick", has_text=text).click()


def waits(tablet: Tablet, *codes: str) -> None:
    """Until the tablet knows these lots."""
    for code in codes:
        expect(tablet.page.locator(f'#waiting [data-lot="{code}"]').first).to_be_visible(
            timeout=DEADLINE_MS
        )


def amounts(shop: Shop, kind: str) -> list[tuple[str, int, int]]:
    found: list[Any] = shop.events(kind)
    return [(e["why"], e["amount"]["pieces"], e["amount"]["mass_mg"]) for e in found]


def test_where_two_operations_may_come_next_the_worker_chooses(tablet: Tablet, shop: Shop) -> None:
    content = route_content() | {"code": "R2"}
    content["operations"]["presinter"] = {
        "title": {"en": "Presintering", "zh": "预烧结"}, "station_types": ["sinter_furnace"],
    }  # fmt: skip
    content["steps"][0]["choices"].append("presinter")
    assert shop.act(release_route, content) == []
    first, second = (shop.lot(route="R2/B") for _ in range(2))
    waits(tablet, first, second)
    tablet.scan(first)
    expect(tablet.page.locator("#sheet h2")).to_contain_text(f"Which operation? {first}")
    pick(tablet, "Presintering")
    tablet.told("ok", first)
    assert shop.events("scan_accepted")[0]["operation"] == "presinter"
    tablet.page.locator("#undo-button").click()
    tablet.told("ok", "Undone")
    # Tapped in the list of an operation, nothing is left to ask.
    waits(tablet, second)
    tablet.page.locator(f'#waiting [data-lot="{second}"] button').last.click()
    tablet.told("ok", second)
    loaded = [e["operation"] for e in shop.events("scan_accepted") if e["lot"] == second]
    assert loaded == ["sinter"]


def test_work_out_of_turn_takes_a_reason_that_is_picked(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot(done=["sinter"])
    tablet.scan(code)
    tablet.told("refused", "is not next", "Milling")
    tablet.page.locator("#outcome-keys button", has_text="Do unplanned work").click()
    expect(tablet.page.locator("#sheet")).to_contain_text("Why out of turn?")
    tablet.page.locator("#language").click()
    pick(tablet, "质量要求")
    tablet.told("ok", code)
    accepted = shop.events("scan_accepted")[0]
    assert (accepted["operation"], accepted["what"]) == ("sinter", "load")
    with reading(shop.plant.engine) as conn:
        reasons = [e.reason for e in _events(conn) if e.kind == "scan_accepted"]
    assert reasons == ["Quality asked for it / 质量要求"]


def _events(conn: Any) -> list[Any]:
    return list(iter_events(conn))


def test_a_lot_that_is_held_is_offered_no_way_around(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot(done=["sinter"])
    shop.hold(code, "oxygen")
    tablet.scan(code)
    tablet.told("refused", "on hold")
    expect(tablet.page.locator("#outcome-keys")).to_be_hidden()


def test_split_takes_three_scans_and_is_undone_as_one(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    waits(tablet, code)
    tablet.scan("DO-SPLIT")
    tablet.scan(code)
    expect(tablet.page.locator("#primary")).to_have_text("Split off 10 pcs")
    tablet.scan("DO-OK")
    tablet.told("ok", "Split off as")
    assert amounts(shop, "lot_created")[1:] == [("split", 10, 1_000_000)]
    tablet.page.locator("#undo-button").click()
    tablet.told("ok", "Undone")
    waits(tablet, code)
    expect(tablet.page.locator(f'#waiting [data-lot="{code}"]')).to_contain_text("20 pcs")


def test_amounts_are_told_with_steppers_and_pad_and_stay_when_the_tab_is_closed(
    tablet: Tablet, shop: Shop
) -> None:
    code, other = shop.lot(), shop.lot()
    waits(tablet, code, other)
    tablet.page.locator("#menu").click()
    pick(tablet, "Split a lot")
    tablet.page.locator("#sheet .tabs button", has_text=code).click()
    pad = tablet.page.locator("#sheet .pad")
    for digit in "7":
        pad.get_by_role("button", name=digit, exact=True).click()
    tablet.page.get_by_role("button", name="New lot: One more").click()
    expect(tablet.page.locator("#primary")).to_have_text("Split off 8 pcs")
    tablet.page.close()
    tablet.open()
    expect(tablet.page.locator("#primary")).to_have_text("Split off 8 pcs", timeout=DEADLINE_MS)
    tablet.page.locator("#language").click()
    expect(tablet.page.locator("#primary")).to_have_text("拆出 8 件")
    tablet.page.locator("#primary").click()
    tablet.told("ok", "已拆为")
    assert amounts(shop, "lot_created")[2:] == [("split", 8, 800_000)]
    tablet.page.reload()
    expect(tablet.page.locator("html")).to_have_attribute("data-tablet", "ready")
    expect(tablet.page.locator("#sheet")).to_be_hidden()


def test_a_part_of_a_lot_is_loaded_and_the_rest_stays(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    waits(tablet, code)
    tablet.scan("DO-PART")
    expect(tablet.page.locator("#sheet h2")).to_contain_text(code)  # the only one here
    tablet.scan("DO-OK")
    tablet.told("ok", "Loaded into")
    (accepted,) = shop.events("scan_accepted")
    assert accepted["lot"] != code
    assert amounts(shop, "lot_created")[1:] == [("split", 10, 1_000_000)]


def test_merge_scrap_and_hold_by_scans_and_picks(tablet: Tablet, shop: Shop) -> None:
    first, second, third = (shop.lot() for _ in range(3))
    waits(tablet, first, second, third)
    tablet.scan("DO-HOLD")
    tablet.scan(third)
    tablet.scan("DO-MERGE")
    expect(tablet.page.locator('#sheet [aria-pressed="true"]')).to_have_count(0)  # none slips in
    expect(tablet.page.locator("#primary")).to_be_hidden()
    tablet.scan(first)
    tablet.scan(second)
    tablet.scan("DO-OK")
    tablet.told("ok", "Merged into")
    assert amounts(shop, "lot_created")[3:] == [("merge", 40, 4_000_000)]
    tablet.scan("DO-SCRAP")
    tablet.scan(third)
    pick(tablet, "Dropped or lost")
    tablet.told("ok", "Scrapped as")
    assert amounts(shop, "lot_created")[4:] == [("scrap", 1, 100_000)]
    tablet.scan("DO-HOLD")
    tablet.scan(third)
    pick(tablet, "Cracks or chips")
    tablet.told("ok", "On hold")
    tablet.scan("DO-CANCEL")
    tablet.scan(third)
    tablet.told("refused", "Cracks or chips / 裂纹或崩边")


def test_a_split_without_the_server_waits_and_is_done_once(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    waits(tablet, code)
    tablet.context.set_offline(True)
    tablet.scan("DO-SPLIT")
    tablet.scan(code)
    tablet.scan("DO-OK")
    tablet.told("wait", code, "Kept on this tablet")
    tablet.scan("DO-HOLD")
    tablet.scan(code)
    pick(tablet, "Unsure")
    tablet.chip(waiting="2")
    tablet.context.set_offline(False)
    tablet.chip(waiting="0", review="0")
    assert [e["what"] for e in shop.events("scan_accepted")] == ["split", "hold"]
    assert len(shop.events("lot_created")) == 2
    tablet.page.locator("#chip").click()
    tablet.page.locator("#queue-again").click()
    tablet.chip(waiting="0", review="0")
    assert len(shop.events("lot_created")) == 2


def test_nobody_does_anything_unnamed_and_what_was_told_stays(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    waits(tablet, code)
    tablet.scan("DO-SPLIT")
    expect(tablet.page.locator("#primary")).to_have_text("Split off 10 pcs")
    tablet.scan("DO-LEAVE")
    tablet.told("attention", "Signed out")
    tablet.scan("DO-OK")
    tablet.told("attention", "Scan your badge first")
    expect(tablet.page.locator("#primary")).to_have_text("Split off 10 pcs")
    for command in ("DO-MERGE", "DO-HELP", "DO-CLEAR"):
        tablet.scan(command)
        tablet.told("attention", "Scan your badge first")
    assert shop.events("scan_accepted") == []
    tablet.scan(ANNA)
    tablet.pin()
    tablet.told("ok", "Signed in")
    tablet.scan("DO-OK")
    tablet.told("ok", "Split off as")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (800, 1280)])
def test_gloves_hit_every_key_of_every_sheet(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop, width: int, height: int
) -> None:
    code, _ = shop.lot(), shop.lot()
    size = {"width": width, "height": height}
    tablet = Tablet(browser, address, secret=staff["W-ANNA"], viewport=size)
    page = tablet.page
    waits(tablet, code)
    for what in ("", "DO-SPLIT", "DO-SCRAP", "DO-HOLD", "DO-MERGE", TRAY):
        if what:
            tablet.scan(what)
        else:
            page.locator("#menu").click()
        if what in ("DO-SPLIT", "DO-SCRAP", "DO-HOLD"):
            tablet.scan(code)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        small = page.evaluate(
            "[...document.querySelectorAll('button')].filter(e => e.offsetParent && Math.min(e.offsetHeight, "
            "e.offsetWidth) < (e.matches('.pick, #primary, #menu, #camera-key') ? 96 : 64)).map(e => e.outerHTML)"
        )
        assert small == []
        assert page.evaluate("document.querySelector('.left').scrollWidth <= document.querySelector('.left').clientWidth")  # fmt: skip
        tablet.scan("DO-CANCEL")
    tablet.close()
