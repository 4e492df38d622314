"""axe-core on a proof with curves and on furnaces with everything that they may show, in both languages and colours."""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from mes_server.actions.keep_pyrometry import (
    Installing,
    Surveying,
    install_thermocouple,
    record_survey,
)
from mes_server.actions.prove_run import prove_closed
from tests.mes_server.actions.furnace_floor import CYCLE_MIN, FurnaceFloor
from tests.mes_server.domain.furnace_making import pyrometry_content
from tests.mes_server.domain.simulated import fault
from tests.mes_server.people_help import begin_session, hire, signer
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.test_axe import AXE, findings, open_tab

DAY = 86_400_000
BEGUN = NOW_MS - (CYCLE_MIN + 60) * 60_000
READING = {"thermocouple": "TC-1", "test_thermocouple": "S-7", "position": "front", "reading": "1060.0", "test": "1050.0"}  # fmt: skip


@pytest.fixture
def proven(plant: Plant) -> str:
    """A run with a gap and a dip behind a proven one; a furnace whose survey failed."""
    floor = FurnaceFloor(plant.engine).build(BEGUN - 3 * DAY)
    floor.recipe()
    assert floor.release("pyrometry", pyrometry_content()) == []
    assert floor.act(install_thermocouple, "sinter-1", Installing("TC-1", "load_1", "K", 89)) == []
    good = READING | {"test": "1059.5"}
    floor.act(record_survey, "sinter-1", Surveying("SAT", [good], "CAL-1"), signer())
    floor.record(BEGUN - 2 * DAY)
    floor.record(BEGUN, lost=(200, 260), faults=[fault("power_dip", None, (900, 960))])
    runs = [floor.charge(at_ms) for at_ms in (BEGUN - 2 * DAY, BEGUN)]
    for run in runs:
        prove_closed(plant.engine, run, NOW_MS)
    floor.act(record_survey, "sinter-1", Surveying("SAT", [READING], "CAL-1"), signer())
    return runs[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_on_proof_and_furnaces(
    browser: Browser, app: Flask, plant: Plant, proven: str, language: str, theme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed (make testbed)")
    hire(plant.engine, "L-1", ["lead"])
    secret = begin_session(plant.engine, "L-1")
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        tab = open_tab(browser, address, secret, lang=language, theme=theme)
        for page in (f"/runs/{proven}/proof", "/quality/furnaces"):
            tab.goto(address + page)
            assert findings(tab) == [], page
        tab.goto(f"{address}/runs/{proven}/proof")
        assert tab.locator("svg .other").count() > 0
        assert tab.locator("svg .unknown").count() > 0
        tab.context.close()
