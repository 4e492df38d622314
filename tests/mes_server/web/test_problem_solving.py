"""8D and changes over HTTP and on their pages; an 8D is written in the browser."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from mes_server.web.formats import iso_text
from tests.mes_server.people_help import PIN, give_pin
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plan_data import solved, substitutes_approved
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.test_handling import shop as shop
from tests.mes_server.web.test_nonconformances import office as office

SIGNED = {"badge": "L-1", "pin": PIN, "meaning": "approved"}
TOMORROW = iso_text(NOW_MS + 86_400_000)


@pytest.fixture
def pinned(desk: Desk, plant: Plant) -> Desk:
    give_pin(plant.engine, Path(str(plant.engine.url.database)).parent, "L-1")
    return desk


def get(desk: Desk, path: str) -> Any:
    return desk.client.get(f"/api/v1{path}", headers=desk.shown).json


def test_an_8d_from_its_opening_to_its_check(pinned: Desk) -> None:
    (code,) = pinned.done("/problems", title="cracks", linked=[])
    assert pinned.rules(f"/problems/{code}/close", check=TOMORROW) == [
        "signature_is_given", "disciplines_are_done",
    ]  # fmt: skip
    for step in range(1, 9):
        pinned.done(f"/problems/{code}/steps", step=f"D{step}", text="done so", done=True)
    other = SIGNED | {"meaning": "approved"}
    assert pinned.rules(f"/problems/{code}/close", check=TOMORROW, signature=other) == [
        "signature_means_something"
    ]
    pinned.done(f"/problems/{code}/close", check=TOMORROW, signature=SIGNED | {"meaning": "closed"})
    assert [s["stands"] for s in get(pinned, "/problems")["items"][0]["signatures"]] == [True]
    pinned.done(f"/problems/{code}/check", effective=False, reason="came back")
    (found,) = get(pinned, "/problems")["items"]
    assert (found["state"], found["reopened"], found["result"]) == ("open", 1, "came back")
    assert [s["stands"] for s in found["signatures"]] == [False], "it is shown as void"


def test_a_temporary_change_is_signed_reviewed_and_ended(
    pinned: Desk, shop: Shop, plant: Plant
) -> None:
    said = {"at_station": "sinter-1", "operation": "sinter", "primary": "load TC", "alternate": "zone TC",
            "until": TOMORROW, "reason": "broken"}  # fmt: skip
    assert pinned.rules("/changes/temporary", **said) == [
        "signature_is_given", "alternate_is_approved",
    ]  # fmt: skip
    substitutes_approved(plant)
    (code,) = pinned.done("/changes/temporary", **said, signature=SIGNED)
    pinned.done(f"/changes/temporary/{code}/review", reason="1 °C apart")
    (found,) = get(pinned, "/changes")["temporary"]
    assert (found["active"], found["review_due"]) == (True, False)
    assert [s["stands"] for s in found["signatures"]] == [True]
    pinned.done(f"/changes/temporary/{code}/end", reason="SAT passed")
    (found,) = get(pinned, "/changes")["temporary"]
    assert (found["active"], found["verified"]) == (False, "SAT passed")


def test_a_change_has_a_break_point(pinned: Desk, shop: Shop) -> None:
    said = {
        "title": "Mn",
        "what": "bath",
        "risk": "film",
        "verification": "SST",
        "takes_customer": True,
    }
    (code,) = pinned.done("/changes", **said)
    assert pinned.rules(f"/changes/{code}/effective", first_lot=shop.lot()) == [
        "change_is_approved"
    ]
    pinned.done(
        f"/changes/{code}/decide",
        approved=True,
        reason="good",
        customer_reference="PSW-9",
        signatures=[SIGNED],
    )
    lot = shop.lot()
    pinned.done(f"/changes/{code}/effective", first_lot=lot)
    (found,) = get(pinned, "/changes")["items"]
    assert (found["state"], found["first_lot"]) == ("effective", lot)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Temporary changes of process control"), ("zh", "过程控制的临时变更")],
)
def test_the_pages_say_what_is_overdue(
    client: FlaskClient, shop: Shop, plant: Plant, language: str, text: str
) -> None:
    shown = {"Accept-Language": language}
    assert client.get("/quality/problems", headers=shown).status_code == 200
    code = solved(plant)
    assert '<strong class="void">D4</strong>' in client.get("/quality/problems", headers=shown).text
    assert "cracked at the press" in client.get(f"/quality/problems/{code}", headers=shown).text
    page = client.get("/quality/changes", headers=shown).text
    assert "zone TC 1" in page
    assert "Zn to Mn" in page
    assert text in page
    assert client.get("/quality/problems/PS26-9").status_code == 404


def test_a_discipline_is_written_on_the_page(office: Page, plant: Plant) -> None:
    code = solved(plant)
    office.goto(office.url.replace("nonconformances", f"problems/{code}"))
    card = office.locator("section", has=office.get_by_role("heading", name="D1 Team"))
    card.get_by_label("What").fill("Wang, Lin")
    card.get_by_role("button", name="Write").click()
    expect(office.locator("#answer")).to_contain_text("needs an owner and a date")
    card.get_by_label("done").check()
    card.get_by_role("button", name="Write").click()
    expect(
        office.locator("section", has=office.get_by_role("heading", name="D1 Team"))
    ).to_contain_text("done 2026")


def test_an_8d_and_changes_begin_on_their_pages(office: Page, plant: Plant, shop: Shop) -> None:
    code, lot = solved(plant), shop.lot()
    quality = office.url.removesuffix("/nonconformances")
    office.goto(f"{quality}/problems")
    expect(office.locator("main strong.void").first).to_have_text("1 with something overdue")
    office.locator("details summary").click()
    office.get_by_label("Problem in a few words").fill("chips come back")
    office.get_by_label("Nonconformances and lots").fill(f"{code[:4]} {lot.lower()}")
    office.get_by_role("button", name="Open", exact=True).click()
    expect(office.locator("#answer")).to_contain_text("There is no")
    office.get_by_label("Nonconformances and lots").fill(lot.lower())
    office.get_by_role("button", name="Open", exact=True).click()
    expect(office.get_by_role("link", name=lot)).to_be_visible()
    office.goto(f"{quality}/changes")
    office.get_by_text("load TC → zone TC CP-9/A").click()
    form = office.locator("details[open] form")
    form.get_by_label("Where").select_option("sinter-1")
    form.get_by_label("until").fill("2999-01-31")
    form.get_by_label("Reason").fill("broken")
    form.get_by_label("Badge").fill("Q-1")
    form.get_by_label("PIN").fill(PIN)
    form.get_by_role("button", name="Sign and begin").click()
    newest = office.locator(".records li").first
    expect(newest).to_contain_text("broken · CP-9/A")
    newest.get_by_label("How was the return to normal verified?").fill("SAT passed")
    newest.get_by_role("button", name="Back to normal").click()
    expect(newest).to_contain_text("return to normal: SAT passed")
    card = office.locator("section", has=office.get_by_role("heading", name="Change requests"))
    asked = card.locator(".records li").first
    asked.get_by_label("Customer's reference").fill("PSW-9")
    asked.get_by_label("Reason").fill("trial is good")
    asked.get_by_label("Badge").fill("Q-1")
    asked.get_by_label("PIN").fill(PIN)
    asked.get_by_role("button", name="Sign the decision").click()
    expect(asked.locator(".state-chip")).to_have_text("approved")
    asked.get_by_label("First lot behind the change").fill(lot)
    asked.get_by_role("button", name="Effective from this lot on").click()
    expect(asked.locator(".state-chip")).to_have_text("effective")
    expect(asked.get_by_role("link", name=lot)).to_be_visible()
