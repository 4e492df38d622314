"""Records and exceedances as pages and over the API: a day is closed and signed, changes, and is revised."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from mes_server.actions.watch_exceedances import watch
from mes_server.app import create_app
from mes_server.domain.uplink import Telling
from mes_server.store import hj212_outbox as outbox
from mes_server.store.engine import reading
from mes_server.store.exceedances import list_exceedances
from mes_server.store.transaction import writing
from tests.mes_server.actions.outlet_floor import DAY, FROM_MS, HOUR_MS, NI, ZONE, around
from tests.mes_server.actions.outlet_floor import OutletFloor as Floor
from tests.mes_server.domain.water_making import permit_content
from tests.mes_server.people_help import NOW_MS, OURS, PIN, act_as, give_pin
from tests.mes_server.web.plant_data import make_settings, make_store

HOURLY = [{"pollutant": "ni", "high": "0.5", "unit": "mg/L", "averaging": "hourly"}]
SIGNED = {"badge": "E-1", "pin": PIN, "meaning": "closed"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Floor, FlaskClient]]:
    """An outlet with a day that is over, two hours of it above the limit, and somebody of the environment."""
    settings = replace(make_settings(tmp_path), timezone=ZONE)
    floor = Floor(make_store(settings))
    floor.build(permit_content("o-shop", limits=HOURLY, mn="010000A8900016F000169DC0"))
    floor.coat(50, FROM_MS + 3 * HOUR_MS)
    values = around(0.3)
    values[120:240] += 0.5
    floor.water(rate=2.0, metrics={NI: values})
    floor.now_ms = NOW_MS
    client = create_app(settings, lambda: floor.now_ms).test_client()
    act_as(client, floor.engine, "E-1", "environment")
    give_pin(floor.engine, tmp_path, "E-1")
    yield floor, client
    floor.engine.dispose()


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address, headers={"Accept": "text/html", "Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_day_is_closed_signed_changed_and_revised_on_its_page(
    world: tuple[Floor, FlaskClient],
) -> None:
    floor, client = world
    record = f"/water/records/o-shop/{DAY}"
    assert 'data-state="unclosed"' in page(client, f"/water/records?outlet=o-shop&month={DAY[:7]}")
    assert "Nobody has closed it yet" in page(client, record)
    form = {"badge": "E-1", "pin": PIN, "language": "en"}
    wrong = client.post(f"{record}/close", data=form | {"pin": "000000"}, headers=OURS)
    assert wrong.status_code == 409
    assert client.post(f"{record}/close", data=form, headers=OURS).status_code == 303
    assert "tells what is judged now" in page(client, record)
    assert 'data-state="closed"' in page(client, f"/water/records?month={DAY[:7]}")
    stands = client.get(f"/api/v1/effluent/records/o-shop/{DAY}").json
    assert stands is not None
    assert (stands["stands"], stands["status"], len(stands["revisions"])) == (True, "exceed", 1)
    number = stands["revisions"][0]["paper"]
    for name in ("pdf", "csv", "xlsx", "json"):
        file = client.get(f"/papers/{number}.{name}")
        assert file.status_code == 200, name
        assert file.data
    assert "Discharge record of a day" in page(client, f"/papers/{number}")

    late = np.arange(300) * 60_000 + FROM_MS + 15_000
    floor.record("o-shop", {NI: np.full(300, 0.45) + 0.001 * (-1.0) ** np.arange(300)}, late)
    floor.merge()
    changed = page(client, record)
    assert "Changed since revision 1" in changed
    assert "Total nickel: mean" in changed
    assert 'data-state="changed"' in page(client, f"/water/records?month={DAY[:7]}")
    assert client.post(f"{record}/close", data=form, headers=OURS).status_code == 409
    done = client.post(f"{record}/close", data=form | {"reason": "the logger was late"}, headers=OURS)  # fmt: skip
    assert done.status_code == 303
    assert "the logger was late" in page(client, record)
    both = client.get(f"/api/v1/effluent/records/o-shop/{DAY}").json
    assert both is not None
    assert [one["revision"] for one in both["revisions"]] == [1, 2]
    assert "later" in page(client, f"/papers/{number}").lower()
    assert client.get(f"/papers/{number}.pdf").status_code == 200


def test_a_record_is_closed_over_the_api_and_refused_by_name(
    world: tuple[Floor, FlaskClient],
) -> None:
    _, client = world
    body = {"act_id": "record-000001", "at": "2026-11-23T10:33:20Z", "signature": SIGNED, "language": "zh"}  # fmt: skip
    address = f"/api/v1/effluent/records/o-shop/{DAY}/close"
    answer = client.post(address, json=body)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.text)["made"][0].startswith("DD")
    again = client.post(address, json=body)
    assert json.loads(again.text)["made"] == json.loads(answer.text)["made"]
    other = client.post(address, json=body | {"act_id": "record-000002"})
    assert other.status_code == 409
    assert "record_has_changed" in other.text
    running = client.post("/api/v1/effluent/records/o-shop/2026-11/close", json=body | {"act_id": "record-000003"})  # fmt: skip
    assert "period_is_over" in running.text
    assert client.get("/api/v1/effluent/records/o-shop/yesterday").status_code == 404
    assert client.get("/water/records/nowhere/2026-11").status_code == 404


def test_an_exceedance_is_listed_looked_at_and_closed(world: tuple[Floor, FlaskClient]) -> None:
    floor, client = world
    assert "Nothing was above a limit" in page(client, "/water/exceedances")
    watch(floor.engine, ZONE, floor.now_ms)
    watch(floor.engine, ZONE, floor.now_ms)
    with reading(floor.engine) as conn:
        found = list_exceedances(conn)
    (one,) = (each for each in found if each.averaging == "hourly")
    assert one.code in page(client, "/water/exceedances")
    shown = page(client, f"/water/exceedances/{one.code}")
    assert one.lots[0] in shown
    assert one.nonconformance in shown
    address = f"/water/exceedances/{one.code}/close"
    form = {"badge": "E-1", "pin": PIN, "cause": "resin spent", "action": "resin changed"}
    refused = client.post(address, data=form, headers=OURS)
    assert refused.status_code == 409
    assert one.nonconformance in refused.text
    done = client.post(address, data=form | {"reason": "asked for today"}, headers=OURS)
    assert done.status_code == 303
    assert "resin changed" in page(client, f"/water/exceedances/{one.code}")
    told = client.get(f"/api/v1/effluent/exceedances/{one.code}").json
    assert told is not None
    assert (told["state"], told["closed_by"], told["worst"] > 0.5) == ("closed", "E-1", True)
    assert client.get("/water/exceedances/EX26-000009-AA").status_code == 404
    listed = client.get("/api/v1/effluent/exceedances").json
    assert listed is not None
    assert [item["number"] for item in listed["items"]] == [each.code for each in found]


def test_what_the_authority_was_told_stands_on_the_page(world: tuple[Floor, FlaskClient]) -> None:
    floor, client = world
    assert "MES_HJ212_ENDPOINT" in page(client, "/water/records")
    with writing(floor.engine) as conn:
        told = Telling("010000A8900016F000169DC0", "o-shop", "2061", "20261120000000", "DataTime=1")
        outbox.put(conn, told, ("20261120100000000", 1), floor.now_ms)
    shown = page(client, "/water/records")
    assert "010000A8900016F000169DC0" in shown


def test_somebody_without_the_right_closes_nothing(world: tuple[Floor, FlaskClient]) -> None:
    floor, client = world
    act_as(client, floor.engine, "O-1", "operator")
    answer = client.post(f"/water/records/o-shop/{DAY}/close", data={}, headers=OURS)
    assert answer.status_code == 403
    assert "<form" not in page(client, f"/water/records/o-shop/{DAY}").split("<main")[1]
