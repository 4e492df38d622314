"""Tablets without their server: nothing is lost, nothing is done twice, one lot never blocks another."""

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser, expect

from mes_server.store.engine import reading
from mes_server.store.ledger import iter_events
from tests.mes_server.people_help import begin_session, hire
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.tablets import BEN, DEADLINE_MS, Tablet
from tests.mes_server.web.tablets import address as address
from tests.mes_server.web.tablets import staff as staff


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant)


def test_five_scans_offline_survive_a_closed_tab_and_arrive_in_order_once(
    browser: Browser, app: Flask, staff: dict[str, str], shop: Shop
) -> None:
    codes = [shop.lot() for _ in range(5)]
    with serving(app) as port:
        tablet = Tablet(browser, f"http://127.0.0.1:{port}", secret=staff["W-ANNA"])
        tablet.keep_page()
    for number, code in enumerate(codes, 1):
        tablet.scan(code)
        tablet.told("wait", code, "waiting for the server")
        tablet.heard("attention")
        tablet.chip(link="offline", waiting=str(number))
    tablet.page.close()
    tablet.open()
    tablet.chip(link="offline", waiting="5")
    expect(tablet.page.locator("#who-text")).to_have_text("W-ANNA")
    expect(tablet.page.locator("#standing")).to_have_attribute("data-known", "false")
    assert shop.events("lot_loaded") == []
    with serving(app, port):
        tablet.chip(link="online", waiting="0", review="0")
        loaded = shop.events("lot_loaded")
        accepted = shop.events("scan_accepted")
        assert [e["lot"] for e in accepted] == codes
        assert len({e["action"] for e in loaded}) == len(loaded) == 5
        assert {e["person"] for e in loaded} == {"W-ANNA"}
        with reading(shop.plant.engine) as conn:
            told = [e for e in iter_events(conn) if e.kind == "scan_accepted"]
        assert [e.at_ms for e in told] == sorted({e.at_ms for e in told}), "each at its own time"
        expect(tablet.page.locator("#running li")).to_have_count(5, timeout=DEADLINE_MS)
        tablet.page.locator("#chip").click()
        tablet.page.locator("#queue-again").click()  # as after a backup was restored
        tablet.chip(waiting="0", review="0")
        assert shop.events("scan_accepted") == accepted
        tablet.close()


def test_an_answer_that_was_lost_on_the_way_is_not_done_twice(
    browser: Browser, app: Flask, address: str, staff: dict[str, str], shop: Shop
) -> None:
    lost: list[str] = []

    def lose_first(answer: Response) -> Response:
        if request.path == "/api/v1/scans" and not lost:
            lost.append(answer.get_data(as_text=True))
            return Response(status=502)  # the server has it; the answer is gone
        return answer

    app.after_request(lose_first)
    code = shop.lot()
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    tablet.scan(code)
    tablet.told("ok", code, "Already done before")
    tablet.chip(waiting="0", review="0")
    assert code in lost[0]
    assert len(shop.events("lot_loaded")) == 1
    tablet.close()


