"""/api/v1: lists and pages, one station, nodes, health, quarantine, contracts, problems.

Through the API: mes_server.web.api, answers, answers_system, api_words.
"""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.settings import Settings
from tests.mes_server.web.plant_data import NOW_MS, TYPES, Plant, write_status

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
EN = {"Accept-Language": "en"}


def get(client: FlaskClient, address: str) -> Any:
    answer = client.get(address, headers=EN)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/json"
    return answer.json


def problem(client: FlaskClient, address: str, status: int) -> Any:
    answer = client.get(address, headers=EN)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.json
    assert body is not None
    assert body["status"] == status
    assert {"type", "title", "detail", "instance"} <= body.keys()
    return body


def test_stations_are_listed_by_id_with_how_they_stand(
    client: FlaskClient, stations: dict[str, int]
) -> None:
    body = get(client, "/api/v1/stations")
    assert [item["id"] for item in body["items"]] == ["coater-1", "mill-1", "sinter-1"]
    assert body["next"] is None
    furnace = body["items"][2]
    assert furnace["type"] == "sinter_furnace"
    assert furnace["area"] == "sintering"
    assert (furnace["state"], furnace["look"], furnace["known"]) == ("run", "run", True)
    assert ISO.fullmatch(furnace["last_sample_at"])
    gone = body["items"][0]
    assert (gone["state"], gone["look"], gone["known"]) == ("run", "offline", False)


def test_a_long_list_is_paged_by_cursor_and_every_item_comes_once(
    client: FlaskClient, stations: dict[str, int]
) -> None:
    seen: list[str] = []
    address = "/api/v1/stations?limit=2"
    for _ in range(5):
        body = get(client, address)
        seen += [item["id"] for item in body["items"]]
        if body["next"] is None:
            break
        address = f"/api/v1/stations?limit=2&after={body['next']}"
    assert seen == ["coater-1", "mill-1", "sinter-1"]


def test_a_station_comes_with_the_latest_sample_of_each_metric(
    client: FlaskClient, stations: dict[str, int]
) -> None:
    body = get(client, "/api/v1/stations/sinter-1")
    assert len(body["metrics"]) == len(TYPES["sinter_furnace"].metrics)
    zone = next(m for m in body["metrics"] if m["metric"] == "zone_1_temperature_c")
    assert zone["unit"] == "°C"
    assert zone["quality"] == "good"
    assert zone["band"] == "normal"
    assert isinstance(zone["value"], float)


def test_a_value_that_json_cannot_say_is_null(
    client: FlaskClient, plant: Plant, stations: dict[str, int]
) -> None:
    for name, value in (
        ("zone_1_temperature_c", float("nan")),
        ("zone_2_temperature_c", float("inf")),
    ):
        plant.samples(stations["sinter-1"], name, [NOW_MS - 10], [value])
    latest = {m["metric"]: m for m in get(client, "/api/v1/stations/sinter-1")["metrics"]}
    for name in ("zone_1_temperature_c", "zone_2_temperature_c"):
        assert latest[name]["value"] is None
        assert latest[name]["quality"] == "bad"
        assert latest[name]["band"] is None


def test_nodes_are_listed_with_their_backlog(client: FlaskClient, stations: dict[str, int]) -> None:
    nodes = {item["node"]: item for item in get(client, "/api/v1/nodes")["items"]}
    assert nodes["ctl-sinter-1"]["backlog"] == 0
    assert nodes["ctl-gbd-1"]["backlog"] == 1999
    assert nodes["ctl-gbd-1"]["online"] is False
    assert nodes["ctl-sinter-1"]["clock"] == "network"
    assert nodes["ctl-sinter-1"]["interpreter"] == "micropython 1.25.0"


def test_health_says_the_same_as_the_page(
    client: FlaskClient, stations: dict[str, int], settings: Settings
) -> None:
    body = get(client, "/api/v1/health")
    assert body["status"] == "warn"
    assert [note["reason"] for note in body["notes"]] == ["nodes_offline"]
    assert body["ingest"]["rate_per_s"] == 41.3
    assert body["disk_free_bytes"] > 0
    assert body["store_bytes"] > 0
    write_status(settings.data_dir, storing=False, fault="io")
    body = get(client, "/api/v1/health")
    assert body["status"] == "fault"
    assert body["reasons"][0]["facts"] == {"kind": "io"}


def test_quarantine_is_paged_the_latest_first(client: FlaskClient, plant: Plant) -> None:
    keys = [plant.unread(f"spBv1.0/a/DDATA/n/{at}", bytes(300)) for at in range(5)]
    first = get(client, "/api/v1/quarantine?limit=3")
    second = get(client, f"/api/v1/quarantine?limit=3&after={first['next']}")
    assert [item["id"] for item in first["items"] + second["items"]] == keys[::-1]
    assert second["next"] is None
    assert first["items"][0]["size_bytes"] == 300
    assert first["items"][0]["payload_start_hex"] == "00" * 256


