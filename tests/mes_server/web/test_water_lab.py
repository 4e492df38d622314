"""Samples over HTTP, on their pages and in a browser: taken, received, reported, refused with what to do, voided.

The whole of water_lab, water_lab_api, water_answers, answers_water and gather_water_lab.
"""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from mes_server.actions.gather_water_lab import analysers_at, samples_due, usual_methods
from mes_server.store.engine import reading
from mes_server.web.answers_water import WaterSampleAnswer
from mes_server.web.bodies_water import when_ms
from mes_server.web.water_answers import since_text
from mes_server.web.water_lab import COLUMNS
from mes_server.web.water_lab_api import SHOWN
from tests.mes_server.people_help import begin_session, hire, token_for
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.water_data import Water, with_water

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def made(plant: Plant, stations: dict[str, int]) -> Water:
    return with_water(plant)


@pytest.fixture
def office(desk: Desk, plant: Plant, made: Water) -> Desk:
    """Somebody of environment at the desk."""
    hire(plant.engine, "E-1", roles=("environment",))
    desk.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'E-1')}"}
    return desk


def get(desk: Desk, path: str) -> Any:
    answer = desk.client.get(f"/api/v1/water{path}", headers=desk.shown)
    assert answer.status_code == 200, answer.text
    return answer.json


