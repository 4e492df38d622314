"""Furnaces over HTTP and as a page: what is due, surveys with their readings, thermocouples, the form that signs."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.web.answers_furnaces import FurnaceAnswer
from mes_server.web.furnaces import FURNACES
from tests.mes_server.actions.furnace_floor import FurnaceFloor
from tests.mes_server.domain.furnace_making import pyrometry_content
from tests.mes_server.people_help import OURS, PIN, act_as, give_pin
from tests.mes_server.web.plant_data import NOW_MS, TYPES, Plant

DAY = 86_400_000
READING = {"thermocouple": "TC-1", "test_thermocouple": "S-7", "reading": "1060.0", "test": "1058.1"}  # fmt: skip
SIGNED = {"badge": "L-1", "pin": PIN, "meaning": "approved"}
FORM = {"test": "SAT", "instrument": "CAL-1", "badge": "L-1", "pin": PIN, "act_id": "form-00001"}


@pytest.fixture
def floor(plant: Plant) -> FurnaceFloor:
    made = FurnaceFloor(plant.engine).build(NOW_MS - DAY)
    assert made.release("pyrometry", pyrometry_content()) == []
    return made


@pytest.fixture
def lead(client: FlaskClient, plant: Plant, floor: FurnaceFloor) -> FlaskClient:
    act_as(client, plant.engine, "L-1", "lead")
    give_pin(plant.engine, Path(str(plant.engine.url.database)).parent, "L-1")
    return client


def post(client: FlaskClient, path: str, number: int = 1, **more: Any) -> Any:
    body = {"act_id": f"furnace-{number:04}", "at": "2026-11-23T10:33:20Z", **more}
    return client.post(f"/api/v1{path}", json=body)


def furnace(client: FlaskClient) -> FurnaceAnswer:
    answer = client.get("/api/v1/stations/sinter-1/pyrometry")
    assert answer.status_code == 200, answer.text
    return FurnaceAnswer.model_validate(answer.json)


def test_a_survey_is_recorded_signed_and_told(lead: FlaskClient) -> None:
    assert [one.state for one in furnace(lead).requirements] == ["never"]
    said = {"test": "SAT", "instrument": "CAL-1", "readings": [READING]}
    refused = post(lead, "/stations/sinter-1/surveys", **said)
    assert [one["rule"] for one in refused.json] == ["signature_is_given"]
    answer = post(lead, "/stations/sinter-1/surveys", 2, **said, signature=SIGNED)
    assert answer.status_code == 200, answer.text
    found = furnace(lead)
    assert [one.state for one in found.requirements] == ["good"]
    (one,) = found.surveys
    assert (one.survey, one.result, one.worst_c) == (answer.json["made"][0], "passed", "1.9")
    assert [(s.badge, s.stands) for s in one.signatures] == [("L-1", True)]
    assert lead.get("/api/v1/stations/nowhere/pyrometry").status_code == 404


def test_thermocouples_and_changes_are_told(lead: FlaskClient) -> None:
    installed = post(lead, "/stations/sinter-1/thermocouples", thermocouple="TC-1",
                     role="load_1_temperature_c", type="K", uses_before=85)  # fmt: skip
    assert installed.status_code == 200, installed.text
    (one,) = furnace(lead).thermocouples
    assert (one.thermocouple, one.uses, one.uses_max, one.state) == ("TC-1", 85, 90, "due")
    assert post(lead, "/thermocouples/TC-1/remove", 2, reason="broken").status_code == 200
    assert furnace(lead).thermocouples == []
    assert post(lead, "/stations/sinter-1/changes", 3, reason="new heaters").status_code == 200
    assert furnace(lead).surveys[0].note == "new heaters"
    assert post(lead, "/stations/sinter-1/thermocouples", 4, thermocouple="", role="x", type="K").status_code == 400  # fmt: skip


def test_the_page_shows_what_is_due_and_takes_a_survey(lead: FlaskClient) -> None:
    page = lead.get("/quality/furnaces?lang=en", follow_redirects=True).text
    assert "never done" in page
    assert "Nothing is asked of it" in page, "of age-1"
    lines = "TC-1; S-7; front; 1060.0; 1058.1; 0.4\n\nTC-2；S-7；back；1060.0；1067.0；0"
    answer = lead.post("/quality/furnaces/sinter-1/surveys", data=FORM | {"readings": lines}, headers=OURS)  # fmt: skip
    assert answer.status_code == 303, answer.text
    again = lead.post("/quality/furnaces/sinter-1/surveys", data=FORM | {"readings": lines}, headers=OURS)  # fmt: skip
    assert again.status_code == 303
    (one,) = furnace(lead).surveys
    assert [row["off"] for row in one.readings] == ["1.5", "-7.0"]
    shown = lead.get("/quality/furnaces").text
    assert "What ran there since the last good one" in shown
    assert 'class="n is-alarm"' in shown
    wrong = lead.post("/quality/furnaces/sinter-1/surveys", data=FORM | {"act_id": "form-00002", "pin": "1"}, headers=OURS)  # fmt: skip
    assert wrong.status_code == 409
    assert "PIN" in wrong.text


def test_the_recall_of_what_a_failed_survey_leaves_suspect_is_a_link(lead: FlaskClient) -> None:
    bad = READING | {"test": "1050.0"}
    post(lead, "/stations/sinter-1/surveys", test="SAT", instrument="C", readings=[bad], signature=SIGNED)  # fmt: skip
    page = lead.get("/quality/furnaces").text
    start = page.index("/recall?kind=station")
    link = page[start : page.index('"', start)].replace("&amp;", "&")
    assert lead.get(link).status_code == 200


def test_who_may_not_survey_is_refused(client: FlaskClient, plant: Plant, floor: FurnaceFloor) -> None:  # fmt: skip
    act_as(client, plant.engine, "W-1", "operator")
    assert post(client, "/stations/sinter-1/surveys", test="SAT").status_code == 403
    assert "Record a survey" not in client.get("/quality/furnaces").text
    assert set(FURNACES) <= set(TYPES)
