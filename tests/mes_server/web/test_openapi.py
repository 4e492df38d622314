"""openapi.json cannot go stale: it lists what the app answers, and answers are as it says."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mes_server.actions.contain_nonconformance import Opening, open_nonconformance
from mes_server.actions.manage_people import qualify
from mes_server.actions.record_check import Checking, record_check
from mes_server.actions.record_person import act_of
from mes_server.actions.release_document import release_document
from mes_server.actions.run_charge import load_lot_into
from mes_server.actions.settle_nonconformance import dispose
from mes_server.domain.nonconformance import Disposition
from mes_server.domain.people import OPEN, PERMISSIONS
from mes_server.domain.routes import Operation as RouteOperation
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.people_help import BY, NOW_MS, act_as, hire, signer, token_for
from tests.mes_server.web.bath_data import with_baths
from tests.mes_server.web.exceedance_data import with_exceedance
from tests.mes_server.web.identity_help import with_identity
from tests.mes_server.web.json_schema import faults
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.lot_story import tell
from tests.mes_server.web.outlet_data import with_outlets
from tests.mes_server.web.plan_data import solved
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.process_data import with_gauges
from tests.mes_server.web.water_data import with_water

EXAMPLES = {
    "/api/v1/stations": ["", "?limit=1"],
    "/api/v1/stations/{station_id}": ["/mill-1", "/compressor-9"],
    "/api/v1/stations/{station_id}/series": [
        "?metric=zone_1_temperature_c&points=50",
        "?metric=state",
    ],
    "/api/v1/stations/{station_id}/curves": ["?metric=zone_1_temperature_c&metric=state&points=50"],
    "/api/v1/stations/{station_id}/runs": ["?from=2026-11-23T09:00:00Z"],
    "/api/v1/lots": ["", "?limit=3&kind=block"],
    "/api/v1/lots/{code}": [""],
    "/api/v1/lots/{code}/events": [""],
    "/api/v1/lots/{code}/trace": ["", "?direction=forward"],
    "/api/v1/runs/{code}": [""],
    "/api/v1/ledger": ["?limit=5"],
    "/api/v1/ledger/verify": [""],
    "/api/v1/nodes": [""],
    "/api/v1/firmware": [""],
    "/api/v1/me": [""],
    "/api/v1/people": [""],
    "/api/v1/alarms": [""],
    "/api/v1/health": [""],
    "/api/v1/quarantine": [""],
    "/api/v1/station-types": [""],
    "/api/v1/stations/{station_id}/work": [""],
    "/api/v1/routes": [""],
    "/api/v1/routes/{code}/{revision}": [""],
    "/api/v1/reviews": [""],
    "/api/v1/documents/{kind}": [""],
    "/api/v1/documents/{kind}/{code}/{revision}": [""],
    "/api/v1/stations/{station_id}/due": [""],
    "/api/v1/lots/{code}/checks": [""],
    "/api/v1/checks/{code}": [""],
    "/api/v1/papers": [""],
    "/api/v1/papers/{number}": [""],
    "/api/v1/lots/{code}/papers": [""],
    "/api/v1/baths": [""],
    "/api/v1/baths/{code}": [""],
    "/api/v1/runs/{code}/plating": [""],
    "/api/v1/water/samples": ["", "?place=o-shop"],
    "/api/v1/water/samples/{code}": [""],
    "/api/v1/water/refused": [""],
    "/api/v1/water/analysers": [""],
    "/api/v1/water/meter-notes": [""],
    "/api/v1/water/waste": [""],
    "/api/v1/effluent/compare": ["", "?from=2026-11-01&to=2026-11-02&by=kg&part=P-7"],
    "/api/v1/lots/{code}/footprint": [""],
    "/api/v1/nonconformances": [""],
    "/api/v1/problems": [""],
    "/api/v1/changes": [""],
    "/api/v1/nonconformances/{code}": [""],
    "/api/v1/lots/{code}/product-release": [""],
    "/api/v1/runs/{code}/proof": [""],
    "/api/v1/stations/{station_id}/pyrometry": [""],
    "/api/v1/identities": [""],
    "/api/v1/identities/{fingerprint}": [""],
    "/api/v1/gauges": [""],
    "/api/v1/gauges/{code}": [""],
    "/api/v1/gauges/{code}/affected": [""],
    "/api/v1/gauges/{code}/lines": [""],
    "/api/v1/stations/{station_id}/gauge-lines": [
        "?plan=CP-8/A&characteristic=width",
        "?plan=CP-8/A&characteristic=width&after=0",
    ],
    "/api/v1/studies/{kind}": [""],
    "/api/v1/effluent/outlets": [""],
    "/api/v1/effluent/exceedances": [""],
    "/api/v1/effluent/exceedances/{number}": [""],
    "/api/v1/effluent/records/{outlet}/{period}": [""],
    "/api/v1/effluent/days": ["?outlet=o-shop", "?outlet=o-plant&from=2026-11-22&to=2026-11-23"],
}


@pytest.fixture
def document(client: FlaskClient, plant: Plant) -> Any:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json


def test_the_document_lists_exactly_what_the_app_answers(app: Flask, document: Any) -> None:
    answered = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
    }
    answered -= {"/api/v1/openapi.json", "/api/v1/{rest}"}
    assert set(document["paths"]) == answered
    assert document["openapi"] == "3.1.0"


def test_every_operation_says_what_it_asks_for(document: Any) -> None:
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}
    asked = {
        (path, method): operation["x-permission"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path != "/api/v1/events"
    }
    assert asked["/api/v1/people", "get"] == "roster"
    redeem = ("/api/v1/enrolments/redeem", "post")
    assert [at for at, permission in asked.items() if permission == OPEN] == [redeem]
    assert document["paths"][redeem[0]]["post"]["security"] == []
    assert set(asked.values()) <= {*PERMISSIONS, OPEN}


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: Any) -> None:
    text = str(document)
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named == set(document["components"]["schemas"])


def test_every_parameter_of_an_address_is_described(document: Any) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))
            assert operation["summary"]
            assert "default" in operation["responses"]


@pytest.mark.parametrize("path", EXAMPLES)
def test_real_answers_are_as_the_document_says(
    client: FlaskClient, stations: dict[str, int], document: Any, plant: Plant, path: str
) -> None:
    asked_path = path
    hire(plant.engine, "A-1", ["admin", "lead"])
    qualify(plant.engine, act_of(BY, NOW_MS), "A-1", "pressing", NOW_MS + 1000)
    shown = {"Authorization": f"Bearer {token_for(plant.engine, 'A-1')}"}
    other = plant.station(plant.foreign_node("edge-7"), "compressor-9", None)
    plant.samples(other, "Mode", [plant.now_ms - 5000], ["auto"], "string")
    plant.unread("spBv1.0/x", b"\xff\x00")
    plant.alarm("cloned", "gbd/ctl-gbd-1", serial="sim-9")
    plant.loss(1, stations["sinter-1"])
    told = tell(plant.engine) if re.search("lots|ledger|runs|routes|papers", path) else {}
    code = told.get("run" if "/runs/" in path else "green", "")
    if re.search("documents|/checks/|due", path):
        code = checked(plant)
    if path.endswith(("/problems", "/changes")):
        solved(plant)
    code = measured(plant, path) or code
    if "nonconformances" in path:
        shop = Shop(plant)
        (code,) = shop.act(open_nonconformance, Opening("cracks", "inspection", (shop.lot(),)))
        given = Disposition("regrade", "measured", "N40")
        assert shop.act(dispose, code, given, [signer()])[0] == code
    if "papers" in path:
        path = path.replace("{number}", reported(client, code, shown))
    path = of_an_outlet(plant, path)
    path_of = path.replace("studies/{kind}", "studies/micrometer")
    path_of = path_of.replace("{kind}/{code}/{revision}", "plan/CP-1/A").replace("{kind}", "plan")
    content = document["paths"][asked_path]["get"]["responses"]["200"]["content"]
    schema = content["application/json"]["schema"]
    if "reviews" in path:
        late = {"scan_id": "scan-000001", "station": "sinter-1", "code": "x"}
        client.post("/api/v1/scans", json=late | {"at": "2026-11-23T08:00:00Z"}, headers=shown)
    for more in EXAMPLES[asked_path]:
        path_of = path_of.replace("{code}/{revision}", "R1/B")
        base = path_of.replace("/{station_id}", "" if more.startswith("/") else "/sinter-1")
        answer = client.get(base.replace("{code}", code) + more, headers=shown)
        assert answer.status_code == 200, answer.text
        assert faults(answer.json, schema, document) == []


def measured(plant: Plant, path: str) -> str:
    """The code of a gauge, a bath, a run that plated or a sample of water, where a path is about one."""
    if "water" in path:
        return with_water(plant).reported
    if re.search("baths|plating", path):
        made = with_baths(plant)
        return made.lot if "baths" in path else made.run
    if "effluent" in path:
        with_outlets(plant)
    return with_gauges(plant) if re.search("gauge|studies", path) else ""


def of_an_outlet(plant: Plant, path: str) -> str:
    """A path about a record, an exceedance or an identity, with the names of one."""
    if "identities" in path:
        return path.replace("{fingerprint}", with_identity(plant))
    path = path.replace("{outlet}/{period}", "o-shop/2026-11-22")
    return path.replace("{number}", with_exceedance(plant)) if "exceedances" in path else path


def reported(client: FlaskClient, code: str, shown: dict[str, str]) -> str:
    """The number of a lot's report."""
    asked = {"act_id": "paper-00001", "at": "2026-11-23T08:00:00Z"}
    made = client.post(f"/api/v1/lots/{code}/report", json=asked, headers=shown).json["made"]
    return str(made[0])


