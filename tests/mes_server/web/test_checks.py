"""Documents and checks over HTTP: released, asked for at the station, measured, out, voided."""

from pathlib import Path
from typing import Any

import pytest

from mes_server.web.checks import dues_at
from tests.mes_server.domain.plan_making import WORDS, attribute, line, plan
from tests.mes_server.people_help import PIN, give_pin, hire, token_for
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.test_handling import shop as shop
from tests.mes_server.web.test_handling_rights import scan

SIGNED = {"badge": "L-1", "pin": PIN, "meaning": "released"}
LINES = (line(sample=2), line("hourly", every={"each": "hours"}, sample=1))


@pytest.fixture
def planned(desk: Desk, shop: Shop, plant: Plant) -> Desk:
    give_pin(plant.engine, Path(str(plant.engine.url.database)).parent, "L-1")
    desk.done("/documents/plan", content=plan(*LINES), signature=SIGNED)
    return desk


def check(desk: Desk, *values: str, **more: Any) -> Any:
    readings = [{"value": value} for value in values]
    return desk.post("/checks", **{"station": "sinter-1", "readings": readings, **more})


def due(desk: Desk) -> dict[str, str]:
    answer = desk.client.get("/api/v1/stations/sinter-1/due", headers=desk.shown)
    assert answer.status_code == 200, answer.text
    return {item["characteristic"]: item["state"] for item in answer.json["items"]}


def test_a_station_asks_for_what_its_plan_says_and_hears_that_it_is_done(
    planned: Desk, shop: Shop
) -> None:
    code = shop.lot()
    assert due(planned) == {"hourly": "missed"}, "before anything is loaded"
    told = scan(planned, code)
    assert [one["rule"] for one in told] == ["station_checks_are_done"]
    assert "hourly" in told[0]["message"]
    done = check(planned, "5.00", characteristic="hourly", plan="CP-1/A").json
    assert (done["verdict"], done["held"]) == ("ok", [])
    scanned = scan(planned, code, scan_id="scan-again")
    assert scanned["outcome"] == "accepted"
    assert due(planned) == {"thickness": "due", "hourly": "done"}
    assert check(planned, "5.00", "5.01", characteristic="thickness", lot=code).status_code == 200
    assert due(planned) == {"thickness": "done", "hourly": "done"}
    (found,) = planned.client.get(f"/api/v1/lots/{code}/checks", headers=planned.shown).json[
        "items"
    ]
    assert [reading["value"] for reading in found["readings"]] == ["5.00", "5.01"]
    assert (found["unit"], found["person"], found["run"]) == ("mm", "L-1", scanned["run"])


def test_a_reading_that_is_out_says_what_to_do_and_what_it_held(planned: Desk, shop: Shop) -> None:
    code = shop.lot()
    check(planned, "5.00", characteristic="hourly", plan="CP-1/A")
    scan(planned, code)
    answer = check(
        planned, "5.00", "5.09", characteristic="thickness", lot=code, act_id="check-00001"
    )
    assert answer.json["verdict"] == "out"
    assert (answer.json["held"], answer.json["reaction"]) == ([code], WORDS)
    assert planned.lot(code)["holds"] == {"check-00001": f"{answer.json['check']} thickness"}
    again = check(
        planned, "5.00", "5.09", characteristic="thickness", lot=code, act_id="check-00001"
    )
    assert again.json == answer.json | {"again": True}


def test_what_cannot_be_is_refused_in_words_and_kept(planned: Desk, shop: Shop) -> None:
    answer = check(planned, "5,00", characteristic="hourly", plan="CP-1/A")
    assert (answer.status_code, answer.json[0]["rule"]) == (409, "figure_has_a_point")
    assert "5,00" in answer.json[0]["message"]
    answer = check(planned, "0.197", characteristic="hourly", plan="CP-1/A")
    assert answer.json[0]["facts"]["guess"] == "5.0038"
    kept = [one["refusals"][0]["rule"] for one in shop.events("scan_refused")]
    assert kept == ["figure_has_a_point", "reading_is_possible"]
    assert shop.events("check_recorded") == []
    assert check(planned, "5.00", characteristic="x" * 300).status_code == 400


def test_a_check_is_voided_and_stays_to_be_seen(planned: Desk) -> None:
    done = check(planned, "5.00", characteristic="hourly", plan="CP-1/A").json["check"]
    planned.done(f"/checks/{done}/void", reason="another gauge")
    found = planned.client.get(f"/api/v1/checks/{done}", headers=planned.shown).json
    assert found["voided"] == "another gauge"
    assert planned.rules(f"/checks/{done}/void", reason="again") == ["check_counts"]
    assert (
        planned.client.get("/api/v1/checks/CK26-999999-XX", headers=planned.shown).status_code
        == 404
    )


