"""Holds, corrections, lines and routes over HTTP, each by who may."""

from typing import Any

from flask.testing import FlaskClient

from mes_server.web.formats import iso_text
from tests.mes_server.people_help import hire, token_for
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
