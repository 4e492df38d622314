"""Analysers, meters and waste over HTTP, on their pages and in a browser.

The whole of water_keep, water_keep_api and of answers_water what they answer.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from mes_server.domain.water_samples import AnalyserCheck
from mes_server.web.water_keep import drift
from mes_server.web.water_keep_api import SHOWN
from tests.mes_server.people_help import begin_session, hire
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.test_water_lab import get, page
from tests.mes_server.web.test_water_lab import made as made
from tests.mes_server.web.test_water_lab import office as office
from tests.mes_server.web.water_data import Water

NICKEL = {"place": "o-shop", "pollutant": "ni"}


def test_a_failed_check_says_on_the_spot_since_when_values_are_doubtful(
    office: Desk, made: Water
) -> None:
    said = NICKEL | {"kind": "span", "expected": "0.5", "full_scale": "2"}
    good = office.post("/water/analysers", **said, read="0.51").json
    assert (good["passed"], good["doubtful"], good["doubtful_since"]) == (True, False, None)
    assert "It passed" in good["next"]
    said["when"] = "2026-11-23T18:34"
    bad = office.post("/water/analysers", **said, read="0.7", act_id="act-bad-1").json
    assert (bad["passed"], bad["doubtful"], bad["difference"], bad["tolerance"]) == (
        False, True, "0.2", "0.05",
    )  # fmt: skip
    assert bad["doubtful_since"] == good["at"]
    assert "check it again" in bad["next"]
    again = office.post("/water/analysers", **said, read="0.7", act_id="act-bad-1").json
    assert (again["check"], again["again"]) == (bad["check"], True)
    (analyser,) = [one for one in get(office, "/analysers")["items"] if one["pollutant"] == "ni"]
    assert (analyser["state"], analyser["doubtful_since"]) == ("doubtful", good["at"])
    office.done(f"/water/analysers/{bad['check']}/void", reason="wrong bottle")
    text = page(office, "/water/analysers")
    assert "wrong bottle" in text
    assert "values are doubtful</span>" not in text


def test_maintenance_is_told_to_be_over_and_a_repair_says_what(office: Desk, made: Water) -> None:
    (ph,) = [one for one in get(office, "/analysers")["items"] if one["pollutant"] == "ph"]
    assert ph["state"] == "maintenance"
    office.done(f"/water/analysers/{ph['checks'][0]['check']}/end")
    repair = {"place": "o-plant", "pollutant": "ph", "kind": "repaired"}
    assert office.rules("/water/analysers", **repair) == ["repair_says_what"]
    assert (
        "check it with a standard"
        in office.post("/water/analysers", **repair, note="new electrode").json["next"]
    )
    (ph,) = [one for one in get(office, "/analysers")["items"] if one["pollutant"] == "ph"]
    assert ph["state"] == "unchecked"
    bad = {"place": "o-plant", "pollutant": "hg", "kind": "span", "expected": "1", "read": "1"}
    assert office.rules("/water/analysers", **bad) == ["analyser_measures_it"]


def test_a_meter_is_exchanged_read_and_its_note_voided(office: Desk, made: Water) -> None:
    office.done("/water/meters/w-ph/exchange", before="131", after="0")
    office.done("/water/meters/w-ph/read", after="2.5")
    assert office.rules("/water/meters/w-ph/read", after="2") == ["meter_goes_forward"]
    assert office.rules("/water/meters/gone/exchange", before="1", after="0") == ["meter_is_known"]
    notes = get(office, "/meter-notes")["items"]
    assert [(one["meter"], one["kind"], one["after"]) for one in notes[:2]] == [
        ("w-ph", "meter_read", "2.5"), ("w-ph", "meter_exchanged", "0"),
    ]  # fmt: skip
    office.done(f"/water/meters/w-ph/notes/{notes[0]['number']}/void", reason="other meter")
    text = page(office, "/water/meters")
    assert "other meter" in text
    assert "99812.4" in text
    assert len(notes) <= SHOWN


def test_waste_leaves_and_a_difference_is_shown(office: Desk, made: Water) -> None:
    found = {one["record"]: one for one in get(office, "/waste")["items"]}
    told = found[made.manifest]
    assert (told["state"], told["differs_percent"], told["differs_too_much"]) == (
        "confirmed", "-7.50", True,
    )  # fmt: skip
    said = {"number": "M-3", "code": "336-054-17", "kg": "100", "transporter": "T", "receiver": "R"}
    (code,) = office.done("/water/manifests", **said)
    office.done(f"/water/waste/{code}/hand-over")
    office.done(f"/water/waste/{code}/confirm", received_kg="99")
    assert office.rules(f"/water/waste/{code}/confirm", received_kg="99") == ["manifest_goes_on"]
    assert office.rules("/water/manifests", **said | {"code": "HW17"}) == ["waste_code_is_known"]
    (sludge,) = office.done("/water/sludge", place="t-ni", kg="210", dry_percent="30", cycle="8")
    (reagent,) = office.done("/water/reagents", kind="used", substance="PAC", kg="5")
    assert office.rules("/water/reagents", kind="received", substance="PAC", kg="5") == [
        "field_is_written", "field_is_written",
    ]  # fmt: skip
    office.done(f"/water/waste/{reagent}/void", reason="twice")
    found = {one["record"]: one for one in get(office, "/waste")["items"]}
    assert (found[sludge]["dry_kg"], found[reagent]["voided"]) == ("63", "twice")
    assert (found[code]["state"], found[code]["differs_too_much"]) == ("confirmed", False)
    text = page(office, "/water/waste")
    assert "Differs by more than 3 %" in text
    assert "twice" in text


def span_check(n: int, read: str, **more: Any) -> AnalyserCheck:
    off = Decimal(read) - 1
    said = {"passed": abs(off) <= Decimal("0.1"), "tolerance": Decimal("0.1")} | more
    return AnalyserCheck(
        f"AC-{n}", "o", "ni", "span", n, None, "E", Decimal(1), Decimal(read), note="", **said
    )


def test_a_drift_is_drawn_in_tolerances_the_oldest_left() -> None:
    newest_first = [
        span_check(3, "1.5"),
        span_check(2, "1.1"),
        span_check(1, "0.9", voided="x"),
        span_check(0, "1"),
    ]
    assert drift(newest_first) == [(3.0, 32.0, True), (123.0, 16.0, True), (237.0, 0.0, False)]
    assert drift([]) == []


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


def test_an_analyser_is_brought_back_at_a_tablet(tab: tuple[Page, str], made: Water) -> None:
    page, address = tab
    page.goto(f"{address}/water/analysers?lang=en")
    card = page.locator("#o-shop-ni")
    expect(card).to_contain_text("values are doubtful")
    expect(card).to_contain_text("Calibrate it, check it again")
    card.get_by_label("Reading").fill("0.49")
    card.get_by_role("button", name="Record the check").click()
    expect(card).to_contain_text("read 0.49, standard 0.5 ± 0.05")
    expect(card).not_to_contain_text("values are doubtful")
