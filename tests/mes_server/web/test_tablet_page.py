"""The tablet's page, what installs it, and that all it needs is kept for a time without the server."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import mes_server.web.tablet as tablet_module
from mes_server.translations import LANGUAGES, load_texts
from mes_server.web.tablet import KEPT
from tests.mes_server.web.test_guards import seen

STATIC = Path(tablet_module.__file__).parent / "static"


@pytest.mark.usefixtures("stations")
def test_the_page_brings_both_languages_and_begins_with_what_is_there(
    page: Callable[..., str],
) -> None:
    html = page("/station/sinter-1/tablet")
    assert seen(html).bad == []
    assert "真空烧结炉" in html
    assert "Vacuum sintering furnace" in html
    assert 'data-metric="zone_1_temperature_c"' in html
    assert "Scan your badge" in html
    page("/station/nowhere/tablet", 404)
    assert "/station/sinter-1/tablet" in page("/stations/sinter-1"), "the way there"


@pytest.mark.usefixtures("stations")
def test_a_station_card_leads_to_its_tablet(client: FlaskClient) -> None:
    answer = client.get("/station/SINTER-1/tablet")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/station/sinter-1/tablet")


@pytest.mark.usefixtures("stations")
def test_the_page_can_be_installed(client: FlaskClient) -> None:
    answer = client.get("/station/sinter-1/tablet.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    said = answer.get_json(force=True)
    assert said["start_url"] == "/station/sinter-1/tablet"
    assert client.get(said["start_url"]).status_code == 200
    assert client.get(said["icons"][0]["src"]).status_code == 200
    worker = client.get("/station/worker.js")
    assert (worker.mimetype, worker.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    assert client.get("/station/nowhere/tablet.webmanifest").status_code == 404


@pytest.mark.usefixtures("stations")
def test_the_camera_is_for_the_tablet_alone_and_so_is_its_reader(client: FlaskClient) -> None:
    tablet = client.get("/station/sinter-1/tablet").headers
    assert "camera=(self)" in tablet["Permissions-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in tablet["Content-Security-Policy"]
    assert "unsafe-inline" not in tablet["Content-Security-Policy"]
    for address in ("/", "/stations/sinter-1", "/sign-in"):
        others = client.get(address).headers
        assert "camera=()" in others["Permissions-Policy"]
        assert "wasm" not in others["Content-Security-Policy"]


def needed(module: str) -> set[str]:
    """A script and all that it imports."""
    text = (STATIC / module).read_text(encoding="utf-8")
    found = {module}
    for name in re.findall(r'(?:from |import\()"(\.\.?/[\w/]+\.js)"', text):
        found |= needed(
            (STATIC / module).parent.joinpath(name).resolve().relative_to(STATIC).as_posix()
        )
    return found


def test_all_that_the_page_needs_is_kept_and_no_more() -> None:
    scripts = needed("tablet.js")
    assert {name for name in KEPT if name.endswith(".js")} == scripts
    assert "vendor/zxing/reader/index.js" in scripts, "the reader of the camera, too"
    assert all((STATIC / name).is_file() for name in KEPT)
    html = (STATIC.parent / "templates/tablet/tablet.html").read_text(encoding="utf-8")
    assert set(re.findall(r"asset\('([^']+)'\)", html)) | set(
        re.findall(r'asset\("([^"]+)"\)', html)
    ) <= set(KEPT)


def test_scripts_are_short_and_every_text_they_ask_for_is_there() -> None:
    for file in STATIC.glob("tablet*.js"):
        text = file.read_text(encoding="utf-8")
        assert text.count("\n") <= 300, file.name
        assert text.startswith("// "), file.name
        for key in re.findall(r'(?<!known\()"(tablet\.[a-z_.]+)"', text):
            assert all(key in load_texts(language) for language in LANGUAGES), key
