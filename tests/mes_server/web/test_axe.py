"""axe-core on every address that answers with HTML, in a real Chromium: it finds nothing.

The addresses come from the map of the app. axe-core is only for tests: tools/npm.py puts it into .tools/.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from mes_server.actions.append_footprints import append_footprints
from mes_server.actions.roll_out import begin
from mes_server.app import create_app
from mes_server.bench.comparison import days_of
from mes_server.domain.boards import Bus
from mes_server.domain.people import ROLES
from mes_server.pki.site import make_site
from mes_server.store.engine import open_engine
from mes_server.web.site import Site
from tests.conftest import ROOT
from tests.mes_server.actions.fleet import Fleet
from tests.mes_server.people_help import begin_session, hire, token_for
from tests.mes_server.web.bath_data import with_baths
from tests.mes_server.web.conftest import DATABASE, Clock
from tests.mes_server.web.exceedance_data import with_exceedance
from tests.mes_server.web.identity_help import with_identity
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_story import tell
from tests.mes_server.web.outlet_data import DAY, OUTLET, coated, flowing
from tests.mes_server.web.paper_data import a_paper
from tests.mes_server.web.plan_data import opened_nc, solved, under_plan
from tests.mes_server.web.plant_data import Plant, make_settings, write_status
from tests.mes_server.web.process_data import checked_often, with_gauges
from tests.mes_server.web.water_data import with_water

AXE = ROOT / ".tools/axe/node_modules/axe-core/axe.min.js"
OF_WHOLE_PAGES = (
    "document-title", "html-has-lang", "bypass", "landmark-one-main", "page-has-heading-one", "region",
)  # fmt: skip
RUN = """(off) => axe.run(document, {
  resultTypes: ["violations"],
  rules: Object.fromEntries(off.map((rule) => [rule, { enabled: false }])),
}).then((found) => found.violations.map((one) => ({
  impact: one.impact, rule: one.id, help: one.help,
  nodes: one.nodes.map((node) => node.html.slice(0, 200)),
})))"""
# Beyond one address of each rule: pages that look otherwise when they are asked for something.
STATES = (
    "/lots?q=nothing-like-it", "/lots?kind=block&status=active", "/lots/{held}", "/lots/{running}",
    "/recall?kind=lot&name={raw}", "/recall?kind=lot&name={pack}&direction=back",
    "/recall?kind=lot&name=nothing", "/people?q=nobody", "/stations/coater-1", "/nowhere",
    "/quality/documents/instruction", "/quality/documents/instruction/WI-1/A", "/quality/checks?lot=none",
    "/quality/spc?part=P-7&characteristic=oil", "/quality/spc?part=P-7&characteristic=wear&rules=nelson",
    "/quality/spc?part=P-7&characteristic=marks&chart=np", "/quality/nonconformances/{contained}",
    "/water/lab/{sample}", "/water/comparison?from=2026-11-10&to=2026-11-12",
    "/water/comparison/electroplating/before-ni?from=2026-11-10&to=2026-11-12",
)  # fmt: skip
FAULTY = (
    '<!doctype html><html lang="en"><title>t</title><main><h1>t</h1><img src="/x"><input></main>'
)


class World:
    """A plant with rows on every page, and the addresses of its pages."""

    def __init__(self, folder: Path, database: Path) -> None:
        shutil.copy(database, folder / DATABASE)
        settings = make_settings(folder)
        write_status(folder)
        plant = Plant(open_engine(settings.url))
        self.story = tell(plant.engine)
        _trouble(plant)
        rolled = rolling(plant, folder)
        hire(plant.engine, "A-1", [*ROLES])
        hire(plant.engine, "W-1", ["operator"])
        token_for(plant.engine, "A-1", ["read"])
        self.secret = begin_session(plant.engine, "A-1", station="sinter-1")
        self.filled = {"code": self.story["block"], "badge": "A-1", "station_id": "sinter-1"}
        run, route = {"code": self.story["run"]}, {"code": "R1", "revision": "B"}
        self.problem = solved(plant)
        self.elsewhere = {
            "runs": run,
            "routes": route,
            "nodes": {"group": "coating", "name": "ctl-odd", "code": rolled},
            "quality": under_plan(plant),
            "papers": {"number": a_paper(plant, self.story["block"])},
        }
        checked_often(plant)
        self.gauge = with_gauges(plant)
        self.bath = with_baths(plant).lot
        self.water = with_water(plant)
        self.exceedance = with_exceedance(plant)
        flowing(plant)
        coated(plant, 120)
        make_site(settings.ca, ["localhost"], datetime.now(UTC))
        self.identity = with_identity(plant)
        self.story["sample"] = self.water.away
        append_footprints(plant.engine, days_of(12, date(2026, 11, 10)), plant.now_ms)
        self.nc = opened_nc(plant, self.story["pack"], self.story["block"])
        self.story["contained"] = opened_nc(plant, self.story["held"], act="nc-contained")
        plant.engine.dispose()
        self.app: Flask = create_app(settings, Clock())

    def pages(self) -> list[str]:
        """Every address that answers a reader with HTML, and the states."""
        client: FlaskClient = self.app.test_client()
        client.set_cookie("session", self.secret)
        found = []
        for rule in self.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "events.events"):
                continue
            address = self._address(rule.rule)
            answer = client.get(address, headers={"Accept": "text/html"})
            if answer.mimetype == "text/html":
                assert answer.status_code in (200, 400), (address, answer.status_code)
                found.append(address)
        return found + [state.format_map(self.story) for state in STATES]

    def _address(self, rule: str) -> str:
        facts = self.filled | self.elsewhere.get(rule.split("/")[1], {})
        if "nonconformances" in rule or "problems" in rule:
            facts = {"code": self.nc if "nonconformances" in rule else self.problem}
        if "water" in rule:
            facts = {"code": self.water.reported, "outlet": OUTLET, "day": DAY}
            facts |= {"number": self.exceedance, "period": DAY}
            facts |= {"coating": "electroplating", "figure": "fresh_water"}
        if "identities" in rule:
            facts = {"fingerprint": self.identity}
        if "baths" in rule:
            facts = {"code": self.bath}
        if "gauges" in rule or "studies" in rule:
            facts = {"code": self.gauge, "kind": "micrometer", "number": "1"}
        if "reference" in rule:
            facts = {"name": "magnet_grades"}
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda m: facts.get(m[1], "1"), rule)


def rolling(plant: Plant, folder: Path) -> str:
    """A release that is rolled out, and one board that did not take it."""
    fleet = Fleet(plant.engine, folder)
    fleet.now_ms = plant.now_ms
    fleet.trust()
    fleet.add(3)
    fleet.take_in()
    (code,) = fleet.act(begin, "0.2.0-esp32_s3", "sintering/ctl-1")
    fleet.says("sintering/ctl-1", state="refused: the disk is full")
    return str(code)


def _trouble(plant: Plant) -> None:
    """What the pages of health and nodes are for."""
    node = plant.node("ctl-odd", "coating", lost=7, clock=0)
    plant.foreign_node("other-1")
    buses = [Bus("modbus uart1 1", 100, 40, "no answer")]
    plant.board(node, buses, boot_reason="watchdog", link="wifi -70", image="0.1.0 a")
    plant.unread("spBv1.0/x", b"?")
    plant.alarm("journal", "ctl-odd")
    line = plant.station(node, "plate-1", "electroplating_line")
    plant.excursion(line, "bath_1_ph", "alarm", 5)
    plant.loss(node, line)


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, furnished: tuple[Path, dict[str, int]]
) -> Iterator[tuple[World, str]]:
    """That plant, and the address at which it is served."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (make testbed)")
    made = World(tmp_path_factory.mktemp("axe"), furnished[0])
    with serving(made.app) as port:
        yield made, f"http://127.0.0.1:{port}"
    made.app.extensions["lodestone"].engine.dispose()