def all_of(client: FlaskClient, path: str, limit: int) -> list[Any]:
    """Every item of a list, in pages."""
    items: list[Any] = []
    address = f"{path}?limit={limit}"
    while True:
        body = get(client, address)
        assert len(body["items"]) <= limit
        items += body["items"]
        if body["next"] is None:
            return items
        address = f"{path}?limit={limit}&after={body['next']}"


def test_every_item_of_every_list_comes_once_and_in_pages(
    client: FlaskClient, plant: Plant
) -> None:
    names = [(group, f"ctl-{at}") for group in ("a", "b b", "ä") for at in range(3)]
    for group, name in names:
        plant.node(name, group)
        plant.alarm("serial_changed", f"{group}/{name}")
        plant.unread("spBv1.0/a/DDATA/n/d", b"?")
    found = all_of(client, "/api/v1/nodes", 2)
    assert sorted((node["group"], node["node"]) for node in found) == sorted(names)
    alarms = all_of(client, "/api/v1/alarms", 2)
    assert sorted(alarm["subject"] for alarm in alarms) == sorted(f"{g}/{n}" for g, n in names)
    kept = [message["id"] for message in all_of(client, "/api/v1/quarantine", 2)]
    assert kept == sorted(set(kept), reverse=True)
    assert len(kept) == len(names)


def test_station_types_are_the_contracts(client: FlaskClient, plant: Plant) -> None:
    items = get(client, "/api/v1/station-types")["items"]
    assert [item["type"] for item in items] == sorted(TYPES)
    furnace = next(item for item in items if item["type"] == "sinter_furnace")
    assert furnace["metrics"][1]["normal"] == list(TYPES["sinter_furnace"].metrics[1].normal or ())
    assert furnace["basis"]["certainty"] in ("high", "medium", "low")


def test_all_faults_of_a_request_are_told_at_once_with_what_to_do(
    client: FlaskClient, stations: dict[str, int]
) -> None:
    address = "/api/v1/stations/sinter-1/series?from=yesterday&to=2026-13-01&points=0&colour=red"
    body = problem(client, address, 400)
    assert [error["parameter"] for error in body["errors"]] == [
        "metric", "from", "to", "points", "colour",
    ]  # fmt: skip
    assert all(error["fault"] and error["next_step"] for error in body["errors"])
    assert "2026-11-23T08:00:00Z" in body["errors"][1]["next_step"]
    assert "metric, from, to, points" in body["errors"][4]["next_step"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/stations?limit=0",
        "/api/v1/stations?limit=1001",
        "/api/v1/stations?limit=%2B5",
        "/api/v1/stations?limit=5&limit=6",
        "/api/v1/stations?after=%21%21",
        "/api/v1/nodes?after=_w",
        "/api/v1/nodes?after=YQ",
        "/api/v1/quarantine?after=YQ",
        "/api/v1/alarms?after=YQ",
        "/api/v1/stations/sinter-1?fields=all",
        "/api/v1/stations/sinter-1/series?metric=zone_1_temperature_c&from=2026-11-23T00:00:00",
        "/api/v1/stations/sinter-1/series?metric=zone_1_temperature_c&from=0001-01-01T00:00:00Z",
        "/api/v1/stations/sinter-1/series?metric=zone_1_temperature_c&from=9999-12-31T23:59:59-23:59",
        "/api/v1/stations/sinter-1/series?metric=nonsense",
        "/api/v1/stations/sinter-1/series?metric=a%00b",
        "/api/v1/stations/sinter-1/series?metric=" + "x" * 201,
        "/api/v1/stations/sinter-1/series?metric=state&from=2026-11-23T02:00:00Z&to=2026-11-23T01:00:00Z",
        "/api/v1/stations/sinter-1/curves?" + "&".join(f"metric=m{at}" for at in range(17)),
    ],
)
def test_a_parameter_that_cannot_be_used_is_refused_by_name(
    client: FlaskClient, stations: dict[str, int], address: str
) -> None:
    body = problem(client, address, 400)
    assert body["errors"]
    assert all(error["parameter"] for error in body["errors"])


def test_problems_speak_the_readers_language(client: FlaskClient, stations: dict[str, int]) -> None:
    answer = client.get("/api/v1/stations?limit=0", headers={"Accept-Language": "zh"})
    assert answer.json is not None
    assert "整数" in answer.json["errors"][0]["fault"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/stations/nobody", 404),
        ("/api/v1/stations/nobody/series?metric=x", 404),
        ("/api/v1/nothing", 404),
        ("/api/v1/", 404),
    ],
)
def test_what_is_not_there_is_a_problem_of_404(
    client: FlaskClient, plant: Plant, address: str, status: int
) -> None:
    problem(client, address, status)


def test_a_method_that_is_not_offered_is_refused_with_those_that_are(
    client: FlaskClient, plant: Plant
) -> None:
    answer = client.post("/api/v1/stations")
    assert answer.status_code == 405
    assert answer.mimetype == "application/problem+json"
    assert "GET" in answer.headers["Allow"]
