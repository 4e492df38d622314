"""/api/v1 about lots, traces, holds and the ledger, as a program asks."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.actions.anchor_ledger import anchor_ledger
from mes_server.settings import Settings
from tests.mes_server.people_help import act_as
from tests.mes_server.web.lot_story import tell
from tests.mes_server.web.plant_data import Plant


@pytest.fixture
def story(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> dict[str, str]:
    act_as(client, plant.engine, "Q-9", "quality", "lead")
    return tell(plant.engine)


def get(client: FlaskClient, address: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1{address}")
    assert answer.status_code == status, answer.text
    return answer.json


def everything(client: FlaskClient, address: str) -> list[Any]:
    found, after = [], ""
    while True:
        answer = get(client, f"{address}{after}")
        found += answer["items"]
        if answer["next"] is None:
            return found
        after = f"&after={answer['next']}"


def test_lots_are_listed_filtered_and_looked_at(client: FlaskClient, story: dict[str, str]) -> None:
    lots = everything(client, "/lots?limit=5")
    assert len({lot["code"] for lot in lots}) == len(lots) == 25
    held = get(client, "/lots?status=held")["items"]
    assert {lot["code"] for lot in held} == {story["held"], story["mixed"]}
    green = get(client, f"/lots/{story['green']}")
    assert green["amount"]["pieces"] == 0
    (window,) = green["windows"]
    assert (window["station"], window["operation"]) == ("sinter-1", "sinter")
    assert get(client, f"/lots/{story['running']}")["windows"][0]["to"] is None
    assert get(client, "/lots/none", 404)["type"] == "urn:lodestone:problem:no_lot"
    assert get(client, "/lots?after=x", 400)["errors"]
    assert get(client, "/lots?colour=red", 400)["errors"]


def test_events_of_a_lot_come_with_their_seal(client: FlaskClient, story: dict[str, str]) -> None:
    events = everything(client, f"/lots/{story['block']}/events?limit=3")
    assert [e["stream_number"] for e in events] == list(range(1, len(events) + 1))
    assert all(e["sealed"] for e in events)
    assert events[0]["kind"] == "lot_created"


def test_a_trace_tells_where_everything_is(client: FlaskClient, story: dict[str, str]) -> None:
    forward = get(client, f"/lots/{story['powder']}/trace?direction=forward")
    found = {lot["code"]: lot for lot in forward["items"]}
    assert (found[story["pack"]]["where"], found[story["pack"]]["customer"]) == (
        "shipped",
        "Motorenwerk",
    )
    assert found[story["green"]]["into"]
    assert forward["account"]["start_mg"] == 306_000_000
    back = everything(client, f"/lots/{story['pack']}/trace?direction=back&limit=4")
    assert {story["raw"], story["alloy"], story["pack"]} <= {lot["code"] for lot in back}
    assert len({lot["code"] for lot in back}) == len(back)
    assert get(client, f"/lots/{story['pack']}/trace?direction=up", 400)["errors"]


def test_a_program_holds_and_releases(client: FlaskClient, story: dict[str, str]) -> None:
    codes = [story["powder"], story["waste"]]
    held = client.post("/api/v1/holds", json={"lots": codes, "reason": "oxygen"})
    assert held.status_code == 200, held.text
    action = held.json["action"]  # type: ignore[index]
    assert get(client, f"/lots/{codes[0]}")["holds"] == {action: "oxygen"}
    at = {"at": "2026-11-23T08:00:00Z"}
    body = {"act_id": "release-1", "hold": action, "reason": "measured again", **at}
    assert client.post(f"/api/v1/lots/{codes[0]}/release", json=body).status_code == 200
    assert get(client, f"/lots/{codes[0]}")["holds"] == {}
    body = {"act_id": "hold-0001", "reason": "look", **at}
    one = client.post(f"/api/v1/lots/{codes[0]}/hold", json=body)
    assert (one.status_code, one.json["held"]) == (200, [])  # type: ignore[index]
    assert get(client, f"/lots/{codes[0]}")["holds"] == {"hold-0001": "look"}


def test_a_hold_of_what_is_not_there_holds_nothing_and_says_every_reason(
    client: FlaskClient, story: dict[str, str]
) -> None:
    body = {"lots": [story["powder"], "L26-000099-XX", "L26-000098-XX"], "reason": "x"}
    refused = client.post("/api/v1/holds", json=body, headers={"Accept-Language": "en"})
    assert refused.status_code == 409
    told: Any = refused.json
    assert [r["rule"] for r in told] == ["lot_is_known", "lot_is_known"]
    assert told[0]["facts"] == {"lot": "L26-000099-XX"}
    assert told[0]["message"].startswith("There is no lot L26-000099-XX")
    assert get(client, f"/lots/{story['powder']}")["holds"] == {}


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"reason": ""}', '{"reason": 5}', '{"x": 1, "reason": "y"}']
)
def test_a_body_that_cannot_be_used_is_told_why(
    client: FlaskClient, story: dict[str, str], body: str
) -> None:
    answer = client.post(f"/api/v1/lots/{story['powder']}/hold", data=body)
    assert answer.status_code == 400
    assert answer.json["errors"]  # type: ignore[index]


def test_the_ledger_is_read_in_order_and_verified(
    client: FlaskClient, plant: Plant, settings: Settings, story: dict[str, str]
) -> None:
    events = everything(client, "/ledger?limit=40")
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert events[1]["previous"] == events[0]["hash"]
    assert get(client, f"/ledger?after={len(events)}")["items"] == []
    assert get(client, "/ledger?after=x", 400)["errors"]
    anchor_ledger(plant.engine, settings.data_dir)
    verdict = get(client, "/ledger/verify")
    assert verdict == {
        "sealed": True, "events": len(events), "hash": events[-1]["hash"], "anchors": 1,
        "broken_number": None, "why": None, "unknown": [],
    }  # fmt: skip


def test_a_paper_is_compared_with_the_ledger(
    client: FlaskClient, plant: Plant, story: dict[str, str]
) -> None:
    last = everything(client, "/ledger?limit=200")[-1]
    known = f"{last['number']}:{last['hash'][:16]}"
    assert get(client, f"/ledger/verify?anchor={known}")["sealed"] is True
    beyond = get(client, f"/ledger/verify?anchor={last['number'] + 1}:{last['hash'][:12]}")
    assert (beyond["sealed"], beyond["why"]) == (False, "cut_off")
    assert beyond["unknown"] == [
        {"source": "paper", "at": None, "number": last["number"] + 1, "hash": last["hash"][:12]}
    ]
    faults = get(client, "/ledger/verify?anchor=12:34", 400)["errors"]
    assert faults[0]["parameter"] == "anchor"


def test_a_station_tells_its_runs_with_their_lots(
    client: FlaskClient, story: dict[str, str]
) -> None:
    asked = "/stations/sinter-1/runs?from=2026-11-23T09:00:00Z&to=2026-11-23T11:00:00Z&limit=1"
    first, second = everything(client, asked)
    assert first["count"] == 3
    assert story["green"] in first["lots"]
    assert (second["lots"], second["closed_at"]) == ([story["running"]], None)
    assert get(client, "/stations/nobody/runs", 404)