def findings(tab: Page, whole: bool = True) -> list[dict[str, Any]]:
    """What axe finds on the page that is open."""
    tab.evaluate(
        "document.querySelectorAll('details').forEach((one) => { one.name = ''; one.open = true; })"
    )
    tab.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = tab.evaluate(RUN, [] if whole else list(OF_WHOLE_PAGES))
    return found


def open_tab(browser: Browser, address: str, secret: str, **cookies: str) -> Page:
    """A tab of somebody who is signed in, with their language and colours."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    said = {"session": secret} | cookies
    context.add_cookies([{"name": n, "value": v, "url": address} for n, v in said.items() if v])
    return context.new_page()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_on_any_page(
    browser: Browser, world: tuple[World, str], language: str, theme: str
) -> None:
    made, address = world
    wrong = []
    pages = made.pages()
    assert len(pages) > 20
    context = open_tab(browser, address, made.secret, lang=language, theme=theme).context
    for page in pages:
        tab = context.new_page()
        answer = tab.goto(address + page)
        assert answer is not None
        assert tab.url == address + page, "not another page, nor the one to sign in"
        whole = "<html" in answer.text()
        assert not whole or tab.locator("html").get_attribute("data-theme") == theme, page
        wrong += [f"{page}: {one}" for one in findings(tab, whole)]
        tab.close()
    context.close()
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nor_for_whom_nobody_knows_nor_when_nothing_is_stored(
    browser: Browser, world: tuple[World, str], theme: str
) -> None:
    made, address = world
    tab = open_tab(browser, address, "", theme=theme)
    tab.goto(f"{address}/sign-in")
    assert findings(tab) == []
    tab.context.close()
    folder = made.app.extensions["lodestone"].settings.data_dir
    write_status(folder, storing=False, fault="disk full")
    tab = open_tab(browser, address, made.secret, theme=theme)
    tab.goto(f"{address}/lots")
    tab.locator("#banner [data-fault]").wait_for()
    assert findings(tab) == []
    tab.context.close()
    write_status(folder)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("width", "rows"), [(1280, 1), (800, 2), (400, 3)])
@pytest.mark.parametrize("demo", [False, True], ids=["plant", "demo"])
def test_the_bar_takes_few_rows(
    browser: Browser,
    world: tuple[World, str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    width: int,
    rows: int,
    demo: bool,
) -> None:
    made, address = world
    if demo:
        site = made.app.extensions["lodestone"]
        monkeypatch.setattr(Site, "demo", True)
        monkeypatch.setitem(
            made.app.extensions,
            "lodestone",
            replace(site, settings=replace(site.settings, open_reading="yes")),
        )
    tab = open_tab(browser, address, made.secret, lang=language)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(f"{address}/lots")
    tab.locator('#link[data-level="ok"]').wait_for()
    bar = tab.locator(".bar").bounding_box()
    assert bar is not None
    assert bar["height"] < 52 * rows + 20
    assert bar["width"] <= width
    tab.context.close()


def test_a_page_with_faults_is_found(browser: Browser, world: tuple[World, str]) -> None:
    """The negative control of the tests above."""
    made, address = world
    tab = open_tab(browser, address, made.secret)
    tab.route("**/faulty", lambda route: route.fulfill(body=FAULTY, content_type="text/html"))
    tab.goto(f"{address}/faulty")
    assert {"image-alt", "label"} <= {one["rule"] for one in findings(tab)}
    tab.context.close()


def test_axe_is_not_shipped() -> None:
    """It lies under its own licence (MPL-2.0), and only tests use it."""
    shipped = [file for file in (ROOT / "mes_server").rglob("*") if "axe" in file.name.lower()]
    assert shipped == []