def test_what_somebody_else_did_meanwhile_goes_to_review_with_who_and_when(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    code, other = shop.lot(), shop.lot()
    away, here = (Tablet(browser, address, secret=secret) for secret in staff.values())
    away.context.set_offline(True)
    away.scan(code)
    away.told("wait", code)
    away.scan(other)
    away.chip(waiting="2")
    here.scan(code)
    here.told("ok", code)
    away.context.set_offline(False)
    away.chip(waiting="0", review="1")
    assert [e["lot"] for e in shop.events("scan_accepted")] == [code, other]
    away.page.locator("#chip").click()
    line = away.page.locator("#queue-items li.review")
    expect(line).to_contain_text(code)
    expect(line).to_contain_text("W-BEN, sinter-1, 2026-11-23")
    line.get_by_role("button", name="Seen").click()
    away.chip(review="0")
    assert len(shop.events("scan_refused")) == 1, "the server keeps it, too"
    for tablet in (away, here):
        tablet.close()


def test_a_stuck_scan_holds_back_its_own_lot_only(
    browser: Browser, app: Flask, address: str, staff: dict[str, str], shop: Shop
) -> None:
    stuck, free = shop.lot(), shop.lot()
    troubled = [stuck]

    def refuse() -> Response | None:
        body = request.get_data(as_text=True)
        return Response(status=503) if troubled and troubled[0] in body else None

    app.before_request(refuse)
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    tablet.scan(stuck)
    tablet.told("wait", stuck)
    tablet.scan("DO-UNDO")
    tablet.chip(waiting="2")
    tablet.scan(free)
    tablet.told("ok", free)
    tablet.chip(waiting="2")
    troubled.clear()
    tablet.chip(waiting="0", review="0")
    done = [(e["what"], e["lot"]) for e in shop.events("scan_accepted")]
    assert done == [("load", free), ("load", stuck), ("undo", stuck)]
    tablet.close()


def test_a_badge_without_the_server_is_taken_at_its_word_and_the_sender_is_told(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    code = shop.lot()
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    tablet.context.set_offline(True)
    tablet.chip(link="offline")
    tablet.scan(BEN)
    tablet.told("wait", "W-BEN", "No server to ask for the PIN")
    tablet.scan(code)
    tablet.told("wait", code)
    tablet.context.set_offline(False)
    tablet.chip(waiting="0", review="0")
    (done,) = shop.events("scan_accepted")
    assert (done["person"], done["sent_by"]) == ("W-BEN", "W-ANNA")
    expect(tablet.page.locator("#who-text")).to_have_text("W-ANNA", timeout=DEADLINE_MS)
    tablet.close()


def test_what_waits_for_somebody_to_sign_in_is_sent_when_somebody_has(
    browser: Browser, app: Flask, address: str, staff: dict[str, str], shop: Shop
) -> None:
    code = shop.lot()
    tablet = Tablet(browser, address, secret=staff["W-ANNA"])
    tablet.context.set_offline(True)
    tablet.scan(code)
    tablet.told("wait", code)
    tablet.context.clear_cookies()
    tablet.context.set_offline(False)
    tablet.page.locator("#chip").click()
    expect(tablet.page.locator("#queue-items")).to_contain_text("until somebody signs in")
    expect(tablet.page.locator("#who")).to_have_attribute("data-level", "warn")
    tablet.scan(BEN)
    tablet.pin()
    tablet.chip(waiting="0", review="0")
    (done,) = shop.events("scan_accepted")
    assert (done["person"], done["sent_by"]) == ("W-ANNA", "W-BEN")
    tablet.close()


def test_of_a_split_here_and_a_load_there_made_offline_one_wins_and_the_other_hears_who(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop
) -> None:
    code, _ = shop.lot(), shop.lot()
    away, here = (Tablet(browser, address, secret=secret) for secret in staff.values())
    expect(away.page.locator(f'#waiting [data-lot="{code}"]')).to_be_visible(timeout=DEADLINE_MS)
    away.context.set_offline(True)
    away.scan("DO-SPLIT")
    away.scan(code)
    away.scan("DO-OK")
    away.told("wait", code)
    here.scan(code)
    here.told("ok", code)
    away.context.set_offline(False)
    away.chip(waiting="0", review="1")
    away.page.locator("#chip").click()
    line = away.page.locator("#queue-items li.review")
    expect(line).to_contain_text("Split")
    expect(line).to_contain_text("it is in a run")
    assert len(shop.events("lot_created")) == 2, "nothing was split"
    for tablet in (away, here):
        tablet.close()


def test_what_came_ten_minutes_late_is_settled_by_the_lead_on_the_page(
    browser: Browser, address: str, staff: dict[str, str], shop: Shop, clock: Clock
) -> None:
    code, other = shop.lot(), shop.lot()
    away = Tablet(browser, address, secret=staff["W-ANNA"])
    away.context.set_offline(True)
    away.scan(code)
    away.told("wait", code)
    clock.now_ms += 600_000  # by now the sessions have ended
    anna, ben = (begin_session(shop.plant.engine, badge, clock.now_ms) for badge in staff)
    away.become(anna)
    here = Tablet(browser, address, secret=ben)
    here.scan(other)
    here.told("ok", other)
    away.context.set_offline(False)
    away.chip(waiting="0", review="1")
    hire(shop.plant.engine, "LEAD", ["lead"])
    here.become(begin_session(shop.plant.engine, "LEAD", clock.now_ms))
    page = here.context.new_page()
    page.goto(f"{address}/reviews?lang=en")
    review = page.locator(".review")
    expect(review).to_contain_text("there began at")
    review.get_by_label("Why it is carried out").fill("it is in the furnace")
    review.get_by_role("button", name="Carry out, as of").click()
    expect(page.locator("main")).to_contain_text("began at")  # not at its own time
    page.go_back()
    review.get_by_label("Why it is carried out").fill("it is in the furnace")
    review.get_by_role("button", name="Carry out as of now").click()
    expect(page.locator("main")).to_contain_text("Nothing to review", timeout=DEADLINE_MS)
    loaded = {e["lot"]: e for e in shop.events("scan_accepted")}
    assert loaded[code]["run"] == loaded[other]["run"]
    assert (loaded[code]["person"], loaded[code]["sent_by"]) == ("W-ANNA", "LEAD")
    for tablet in (away, here):
        tablet.close()
