"""Tablets in a real Chromium, with scanners that type as fast as scanners do."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mes_server.domain.cards import BADGE, card_code
from mes_server.settings import Settings
from tests.mes_server.people_help import PIN, begin_session, give_pin, hire
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant

DEADLINE_MS = 15_000
ANNA, BEN = card_code(BADGE, "W-ANNA"), card_code(BADGE, "W-BEN")


def hired(plant: Plant, settings: Settings) -> dict[str, str]:
    """Anna and Ben, operators with a PIN: the secrets of a session of each."""
    names = ("W-ANNA", "W-BEN")
    for badge in names:
        hire(plant.engine, badge)
        give_pin(plant.engine, settings.data_dir, badge)
    return {badge: begin_session(plant.engine, badge) for badge in names}


@pytest.fixture
def staff(plant: Plant, settings: Settings, shop: Shop) -> dict[str, str]:
    """Both are hired, at a plant with lots."""
    return hired(plant, settings)


@pytest.fixture
def address(app: Flask, staff: dict[str, str]) -> Iterator[str]:
    """Where the app is served."""
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


# Keys with the times of a scanner (or of a hand), however busy the machine is that runs the test.
_TYPE = """([text, gap, enter]) => {
  let at = performance.now();
  for (const key of [...text, ...(enter ? ["Enter"] : [])]) {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    Object.defineProperty(event, "timeStamp", { value: at += gap });
    document.activeElement.dispatchEvent(event);
  }
}"""


class Tablet:
    """One tablet: a browser context with its own memory, and the page on it."""

    def __init__(self, browser: Browser, address: str, **more: Any) -> None:
        """`secret`: of a session that was begun; without one the page would ask to sign in."""
        secret = more.pop("secret")
        self.address = f"{address}/station/sinter-1/tablet"
        made = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}} | more
        self.context: BrowserContext = browser.new_context(**made)
        self.become(secret)
        self.complaints: list[str] = []
        self.page = self.open()

    def become(self, secret: str) -> None:
        """The session of somebody."""
        home = self.address.partition("/station")[0]
        self.context.add_cookies([{"name": "session", "value": secret, "url": home}])

    def pin(self, pin: str = PIN) -> None:
        """Six taps."""
        for digit in pin:
            self.page.locator("#gate").get_by_role("button", name=digit, exact=True).click()

    def open(self) -> Page:
        """A tab with the page, ready."""
        self.page = self.context.new_page()
        self.page.set_default_timeout(DEADLINE_MS)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(self.address)
        expect(self.page.locator("html")).to_have_attribute(
            "data-tablet", "ready", timeout=DEADLINE_MS
        )
        return self.page

    def close(self) -> None:
        self.context.close()
        assert self.complaints == []

    def scan(self, code: str, gap_ms: int = 20, enter: bool = True) -> None:
        """A scanner reads a code, wherever the focus is."""
        self.page.evaluate(_TYPE, [code, gap_ms, enter])

    def told(self, kind: str, *texts: str) -> None:
        """The outcome on the screen."""
        outcome = self.page.locator("#outcome")
        expect(outcome).to_have_attribute("data-kind", kind, timeout=DEADLINE_MS)
        for text in texts:
            expect(outcome).to_contain_text(text, timeout=DEADLINE_MS)

    def heard(self, sound: str) -> None:
        expect(self.page.locator("html")).to_have_attribute("data-sound", sound)

    def chip(self, **facts: str) -> None:
        """What the chip says: link, waiting, review."""
        for name, value in facts.items():
            expect(self.page.locator("#chip")).to_have_attribute(
                f"data-{name}", value, timeout=DEADLINE_MS
            )

    def keep_page(self) -> None:
        """Wait until the page would open without the server."""
        expect(self.page.locator("html")).to_have_attribute(
            "data-offline", "ready", timeout=DEADLINE_MS
        )
