"""Nonconformances over HTTP and on their pages: opened, decided and signed in the browser, told, closed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Route, expect

from mes_server.actions.handle_lots import ship_lots
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.ledger import iter_events
from mes_server.store.nonconformances import list_ncs
from tests.mes_server.people_help import PIN, begin_session, give_pin, hire, token_for
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plan_data import opened_nc, substitutes_approved
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.test_handling import DONE, Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.test_handling import shop as shop

QUALITY = {"badge": "L-1", "pin": PIN, "meaning": "disposed"}


@pytest.fixture
def pinned(desk: Desk, plant: Plant) -> Desk:
    give_pin(plant.engine, Path(str(plant.engine.url.database)).parent, "L-1")
    return desk


def opened(desk: Desk, *lots: str) -> str:
    (code,) = desk.done("/nonconformances", title="cracks", source="inspection", lots=list(lots))
    return code


def get(desk: Desk, path: str) -> Any:
    return desk.client.get(f"/api/v1{path}", headers=desk.shown).json


def test_from_what_was_found_to_what_was_decided(pinned: Desk, shop: Shop) -> None:
    code = shop.lot()
    nc = opened(pinned, code)
    assert pinned.lot(code)["holds"]
    said = {"disposition": "rework", "reason": "press again"}
    assert pinned.rules(f"/nonconformances/{nc}/dispose", **said) == [
        "signature_is_given", "disposition_says_where", "approvals_are_there", "second_person_signs",
    ]  # fmt: skip
    wrong = [QUALITY | {"pin": "735102"}]
    told = pinned.rules(f"/nonconformances/{nc}/dispose", **said, to="sinter", signatures=wrong)
    assert told[0] == "signature_is_right"
    pinned.done(
        f"/nonconformances/{nc}/dispose",
        disposition="regrade",
        to="N40",
        reason="x",
        signatures=[QUALITY],
    )
    found = get(pinned, f"/nonconformances/{nc}")
    assert (found["state"], found["disposition"]["to"], found["held"]) == (
        "disposed",
        "N40",
        [code],
    )
    assert [(s["badge"], s["stands"]) for s in found["signatures"]] == [("L-1", True)]
    pinned.done(f"/nonconformances/{nc}/close", reason="graded")
    assert get(pinned, "/nonconformances")["items"][0]["state"] == "closed"
    assert (
        pinned.client.get("/api/v1/nonconformances/NC26-9", headers=pinned.shown).status_code == 404
    )


def test_no_pin_is_kept_however_wrong_it_is(pinned: Desk, shop: Shop, plant: Plant) -> None:
    nc = opened(pinned, shop.lot())
    said = {"disposition": "conforms", "reason": "@midnight it was fine"}
    for secret in ("735102", "@Summer2026", "=1+735102", "<script>hush"):
        told = pinned.post(
            f"/nonconformances/{nc}/dispose",
            **{**said, "reason": "fine"},
            signatures=[QUALITY | {"pin": secret}],
        )
        assert told.json[0]["rule"] == "signature_is_right"
        assert secret not in told.text
        with reading(plant.engine) as conn:
            assert not any(secret in event.content for event in iter_events(conn))
    with reading(plant.engine) as conn:
        refused = [event for event in iter_events(conn) if "signature_is_right" in event.content]
    assert len(refused) == 4, "that it was tried is kept"
    assert pinned.rules(f"/nonconformances/{nc}/dispose", **said)[0] == "text_is_no_script"


def test_a_signature_means_what_is_done_by_it(pinned: Desk, shop: Shop) -> None:
    nc = opened(pinned, shop.lot())
    other = [QUALITY | {"meaning": "witnessed"}]
    said = {"disposition": "conforms", "reason": "measured"}
    told = pinned.rules(f"/nonconformances/{nc}/dispose", **said, signatures=other)
    assert told[0] == "signature_means_something"
    pinned.done(f"/nonconformances/{nc}/dispose", **said, signatures=[QUALITY])
    (one,) = get(pinned, f"/nonconformances/{nc}")["signatures"]
    assert one["meaning"] == "disposed"


def test_a_complaint_is_open_until_it_is_contained(pinned: Desk, shop: Shop) -> None:
    code = shop.lot(done=DONE)
    (shipment,) = pinned.done("/shipments", lots=[code], customer="ACME")
    said = {
        "title": "cracks",
        "source": "customer",
        "about": "shipment",
        "name": shipment,
        "found": "3 of 10",
    }
    (nc,) = pinned.done("/nonconformances", **said)
    found = get(pinned, f"/nonconformances/{nc}")
    assert (found["state"], found["name"], found["found"], found["lots"]) == (
        "open", shipment, "3 of 10", [code],
    )  # fmt: skip
    pinned.done(f"/nonconformances/{nc}/contain", reason="ACME sorts")
    found = get(pinned, f"/nonconformances/{nc}")
    assert (found["state"], found["contained_how"], found["contained_by"]) == (
        "contained", "ACME sorts", "L-1",
    )  # fmt: skip


def test_a_lot_is_released_by_who_signs(pinned: Desk, shop: Shop) -> None:
    code = shop.lot(done=DONE)
    assert pinned.rules(f"/lots/{code}/product-release", signatures=[]) == ["plan_is_in_force"]
    found = get(pinned, f"/lots/{code}/product-release")
    assert (found["stands"], found["released_at"]) == (False, None)
    answer = pinned.client.get("/api/v1/lots/B26-1/product-release", headers=pinned.shown)
    assert answer.status_code == 404


def test_a_customer_is_told_once(pinned: Desk, shop: Shop) -> None:
    code = shop.lot(done=DONE)
    pinned.done("/shipments", lots=[code], customer="ACME")
    nc = opened(pinned, code)
    assert get(pinned, f"/nonconformances/{nc}")["notices"][0]["told_at"] is None
    pinned.done(f"/nonconformances/{nc}/notify", customer="ACME", reason="letter 12")
    (notice,) = get(pinned, f"/nonconformances/{nc}")["notices"]
    assert (notice["told_by"], notice["how"]) == ("L-1", "letter 12")
    assert pinned.rules(f"/nonconformances/{nc}/notify", customer="ACME", reason="x") == [
        "customer_is_listed"
    ]


def test_an_operator_opens_and_decides_nothing(desk: Desk, shop: Shop, plant: Plant) -> None:
    hire(plant.engine, "W-1")
    desk.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1')}"}
    nc = opened(desk, shop.lot())
    for path in (f"/nonconformances/{nc}/dispose", f"/nonconformances/{nc}/close"):
        assert desk.post(path, disposition="scrap", reason="x").status_code == 403


def test_the_board_has_a_column_for_each_state(
    client: FlaskClient, shop: Shop, plant: Plant
) -> None:
    assert "None is open." in client.get("/quality/nonconformances").text
    nc = opened_nc(plant, shop.lot())
    for language, text in (("en", "cracks at the edge"), ("zh", "未处置")):
        page = client.get("/quality/nonconformances", headers={"Accept-Language": language})
        assert nc in page.text
        assert text in page.text
    assert client.get("/quality/nonconformances/NC26-9").status_code == 404


@pytest.fixture
def office(
    app: Flask, browser: Browser, plant: Plant, settings: Settings, shop: Shop
) -> Iterator[Page]:
    """Lin of the quality office, signed in; Wei, a lead, has a PIN, too."""
    for badge, role in (("Q-1", "quality"), ("L-2", "lead")):
        hire(plant.engine, badge, [role])
        give_pin(plant.engine, settings.data_dir, badge)
    with serving(app) as port:
        home = f"http://127.0.0.1:{port}"
        context = browser.new_context(locale="en-GB")
        secret = begin_session(plant.engine, "Q-1")
        context.add_cookies([{"name": "session", "value": secret, "url": home}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(f"{home}/quality/nonconformances")
        yield page
        context.close()


def test_two_people_sign_that_it_is_scrapped(office: Page, shop: Shop, plant: Plant) -> None:
    code = shop.lot()
    opened_nc(plant, code)
    office.reload()
    office.get_by_role("link", name="cracks at the edge").click()
    form = office.locator("form[data-signed]")
    form.get_by_label("Disposition").select_option("scrap")
    form.get_by_label("Reason").fill("cracked through")
    form.get_by_label("Badge, signature 1").fill("Q-1")
    form.get_by_label("PIN, signature 1").fill(PIN)
    form.get_by_role("button").click()
    expect(office.locator("#answer")).to_contain_text("takes signatures of: lead")
    expect(form.get_by_label("PIN, signature 1")).to_have_value("")
    form.get_by_label("PIN, signature 1").fill(PIN)
    form.get_by_label("Badge, signature 2").fill("L-2")
    form.get_by_label("PIN, signature 2").fill(PIN)
    form.get_by_role("button").click()
    expect(office.locator(".state-chip")).to_have_text("Disposed")
    expect(office.locator(".signatures li")).to_have_count(2)
    assert [one["form"] if "form" in one else one["why"] for one in shop.events("lot_created")][
        -1
    ] == "scrap"


def test_what_is_pressed_again_after_a_lost_answer_is_done_once(
    office: Page, shop: Shop, plant: Plant
) -> None:
    def swallow(route: Route) -> None:
        route.fetch()
        route.abort()

    office.route("**/api/v1/nonconformances", swallow, times=1)
    office.locator("#new summary").click()
    office.get_by_label("What is wrong").fill("scratches")
    office.get_by_label("Lots, with spaces").fill(shop.lot())
    office.get_by_role("button", name="Open and hold").click()
    expect(office.locator("#answer")).to_contain_text("it is done only once")
    office.get_by_role("button", name="Open and hold").click()
    expect(office.locator(".state-chip").first).to_be_visible()
    with reading(plant.engine) as conn:
        assert [one.title for one in list_ncs(conn)] == ["scratches"]


def test_from_a_complaint_to_its_closing_on_the_pages(office: Page, shop: Shop) -> None:
    code = shop.lot(done=DONE)
    shipment = shop.act(ship_lots, [code], {"customer": "ACME"})
    office.locator("#new summary").click()
    office.get_by_label("What is wrong").fill("chips at the corner")
    office.get_by_label("Found by").select_option("customer")
    office.get_by_label("What it is about").select_option("shipment")
    office.get_by_role("button", name="Open and hold").click()
    expect(office.locator("#answer")).to_contain_text("No lot has to do with shipment")
    office.get_by_label("Code of the run, resource or shipment").fill(str(shipment))
    office.get_by_role("button", name="Open and hold").click()
    chip, answer = office.locator(".state-chip").first, office.locator("#answer")
    expect(chip).to_have_text("Open")
    office.get_by_label("What was done to contain it?").fill("ACME sorts all")
    office.get_by_role("button", name="It is contained").click()
    expect(chip).to_have_text("Contained")
    form = office.locator("form[data-signed]")
    form.get_by_label("Disposition").select_option("conforms")
    form.get_by_label("Reason").fill("within the limit sample")
    form.get_by_label("Badge, signature 1").fill("Q-1")
    form.get_by_label("PIN, signature 1").fill("735102")
    form.get_by_role("button").click()
    expect(answer).to_contain_text("do not fit")
    form.get_by_label("PIN, signature 1").fill(PIN)
    form.get_by_role("button").click()
    expect(chip).to_have_text("Disposed")
    expect(office.locator("#next-title + p")).to_contain_text("Tell every customer")
    office.get_by_label("How were they told?").fill("letter 7")
    office.get_by_role("button", name="Was told").click()
    office.get_by_label("What shows that it is done?").fill("ACME agrees")
    office.get_by_role("button", name="Close").click()
    expect(chip).to_have_text("Closed")
    history = office.locator("section", has=office.get_by_role("heading", name="History"))
    expect(history.locator("tbody .first")).to_have_text(
        ["closed", "customer told", "disposed of", "contained", "opened, lots held"]
    )


def test_a_lot_is_released_on_its_page_and_what_is_found_voids_it_visibly(
    office: Page, shop: Shop, plant: Plant
) -> None:
    code = shop.lot(done=DONE, part="P-9")
    substitutes_approved(plant)
    office.goto(office.url.replace("quality/nonconformances", f"lots/{code}"))
    card = office.locator("#release")
    expect(card.locator(".state-chip")).to_have_text("not released")
    card.get_by_label("Badge, signature 1").fill("L-2")
    card.get_by_label("PIN, signature 1").fill(PIN)
    card.get_by_role("button", name="Sign the release").click()
    expect(card.locator("#answer")).to_contain_text("may not sign this")
    card.get_by_label("Badge, signature 1").fill("Q-1")
    card.get_by_label("PIN, signature 1").fill(PIN)
    card.get_by_role("button", name="Sign the release").click()
    expect(card.locator(".state-chip")).to_have_text("released")
    expect(card.locator("[data-void]")).to_have_count(0)
    opened_nc(plant, code)
    office.reload()
    expect(card.locator(".state-chip")).to_have_text("not released any more")
    expect(card.locator("[data-void]")).to_have_count(1)
    expect(card.get_by_role("link", name="NC26-")).to_be_visible()