def checked(plant: Plant) -> str:
    """The number of a check under a control plan, of a lot that is in the furnace."""
    shop = Shop(plant)
    plan_ = plan(line(every={"each": "charge"}, sample=1))
    assert shop.act(release_document, "plan", plan_, signer()) == []
    lot = shop.lot()
    operation = RouteOperation("sinter", {}, ("sinter_furnace",))
    run = shop.act(load_lot_into, lot, operation, {}, place="sinter-1")
    said = Checking("thickness", run=run, readings=[{"value": "5.00"}])
    (code,) = shop.act(record_check, said, place="sinter-1")
    return str(code)


def test_every_json_path_has_an_example(document: Any) -> None:
    paths = {
        path
        for path, methods in document["paths"].items()
        if "get" in methods and "application/json" in methods["get"]["responses"]["200"]["content"]
    }
    assert paths == set(EXAMPLES)


def test_a_scan_its_refusal_and_its_fault_are_as_the_document_says(
    client: FlaskClient, stations: dict[str, int], document: Any, plant: Plant
) -> None:
    act_as(client, plant.engine, "W-1", "operator")
    body = {"scan_id": "scan-000001", "station": "sinter-1", "code": Shop(plant).lot()}
    said = document["paths"]["/api/v1/scans"]["post"]
    asked = said["requestBody"]["content"]["application/json"]["schema"]
    for change, status in (({}, 200), ({"scan_id": "scan-000002"}, 409), ({"code": 5}, 400)):
        sent = body | {"at": "2026-11-23T10:33:20Z"} | change
        assert (faults(sent, asked, document) == []) == (status != 400)
        answer = client.post("/api/v1/scans", json=sent)
        assert answer.status_code == status, answer.text
        told = said["responses"][str(status) if status != 400 else "default"]["content"]
        assert faults(answer.json, told[answer.mimetype]["schema"], document) == []


def test_problems_are_as_the_document_says(client: FlaskClient, document: Any) -> None:
    schema = document["components"]["schemas"]["ProblemAnswer"]
    for address in ("/api/v1/stations?limit=0", "/api/v1/stations/nobody", "/api/v1/nothing"):
        assert faults(client.get(address).json, schema, document) == []


def test_the_checker_sees_what_is_wrong(document: Any) -> None:
    schema = document["components"]["schemas"]["GapAnswer"]
    good = {"from": "2026-11-23T00:00:00.000Z", "to": "2026-11-23T00:00:00.000Z", "reason": "bad"}
    assert faults(good, schema, document) == []
    assert faults({**good, "reason": 5}, schema, document)
    assert faults({**good, "more": 1}, schema, document)
    assert faults({"from": good["from"]}, schema, document)
