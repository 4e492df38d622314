"""The station tablet in a real Chromium: scanners, sounds, shapes, words, steppers, two languages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.tablets import ANNA, BEN, DEADLINE_MS, Tablet
from tests.mes_server.web.tablets import address as address
from tests.mes_server.web.tablets import staff as staff


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant)


@pytest.fixture
def tablet(browser: Browser, address: str, staff: dict[str, str]) -> Iterator[Tablet]:
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    yield tablet
    tablet.close()


def test_a_run_from_badge_to_unloading_by_scanner_alone(tablet: Tablet, shop: Shop) -> None:
    code, held = shop.lot(), shop.lot()
    shop.hold(held, "oxygen")
    tablet.scan("DO-LEAVE")
    expect(tablet.page.locator("#who")).to_have_attribute("data-level", "warn")
    expect(tablet.page.locator("#next")).to_contain_text("Scan your badge")
    tablet.scan(code)
    tablet.told("attention", "Scan your badge first")
    tablet.scan(ANNA)
    tablet.pin("111113")
    expect(tablet.page.locator("#gate")).to_contain_text("do not fit", timeout=DEADLINE_MS)
    tablet.pin()
    tablet.told("ok", "Signed in: W-ANNA")
    expect(tablet.page.locator("#next-code")).to_have_text(code, timeout=DEADLINE_MS)
    tablet.scan(code.lower(), enter=False)  # a scanner without a suffix
    tablet.told("ok", "Accepted", code, "Loaded into CH26-000001")
    tablet.heard("accepted")
    expect(tablet.page.locator("#running li")).to_have_count(1)
    tablet.scan(held)
    tablet.told("refused", "The lot is on hold: oxygen", "Quality releases it")
    tablet.heard("refused")
    tablet.scan("DO-UNLOAD")
    expect(tablet.page.locator("#unload")).to_be_visible()
    tablet.scan("DO-SCRAP")
    tablet.scan("DO-OK")
    tablet.told("ok", "Unloaded")
    kinds = [(e["kind"], e["amount"]["pieces"]) for e in shop.events("lot_created")]
    assert kinds[2:] == [("waste", 1)]
    assert shop.events("lot_unloaded")[0]["amount"]["pieces"] == 19
    assert shop.events("run_closed")[0]["in_mg"] == shop.events("run_closed")[0]["out_mg"]


def test_a_hand_on_a_keyboard_is_no_scanner(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    tablet.scan(code, gap_ms=60)
    tablet.scan("DO-NOTHING")
    tablet.told("attention", "not known here: DO-NOTHING")
    assert shop.events("scan_accepted") == []


def test_keys_of_a_real_keyboard_that_are_quick_enough_are_a_scan(tablet: Tablet) -> None:
    gate = tablet.page.locator("#gate")
    for _ in range(50):  # a busy machine may be slower than a scanner
        tablet.page.keyboard.type(BEN)
        tablet.page.keyboard.press("Enter")
        if gate.is_visible():
            break
    expect(gate).to_contain_text("PIN of W-BEN")


def test_the_same_code_twice_at_once_is_said_and_counts_once(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    tablet.page.evaluate("performance.now = () => 1000")
    tablet.scan(code)
    tablet.scan(code)
    expect(tablet.page.locator("#running li .code")).to_have_text(code, timeout=DEADLINE_MS)
    assert len(shop.events("scan_accepted")) == 1
    assert shop.events("scan_refused") == []


def test_of_two_tablets_on_one_lot_one_wins_and_the_other_is_told_who(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    code = shop.lot()
    both = {badge: Tablet(browser, address, secret=secret) for badge, secret in staff.items()}
    for tablet in both.values():
        tablet.scan(code)
    for tablet in both.values():
        expect(tablet.page.locator("#outcome-word")).to_have_text(
            "Accepted" if _won(tablet) else "Refused", timeout=DEADLINE_MS
        )
    winners = [name for name, tablet in both.items() if _won(tablet)]
    assert winners == [shop.events("lot_loaded")[0]["person"]]
    loser = next(tablet for name, tablet in both.items() if name not in winners)
    loser.told("refused", "it is in a run", f"{winners[0]}, sinter-1, 2026-11-23")
    for tablet in both.values():
        tablet.close()


def _won(tablet: Tablet) -> bool:
    outcome = tablet.page.locator("#outcome:is([data-kind=ok], [data-kind=refused])")
    expect(outcome).to_be_visible(timeout=DEADLINE_MS)
    tablet.page.wait_for_function(
        "() => ['Accepted', 'Refused'].includes(document.getElementById('outcome-word').textContent)"
    )
    return outcome.get_attribute("data-kind") == "ok"


def test_a_scan_is_undone_while_the_bar_runs(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    tablet.page.locator(f'#waiting [data-lot="{code}"] button').click()
    tablet.told("ok", code)
    bar = tablet.page.locator("#undo-button")
    expect(bar).to_contain_text(f"Undo {code}")
    bar.click()
    tablet.told("ok", "Undone")
    expect(bar).to_be_hidden()
    expect(tablet.page.locator("#running")).to_contain_text("Nothing is loaded")
    assert [e["corrects"] for e in shop.events("lot_corrected")] == [
        shop.events("lot_loaded")[0]["action"]
    ]


def test_amounts_are_told_with_steppers_and_pad(tablet: Tablet, shop: Shop) -> None:
    first, second = shop.lot(), shop.lot()
    for code in (first, second):
        tablet.scan(code)
        tablet.told("ok", "Accepted", code)
    page = tablet.page
    expect(page.locator("#running li")).to_have_count(2)
    page.locator("#primary").click()
    page.locator('[data-more="scrap"]').click()
    page.locator('[data-more="scrap"]').click()
    expect(page.locator('[data-field="product.pieces"]')).to_have_text("18 pcs")
    expect(page.locator('[data-field="scrap.mass_mg"]')).to_have_text("200 g")
    page.locator('[data-field="scrap.mass_mg"]').click()
    for digit in "210":
        page.locator(".digit", has_text=digit).last.click()
    expect(page.locator('[data-field="product.mass_mg"]')).to_have_text("1790 g")
    page.locator('[data-field="swarf.mass_mg"]').click()
    for digit in "15":
        page.locator(".digit", has_text=digit).last.click()
    expect(page.locator('[data-field="product.mass_mg"]')).to_have_text("1775 g")
    page.get_by_role("button", name=second, exact=True).click()
    expect(page.locator("#unload h2")).to_contain_text(second)
    tablet.scan(first)
    expect(page.locator("#unload h2")).to_contain_text(first)
    page.locator("#primary").click()
    tablet.told("ok", "Unloaded")
    out = {e["action"]: e for e in shop.events("run_closed")}
    assert [e["out_mg"] for e in out.values()] == [4_000_000]
    waste = [e["amount"]["mass_mg"] for e in shop.events("lot_created")[2:]]
    assert waste == [210_000, 15_000]
    scrap = shop.events("lot_created")[2]
    assert (scrap["kind"], scrap["amount"]["mass_mg"]) == ("waste", 210_000)


def test_the_language_changes_in_one_tap_and_the_task_stays(
    tablet: Tablet, staff: dict[str, str], shop: Shop
) -> None:
    code = shop.lot()
    tablet.scan(code)
    tablet.told("ok", code)
    expect(tablet.page.locator("#running li")).to_have_count(1)
    tablet.scan("DO-UNLOAD")
    page = tablet.page
    expect(page.locator("#unload")).to_be_visible()
    tablet.scan("DO-SCRAP")
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("h1")).to_contain_text("真空烧结炉")
    expect(page.locator("#primary")).to_have_text("全部卸料")
    expect(page.locator('[data-field="scrap.pieces"]')).to_have_text("1 件")
    expect(page.locator("#who-text")).to_have_text("W-ANNA")
    tablet.scan("DO-LEAVE")
    expect(page.locator("#who")).to_have_attribute("data-level", "warn")
    page.close()
    tablet.become(staff["W-BEN"])
    page = tablet.open()
    expect(page.locator('[data-field="scrap.pieces"]')).to_have_text("1 件", timeout=DEADLINE_MS)
    page.locator("#language").click()
    expect(page.locator("#primary")).to_have_text("Unload all")
    tablet.scan(ANNA)
    tablet.pin()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")  # the language of the badge


def test_a_tablet_left_alone_is_nobodys(tablet: Tablet) -> None:
    tablet.page.clock.install()
    tablet.page.reload()
    expect(tablet.page.locator("html")).to_have_attribute("data-tablet", "ready")
    expect(tablet.page.locator("#who-text")).to_have_text("W-ANNA")
    tablet.page.clock.fast_forward(121_000)
    expect(tablet.page.locator("#who-text")).to_have_text("Nobody is signed in")


def test_values_are_live_and_look_unknown_when_the_station_is_silent(
    tablet: Tablet, plant: Plant, stations: dict[str, int], clock: Clock
) -> None:
    zone = "zone_1_temperature_c"
    plant.samples(stations["sinter-1"], zone, [NOW_MS + 10], [1105.5])
    line = tablet.page.locator(f'[data-metric="{zone}"]')
    expect(line.locator(".v")).to_have_text("1105.5", timeout=DEADLINE_MS)
    expect(line).to_have_attribute("data-band", "warn")
    clock.now_ms = NOW_MS + 300_000
    expect(tablet.page.locator("#standing")).to_have_attribute(
        "data-known", "false", timeout=DEADLINE_MS
    )


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (800, 1280)])
def test_gloves_hit_every_control_and_nothing_scrolls_sideways(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop, width: int, height: int
) -> None:
    code = shop.lot()
    size = {"width": width, "height": height}
    tablet = Tablet(browser, address, secret=staff["W-ANNA"], viewport=size)
    tablet.scan(code)
    tablet.told("ok", code)
    expect(tablet.page.locator("#running li")).to_have_count(1)
    for command in ("DO-CANCEL", "DO-UNLOAD", BEN):
        tablet.scan(command)
        page = tablet.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        small = page.evaluate(
            "[...document.querySelectorAll('button, a')].filter(e => e.offsetParent && "
            "Math.min(e.offsetHeight, e.offsetWidth) < (e.id === 'primary' ? 96 : 64)).map(e => e.outerHTML)"
        )
        assert small == []
        nameless = page.evaluate(
            "[...document.querySelectorAll('button')].filter(e => e.offsetParent && !e.textContent.trim() && "
            "!e.getAttribute('aria-label')).map(e => e.outerHTML)"
        )
        assert nameless == []
    expect(page.locator("#unload .code").first).to_have_css("font-size", "40px")
    tablet.close()