def test_an_instruction_is_shown_read_and_asked_for(planned: Desk, shop: Shop) -> None:
    text = {"en": "Wear gloves.", "zh": "戴手套。"}
    wi = {"code": "WI-1", "revision": "A", "title": WORDS, "text": text}
    planned.done("/documents/instruction", content=wi, signature=SIGNED)
    lines = [attribute("fool", moment="challenge", every={"each": "shift"})]
    second = plan(*lines, revision="B", instructions=[{"code": "WI-1", "operation": "sinter"}])
    planned.done("/documents/plan", content=second, signature=SIGNED)
    code = shop.lot()
    rules = [one["rule"] for one in scan(planned, code)]
    assert rules == ["challenge_is_done", "instruction_is_read"]
    asked = "/api/v1/stations/sinter-1/due"
    (shown,) = planned.client.get(asked, headers=planned.shown).json["instructions"]
    assert (shown["name"], shown["text"], shown["read"]) == ("WI-1/A", text, False)
    planned.done("/acknowledgements", instruction="WI-1/A")
    check(planned, characteristic="fool", plan="CP-1/B", sample=1)
    (shown,) = planned.client.get(asked, headers=planned.shown).json["instructions"]
    assert shown["read"] is True
    assert scan(planned, code, scan_id="scan-again")["outcome"] == "accepted"


def test_a_line_that_was_stopped_says_why(planned: Desk) -> None:
    assert planned.rules("/stations/sinter-1/stop") == ["reason_is_given"]
    planned.done("/stations/sinter-1/stop", reason="power cut")
    assert planned.rules("/stations/nowhere/stop", reason="x") == ["station_is_known"]


def test_documents_are_listed_shown_and_withdrawn(planned: Desk) -> None:
    get = planned.client.get
    (found,) = get("/api/v1/documents/plan", headers=planned.shown).json["items"]
    assert (found["code"], found["released_by"], found["withdrawn_at"]) == ("CP-1", "L-1", None)
    assert [one["stands"] for one in found["signatures"]] == [True]
    assert get("/api/v1/documents/plan/CP-1/A", headers=planned.shown).json == found
    planned.done("/documents/plan/CP-1/A/withdraw", reason="wrong")
    found = get("/api/v1/documents/plan/CP-1/A", headers=planned.shown).json
    assert found["withdrawn_at"]
    assert [(s["badge"], s["meaning"], s["stands"]) for s in found["signatures"]] == [
        ("L-1", "released", False)
    ], "what was signed is another document now"
    assert get("/api/v1/documents/novel", headers=planned.shown).status_code == 404
    assert get("/api/v1/documents/plan/CP-1/Z", headers=planned.shown).status_code == 404
    told = planned.post("/documents/plan", content={"code": "CP-2"}, signature=SIGNED).json
    assert {one["rule"] for one in told} == {"document_is_whole"}
    assert len(told) > 3


def test_a_plan_that_nobody_signs_is_not_released_and_the_wrong_pin_is_kept_as_refused(
    planned: Desk, shop: Shop
) -> None:
    second = plan(revision="B")
    assert planned.rules("/documents/plan", content=second) == ["signature_is_given"]
    wrong = SIGNED | {"pin": "735102"}
    assert planned.rules("/documents/plan", content=second, signature=wrong) == [
        "signature_is_right"
    ]
    assert [one["refusals"][0]["rule"] for one in shop.events("scan_refused")] == [
        "signature_is_given", "signature_is_right",
    ]  # fmt: skip
    assert "735102" not in str(shop.events("scan_refused"))
    get = planned.client.get("/api/v1/documents/plan/CP-1/B", headers=planned.shown)
    assert get.status_code == 404


def test_an_operator_measures_and_releases_nothing(desk: Desk, shop: Shop, plant: Plant) -> None:
    hire(plant.engine, "W-1")
    desk.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1')}"}
    assert desk.post("/documents/plan", content=plan()).status_code == 403
    assert desk.post("/checks/CK26-000001-XX/void", reason="x").status_code == 403
    told = desk.post("/checks", characteristic="thickness", plan="CP-1/A").json
    assert [one["rule"] for one in told] == ["plan_is_in_force"]


def test_a_station_without_plans_asks_for_nothing(desk: Desk, shop: Shop) -> None:
    assert due(desk) == {}
    assert dues_at.__doc__
