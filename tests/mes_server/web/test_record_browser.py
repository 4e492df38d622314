"""A day's record closed and signed in a real Chromium, changed by late data, and revised with a reason."""

import numpy as np
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from tests.mes_server.actions.outlet_floor import DAY, FROM_MS, NI
from tests.mes_server.actions.outlet_floor import OutletFloor as Floor
from tests.mes_server.people_help import NOW_MS, PIN, begin_session
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.test_browser import DEADLINE_MS, tab
from tests.mes_server.web.test_discharge_records import world

__all__ = ["tab", "world"]  # fixtures
SOON = {"timeout": DEADLINE_MS}


def sign(tab: Page, pin: str = PIN, reason: str = "") -> None:
    """Fill in the form and press the button."""
    if reason:
        tab.get_by_label("Why it is revised").fill(reason)
    tab.get_by_label("Badge", exact=True).fill("E-1")
    tab.get_by_label("PIN", exact=True).fill(pin)
    tab.get_by_role("button", name="Close and sign").click()


def test_a_day_is_closed_signed_and_revised(world: tuple[Floor, FlaskClient], tab: Page) -> None:
    floor, client = world
    with serving(client.application) as port:
        address = f"http://127.0.0.1:{port}"
        secret = begin_session(floor.engine, "E-1", NOW_MS)
        tab.context.add_cookies([{"name": "session", "value": secret, "url": address}])
        tab.goto(f"{address}/water/records?outlet=o-shop&month={DAY[:7]}&lang=en")
        day = tab.locator(f'.calendar a[href$="{DAY}"]')
        expect(day).to_contain_text("not closed", **SOON)
        day.click()
        expect(tab.locator("main")).to_contain_text("Nobody has closed it yet", **SOON)
        sign(tab, "000000")
        expect(tab.locator("main")).to_contain_text("PIN", **SOON)
        tab.go_back()
        sign(tab)
        expect(tab.locator("main")).to_contain_text("The newest revision tells", **SOON)
        expect(tab.get_by_role("button", name="Close and sign")).to_have_count(0)
        with tab.expect_download() as csv:
            tab.get_by_role("link", name="CSV").click()
        assert "pollutants.results" in csv.value.path().read_text(encoding="utf-8-sig")

        late = np.arange(300) * 60_000 + FROM_MS + 15_000
        floor.record("o-shop", {NI: np.full(300, 0.45) + 0.001 * (-1.0) ** np.arange(300)}, late)
        floor.merge()
        tab.reload()
        expect(tab.locator("main")).to_contain_text("Changed since revision 1", **SOON)
        expect(tab.get_by_role("row", name="Total nickel: mean")).to_be_visible()
        sign(tab, reason="the logger sent late")
        expect(tab.locator("main")).to_contain_text("the logger sent late", **SOON)
        expect(tab.get_by_role("link", name="PDF")).to_have_count(2)
