"""A small plant behind a real app: one node with a furnace that runs, one node that is gone."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Playwright, sync_playwright

from mes_server.app import create_app
from mes_server.settings import Settings
from tests.mes_server.people_help import give_pin, hire
from tests.mes_server.web.plant_data import (
    NOW_MS,
    TYPES,
    Plant,
    fill_station,
    make_settings,
    make_store,
    write_status,
)

DATABASE = "lodestone.db"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Clock:
    """The plant's clock; a test may move it."""

    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path)


@pytest.fixture
def plant(settings: Settings) -> Iterator[Plant]:
    """A store without rows, and ingest that says all is well."""
    engine = make_store(settings)
    write_status(settings.data_dir)
    yield Plant(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A store with three stations, to be copied, and their keys."""
    settings = make_settings(tmp_path_factory.mktemp("furnished"))
    plant = Plant(make_store(settings))
    node = plant.node("ctl-sinter-1")
    gone = plant.node("ctl-gbd-1", "gbd", online=False, stored=118_000)
    keys = {
        "sinter-1": plant.station(node, "sinter-1", "sinter_furnace"),
        "mill-1": plant.station(node, "mill-1", "jet_mill"),
        "coater-1": plant.station(gone, "coater-1", "gbd_sputter_coater", online=False),
    }
    fill_station(plant, keys["sinter-1"], TYPES["sinter_furnace"], "run", 20)
    fill_station(plant, keys["mill-1"], TYPES["jet_mill"], "idle", 5)
    fill_station(plant, keys["coater-1"], TYPES["gbd_sputter_coater"], "run", 5)
    plant.engine.dispose()
    return settings.data_dir / DATABASE, keys


@pytest.fixture
def stations(
    plant: Plant, settings: Settings, furnished: tuple[Path, dict[str, int]]
) -> dict[str, int]:
    """sinter-1 runs, mill-1 is idle, coater-1 is gone with its node; their keys."""
    plant.engine.dispose()
    for file in settings.data_dir.glob(f"{DATABASE}*"):
        file.unlink()
    shutil.copy(furnished[0], settings.data_dir / DATABASE)
    return dict(furnished[1])


@pytest.fixture
def app(settings: Settings, plant: Plant, clock: Clock) -> Iterator[Flask]:
    """The app over that store. It looks at its condition anew with every request."""
    made = create_app(settings, clock)
    made.extensions["lodestone-watch"].keep_s = 0.0
    yield made
    made.extensions["lodestone-hub"].close()
    made.extensions["lodestone"].engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def page(client: FlaskClient) -> Callable[..., str]:
    """The text of a page that must be there."""

    def get(address: str, status: int = 200, **more: Any) -> str:
        answer = client.get(address, **more)
        assert answer.status_code == status, answer.text[:400]
        return answer.text

    return get


@pytest.fixture
def staffed(client: FlaskClient, plant: Plant, settings: Settings) -> FlaskClient:
    """A browser at a plant with an operator, a quality engineer and an administrator."""
    for badge, role in (("W-1", "operator"), ("Q-1", "quality"), ("A-1", "admin")):
        hire(plant.engine, badge, [role], f"{role} <b>")
        give_pin(plant.engine, settings.data_dir, badge)
    return client


# Not for the session: while Playwright is there, its event loop stands in the way of asyncio.run.
@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    """What drives browsers."""
    with sync_playwright() as driver:
        yield driver


def chromium(driver: Playwright, *more: str) -> Browser:
    """A real Chromium; its tests are listed as not run where there is none. `more`: switches."""
    path = next((found for name in CHROMIUMS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    return driver.chromium.launch(executable_path=path, args=[*QUIET, *more])


@pytest.fixture(scope="module")
def browser(driver: Playwright) -> Iterator[Browser]:
    """A real Chromium."""
    browser = chromium(driver)
    yield browser
    browser.close()
