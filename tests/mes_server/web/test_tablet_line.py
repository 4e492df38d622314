"""What a worker tells of the station itself: what is mounted, that the line is cleared, that help is needed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from mes_server.actions.call_help import call_help, come_to_help
from mes_server.actions.make_lots import receive_lot
from mes_server.actions.print_label import print_label
from mes_server.domain.amounts import Amount
from mes_server.domain.calls import stream_of
from mes_server.domain.cards import CONTAINER, card_code
from mes_server.store.calls import open_calls
from mes_server.store.engine import reading
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.tablets import DEADLINE_MS, Tablet
from tests.mes_server.web.tablets import address as address
from tests.mes_server.web.tablets import staff as staff

HEAVY = Amount(20, 2_000_000, 0, {"Nd": 500_000, "Tb": 100_000})
TRAY = card_code(CONTAINER, "0117")


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant, line_clearance=True)


@pytest.fixture
def tablet(browser: Browser, address: str, staff: dict[str, str]) -> Iterator[Tablet]:
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    yield tablet
    tablet.close()


def pick(tablet: Tablet, text: str) -> None:
    tablet.page.locator("#sheet .pick", has_text=text).click()


def test_a_tray_is_mounted_and_scanned_again_says_so(tablet: Tablet, shop: Shop) -> None:
    tablet.scan(TRAY)
    pick(tablet, "As Jig")
    tablet.told("ok", "Mounted here", TRAY)
    expect(tablet.page.locator("#line")).to_contain_text(f"Jig {TRAY}")
    tablet.page.evaluate("performance.now = () => 1e9")
    tablet.scan(TRAY)
    tablet.told("attention", "It is mounted here as Jig")
    tablet.page.locator("#outcome-keys button", has_text="Take it off").click()
    tablet.told("ok", "Taken off")
    assert [e["resource"] for e in shop.events("line_mounted")] == [TRAY, ""]


def test_a_void_label_of_a_bath_is_not_mounted_and_a_good_one_is_the_bath(
    tablet: Tablet, shop: Shop
) -> None:
    bath = str(shop.act(receive_lot, "bath", Amount(0, 5_000_000_000)))
    void, good = shop.act(print_label, bath), shop.act(print_label, bath, "wet")
    tablet.scan(void.id)
    pick(tablet, "As Bath")
    tablet.told("refused", "void")
    tablet.scan(good.id)
    pick(tablet, "As Bath")
    tablet.told("ok", "Mounted here", bath)
    assert [e["resource"] for e in shop.events("line_mounted")] == [bath]


def test_a_bath_is_used_by_the_next_run(tablet: Tablet, shop: Shop) -> None:
    bath = str(shop.act(receive_lot, "bath", Amount(0, 5_000_000_000)))
    code = shop.lot()
    tablet.scan(bath)
    tablet.scan("DO-CANCEL")
    expect(tablet.page.locator("#sheet")).to_be_hidden()
    tablet.scan("DO-NOTHING")
    tablet.scan(bath)
    pick(tablet, "As Bath")
    tablet.told("ok", "Mounted here", bath)
    tablet.scan(code)
    tablet.told("ok", code)
    assert shop.events("run_opened")[0]["resources"] == {"bath": bath}


def test_a_line_is_cleared_where_the_refusal_says_so(tablet: Tablet, shop: Shop) -> None:
    heavy, light = shop.lot(amount=HEAVY), shop.lot()
    tablet.scan(heavy)
    tablet.told("ok", heavy)
    tablet.scan("DO-UNLOAD")
    expect(tablet.page.locator("#unload")).to_be_visible()
    tablet.scan("DO-OK")
    tablet.told("ok", "Unloaded")
    tablet.scan(light)
    tablet.told("refused", light)
    tablet.page.locator("#outcome-keys button", has_text="The line is cleared").click()
    tablet.told("ok", "counts as cleared")
    tablet.scan("DO-CANCEL")
    tablet.scan(light)
    tablet.told("ok", light)


def test_help_is_called_once_shown_everywhere_and_ends_when_somebody_came(
    tablet: Tablet, shop: Shop
) -> None:
    tablet.scan("DO-HELP")
    tablet.told("ok", "Help is called")
    expect(tablet.page.locator("#line")).to_contain_text("Help is called since")
    shop.act(call_help, "sinter-1")
    assert len(shop.events("help_called")) == 1
    answer = tablet.page.request.get(f"{tablet.address.partition('/station')[0]}/healthz")
    assert "Help is called for at sinter-1" in str(answer.json()["notes"])
    assert shop.act(come_to_help, "sinter-1", "a jam") == []
    assert shop.act(come_to_help, "sinter-1")[0].rule == "help_is_called"
    assert shop.act(call_help, "nowhere")[0].rule == "station_is_known"
    expect(tablet.page.locator("#line")).to_be_hidden(timeout=DEADLINE_MS)
    with reading(shop.plant.engine) as conn:
        assert open_calls(conn) == []
    assert stream_of("sinter-1") == "help:sinter-1"
