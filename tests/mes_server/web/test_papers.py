"""Papers by their addresses: a report is pulled with one button, numbered, sealed; a later one overwrites nothing."""

import json
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient

from mes_server.actions.record_events import rebuild_lots
from mes_server.domain.report_contract import schema_of
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.ledger import list_kind, load_stream
from mes_server.store.transaction import writing
from tests.mes_server.people_help import OURS, PIN, act_as, give_pin
from tests.mes_server.web.json_schema import faults
from tests.mes_server.web.lot_story import tell
from tests.mes_server.web.plant_data import Plant

AT = "2026-11-23T10:33:20Z"


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """The published schema, in the words that the checker of tests knows."""
    plain = json.loads(json.dumps(schema).replace("#/$defs/", "#/components/schemas/"))
    definitions = plain.pop("$defs")

    def bare(value: Any) -> Any:
        if isinstance(value, list):
            return [bare(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {k: bare(v) for k, v in value.items() if not k.startswith(("x-", "$schema", "$id"))}

    return {"schema": bare(plain), "components": {"schemas": bare(definitions)}}


def is_as_published(content: Any, kind: str = "lot_report") -> list[str]:
    """Every place where a paper's JSON is not as its schema says."""
    document = whole(schema_of(kind))
    return faults(content, document["schema"], document)


@pytest.fixture
def told(client: FlaskClient, plant: Plant) -> dict[str, str]:
    act_as(client, plant.engine, "A-1", "auditor")
    return tell(plant.engine)


def pull(client: FlaskClient, code: str, act: str = "paper-00001", language: str = "zh") -> Any:
    body = {"act_id": act, "at": AT, "language": language}
    return client.post(f"/api/v1/lots/{code}/report", json=body)


def test_an_auditor_pulls_a_report_and_gets_all_its_files(
    client: FlaskClient, plant: Plant, told: dict[str, str]
) -> None:
    answer = pull(client, told["pack"])
    assert answer.status_code == 200, answer.text
    (number,) = answer.json["made"]
    assert number.startswith("RP26-000001-")
    content = client.get(f"/papers/{number}.json")
    assert is_as_published(content.json) == []
    assert content.json["about"] == told["pack"]
    assert client.get(f"/papers/{number}.pdf").data.startswith(b"%PDF-1.7")
    assert client.get(f"/papers/{number}.xlsx").data.startswith(b"PK")
    assert number in client.get(f"/papers/{number}.html").text
    with reading(plant.engine) as conn:
        (event,) = load_stream(conn, f"paper:{number}")
    sealed = event.facts()["files"]
    assert sealed["json"] == sha256(content.data).hexdigest()
    assert set(sealed) == {"json", "pdf", "xlsx"}
    page = client.get(f"/papers/{number}?").text
    assert "证据不完整" in page or "evidence is not whole" in page


def test_a_later_report_has_its_own_number_and_names_the_earlier(
    client: FlaskClient, told: dict[str, str]
) -> None:
    (first,) = pull(client, told["pack"]).json["made"]
    before = client.get(f"/papers/{first}.pdf").data
    (second,) = pull(client, told["pack"], "paper-00002").json["made"]
    assert second != first
    assert client.get(f"/papers/{second}.json").json["earlier"] == [first]
    assert client.get(f"/papers/{first}.pdf").data == before
    assert first in client.get(f"/papers/{second}").text
    assert second in client.get(f"/papers/{first}").text
    listed = client.get(f"/api/v1/lots/{told['pack']}/papers").json["items"]
    assert [one["number"] for one in listed] == [second, first]


def test_the_same_request_again_makes_no_second_paper(
    client: FlaskClient, told: dict[str, str]
) -> None:
    first = pull(client, told["pack"]).json
    again = pull(client, told["pack"]).json
    assert again == first | {"again": True}
    assert len(client.get("/api/v1/papers").json["items"]) == 1


def test_a_report_of_nothing_is_refused(client: FlaskClient, told: dict[str, str]) -> None:
    answer = pull(client, "L26-999999-0W")
    assert answer.status_code == 409
    assert client.get("/api/v1/papers").json["items"] == []
    assert client.get("/papers/RP26-000001-XX").status_code == 404


def test_a_file_that_was_changed_is_not_handed_out(
    client: FlaskClient, plant: Plant, told: dict[str, str]
) -> None:
    (number,) = pull(client, told["pack"]).json["made"]
    with writing(plant.engine) as conn:
        conn.exec_driver_sql("UPDATE paper_file SET data = 'x' WHERE format = 'xlsx'")
    answer = client.get(f"/papers/{number}.xlsx")
    assert answer.status_code == 409
    assert client.get(f"/papers/{number}.pdf").status_code == 200, "the others are still good"
    assert "xlsx" in client.get(f"/papers/{number}").text


def test_the_button_on_the_page_of_a_lot_leads_to_the_paper(
    client: FlaskClient, told: dict[str, str]
) -> None:
    page = client.get(f"/lots/{told['pack']}").text
    assert 'id="make-report"' in page
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post(
        f"/lots/{told['pack']}/report", data={"act_id": "form-00001", "language": "en"}, headers=headers
    )  # fmt: skip
    assert answer.status_code == 303
    assert client.get(answer.headers["Location"]).status_code == 200
    assert answer.headers["Location"].split("/")[-1] in client.get("/quality/papers").text


def test_a_shipment_gets_its_certificate(client: FlaskClient, plant: Plant) -> None:
    act_as(client, plant.engine, "Q-1", "quality")
    told = tell(plant.engine)
    page = client.get(f"/lots?shipment={told['shipment']}").text
    assert 'id="make-certificate"' in page
    body = {"act_id": "paper-00001", "at": AT, "language": "en"}
    answer = client.post(f"/api/v1/shipments/{told['shipment']}/certificate", json=body)
    assert answer.status_code == 200, answer.text
    (number,) = answer.json["made"]
    assert number.startswith("CE26-000001-")
    content = client.get(f"/papers/{number}.json").json
    assert is_as_published(content, "certificate") == []
    header = content["sections"]["header"]["facts"]
    assert (header["customer"], header["order"], header["lots"]) == ("Motorenwerk", "4711", "1")
    (row,) = content["sections"]["lots"]["tables"]["lots"]
    assert (row["lot"], row["released"]) == (told["pack"], "no")
    assert content["verdict"] == "open", "nobody released it, and nothing was measured"
    missing = {g["what"] for s in content["sections"].values() for g in s["gaps"]}
    assert {"lot_unreleased", "no_magnetic", "no_coating", "no_composition"} <= missing
    refused = client.post("/api/v1/shipments/SH26-000009-XX/certificate", json=body | {"act_id": "paper-00002"})  # fmt: skip
    assert refused.status_code == 409


def test_a_recall_pack_says_where_everything_is_and_who_is_to_be_told(
    client: FlaskClient, plant: Plant
) -> None:
    act_as(client, plant.engine, "Q-1", "quality")
    told = tell(plant.engine)
    assert 'id="make-pack"' in client.get(f"/recall?kind=lot&name={told['raw']}").text
    body = {"act_id": "paper-00001", "at": AT, "kind": "lot", "name": told["raw"]}
    answer = client.post("/api/v1/recall/pack", json=body)
    assert answer.status_code == 200, answer.text
    (number,) = answer.json["made"]
    assert number.startswith("RL26-000001-")
    content = client.get(f"/papers/{number}.json").json
    assert is_as_published(content, "recall_pack") == []
    sections = content["sections"]
    assert sections["summary"]["facts"]["name"] == told["raw"]
    listed = sections["containment"]["tables"]["lots"]
    assert {told["pack"], told["held"], told["mixed"], told["running"]} <= {
        r["lot"] for r in listed
    }
    assert {row["where"] for row in listed} == {"in_process", "stock", "shipped", "scrapped"}
    here = [r for r in listed if r["where"] in ("stock", "in_process") and r["held"] == "no"]
    (gap,) = sections["containment"]["gaps"]
    assert gap["facts"] == {"count": str(len(here))}, "what is scrapped or gone cannot be held here"
    (notice,) = sections["customers"]["tables"]["notices"]
    assert notice["customer"] == "Motorenwerk"
    assert told["shipment"] in notice["notice"]["en"]
    assert notice["notice"]["zh"].startswith("致 Motorenwerk")
    assert float(sections["balance"]["facts"]["reconciled_percent"]) < 99.5
    assert [gap["what"] for gap in sections["balance"]["gaps"]] == ["not_reconciled"]
    assert sections["edges"]["tables"]["edges"]
    assert sections["drill"]["state"] == "none"
    assert content["verdict"] == "told"


def test_the_pack_of_a_drill_holds_its_clock_and_is_signed(
    client: FlaskClient, plant: Plant, settings: Settings
) -> None:
    act_as(client, plant.engine, "Q-1", "quality")
    give_pin(plant.engine, settings.data_dir, "Q-1")
    told = tell(plant.engine)
    given = {"kind": "lot", "name": told["raw"]}
    client.post("/recall/drill", data=given, headers=OURS)
    (event,) = events_of(plant, "drill_started")
    drill = event.stream.removeprefix("drill:")
    client.post(f"/recall/drill/{drill}/stop", data={"remark": "fast"}, headers=OURS)
    form = {"act_id": "form-00001", "drill": drill, "language": "en"}
    answer = client.post("/recall/pack", data=form, headers=OURS)
    assert answer.status_code == 303, answer.text
    number = answer.headers["Location"].split("/")[-1]
    facts = client.get(f"/papers/{number}.json").json["sections"]["drill"]["facts"]
    assert (facts["drill"], facts["remark"]) == (drill, "fast")
    wrong = {"badge": "Q-1", "pin": "000001", "meaning": "approved", "act_id": "sign-00001"}
    assert client.post(f"/papers/{number}/sign", data=wrong, headers=OURS).status_code == 409
    right = wrong | {"pin": PIN, "act_id": "sign-00002"}
    assert client.post(f"/papers/{number}/sign", data=right, headers=OURS).status_code == 303
    (signature,) = client.get(f"/api/v1/papers/{number}").json["signatures"]
    assert (signature["badge"], signature["meaning"], signature["stands"]) == ("Q-1", "approved", True)  # fmt: skip
    assert "approved" in client.get(f"/papers/{number}?lang=en", follow_redirects=True).text


def events_of(plant: Plant, kind: str) -> Any:
    with reading(plant.engine) as conn:
        return list_kind(conn, kind, 10)


def test_papers_by_hand_and_signed_over_the_api(
    client: FlaskClient, plant: Plant, settings: Settings
) -> None:
    act_as(client, plant.engine, "Q-1", "quality")
    give_pin(plant.engine, settings.data_dir, "Q-1")
    told = tell(plant.engine)
    (number,) = pull(client, told["pack"]).json["made"]
    body = {"act_id": "sign-00001", "at": AT, "signature": {"badge": "Q-1", "pin": PIN, "meaning": "reviewed"}}  # fmt: skip
    assert client.post(f"/api/v1/papers/{number}/sign", json=body).status_code == 200
    missing = client.post("/api/v1/papers/RP26-000009-XX/sign", json=body | {"act_id": "sign-00002"})  # fmt: skip
    assert missing.status_code == 409
    assert rebuild_lots(plant.engine) > 0
    assert client.get(f"/papers/{number}.pdf").status_code == 200, "files outlive a rebuild"
    assert client.get(f"/api/v1/papers/{number}").json["signatures"][0]["stands"] is True


def test_the_binder_is_a_page_and_an_archive(client: FlaskClient, told: dict[str, str]) -> None:
    page = client.get("/quality/binder?").text
    assert "8.5.2.1" in page
    answer = client.get("/quality/binder.zip")
    assert answer.mimetype == "application/zip"
    assert "records/lots.csv" in ZipFile(BytesIO(answer.data)).namelist()
