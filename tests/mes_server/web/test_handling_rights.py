"""Holds, corrections, lines and routes over HTTP, each by who may."""

from typing import Any

from flask.testing import FlaskClient

from mes_server.web.formats import iso_text
from tests.mes_server.people_help import hire, token_for
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.lot_data import Shop, route_content
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.test_handling import shop as shop


def scan(desk: Desk, code: str, **body: Any) -> Any:
    made = {"scan_id": f"scan-{code}", "code": code, "station": "sinter-1"}
    said = {"at": iso_text(NOW_MS)} | made | body
    return desk.client.post("/api/v1/scans", json=said, headers=desk.shown).json


def test_a_hold_has_the_name_of_its_act_and_ends_by_it(desk: Desk, shop: Shop) -> None:
    code = shop.lot()
    desk.done(f"/lots/{code}/hold", act_id="hold-000001", reason="oxygen")
    assert desk.lot(code)["holds"] == {"hold-000001": "oxygen"}
    wrong = desk.rules(f"/lots/{code}/release", hold="hold-9", reason="x")
    assert wrong == ["hold_is_known"]
    desk.done(f"/lots/{code}/release", hold="hold-000001", reason="measured again")
    assert desk.lot(code)["holds"] == {}
    assert desk.rules(f"/lots/{code}/hold") == ["reason_is_given"]


def test_what_was_recorded_wrongly_is_taken_back(desk: Desk, shop: Shop) -> None:
    code = shop.lot()
    desk.done(f"/lots/{code}/scrap", act_id="scrap-0001", pieces=2, reason="chipped")
    desk.done("/actions/scrap-0001/correct", reason="it was another lot")
    assert desk.lot(code)["amount"]["pieces"] == 20
    assert desk.rules("/actions/nothing-1/correct", reason="x") == ["action_is_known"]


def test_a_locked_station_and_a_mounted_resource(desk: Desk, shop: Shop) -> None:
    desk.done("/stations/sinter-1/resources", role="thermocouple", resource="TC-9")
    desk.done("/stations/sinter-1/clear", reason="swept")
    desk.done("/stations/sinter-1/lock", reason="leak")
    told = scan_rules(desk, shop.lot())
    assert "station_is_unlocked" in told
    desk.done("/stations/sinter-1/unlock", reason="sealed")
    assert "station_is_unlocked" not in scan_rules(desk, shop.lot())
    assert desk.rules("/stations/nowhere/clear") == ["station_is_known"]


def scan_rules(desk: Desk, code: str) -> list[str]:
    answer = scan(desk, code)
    return [] if isinstance(answer, dict) else [refusal["rule"] for refusal in answer]


def test_a_route_is_released_once_and_every_fault_is_told(desk: Desk) -> None:
    desk.done("/routes", content=route_content() | {"code": "R7"})
    again = desk.post("/routes", content=route_content() | {"code": "R7"}).json
    assert again[0]["facts"]["fault"] == "revision: R7/B is released already; write a new one"
    bad = desk.post("/routes", content={"code": "R8"}).json
    assert len(bad) > 2
    assert {refusal["rule"] for refusal in bad} == {"route_is_whole"}


def test_who_may_not_is_told_so_and_nothing_is_done(
    desk: Desk, client: FlaskClient, plant: Plant, shop: Shop
) -> None:
    code = shop.lot()
    hire(plant.engine, "W-1")
    desk.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1')}"}
    body = {"reason": "x", "hold": "h", "grade": "N", "operation": "sinter", "content": {}}
    for path in (f"/lots/{code}/release", f"/lots/{code}/regrade", "/actions/made-1/correct"):
        assert desk.post(path, **{k: body[k] for k in ("reason",)}, **_own(path)).status_code == 403
    assert desk.post("/routes", content=route_content()).status_code == 403


def _own(path: str) -> dict[str, str]:
    return {"release": {"hold": "h"}, "regrade": {"grade": "N"}}.get(path.rsplit("/", 1)[1], {})


def test_a_program_that_gives_two_things_one_id_hears_that_the_second_was_not_done(
    desk: Desk, shop: Shop
) -> None:
    one, two = shop.lot(), shop.lot()
    split = {"act_id": "same-00001", "parts": [{"pieces": 2, "mass_mg": 0}]}
    (part,) = desk.done(f"/lots/{one}/split", **split)
    assert desk.done(f"/lots/{one.lower()}/split", **split) == [part], "the same again"
    for path in (f"/lots/{two}/hold", f"/lots/{one}/hold", "/stations/sinter-1/lock"):
        assert desk.rules(path, act_id="same-00001", reason="dangerous") == ["id_is_new"]
    assert desk.rules(f"/lots/{two}/split", **split) == ["id_is_new"]
    scanned = scan(desk, two, scan_id="same-00001")
    assert [refusal["rule"] for refusal in scanned] == ["id_is_new"]
    assert desk.lot(two)["amount"]["pieces"] == 20


def test_a_hold_is_not_undone_hours_later_by_a_tablet_that_says_it_was_at_once(
    desk: Desk, shop: Shop, clock: Clock
) -> None:
    code = shop.lot()
    desk.done(f"/lots/{code}/hold", act_id="hold-000001", reason="oxygen")
    clock.now_ms += 5 * 3_600_000
    undo = {"undo_id": "undo-00001", "at": iso_text(NOW_MS + 5_000)}
    answer = desk.client.post("/api/v1/scans/hold-000001/undo", json=undo, headers=desk.shown)
    assert [refusal["rule"] for refusal in answer.json] == ["undo_is_in_time"]
    assert desk.lot(code)["holds"]


def test_a_lead_does_not_release_by_taking_a_hold_back(
    desk: Desk, client: FlaskClient, plant: Plant, shop: Shop
) -> None:
    code = shop.lot()
    desk.done(f"/lots/{code}/hold", act_id="hold-000001", reason="oxygen")
    hire(plant.engine, "W-1", roles=("lead",))
    desk.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1')}"}
    refused = desk.rules("/actions/hold-000001/correct", reason="mistake")
    assert refused == ["judgement_is_of_quality"]


def test_what_was_mounted_or_unlocked_hours_ago_does_not_undo_what_was_done_since(
    desk: Desk, shop: Shop
) -> None:
    role, early = {"role": "bath"}, iso_text(NOW_MS - 7_200_000)
    desk.done("/stations/sinter-1/resources", at=early, resource="B-1", **role)
    desk.done("/stations/sinter-1/lock", reason="leak")
    for path, body in (("resources", role | {"resource": "B-0"}), ("unlock", {"reason": "tight"})):
        late = desk.post(f"/stations/sinter-1/{path}", at=early, **body)
        assert late.headers["Scan-Outcome"] == "review"
        assert [refusal["rule"] for refusal in late.json] == ["station_is_as_it_was"]
    assert "station_is_unlocked" in scan_rules(desk, shop.lot())


def test_a_formula_in_a_route_or_a_reason_is_refused(desk: Desk, shop: Shop) -> None:
    content = route_content(note={"en": "=HYPERLINK(1)", "zh": "x"}) | {"code": "R8"}
    assert [r["rule"] for r in desk.post("/routes", content=content).json] == ["text_is_no_script"]
    body = {"lots": [shop.lot()], "reason": "<script>alert(1)</script>"}
    held = desk.client.post("/api/v1/holds", json=body, headers=desk.shown)
    assert [r["rule"] for r in held.json] == ["text_is_no_script"]
