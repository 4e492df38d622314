"""The tablet's camera in a real Chromium: it is shown a film of our own printed label."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from playwright.sync_api import Browser, Playwright, expect

from mes_server.actions.print_label import Paper, print_label
from mes_server.reports.lot_label import to_pdf
from mes_server.settings import Settings
from tests.mes_server.reports.paper import Picture, decoded, pages
from tests.mes_server.web.conftest import chromium
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant, make_settings
from tests.mes_server.web.tablets import DEADLINE_MS, Tablet, hired

WIDTH, HEIGHT, DPI = 720, 480, 300
PLANT = "https://mes.example"
# Where the label has its codes, in mm: left, top, right, bottom.
SPOTS = {"DataMatrix": (70, 0, 100, 28), "QRCode": (70, 29, 100, 56)}
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
# A reader that the browser brings itself; it sees what the test says.
OWN_READER = """window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code", "data_matrix"]; }
  async detect() { return [{ rawValue: "CODE" }]; }
}; null"""


def film(path: Path, *pictures: Picture) -> str:
    """The switch for a camera that sees these pictures side by side, for ever."""
    frame = np.full((HEIGHT, WIDTH), 235, np.uint8)
    for at, picture in enumerate(pictures):
        height, width = picture.shape
        left = (WIDTH - width * len(pictures)) // 2 + at * width
        frame[60 : 60 + height, left : left + width] = picture
    colour = np.full(WIDTH * HEIGHT // 2, 128, np.uint8).tobytes()
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420\n".encode()
    path.write_bytes(head + (b"FRAME\n" + frame.tobytes() + colour) * 3)
    return f"--use-file-for-fake-video-capture={path}"


def cut(page: Picture, kind: str) -> Picture:
    """The code of a kind from a printed label; a decoder says that it is there alone."""
    left, top, right, bottom = (round(mm / 25.4 * DPI) for mm in SPOTS[kind])
    picture = page[top:bottom, left:right]
    assert list(decoded(picture)) == [kind]
    return picture


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(make_settings(tmp_path), address=PLANT)


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant)


@pytest.fixture
def secret(plant: Plant, settings: Settings, shop: Shop) -> str:
    return hired(plant, settings)["W-ANNA"]


@pytest.fixture
def address(app: Flask, secret: str) -> Iterator[str]:
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


def printed(shop: Shop, code: str) -> Picture:
    label = shop.act(print_label, code, paper=Paper(address=PLANT))
    return pages(to_pdf(label), DPI)[0]


@pytest.mark.parametrize("kind", list(SPOTS))
def test_a_printed_label_before_the_camera_is_a_scan(
    driver: Playwright, app: Flask, secret: str, shop: Shop, tmp_path: Path, kind: str
) -> None:
    code = shop.lot()
    seen = film(tmp_path / "film.y4m", cut(printed(shop, code), kind))
    browser = chromium(driver, *CAMERA, seen)
    with serving(app) as port:
        tablet = Tablet(browser, f"http://127.0.0.1:{port}", secret=secret)
        tablet.page.locator("#camera-key").click()
        tablet.told("ok", "Accepted", code)
        expect(tablet.page.locator("#camera")).to_be_hidden()
        scanned = shop.events("scan_accepted")[0]["scanned"]
        assert scanned.startswith(f"{PLANT}/lots/" if kind == "QRCode" else code)
        tablet.keep_page()
        tablet.page.locator("#undo-button").click()
        tablet.told("ok", "Undone")
    # Without the server the reader is at hand, too: the page keeps it.
    tablet.page.reload()
    expect(tablet.page.locator("html")).to_have_attribute("data-tablet", "ready")
    tablet.page.locator("#camera-key").click()
    tablet.told("wait", code if kind == "DataMatrix" else PLANT)
    tablet.close()
    browser.close()


def test_of_two_labels_in_the_picture_none_is_guessed(
    driver: Playwright, address: str, secret: str, shop: Shop, tmp_path: Path
) -> None:
    both = [cut(printed(shop, shop.lot()), "DataMatrix") for _ in range(2)]
    browser = chromium(driver, *CAMERA, film(tmp_path / "film.y4m", *both))
    tablet = Tablet(browser, address, secret=secret)
    tablet.page.locator("#camera-key").click()
    told = tablet.page.locator("#camera-told")
    expect(told).to_contain_text("More than one label", timeout=DEADLINE_MS)
    tablet.page.locator("#language").click()
    expect(told).to_contain_text("画面中有多个标签")
    tablet.page.locator("#camera-key").click()
    expect(tablet.page.locator("#camera")).to_be_hidden()
    assert shop.events("scan_accepted") == []
    tablet.close()
    browser.close()


def test_the_reader_of_the_browser_comes_first_where_it_has_one(
    driver: Playwright, address: str, secret: str, shop: Shop
) -> None:
    code = shop.lot()
    browser = chromium(driver, *CAMERA)
    tablet = Tablet(browser, address, secret=secret)
    asked: list[str] = []
    tablet.page.on("request", lambda request: asked.append(request.url))
    tablet.page.evaluate(OWN_READER.replace("CODE", code))
    tablet.page.locator("#camera-key").click()
    tablet.told("ok", "Accepted", code)
    assert not [url for url in asked if url.endswith(".wasm")]
    tablet.close()
    browser.close()


def test_without_a_camera_the_page_says_what_to_do(
    browser: Browser, address: str, secret: str, shop: Shop
) -> None:
    tablet = Tablet(browser, address, secret=secret)
    tablet.page.locator("#camera-key").click()
    tablet.told("attention", "No camera is found", "Use the scanner")
    tablet.heard("attention")
    tablet.page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    tablet.page.locator("#camera-key").click()
    tablet.told("attention", "https", "ask an administrator")
    code = shop.lot()
    tablet.scan(code)
    tablet.told("ok", code)
    tablet.close()


def test_who_refused_the_camera_hears_how_to_allow_it(
    driver: Playwright, address: str, secret: str
) -> None:
    browser = chromium(driver, CAMERA[0])  # nobody says yes when the browser asks
    tablet = Tablet(browser, address, secret=secret)
    tablet.page.locator("#camera-key").click()
    tablet.told("attention", "may not use the camera", "allow the camera")
    expect(tablet.page.locator("#camera")).to_be_hidden()
    tablet.close()
    browser.close()
