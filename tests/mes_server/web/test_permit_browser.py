"""A permit written, signed and released in a real Chromium; a wrong figure is told where it stands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_document import release_document
from mes_server.store.transaction import writing
from tests.mes_server.domain.water_making import works_content
from tests.mes_server.people_help import PIN, begin_session, give_pin, hire, signer
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_browser import DEADLINE_MS, tab

__all__ = ["tab"]  # a fixture
SOON = {"timeout": DEADLINE_MS}


@pytest.fixture
def address(app: Flask, plant: Plant, tab: Page) -> Iterator[str]:
    """The plant on a port with waterworks in force; somebody of environment is signed in."""
    hire(plant.engine, "E-1", ["environment"])
    give_pin(plant.engine, Path(str(plant.engine.url.database)).parent, "E-1")
    at_ms = plant.now_ms - 60_000
    with writing(plant.engine) as conn:
        book = Book(conn, Act("works", "E-1", "office", at_ms, at_ms))
        assert release_document(book, "waterworks", works_content(), signer()) == []
        book.close()
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        secret = begin_session(plant.engine, "E-1")
        tab.context.add_cookies([{"name": "session", "value": secret, "url": address}])
        yield address


def fill(tab: Page, high: str) -> None:
    """All that a permit of the workshop outlet takes."""
    tab.get_by_label("Number", exact=True).fill("EPB-7")
    tab.get_by_label("Authority and file").fill("EPB 2026-117")
    tab.get_by_label("GB 21900-2008 table 2", exact=False).check()
    tab.locator('.of[data-set="gb21900_t2"]').get_by_label("Electroplating").check()
    tab.get_by_role("button", name="Add a limit").click()
    row = tab.locator("#limits tr").last
    row.get_by_label("Pollutant").select_option("ni")
    row.get_by_label("Over").select_option("daily")
    row.get_by_label("At most").fill(high)
    tab.get_by_label("Badge", exact=False).first.fill("E-1")
    tab.get_by_label("PIN", exact=False).first.fill(PIN)


def test_a_permit_is_written_signed_and_holds(address: str, tab: Page) -> None:
    tab.goto(f"{address}/water/permits?lang=en")
    tab.get_by_role("link", name="Write a permit").first.click()
    fill(tab, "0.3")
    tab.get_by_role("button", name="Sign and release").click()
    first = tab.locator("section", has=tab.get_by_role("heading", name="o-shop"))
    expect(first).to_contain_text("≤ 0.3 mg/L", **SOON)
    expect(first).to_contain_text("EPB-7/A: EPB 2026-117")
    expect(first).to_contain_text("≤ 0.5 mg/L")
    tab.get_by_role("link", name="Write a new revision").click()
    expect(tab.get_by_label("Revision", exact=True)).to_have_value("B")
    expect(tab.locator("#limits").get_by_label("At most")).to_have_value("0.3")
    expect(tab.get_by_label("GB 21900-2008 table 2", exact=False)).to_be_checked()


def test_a_figure_with_a_comma_is_told_and_nothing_is_released(address: str, tab: Page) -> None:
    tab.goto(f"{address}/water/permits/o-shop?lang=en")
    fill(tab, "0,3")
    tab.get_by_role("button", name="Sign and release").click()
    expect(tab.locator("#answer")).to_contain_text(
        "limits[0].high: write low, high, or both", **SOON
    )
    tab.goto(f"{address}/water/permits?lang=en")
    expect(tab.locator("main")).to_contain_text("No permit is in force")
