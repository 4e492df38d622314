"""The proof of a run over HTTP and as a page: verdict in words, figures, curves with band and gaps; judged again."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.store.engine import reading
from mes_server.store.proofs import list_proofs
from mes_server.web.answers_proofs import ProofAnswer
from mes_server.web.proofs import proof_answer
from tests.mes_server.actions.furnace_floor import CYCLE_MIN, FurnaceFloor
from tests.mes_server.domain.simulated import fault
from tests.mes_server.people_help import act_as, give_pin
from tests.mes_server.web.plant_data import NOW_MS, Plant

BEGUN = NOW_MS - (CYCLE_MIN + 60) * 60_000
DAY = 86_400_000


@pytest.fixture
def floor(plant: Plant) -> FurnaceFloor:
    made = FurnaceFloor(plant.engine).build(BEGUN - 3 * DAY)
    made.recipe()
    return made


@pytest.fixture
def lead(client: FlaskClient, plant: Plant) -> FlaskClient:
    act_as(client, plant.engine, "L-1", "lead")
    return client


def prove(client: FlaskClient, run: str, act: str = "prove-0001", **more: Any) -> Any:
    body = {"act_id": act, "at": "2026-11-23T10:33:20Z", **more}
    return client.post(f"/api/v1/runs/{run}/prove", json=body)


def test_a_run_is_judged_over_the_api_and_its_proof_is_told_in_words(
    lead: FlaskClient, floor: FurnaceFloor
) -> None:
    floor.record(BEGUN)
    run = floor.charge(BEGUN)
    assert lead.get(f"/api/v1/runs/{run}/proof").json == {"items": []}
    assert prove(lead, run).status_code == 200
    assert prove(lead, run).status_code == 200, "once more: the same act, done once"
    (one,) = lead.get(f"/api/v1/runs/{run}/proof?lang=en").json["items"]
    assert (one["verdict"], one["recipe"], one["person"], one["held"]) == ("proven", "R-1/A", "L-1", [])  # fmt: skip
    assert "278.2 min without a break" in " ".join(f["message"] for f in one["findings"])
    chinese = lead.get(f"/api/v1/runs/{run}/proof?lang=zh").json["items"][0]["findings"]
    assert any("连续在带内" in f["message"] for f in chinese)


def test_what_is_not_proven_is_said_on_the_page_with_its_gap(
    lead: FlaskClient, floor: FurnaceFloor
) -> None:
    floor.record(BEGUN, lost=(900, 940))
    lot = floor.receive_light()
    run = floor.charge(BEGUN, lot)
    assert prove(lead, run).status_code == 200
    page = lead.get(f"/runs/{run}/proof?lang=en", follow_redirects=True).text
    assert "Not proven" in page
    assert "That holds the lots and fails nothing" in page
    assert 'class="unknown"' in page, "the gap is drawn as a gap"
    assert 'class="soak"' in page
    assert f">{lot}<" in page
    assert f"/runs/{run}/proof" in lead.get(f"/runs/{run}").text
    floor.record(BEGUN, only=(900, 940))
    answer = lead.post(f"/runs/{run}/proof")
    assert answer.status_code == 303
    after = lead.get(f"/runs/{run}/proof?lang=en", follow_redirects=True).text
    assert "Quality may release what an earlier proof holds" in after
    assert "Earlier proofs" in after
    assert 'class="unknown"' not in after


def test_a_failed_soak_is_explained_and_the_proven_run_before_lies_over_it(
    lead: FlaskClient, floor: FurnaceFloor
) -> None:
    floor.record(BEGUN - 2 * DAY)
    before = floor.charge(BEGUN - 2 * DAY)
    assert prove(lead, before).status_code == 200
    floor.record(BEGUN, faults=[fault("power_dip", None, (900, 960))])
    run = floor.charge(BEGUN)
    assert prove(lead, run, "prove-0002").status_code == 200
    page = lead.get(f"/runs/{run}/proof?lang=zh", follow_redirects=True).text
    assert "不合格" in page
    assert "整炉须评审处置" in page
    assert 'class="other"' in page
    assert before in page


def test_a_run_without_a_recipe_or_that_goes_on_is_refused(
    lead: FlaskClient, floor: FurnaceFloor
) -> None:
    refused = prove(lead, "CH26-000009-XX")
    assert (refused.status_code, refused.json[0]["rule"]) == (409, "run_is_known")
    run = floor.charge(BEGUN - 2 * DAY, recipe="OTHER")
    assert prove(lead, run, "prove-0003").json[0]["rule"] == "recipe_is_released"
    assert "No recipe OTHER" in lead.get(f"/runs/{run}/proof?lang=en", follow_redirects=True).text
    assert lead.get("/runs/CH26-000009-XX/proof").status_code == 404


def test_only_who_may_check_judges(client: FlaskClient, plant: Plant, floor: FurnaceFloor) -> None:
    run = floor.charge(BEGUN)
    act_as(client, plant.engine, "R-1", "auditor")
    assert prove(client, run).status_code == 403
    assert client.post(f"/runs/{run}/proof").status_code == 403
    give_pin(plant.engine, Path(str(plant.engine.url.database)).parent, "R-1")
    assert client.get(f"/runs/{run}/proof").status_code == 200


def test_an_unloading_at_the_tablet_is_judged_at_once(
    lead: FlaskClient, floor: FurnaceFloor
) -> None:
    lot = floor.receive_light()
    floor.record(BEGUN, lost=(900, 960))
    floor.now_ms = BEGUN
    scanned = {"scan_id": "scan-000001", "station": "sinter-1", "code": lot, "at": "2026-11-22T11:00:00Z"}  # fmt: skip
    run = lead.post("/api/v1/scans", json=scanned).json["run"]
    told = {
        "unload_id": "unload-00001", "station": "sinter-1", "at": "2026-11-23T10:30:00Z",
        "lots": [{"lot": lot, "product": {"pieces": 10, "mass_mg": 1_000_000}}],
    }  # fmt: skip
    answer = lead.post(f"/api/v1/runs/{run}/unload", json=told)
    assert answer.status_code == 200, answer.text
    assert answer.json["held"] == [lot]
    (one,) = lead.get(f"/api/v1/runs/{run}/proof").json["items"]
    assert one["verdict"] == "not_proven"


def test_a_proof_names_its_event_in_the_ledger(
    lead: FlaskClient, floor: FurnaceFloor, plant: Plant
) -> None:
    run = floor.charge(BEGUN)
    assert prove(lead, run).status_code == 200
    with reading(plant.engine) as conn:
        (kept,) = list_proofs(conn, run)
    with lead.application.test_request_context():
        told = proof_answer(kept, {})
    assert isinstance(told, ProofAnswer)
    assert told.event == kept.number
