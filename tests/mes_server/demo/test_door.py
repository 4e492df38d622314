"""mes_server.demo.door and workers: bodies of asks, what is heard, a server that is away, a store without a token."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from mes_server.demo.door import HttpDoor, Unreachable, body_of, load_routes, look, send
from mes_server.demo.floor import Ask
from mes_server.demo.simulation import load_routes as contents
from mes_server.demo.workers import find_door
from tests.brokers import free_port

NOW = 1_793_491_200_123
LOT = {
    "code": "L1", "kind": "parts", "part": "P", "grade": "N48", "route": "SN-CYL-48/A", "place": "",
    "amount": {"pieces": 2, "mass_mg": 9, "area_mm2": 0, "elements_mg": {}}, "run": "",
    "operation": "", "shipment": "", "holds": {}, "born_at": "2026-11-01T00:00:00.000Z",
}  # fmt: skip


class Told:
    """A door with answers of its own; keeps what was sent."""

    def __init__(self, answers: dict[str, tuple[int, Any]]) -> None:
        self.answers, self.sent = answers, list[tuple[str, Any]]()

    def call(self, _method: str, path: str, body: Any) -> tuple[int, Any]:
        self.sent.append((path, body))
        return self.answers[path]


@pytest.mark.parametrize(
    ("path", "name", "has_station"),
    [
        ("/scans", "scan_id", True),
        ("/runs/CH1/unload", "unload_id", True),
        ("/scans/demo-1/undo", "undo_id", False),
        ("/lots/merge", "act_id", True),
    ],
)
def test_a_body_has_its_id_its_time_and_the_badge(path: str, name: str, has_station: bool) -> None:
    body = body_of(Ask("x", path, {"a": 1}, "W-101", "sinter-1", id="demo-1"), NOW)
    assert body[name] == "demo-1"
    assert body["at"] == "2026-11-01T00:00:00.123+00:00"
    assert (body["a"], body["badge"]) == (1, "W-101")
    assert ("station" in body) == has_station


def test_refusals_are_heard_by_their_rules_and_a_bad_request_as_what_it_is() -> None:
    ask = Ask("load", "/scans", {}, "W-101", "sinter-1")
    said = [{"rule": "lot_is_free", "facts": {}}, {"rule": "line_is_clear", "facts": {}}]
    assert send(Told({"/api/v1/scans": (409, said)}), ask, NOW).rules == (
        "lot_is_free",
        "line_is_clear",
    )
    heard = send(Told({"/api/v1/scans": (400, {"title": "shape"})}), ask, NOW)
    assert "400" in heard.rules[0]


@pytest.mark.parametrize(
    ("done", "reworks", "first"),
    [
        (["tumbling"], {"electroplating": 1}, "stripping"),
        (["tumbling", "stripping"], {"electroplating": 1}, ""),
        (["tumbling", "stripping", "electroplating"], {"electroplating": 1}, ""),
        (["tumbling"], {}, ""),
    ],
)
def test_what_must_come_first_is_found_out_from_what_a_lot_had(
    done: list[str], reworks: dict[str, int], first: str
) -> None:
    told = LOT | {"done": done, "reworks": reworks}
    stations = {"items": [{"id": "p", "type": "t", "online": True},
                          {"id": "q", "type": "t", "online": False}], "next": None}  # fmt: skip
    door = Told({
        "/api/v1/lots?status=active&limit=200": (200, {"items": [told], "next": "n"}),
        "/api/v1/lots?status=active&limit=200&after=n": (200, {"items": [], "next": None}),
        "/api/v1/lots?status=running&limit=200": (200, {"items": [], "next": None}),
        "/api/v1/stations?limit=200": (200, stations),
    })  # fmt: skip
    floor = look(door, load_routes(contents()))
    assert [(lot.code, lot.first) for lot in floor.lots] == [("L1", first)]
    assert floor.stations == {"p": "t"}


def test_a_server_that_is_away_is_unreachable() -> None:
    door = HttpDoor(f"http://127.0.0.1:{free_port()}", "t")
    with pytest.raises(Unreachable):
        door.call("GET", "/api/v1/lots", None)


def test_the_door_is_the_one_that_the_demo_file_tells_of(tmp_path: Path) -> None:
    file, stop = tmp_path / "demo.json", threading.Event()
    file.write_text(json.dumps({"url": "http://127.0.0.1:1", "token": "mes_x"}))
    found = find_door(file, stop)
    assert found is not None
    door, pin = found
    assert (door.url, door.token, pin) == ("http://127.0.0.1:1", "mes_x", "")
    file.write_text(json.dumps({"url": "http://127.0.0.1:1", "token": None}))
    assert find_door(file, stop) is None, "people of a plant: nobody works here"
    file.unlink()
    stop.set()
    assert find_door(file, stop) is None