def page(desk: Desk, path: str) -> str:
    answer = desk.client.get(f"{path}?lang=en", headers=desk.shown, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def figure(
    value: str, unit: str = "mg/L", pollutant: str = "cu", lod: str = "0.006"
) -> dict[str, str]:
    return {"parameter": pollutant, "value": value, "unit": unit, "lod": lod}


def test_a_sample_is_taken_received_reported_and_read(office: Desk, made: Water) -> None:
    asked = [{"parameter": "ni", "asked": "yes"}]
    (code,) = office.done("/water/samples", place="o-shop", readings=asked, note="HNO3")
    assert get(office, f"/samples/{code}")["missing"] == ["ni"]
    office.done(f"/water/samples/{code.lower()}/hand-over", person="SF Express")
    office.done(f"/water/samples/{code}/receive", lab="SGS", person="Li")
    results = [figure("0.42", pollutant="ni"), figure("", pollutant="cr")]
    office.done(f"/water/samples/{code}/reports", number="R-9", readings=results)
    found = get(office, f"/samples/{code}")
    assert set(found) == set(WaterSampleAnswer.model_fields)
    assert [one["kind"] for one in found["custody"]] == [
        "sample_taken", "sample_handed", "sample_received", "sample_reported",
    ]  # fmt: skip
    (result,) = found["results"]
    assert result | {"report": ""} == {
        "pollutant": "ni", "qualifier": "", "value": "0.42", "unit": "mg/L", "method": "HJ 776", "lod": "0.006",
        "report": "", "refused": "",
    }  # fmt: skip
    assert next(one["sample"] for one in get(office, "/samples?place=o-shop")["items"]) == code
    assert len(get(office, "/samples")["items"]) == 3 <= SHOWN


@pytest.mark.parametrize(
    ("result", "rule", "said"),
    [
        (figure("310", "µg/L"), "result_is_in_its_unit", "0.31 mg/L"),
        (figure("0.0003", "g/L"), "result_is_in_its_unit", "0.3 mg/L"),
        (figure("1500"), "result_is_plausible", "between 0 and 1000"),
        (figure("-1"), "result_is_plausible", "between 0 and 1000"),
        (figure("0,3"), "result_is_a_figure", "with a point"),
        (figure("<0.02", lod=""), "non_detect_has_a_lod", "LOD of the method"),
        (figure("<0.001"), "result_agrees_with_lod", "0.006"),
        (figure("1", pollutant="gold"), "pollutant_is_known", "gold"),
    ],
)
def test_what_cannot_be_is_refused_in_words_kept_and_counted(
    office: Desk, made: Water, result: dict[str, str], rule: str, said: str
) -> None:
    before = get(office, "/refused")["count"]
    answer = office.post(f"/water/samples/{made.away}/reports", number="R-9", readings=[result])
    assert answer.status_code == 409
    (refusal,) = answer.json
    assert refusal["rule"] == rule
    assert said in refusal["message"] + refusal["next"]
    refused = get(office, "/refused")
    assert (refused["count"], refused["items"][0]["about"]) == (before + 1, made.away)
    assert refused["items"][0]["reasons"][0]["rule"] == rule
    assert get(office, f"/samples/{made.away}")["results"] == []
    text = page(office, "/water/lab")
    assert "In the last 30 days: 1." in text
    assert refusal["rule"] in {one["rule"] for one in refused["items"][0]["reasons"]}


def test_times_are_the_plants_and_none_is_in_the_future(office: Desk, made: Water) -> None:
    assert when_ms("2026-11-23T12:00", ZONE) == when_ms("2026-11-23T04:00:00Z", ZONE)
    assert office.rules("/water/samples", place="o-shop", begun="2027-01-01T08:00") == [
        "time_is_not_ahead"
    ]
    body = {"place": "o-shop", "kind": "composite", "begun": "2026-11-20T08:00"}
    assert office.rules("/water/samples", **body, ended="2026-11-20T08:00") == [
        "composite_takes_time"
    ]
    (code,) = office.done("/water/samples", **body, ended="2026-11-20T20:00")
    assert get(office, f"/samples/{code}")["ended"] == "2026-11-20T12:00:00.000Z"
    late = {"lab": "SGS", "when": "2026-11-20T19:00"}
    assert office.rules(f"/water/samples/{code}/receive", **late) == ["custody_is_in_order"]
    assert office.post("/water/samples", place="o-shop", begun="yesterday").status_code == 400
    assert office.rules("/water/samples", place="river") == ["water_place_is_known"]


def test_a_result_is_withdrawn_and_a_sample_voided_with_reasons(office: Desk, made: Water) -> None:
    path = f"/water/samples/{made.reported}"
    assert office.rules(f"{path}/results/ni/withdraw") == ["reason_is_given"]
    office.done(f"{path}/results/ni/withdraw", reason="diluted twice")
    assert office.rules(f"{path}/void") == ["reason_is_given"]
    office.done(f"{path}/void", reason="bottle broke")
    found = get(office, f"/samples/{made.reported}")
    assert (found["voided"], found["state"]) == ("bottle broke", "sample_voided")
    assert {one["refused"] for one in found["refused"]} == {
        "diluted twice",
        "row of another sample",
    }
    text = page(office, f"/water/lab/{made.reported}")
    assert "Void: bottle broke" in text
    assert "diluted twice" in text
    assert "Enter a report" not in text


def test_an_operator_reads_and_records_nothing(office: Desk, plant: Plant, made: Water) -> None:
    hire(plant.engine, "W-7", roles=("operator",))
    office.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-7')}"}
    assert office.post("/water/samples", place="o-shop").status_code == 403
    assert "Take a sample" not in page(office, "/water/lab")


def test_the_page_says_what_is_due_and_what_is_on_its_way(office: Desk, made: Water) -> None:
    with reading(made.plant.engine) as conn:
        dues = samples_due(conn, NOW_MS, ZONE.key)
        assert samples_due(conn, 0, ZONE.key) == []
        usual = usual_methods(conn, NOW_MS)
        (analyser,) = [one for one in analysers_at(conn, NOW_MS) if one.pollutant == "ni"]
    told = {(one.place.code, one.pollutant): one for one in dues}
    assert told["o-shop", "ni"].is_due, "drawn 58 h ago, every day"
    assert told["o-shop", "ni"].last_ms == made.at(2)
    assert told["o-shop", "hg"].last_ms is None
    assert not told["o-plant", "cu"].is_due, "drawn 8 h ago, every week"
    assert ("o-plant", "ni") not in told, "it is limited at the workshop outlet"
    assert (usual["ni"], usual["zn"]) == (("HJ 776", "0.007"), ("HJ 776", ""))
    assert (analyser.state, since_text(analyser.doubtful_ms) is None) == ("doubtful", False)
    text = page(office, "/water/lab")
    assert made.away in text
    assert "at the laboratory" in text
    assert "To be sampled now: 7" in text


def test_samples_leave_as_csv_with_what_does_not_count(office: Desk, made: Water) -> None:
    answer = office.client.get("/water/lab.csv", headers=office.shown)
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 1 + 1 + 3, "one that waits, and three figures of the other"
    (cr,) = [line for line in lines if ",cr," in line]
    assert ",<,0.03,mg/L,HJ 776,0.03,," in cr
    assert any("row of another sample" in line for line in lines)


@pytest.fixture
def tab(
    app: Flask, client: FlaskClient, plant: Plant, made: Water, browser: Browser
) -> Iterator[tuple[Page, str]]:
    """A tablet at which somebody of environment is signed in."""
    hire(plant.engine, "E-1", roles=("environment",))
    secret = begin_session(plant.engine, "E-1")
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        context = browser.new_context(viewport={"width": 820, "height": 1180}, locale="en-GB")
        context.add_cookies([{"name": "session", "value": secret, "url": address}])
        yield context.new_page(), address
        context.close()


def test_who_enters_another_unit_is_told_what_to_do_and_does_it(
    tab: tuple[Page, str], made: Water
) -> None:
    page, address = tab
    page.goto(f"{address}/water/lab/{made.away}?lang=en")
    form = page.locator("form.report")
    form.get_by_label("Report number").fill("R-77")
    copper = form.get_by_role("group", name="Total copper", exact=True)
    copper.get_by_label("Result").fill("310")
    copper.get_by_label("Unit").fill("µg/L")
    copper.get_by_label("LOD").fill("6")
    form.get_by_role("button", name="Record the report").click()
    told = page.locator("#answer")
    expect(told).to_contain_text("Total copper is kept in mg/L; the report says 310 µg/L")
    expect(told).to_contain_text("the figure would be: 0.31 mg/L")
    assert (copper.get_by_label("Result").input_value(), form.get_by_label("Report number").input_value()) == (
        "310", "R-77",
    ), "nothing that was written is lost"  # fmt: skip
    assert copper.get_by_label("Result").bounding_box()["height"] >= 48  # type: ignore[index]
    copper.get_by_label("Result").fill("0.31")
    copper.get_by_label("Unit").fill("mg/L")
    copper.get_by_label("LOD").fill("0.006")
    form.get_by_role("button", name="Record the report").click()
    expect(page.locator("table.rows").first).to_contain_text("0.31 mg/L")
    expect(page.locator("main")).to_contain_text("refused: other unit")


def test_a_sample_is_taken_with_one_touch(tab: tuple[Page, str], made: Water) -> None:
    page, address = tab
    page.goto(f"{address}/water/lab?lang=en")
    card = page.locator("section", has=page.get_by_role("heading", name="o-shop"))
    card.get_by_role("button", name="Sample is taken").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("WS26-")
    expect(page.locator("main")).to_contain_text("Hexavalent chromium")
