"""Baths over HTTP, on their pages and in a browser: made up, titrated, locked, added to, dumped.

The whole of baths, bath_answers, bath_trends and answers_baths; of gather_plating what the pages show.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from mes_server.web.baths import BATHS_SHOWN
from tests.mes_server.people_help import begin_session, hire
from tests.mes_server.web.bath_data import Bath, with_baths
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk


@pytest.fixture
def made(plant: Plant, stations: dict[str, int]) -> Bath:
    return with_baths(plant)


def get(desk: Desk, path: str) -> Any:
    answer = desk.client.get(f"/api/v1{path}", headers=desk.shown)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_bath_says_all_that_is_known_of_it(desk: Desk, made: Bath) -> None:
    bath = get(desk, f"/baths/{made.lot}")
    assert (bath["spec"], bath["volume_l"], bath["ah"]) == ("NI-BASE/A", "1500", "52.62")
    assert bath["tanks"][0] | {"since": ""} == {
        "station": "plate-2", "role": "bath", "since": "", "until": None
    }  # fmt: skip
    nickel = bath["parameters"][0]
    assert (nickel["value"], nickel["verdict"], nickel["lower"]) == ("58.11", "out", "60")
    assert bath["holds"] == [f"{made.out} {made.lot}: ni_g_l"]
    assert bath["titrations"][0]["held"] == [made.parts]
    advice = {one["product"]: one for one in bath["advice"]}
    assert advice["NiSO4·6H2O"] | {"amount": ""} == {
        "product": "NiSO4·6H2O", "by": "titration", "amount": "", "unit": "g"
    }  # fmt: skip
    assert advice["NiSO4·6H2O"]["amount"] == "79900", "(70 - 58.1061) g/L · 1500 L · 4.48 g/g"
    balance = {one["product"]: one for one in bath["balance"]}
    assert (balance["wetter"]["theoretical"], balance["wetter"]["actual"]) == ("7.892", "5")
    assert [one["lot"] for one in get(desk, "/baths")["items"]] == [made.lot][:BATHS_SHOWN]


def test_a_run_is_predicted_by_its_ampere_hours_and_compared_with_the_xrf(
    desk: Desk, made: Bath
) -> None:
    (layer,) = get(desk, f"/runs/{made.run}/plating")["items"]
    assert layer == {
        "run": made.run, "layer": "ni_base", "bath": made.lot, "ah": "52.62", "area_dm2": "76.8",
        "area_by": "counted", "predicted_um": "8", "measured_um": "8.07", "ratio": "0.992", "agrees": True,
    }  # fmt: skip
    assert get(desk, f"/baths/{made.lot}")["plated"] == [layer]


def test_a_titration_answers_what_came_of_it_and_what_is_next(desk: Desk, made: Bath) -> None:
    path = f"/baths/{made.lot}/titrations"
    readings = [{"parameter": "ni_g_l", "volume_ml": "11.90"}]
    answer = desk.post(path, readings=readings, station="lab").json
    assert (answer["verdict"], answer["locked"], answer["held"]) == ("ok", True, [])
    assert "until somebody who may release holds ends it" in answer["next"]
    (hold,) = desk.lot(made.lot)["holds"]
    assert desk.lot(made.parts)["holds"], "its lots wait for quality"
    again = desk.post(path, readings=readings, station="lab", act_id=answer["id"]).json
    assert (again["titration"], again["again"]) == (answer["titration"], True)
    assert desk.rules(path, readings=[{"parameter": "ni_g_l", "volume_ml": "11,9"}]) == [
        "figure_has_a_point"
    ]
    assert desk.rules(path, readings=[], burette="B-1") == ["gauge_is_known", "titration_is_whole"]
    assert desk.post(f"/baths/{made.lot}/titrations/{answer['titration']}/void", reason="x").json
    assert get(desk, f"/baths/{made.lot}")["titrations"][0]["voided"] == "x"
    assert hold


def test_what_is_added_and_dumped_is_recorded(desk: Desk, made: Bath) -> None:
    path = f"/baths/{made.lot}"
    assert desk.rules(f"{path}/additions", product="wetter", amount="340", unit="g") == [
        "addition_has_its_unit"
    ]
    assert desk.rules(f"{path}/additions", product="wetter", amount="340000", unit="mL") == [
        "titration_is_possible"
    ]
    desk.done(f"{path}/additions", product="wetter", amount="340", unit="mL")
    assert get(desk, path)["additions"][-1]["amount"] == "340"
    (waste,) = desk.done(f"{path}/dump", reason="too much iron")
    assert desk.lot(waste)["kind"] == "waste"
    assert get(desk, path)["dumped_at"]
    assert desk.rules(f"{path}/additions", product="wetter", amount="1", unit="mL") == [
        "bath_is_in_use"
    ]


def test_a_lot_becomes_a_bath_once_and_under_a_spec(desk: Desk, made: Bath) -> None:
    (lot,) = desk.done("/lots", kind="bath", amount={"mass_mg": 1000}, supplier_lot="x")
    said = {"lot": lot, "spec": "PH-ZN", "volume_l": "800"}
    assert desk.rules("/baths", **said | {"spec": "NONE"}) == ["bath_has_spec"]
    assert desk.rules("/baths", **said | {"volume_l": "0.8"}) == ["titration_is_possible"]
    assert (
        desk.rules("/baths", **said | {"lot": made.parts}) == ["lot_is_a_bath", "bath_is_new"][:1]
    )
    desk.done("/baths", **said)
    assert desk.rules("/baths", **said) == ["bath_is_new"]
    path = f"/baths/{lot}/titrations"
    crossed = [{"parameter": "fa_points", "volume_ml": "12"}, {"parameter": "ta_points", "volume_ml": "3"}]  # fmt: skip
    assert desk.rules(path, readings=crossed) == ["total_holds_its_part"]
    answer = desk.client.get("/api/v1/baths/BM26-9", headers=desk.shown)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("language", "texts"),
    [("en", ["locked", "To be added", "outside of its spec", "Predicted / XRF", "0.992", "held: 1, shipped: 0"]),
     ("zh", ["已锁定", "建议加料", "超出规格", "预测/实测", "滴定记录"])],
)  # fmt: skip
def test_the_pages_show_figures_bands_advice_and_lots(
    client: FlaskClient, made: Bath, language: str, texts: list[str]
) -> None:
    shown = {"Accept-Language": language}
    page = client.get(f"/quality/baths/{made.lot}", headers=shown).text
    for text in texts:
        assert text in page, text
    assert "<polyline" in page
    assert made.parts in page
    board = client.get("/quality/baths", headers=shown)
    assert made.lot in board.text
    assert client.get("/quality/baths/BM26-9").status_code == 404


@pytest.fixture
def lab(app: Flask, browser: Browser, plant: Plant, made: Bath) -> Iterator[Page]:
    """Somebody of the laboratory, signed in."""
    hire(plant.engine, "Q-1", ["quality"])
    with serving(app) as port:
        home = f"http://127.0.0.1:{port}"
        context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
        secret = begin_session(plant.engine, "Q-1")
        context.add_cookies([{"name": "session", "value": secret, "url": home}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(f"{home}/quality/baths/{made.lot}")
        yield page
        context.close()


def test_a_titration_is_written_at_the_bench(lab: Page, made: Bath) -> None:
    field = lab.locator("input[name='ni_g_l.volume_ml']")
    assert field.get_attribute("inputmode") == "decimal"
    field.fill("119")
    lab.get_by_role("button", name="Record titration").click()
    expect(lab.locator("#answer")).to_contain_text("cannot be 119")
    field.fill("11.9")
    lab.get_by_role("button", name="Record titration").click()
    expect(lab.locator("table").first).to_contain_text("69.84")
    expect(lab.locator(".holds")).to_contain_text("releases nothing by itself")
