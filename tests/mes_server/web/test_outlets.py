"""Outlets today and day by day: what the pages show, the table, what programs read, and a warning as it comes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from mes_server.web.answers_outlets import OutletsAnswer
from mes_server.web.day_chart import picture_of
from mes_server.web.outlet_days import KEEP_MS, worst_first
from mes_server.web.outlets import COLUMNS, DAYS_MAX
from tests.mes_server.domain.water_making import permit_content, works_content
from tests.mes_server.people_help import act_as, begin_session, hire
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.outlet_data import (
    DAY,
    FROM_MS,
    MINUTE_MS,
    NI,
    OUTLET,
    coated,
    flowing,
    released,
    with_outlets,
)
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.test_browser import DEADLINE_MS, live, tab

__all__ = ["tab"]  # a fixture


@pytest.fixture
def reader(client: FlaskClient, plant: Plant) -> FlaskClient:
    """A browser of somebody of environment."""
    act_as(client, plant.engine, "E-2", "environment")
    return client


def shown(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == status, answer.text[:400]
    return str(answer.text)


def told(client: FlaskClient, address: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/effluent/{address}")
    assert answer.status_code == status, answer.text[:400]
    return answer.json


def test_without_waterworks_the_page_says_how_to_begin(reader: FlaskClient) -> None:
    assert "No waterworks are released yet" in shown(reader, "/water/outlets?lang=en")
    assert told(reader, "outlets") == {"items": []}


def test_an_outlet_without_a_permit_is_measured_and_says_what_to_do(
    reader: FlaskClient, plant: Plant
) -> None:
    released(plant, ("waterworks", works_content()))
    flowing(plant)
    text = shown(reader, "/water/outlets?lang=en")
    assert "No permit is in force for o-shop" in text
    assert "no limit here" in text


def test_an_outlet_nobody_heard_of_says_so(reader: FlaskClient, plant: Plant) -> None:
    released(plant)
    text = shown(reader, "/water/outlets?lang=en")
    assert text.count("Nothing was heard and no sample was taken") == 2


def test_the_worst_outlet_and_the_worst_pollutant_come_first(
    reader: FlaskClient, plant: Plant
) -> None:
    released(
        plant, ("waterworks", works_content()), ("permit", permit_content()), ("permit", permit_content("o-plant"))
    )  # fmt: skip
    flowing(plant, 0.7)
    text = shown(reader, "/water/outlets?lang=en")
    assert text.index('data-outlet="o-shop"') < text.index('data-outlet="o-plant"')
    assert text.index('data-pollutant="ni"') < text.index('data-pollutant="ph"')
    assert "limit exceeded" in text
    assert "140 %" in text
    assert "Total nickel" in text
    first = told(reader, "outlets")["items"][0]
    assert (first["outlet"], first["status"], first["permit"]) == (OUTLET, "exceed", "P-o-shop/A")
    assert set(first) == set(OutletsAnswer.model_json_schema()["$defs"]["OutletNowAnswer"]["properties"])  # fmt: skip


def test_a_day_shows_hours_what_was_left_out_verdicts_and_sources(
    reader: FlaskClient, plant: Plant
) -> None:
    with_outlets(plant)
    text = shown(reader, f"/water/outlets/{OUTLET}/{DAY}?lang=en")
    assert "analyser was calibrating" in text
    assert "GB 21900-2008 2" in text
    assert "≤ 0.5" in text
    assert "2026-11-22" in text, "the day before is one step away"
    assert text.count('class="step"') >= 2
    assert 'class="gap"' in text, "the hour of the calibration has no mean"
    assert "No sample was drawn on this day" in text
    shown(reader, f"/water/outlets/{OUTLET}/2026-11-33", 404)
    shown(reader, f"/water/outlets/s-ni/{DAY}", 404)
    assert 'href="/water/outlets/o-shop/2026-11-24"' not in text, "tomorrow is not there yet"


def test_the_table_of_a_day_has_hours_verdicts_and_what_was_left_out(
    reader: FlaskClient, plant: Plant
) -> None:
    with_outlets(plant)
    lines = shown(reader, f"/water/outlets/{OUTLET}/{DAY}/hours.csv").lstrip("\ufeff").splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert {line.count(",") for line in lines if '"' not in line} == {len(COLUMNS) - 1}
    kinds = {line.split(",")[0] for line in lines[1:]}
    assert kinds == {"day", "hour", "verdict", "excluded"}
    assert any(line.startswith("excluded,ni,mg/L") and "calibrating" in line for line in lines)


def test_programs_read_days_and_are_told_what_they_asked_wrongly(
    reader: FlaskClient, plant: Plant
) -> None:
    with_outlets(plant)
    (day,) = told(reader, f"days?outlet={OUTLET}")["items"]
    assert (day["day"], day["over"], len(day["digest"])) == (DAY, False, 64)
    (nickel,) = [one for one in day["pollutants"] if one["pollutant"] == "ni"]
    assert nickel["mean"] == pytest.approx(0.2, rel=1e-3)
    assert nickel["excluded"][0]["reason"] == "calibrating"
    assert len(told(reader, f"days?outlet={OUTLET}&from=2026-11-21&to={DAY}")["items"]) == 3
    told(reader, f"days?outlet={OUTLET}&from=today", 400)
    told(reader, f"days?outlet={OUTLET}&from=2026-01-01&to={DAY}", 400)
    told(reader, "days?outlet=o-none", 404)
    told(reader, "days", 400)
    assert DAYS_MAX >= 31


def test_a_pollutant_that_only_the_lab_measures_has_no_picture(
    reader: FlaskClient, plant: Plant
) -> None:
    from mes_server.domain.discharge import PollutantDay  # only here

    one = PollutantDay("cd", "mg/L", 1, 0.1, 0.1, 0.1, None, 0.0, 0.1, None, "ok")
    assert picture_of(one, NOW_MS, NOW_MS) is None
    assert worst_first([one]) == [one]


@pytest.fixture
def address(app: Flask, plant: Plant, tab: Page) -> Iterator[str]:
    """The plant on a port; somebody of environment is signed in."""
    hire(plant.engine, "E-2", ["environment"])
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        secret = begin_session(plant.engine, "E-2")
        tab.context.add_cookies([{"name": "session", "value": secret, "url": address}])
        yield address


def test_the_page_turns_to_a_warning_as_values_rise(
    address: str, tab: Page, plant: Plant, clock: Clock
) -> None:
    released(plant)
    coated(plant, 120)
    key = flowing(plant, 0.2, minutes=900)
    clock.now_ms = FROM_MS + 1020 * MINUTE_MS
    tab.goto(f"{address}/water/outlets?lang=en")
    live(tab)
    card = tab.locator(f'[data-outlet="{OUTLET}"]')
    row = card.locator('[data-pollutant="ni"]')
    expect(row.locator(".state").first).to_have_text("within the limits")
    tab.evaluate("window.same = true")
    clock.now_ms += 2 * KEEP_MS
    times = FROM_MS + np.arange(900, 1020) * MINUTE_MS + 20_000
    wave = 0.001 * (-1.0) ** np.arange(len(times))
    for metric, values in (("flow_m3_h", 2 + wave), (NI, 2.2 + wave)):
        plant.samples(key, metric, times, values)
    expect(row.locator(".state").first).to_have_text("near a limit", timeout=DEADLINE_MS)
    expect(card.locator(".state.big")).to_have_attribute("data-status", "warn")
    assert tab.evaluate("window.same"), "not loaded anew"
