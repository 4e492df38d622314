"""What gauges send, over HTTP: given by a machine that may do nothing else, looked at by the tablet of the station."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.actions.keep_gauges import Calibrating, NewGauge, add_gauge, calibrate
from mes_server.actions.release_document import release_document
from mes_server.settings import Settings
from mes_server.web.gauge_lines import protocol_of
from schemas.line_protocols import FOLDER
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.people_help import hire, signer, token_for
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant


class Machine:
    """The machine beside MIC-07."""

    def __init__(self, client: FlaskClient, plant: Plant) -> None:
        self.client, self.count = client, 0
        hire(plant.engine, "W-1")
        self.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1', ['listen'])}"}
        self.reads = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1', ['read'])}"}

    def post(self, *lines: dict[str, Any], gauge: str = "MIC-07", **more: Any) -> Any:
        body = {"station": "sinter-1", "protocol": "number_unit", "lines": list(lines)} | more
        return self.client.post(f"/api/v1/gauges/{gauge}/lines", json=body, headers=self.shown)

    def line(self, text: str = "5.00 mm\r\n", **more: Any) -> dict[str, Any]:
        self.count += 1
        return {"id": f"line-{self.count:06}", "age_ms": 20, "raw": text.encode().hex()} | more

    def here(self, after: int | None = 0, **more: str) -> Any:
        query = {"plan": "CP-1/A", "characteristic": "thickness"} | more
        query |= {} if after is None else {"after": str(after)}
        address = "/api/v1/stations/sinter-1/gauge-lines"
        answer = self.client.get(address, query_string=query, headers=self.reads)
        assert answer.status_code == 200, answer.text
        return answer.json


@pytest.fixture
def machine(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> Machine:
    shop = Shop(plant)
    assert shop.act(add_gauge, NewGauge("MIC-07", "micrometer", "")) == []
    points = [{"reference": "5", "reading": "5.0"}]
    assert shop.act(calibrate, "MIC-07", Calibrating("0.01", points)) == []
    content = plan(line(gauge="micrometer", symbol=""))
    assert shop.act(release_document, "plan", content, signer()) == []
    return Machine(client, plant)


def test_lines_are_kept_whatever_they_say_and_shown_with_what_speaks_against_them(
    machine: Machine,
) -> None:
    assert machine.here(None) == {"last": 0, "items": []}
    lines = [machine.line(), machine.line("OL\r\n"), machine.line("5 um\r\n"), machine.line("\x00\r\n")]  # fmt: skip
    late = machine.line(age_ms=3_600_000)
    answer = machine.post(*lines, late)
    assert (answer.status_code, answer.json) == (200, {"kept": 5, "fresh": 5})
    assert machine.post(*lines, late).json == {"kept": 5, "fresh": 0}, "sent again"
    told = machine.here()
    assert told["last"] == 5
    assert [[r["rule"] for r in one["refusals"]] for one in told["items"]] == [
        [], ["gauge_line_is_good"], ["gauge_line_has_unit"], ["gauge_line_is_good"], ["gauge_line_is_fresh"],
    ]  # fmt: skip
    words = [r["message"] for one in told["items"] for r in one["refusals"]]
    assert words[0] == "MIC-07 sent no reading: beyond its range (overload) (OL)."
    assert words[1] == "MIC-07 sent 5 µm; this check asks for mm."
    assert "17:33" in words[3], "an hour before, in plant time"
    assert machine.here(5) == {"last": 5, "items": []}
    assert machine.here(0, gauge="MIC-08")["items"][0]["refusals"][0]["rule"] == "gauge_line_is_of_gauge"  # fmt: skip
    (newest, *_) = machine.client.get("/api/v1/gauges/MIC-07/lines", headers=machine.reads).json["items"]  # fmt: skip
    assert (newest["number"], newest["text"], newest["value"], newest["check"]) == (5, "5.00 mm", "5.00", "")  # fmt: skip


def test_what_cannot_be_given_is_refused_whole_and_in_words(machine: Machine) -> None:
    good = machine.line()
    cases: tuple[tuple[list[dict[str, Any]], dict[str, Any], int, str], ...] = (
        ([good], {"gauge": "MIC-99"}, 404, "There is no gauge MIC-99"),
        ([good], {"station": "nowhere"}, 404, "There is no station nowhere"),
        ([good], {"protocol": "klingon"}, 404, "no sound line protocol klingon"),
        ([good], {"protocol": "../limit_sets/recall"}, 404, "no sound line protocol"),
        ([good, machine.line(raw="zz")], {}, 400, ""),
        ([good, machine.line(raw="0")], {}, 400, ""),
        ([good, machine.line(raw="00" * 200)], {}, 400, ""),
        ([good, machine.line(age_ms=-5)], {}, 400, ""),
        ([good, machine.line(id="short")], {}, 400, ""),
        ([], {}, 400, ""),
        ([machine.line() for _ in range(101)], {}, 400, ""),
    )
    for lines, more, status, words in cases:
        answer = machine.post(*lines, **more)
        assert answer.status_code == status, answer.text
        assert words in answer.json["detail"]
    assert machine.here()["items"] == [], "nothing of it is kept"
    assert machine.post(good).status_code == 200, "the negative control"


def test_the_token_of_the_machine_gives_lines_and_does_nothing_else(
    machine: Machine, plant: Plant
) -> None:
    body = {"act_id": "act-000001", "at": "2026-11-23T10:33:20Z", "characteristic": "thickness"}
    for method, path in (("POST", "/checks"), ("GET", "/gauges"), ("POST", "/scans")):
        answer = machine.client.open(f"/api/v1{path}", method=method, json=body, headers=machine.shown)  # fmt: skip
        assert answer.status_code == 403, path
    nobody = machine.client.post("/api/v1/gauges/MIC-07/lines", json={})
    assert nobody.status_code == 401
    machine.shown = machine.reads
    refused = machine.post(machine.line())
    assert refused.status_code == 403
    assert "give gauge lines" in refused.json["detail"]


def test_a_plant_has_protocols_of_its_own(machine: Machine, settings: Settings) -> None:
    folder = settings.data_dir / "line_protocols"
    folder.mkdir()
    row = json.loads((Path(FOLDER) / "number_unit.json").read_text(encoding="utf-8"))
    row["rows"][0]["patterns"] = [{"match": "^<([0-9.]+)>([a-z]+)$", "groups": ["value", "unit"]}]
    (folder / "in_brackets.json").write_text(json.dumps(row), encoding="utf-8")
    assert machine.post(machine.line("<5.01>mm\r\n"), protocol="in_brackets").status_code == 200
    (found,) = machine.here()["items"]
    assert (found["value"], found["unit"], found["refusals"]) == ("5.01", "mm", [])
    shutil.copy(folder / "in_brackets.json", folder / "number_unit.json")
    assert protocol_of(settings, "number_unit")["patterns"] == row["rows"][0]["patterns"]
    del row["rows"][0]["baud"]
    (folder / "in_brackets.json").write_text(json.dumps(row), encoding="utf-8")
    assert machine.post(machine.line(), protocol="in_brackets").status_code == 404
