"""Letting a board in, in a real Chromium: its QR code before the camera, a second person, a token that runs out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect

from mes_server.pki.site import load_site, make_servers
from mes_server.settings import Settings
from schemas.node_card import card_text, read_token
from tests.mes_server.people_help import begin_session
from tests.mes_server.web.conftest import Clock, chromium
from tests.mes_server.web.identity_help import LEE, WANG, Gatehouse
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.test_tablet_camera import CAMERA, OWN_READER, film

NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)


def picture_of(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = np.asarray(zxingcpp.write_barcode_to_image(code, scale=6))
    return image[: 480 - 60, :720]


@pytest.fixture
def gate(app: Flask, plant: Plant, settings: Settings) -> Gatehouse:
    return Gatehouse(app.test_client(), plant, settings.data_dir)


@pytest.fixture
def address(app: Flask, gate: Gatehouse) -> Iterator[str]:
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


def tab(browser: Browser, plant: Plant, address: str, badge: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    secret = begin_session(plant.engine, badge)
    said = {"session": secret, "lang": "en"}
    context.add_cookies([{"name": n, "value": v, "url": address} for n, v in said.items()])
    return context.new_page()


def test_a_board_is_scanned_approved_by_another_and_given_a_token(
    driver: Playwright, plant: Plant, gate: Gatehouse, address: str, tmp_path: Path
) -> None:
    _, fingerprint = gate.board()
    seen = film(tmp_path / "film.y4m", picture_of(card_text("4f-1", fingerprint)))
    browser = chromium(driver, *CAMERA, seen)
    lee = tab(browser, plant, address, LEE)
    lee.goto(f"{address}/nodes/identities")
    lee.locator("#camera-key").click()
    expect(lee.locator("#card")).to_have_value(card_text("4f-1", fingerprint))
    expect(lee.locator("#camera")).to_be_hidden()
    lee.locator("input[name=group]").fill("forming")
    lee.locator("#new input[name=node]").fill("press-1")
    lee.get_by_role("button", name="Ask for approval").click()
    lee.wait_for_url(f"**/nodes/identities/{fingerprint}")
    expect(lee.get_by_role("button", name="Approve")).to_have_count(0)
    wang = tab(browser, plant, address, WANG)
    wang.goto(lee.url)
    expect(wang.locator("dd.big").first).to_have_text("4f-1")
    wang.get_by_role("checkbox").check()
    wang.get_by_role("button", name="Approve").click()
    expect(wang.locator(".state-chip")).to_contain_text("approved")
    lee.reload()
    lee.get_by_role("button", name="Make a token").click()
    expect(lee.locator("#token-left")).to_contain_text("Good for")
    shown = lee.locator("#token-text").inner_text()
    assert read_token(shown) is not None
    expect(lee.locator("#token code")).to_contain_text(f"--node press-1 --token {shown}")
    lee.reload()
    assert shown not in lee.content()
    browser.close()


def test_a_button_that_is_pressed_twice_makes_one_token_and_shows_it(
    browser: Browser, plant: Plant, gate: Gatehouse, address: str
) -> None:
    _, fingerprint = gate.board()
    gate.approved(fingerprint)
    page = tab(browser, plant, address, LEE)
    page.goto(f"{address}/nodes/identities/{fingerprint}")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    press = page.get_by_role("button", name="Make a token")
    press.evaluate("(button) => { button.click(); button.click(); }")
    expect(page.locator("#token-left")).to_contain_text("Good for")
    expect(press).to_be_enabled()
    assert read_token(page.locator("#token-text").inner_text()) is not None
    assert len([url for url in sent if url.endswith("/token")]) == 1
    page.context.close()


def test_a_serial_is_whole_on_a_phone(
    browser: Browser, plant: Plant, gate: Gatehouse, address: str
) -> None:
    """It is what two people compare, and a Linux controller's has 32 characters."""
    _, fingerprint = gate.board()
    gate.ask(fingerprint, serial="3d1219c7c4c5404aaa1f6d2a48adfda4")
    page = tab(browser, plant, address, LEE)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}/nodes/identities")
    row = page.locator("table.rows td", has_text="3d1219c7")
    assert row.evaluate("(cell) => cell.scrollWidth <= cell.clientWidth")
    page.context.close()


def test_a_token_vanishes_when_its_time_is_over(
    browser: Browser, plant: Plant, gate: Gatehouse, address: str, clock: Clock
) -> None:
    _, fingerprint = gate.board()
    gate.approved(fingerprint)
    page = tab(browser, plant, address, LEE)
    page.clock.install(time=clock.now_ms / 1000)
    page.goto(f"{address}/nodes/identities/{fingerprint}")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#token-text")).not_to_be_empty()
    page.clock.fast_forward("16:00")
    expect(page.locator("#token-left")).to_contain_text("has ended")
    expect(page.locator("#token-text")).to_be_empty()
    page.context.close()


def test_another_code_before_the_camera_is_no_card(
    driver: Playwright, plant: Plant, gate: Gatehouse, address: str
) -> None:
    browser = chromium(driver, *CAMERA)
    page = tab(browser, plant, address, LEE)
    page.add_init_script(OWN_READER.replace("CODE", "ID-W0042-7C"))
    page.goto(f"{address}/nodes/identities")
    page.locator("#camera-key").click()
    expect(page.locator("#camera-told")).to_contain_text("Hold the board's QR code")
    page.locator("#camera-key").click()
    expect(page.locator("#camera")).to_be_hidden()
    expect(page.locator("#card")).to_have_value("")
    page.locator("#card").fill("ID-W0042-7C")
    page.locator("input[name=group]").fill("forming")
    page.locator("#new input[name=node]").fill("press-1")
    page.get_by_role("button", name="Ask for approval").click()
    expect(page.locator("#answer")).to_contain_text("This is no fingerprint.")
    browser.close()


def test_on_a_phone_neither_page_scrolls_sideways(
    browser: Browser, plant: Plant, gate: Gatehouse, address: str
) -> None:
    _, fingerprint = gate.board()
    gate.approved(fingerprint)
    hosts = ["localhost", "127.0.0.1", "::1", "mes-server-of-hall-2", "mes-server-of-hall-2.local"]
    make_servers(load_site(gate.pki), hosts[:3] + [f"{one}.plant" for one in hosts[3:]], NOW)
    phone = tab(browser, plant, address, WANG)
    phone.set_viewport_size({"width": 390, "height": 844})
    for path in ("", f"/{fingerprint}"):
        phone.goto(f"{address}/nodes/identities{path}")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, path
