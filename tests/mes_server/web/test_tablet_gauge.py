"""A gauge with a cable at the tablet: its lines fill the check that is open, once, and faults are told in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from mes_server.actions.keep_gauges import Calibrating, NewGauge, add_gauge, calibrate
from mes_server.actions.release_document import release_document
from mes_server.gauge_pc.giver import Mes
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.people_help import signer, token_for
from tests.mes_server.web.gauge_bench import Instrument, Listening
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.tablets import DEADLINE_MS, Tablet
from tests.mes_server.web.tablets import address as address
from tests.mes_server.web.tablets import staff as staff

TITLE = {"en": "Coupon weight", "zh": "试片重量"}


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    """A lot in the furnace whose plan asks for two weights, of 4.95 to 5.05 g."""
    shop = Shop(plant)
    points = [{"reference": "5", "reading": "5.0"}]
    for name, kind in (("BAL-1", "balance"), ("MIC-07", "micrometer")):
        assert shop.act(add_gauge, NewGauge(name, kind, "")) == []
        assert shop.act(calibrate, name, Calibrating("0.01", points)) == []
    weight = line(
        "weight", title=TITLE, gauge="balance", unit="g", symbol="", every={"each": "hours"}
    )
    assert shop.act(release_document, "plan", plan(weight), signer()) == []
    shop.lot()
    return shop


@pytest.fixture
def balance(tmp_path: Path) -> Iterator[Instrument]:
    made = Instrument(tmp_path)
    yield made
    made.unplug()


@pytest.fixture
def beside(tmp_path: Path, balance: Instrument, address: str, plant: Plant) -> Iterator[Listening]:
    """The machine beside the balance, with a token that may give lines and nothing else."""
    mes = Mes(address, token_for(plant.engine, "W-BEN", ["listen"]), "BAL-1", "sinter-1", "mettler_sics")  # fmt: skip
    made = Listening(tmp_path, balance, mes)
    yield made
    made.close()


def open_sheet(tablet: Tablet) -> Locator:
    found = tablet.page.locator('#checks [data-check="weight"]')
    expect(found).to_be_visible(timeout=DEADLINE_MS)
    with tablet.page.expect_response(lambda answer: "gauge-lines" in answer.url):
        found.get_by_role("button").click()
    sheet = tablet.page.locator("#sheet")
    expect(sheet.locator("#heard")).to_contain_text("A connected gauge fills the values")
    return sheet


def values(sheet: Locator, *texts: str) -> None:
    for at, text in enumerate(texts):
        expect(sheet.locator(".value").nth(at)).to_have_text(text, timeout=DEADLINE_MS)


def heard(sheet: Locator, *texts: str) -> None:
    for text in texts:
        expect(sheet.locator("#heard")).to_contain_text(text, timeout=DEADLINE_MS)


def test_the_lines_of_a_balance_fill_the_check_and_a_person_confirms(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop, beside: Listening, balance: Instrument
) -> None:  # fmt: skip
    balance.send(b"S S     999.99 g\r\n")  # before the sheet is open: of something else
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    sheet = open_sheet(tablet)
    values(sheet, "–", "–")
    balance.send(b"S D       4.87 g\r\n")
    heard(sheet, "BAL-1 sent no reading: the value was not at rest", "measure again")
    values(sheet, "–", "–")
    balance.send(b"S S       5.00 g\r\n")
    values(sheet, "5.00", "–")
    heard(sheet, "from BAL-1: S S 5.00 g")
    expect(sheet).to_contain_text("Gauge BAL-1")
    expect(tablet.page.locator("#primary")).to_be_hidden()
    balance.send(b"S S       5.01 kg\r\n")
    heard(sheet, "BAL-1 sent 5.01 kg; this check asks for g", "Set the gauge to g")
    tablet.page.locator("#language").click()
    heard(sheet, "本次检验要求单位 g")
    tablet.page.locator("#language").click()
    balance.send(b"S S       5.01 g\r\n")
    values(sheet, "5.00", "5.01")
    balance.send(b"S S       5.02 g\r\n")
    heard(sheet, "every value is there already")
    sheet.locator(".value").nth(0).click()
    balance.send(b"S S       5.03 g\r\n")
    values(sheet, "5.03", "5.01")
    assert shop.events("check_recorded") == [], "a person confirms"
    tablet.page.locator("#primary").click()
    tablet.told("ok", "Good", "Coupon weight", "Recorded as CK")
    (found,) = shop.events("check_recorded")
    assert (found["source"], found["gauge"], found["person"]) == ("serial", "BAL-1", "W-ANNA")
    said = [(one["value"], one["said"]) for one in found["readings"]]
    assert said == [("5.03", "S S       5.03 g"), ("5.01", "S S       5.01 g")]
    tablet.close()


def test_a_value_that_a_person_changed_is_no_line_any_more(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop, beside: Listening, balance: Instrument
) -> None:  # fmt: skip
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    sheet = open_sheet(tablet)
    for text in ("5.00", "5.01"):
        balance.send(f"S S       {text} g\r\n".encode())
    values(sheet, "5.00", "5.01")
    sheet.locator(".value").nth(1).click()
    for digit in "4.99":
        sheet.locator(".pad").get_by_role("button", name=digit, exact=True).click()
    tablet.page.locator("#primary").click()
    tablet.told("ok", "Good")
    (found,) = shop.events("check_recorded")
    assert found["source"] == "tablet"
    assert [(one["value"], bool(one.get("line"))) for one in found["readings"]] == [("5.00", True), ("4.99", False)]  # fmt: skip
    tablet.close()


def test_of_two_tablets_one_takes_a_line(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop, beside: Listening, balance: Instrument
) -> None:  # fmt: skip
    tablets = [Tablet(browser, address, secret=staff[badge]) for badge in ("W-ANNA", "W-BEN")]
    sheets: list[Any] = [open_sheet(tablet) for tablet in tablets]
    for text in ("5.00", "5.01"):
        balance.send(f"S S       {text} g\r\n".encode())
    for sheet in sheets:
        values(sheet, "5.00", "5.01")
    tablets[0].page.locator("#primary").click()
    tablets[0].told("ok", "Good")
    tablets[1].page.locator("#primary").click()
    tablets[1].told("refused", "5.00 g from BAL-1 is a reading already, of check CK", "Measure again")  # fmt: skip
    assert len(shop.events("check_recorded")) == 1
    for tablet in tablets:
        tablet.close()


def test_the_wrong_gauge_and_one_that_has_expired_fill_nothing(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop, plant: Plant, tmp_path: Path, balance: Instrument
) -> None:  # fmt: skip
    token = token_for(plant.engine, "W-BEN", ["listen"])
    mes = Mes(address, token, "MIC-07", "sinter-1", "number_unit")
    beside = Listening(tmp_path, balance, mes)
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    sheet = open_sheet(tablet)
    balance.send(b"5.00 g\r\n")
    heard(sheet, "MIC-07 is a micrometer, not a balance")
    values(sheet, "–", "–")
    beside.close()
    bad = [{"reference": "5", "reading": "5.5"}]
    assert shop.act(calibrate, "BAL-1", Calibrating("0.01", bad)) == []
    mes = Mes(address, token, "BAL-1", "sinter-1", "number_unit")
    beside = Listening(tmp_path, balance, mes)
    balance.send(b"5.00 g\r\n")
    heard(sheet, "The calibration of BAL-1 has expired or failed")
    values(sheet, "–", "–")
    beside.close()
    tablet.close()
