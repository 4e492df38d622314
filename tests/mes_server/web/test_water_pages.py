"""Wastewater's own documents over HTTP: who releases them, what the pages show of them, the form in a browser."""

from pathlib import Path

import pytest

from mes_server.web.permits import _next_revision
from mes_server.web.streams import SHOWN
from mes_server.web.water import WATER_PAGES
from tests.mes_server.domain.water_making import permit_content, works_content
from tests.mes_server.people_help import PIN, act_as, give_pin, hire, token_for
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk

SIGNED = {"badge": "E-1", "pin": PIN, "meaning": "released"}


@pytest.fixture
def watered(desk: Desk, plant: Plant) -> Desk:
    """Somebody of environment released the waterworks."""
    hire(plant.engine, "E-1", roles=("environment",))
    give_pin(plant.engine, Path(str(plant.engine.url.database)).parent, "E-1")
    desk.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'E-1')}"}
    desk.done("/water/documents/waterworks", content=works_content(), signature=SIGNED)
    return desk


def page(desk: Desk, plant: Plant, path: str) -> str:
    """A page as somebody of environment sees it."""
    act_as(desk.client, plant.engine, "E-2", "environment")
    shown = desk.client.get(path, follow_redirects=True)
    assert shown.status_code == 200
    return shown.text


def test_environment_releases_a_permit_and_the_page_shows_what_holds(
    watered: Desk, plant: Plant
) -> None:
    own = [{"pollutant": "ni", "averaging": "daily", "high": "0.3", "unit": "mg/L"}]
    watered.done("/water/documents/permit", content=permit_content(limits=own), signature=SIGNED)
    text = page(watered, plant, "/water/permits?lang=en")
    assert "≤ 0.3 mg/L" in text
    assert "P-o-shop/A: EPB 7" in text, "the permit's own limit is the last word"
    assert "GB 21900-2008 2" in text
    assert "No permit is in force" in text, "the plant outlet has none, and the page says so"


def test_an_operator_releases_no_permit(watered: Desk, plant: Plant) -> None:
    hire(plant.engine, "W-7", roles=("operator",))
    watered.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-7')}"}
    body = {"content": permit_content(), "signature": SIGNED}
    assert watered.post("/water/documents/permit", **body).status_code == 403


def test_environment_releases_no_control_plan_by_that_door(watered: Desk) -> None:
    body = {"content": permit_content(), "signature": SIGNED}
    assert watered.post("/water/documents/plan", **body).status_code == 404


def test_a_faulty_permit_is_refused_with_its_faults(watered: Desk) -> None:
    content = permit_content(sets=[{"set": "gb1"}])
    told = watered.post("/water/documents/permit", content=content, signature=SIGNED)
    assert told.status_code == 409
    assert "sets[0].set: write one of" in told.json[0]["message"]


def test_without_waterworks_the_page_says_how_to_begin(desk: Desk, plant: Plant) -> None:
    assert "No waterworks are released yet" in page(desk, plant, "/water/permits?lang=en")


def test_every_page_of_wastewater_opens(watered: Desk, plant: Plant) -> None:
    text = page(watered, plant, "/water?lang=en")
    assert text.count("<li><a href=") == len(WATER_PAGES)


@pytest.mark.parametrize(
    ("last", "proposed"), [("", "A"), ("A", "B"), ("Z", "Z1"), ("3", "4"), ("B2", "B21")]
)
def test_the_next_revision_is_proposed(last: str, proposed: str) -> None:
    assert _next_revision({"revision": last} if last else {}) == proposed


def test_the_streams_are_drawn_also_of_stations_nobody_heard_of(
    watered: Desk, plant: Plant
) -> None:
    text = page(watered, plant, "/water/streams?lang=en")
    assert text.count("<rect ") == len(works_content()["places"]) + 2
    assert "not metered" in text
    part = watered.client.get("/water/streams/picture").text
    assert part.count("<rect ") == text.count("<rect ")
    assert "flow_m3_h" in SHOWN
