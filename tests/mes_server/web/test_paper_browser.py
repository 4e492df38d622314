"""Pulling the report of a lot in a real Chromium: one button, the page of the paper, its files."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.mes_server.people_help import begin_session, hire
from tests.mes_server.reports.paper import attachments
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_story import tell
from tests.mes_server.web.paper_data import a_paper
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_browser import DEADLINE_MS, tab

__all__ = ["tab"]  # a fixture
SOON = {"timeout": DEADLINE_MS}


@pytest.fixture
def address(app: Flask, plant: Plant, tab: Page) -> Iterator[str]:
    """The plant on a port; an auditor is signed in."""
    hire(plant.engine, "A-1", ["auditor"])
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        secret = begin_session(plant.engine, "A-1")
        tab.context.add_cookies([{"name": "session", "value": secret, "url": address}])
        yield address


def test_an_auditor_pulls_a_report_with_one_button(
    address: str, tab: Page, plant: Plant, tmp_path: Path
) -> None:
    told = tell(plant.engine)
    tab.goto(f"{address}/lots/{told['pack']}?lang=en")
    tab.get_by_label("Language of the paper").select_option("zh")
    tab.locator("#make-report").click()
    expect(tab.locator("h1")).to_contain_text("RP26-000001-", **SOON)
    expect(tab.locator(".paper-part")).to_have_count(20)
    expect(tab.locator('[data-section="genealogy"]')).to_contain_text(told["raw"])
    expect(tab.locator('[data-section="verdict"]')).to_contain_text("Nobody has released the lot")
    with tab.expect_download() as waiting:
        tab.get_by_role("link", name="JSON").click()
    waiting.value.save_as(tmp_path / "r.json")
    content = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (content["about"], content["language"]) == (told["pack"], "zh")
    pdf = tab.request.get(f"{address}/papers/{content['number']}.pdf")
    assert attachments(pdf.body()) == {"lot_report.json": content}
    tab.goto(f"{address}/lots/{told['pack']}")
    expect(tab.locator("#papers")).to_contain_text(content["number"])


def test_curves_are_drawn_with_band_and_gap(address: str, tab: Page, plant: Plant) -> None:
    told = tell(plant.engine)
    number = a_paper(plant, told["block"])
    tab.goto(f"{address}/papers/{number}?lang=zh")
    figure = tab.locator('[data-section="furnace"] figure')
    expect(figure.locator("svg[role=img]")).to_have_count(2)
    expect(figure.locator("polyline").first).to_be_visible()
    expect(figure.locator(".legend")).to_contain_text("1 区温度 93.75 %")
