"""Roll-outs over HTTP and on their page, in both languages and in a browser: web/firmware.py."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from mes_server.settings import Settings
from tests.mes_server.actions.fleet import Fleet
from tests.mes_server.people_help import begin_session, hire, token_for
from tests.mes_server.web.live_server import serving
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.test_handling import Desk

FIRST = "sintering/ctl-1"
RELEASE = "0.2.0-esp32_s3"


@pytest.fixture
def fleet(plant: Plant, settings: Settings, tmp_path: Path) -> Fleet:
    fleet = Fleet(plant.engine, tmp_path)
    fleet.data_dir = settings.data_dir
    fleet.now_ms = NOW_MS - 600_000
    fleet.trust()
    fleet.add(5)
    fleet.take_in()
    fleet.now_ms = NOW_MS
    return fleet


@pytest.fixture
def desk(client: FlaskClient, plant: Plant, fleet: Fleet) -> Desk:
    return Desk(client, plant)


def page(desk: Desk, path: str = "/nodes/firmware", language: str = "en") -> str:
    answer = desk.client.get(f"{path}?lang={language}", headers=desk.shown, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text)


def roll_out(desk: Desk) -> Any:
    answer = desk.client.get("/api/v1/firmware", headers=desk.shown)
    assert answer.status_code == 200
    return answer.json["roll_outs"][0]  # type: ignore[index]


def begun(desk: Desk) -> str:
    (code,) = desk.done("/firmware/roll-outs", release=RELEASE, node=FIRST)
    return code


def test_a_roll_out_is_begun_widened_stopped_resumed_and_withdrawn(
    desk: Desk, fleet: Fleet
) -> None:
    code = begun(desk)
    path = f"/firmware/roll-outs/{code}"
    assert desk.rules(f"{path}/widen", percent=50) == ["first_node_is_done"]
    fleet.updates(FIRST)
    assert roll_out(desk)["nodes"][0]["state"] == "done"
    desk.done(f"{path}/widen", percent=50)
    found = roll_out(desk)
    assert (found["percent"], len(found["nodes"]), found["state"]) == (50, 3, "running")
    waiting = next(one["node"] for one in found["nodes"] if one["state"] == "offered")
    fleet.says(waiting, state="refused: the disk is full")
    found = roll_out(desk)
    assert found["state"] == "stopped"
    assert f"{waiting} refused: the disk is full" in found["reason"]
    shown = f"{waiting} {{}}: the disk is full"
    assert shown.format("refused it") in page(desk)
    assert shown.format("已拒绝") in page(desk, language="zh")
    desk.done(f"{path}/resume")
    assert desk.rules(f"{path}/again", node=FIRST) == ["node_has_failed"]
    desk.done(f"{path}/again", node=waiting)
    assert desk.rules(f"{path}/stop") == ["reason_is_given"]
    desk.done(f"{path}/stop", reason="audit")
    desk.done(f"{path}/withdraw", reason="a better one comes")
    assert roll_out(desk)["state"] == "withdrawn"
    fleet.check()


def test_the_page_shows_every_node_and_what_can_be_done(desk: Desk, fleet: Fleet) -> None:
    assert "Begin a roll-out" in page(desk)
    code = begun(desk)
    fleet.says(FIRST, state="fetching 40")
    for text in (page(desk), page(desk, f"/nodes/firmware/{code}/body")):
        assert "fetching 40 %</span>" in text
        assert "0 of 1 run it" in text
    assert "首个节点" in page(desk, language="zh")
    assert "fetching 40 %" in page(desk, "/nodes/sintering/ctl-1")
    fleet.says(FIRST, state="ready")
    fleet.boots(FIRST, state="refused: went back from counter 2")
    text = page(desk)
    assert "fell back to its old image: went back from counter 2" in text
    assert "Resume" in text
    assert "Offer again" not in text, "not before it is resumed"
    desk.done(f"/firmware/roll-outs/{code}/withdraw", reason="no good")
    assert "Roll-outs that are over" in page(desk)
    assert page(desk, f"/nodes/firmware/{code}/acts").strip() == ""
    assert page(desk, "/nodes/firmware/RO00-000000-00/body").strip() == ""


def test_a_node_that_waited_for_what_was_withdrawn_is_not_said_to_wait(desk: Desk) -> None:
    code = begun(desk)
    assert "waiting" in page(desk)
    desk.done(f"/firmware/roll-outs/{code}/withdraw", reason="a better one comes")
    assert "no longer offered" in page(desk)
    assert "waiting" not in page(desk)
    assert "不再推送" in page(desk, language="zh")
    assert roll_out(desk)["nodes"][0]["stands"] == "withdrawn"


def test_a_node_can_be_the_first_or_try_again_from_its_own_page(desk: Desk, fleet: Fleet) -> None:
    own = f"/nodes/{FIRST}"
    assert f"<option>{RELEASE}</option>" in page(desk, own)
    fleet.add(1, "rp2350")
    assert "data-post" not in page(desk, "/nodes/sintering/ctl-6"), "no release is for its kind"
    code = begun(desk)
    assert "data-post" not in page(desk, own), "it is offered one"
    fleet.says(FIRST, state="refused: the disk is full")
    desk.done(f"/firmware/roll-outs/{code}/resume")
    assert f"/roll-outs/{code}/again" in page(desk, own)
    desk.done(f"/firmware/roll-outs/{code}/again", node=FIRST)
    fleet.updates(FIRST)
    assert "data-post" not in page(desk, own), "it runs the release"


def test_who_may_not_touch_boards_sees_no_buttons_and_is_refused(desk: Desk, plant: Plant) -> None:
    code = begun(desk)
    hire(plant.engine, "O-1", roles=("operator",))
    desk.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'O-1')}"}
    text = page(desk)
    assert "data-post" not in text
    assert code in text
    assert desk.post(f"/firmware/roll-outs/{code}/stop", reason="x").status_code == 403


def test_an_act_that_is_sent_twice_is_done_once(desk: Desk) -> None:
    body = {"release": RELEASE, "node": FIRST, "act_id": "act-twice-1"}
    first = desk.done("/firmware/roll-outs", **body)
    assert desk.done("/firmware/roll-outs", **body) == first


@pytest.mark.parametrize("body", [{"percent": 0}, {"percent": 101}, {"percent": "all"}, {}])
def test_a_share_that_is_none_is_a_fault_of_the_body(desk: Desk, body: dict[str, Any]) -> None:
    assert desk.post(f"/firmware/roll-outs/{begun(desk)}/widen", **body).status_code == 400


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


def signed_in(live: str, browser: Browser, secret: str) -> Page:
    tab = browser.new_page()
    tab.context.add_cookies([{"name": "session", "value": secret, "url": live}])
    tab.goto(f"{live}/nodes/firmware?lang=en")
    return tab


def test_in_a_browser_it_is_begun_and_widened(
    live: str, browser: Browser, plant: Plant, fleet: Fleet
) -> None:
    hire(plant.engine, "A-1", roles=("admin",))
    secret = begin_session(plant.engine, "A-1")
    tab = signed_in(live, browser, secret)
    tab.get_by_label("First node").select_option(FIRST)
    tab.get_by_role("button", name="Offer it", exact=True).click()
    expect(tab.get_by_text("0 of 1 run it")).to_be_visible()
    tab.get_by_role("button", name="Go on").click()
    expect(tab.locator("#answer")).to_contain_text("does not run the release yet")
    fleet.updates(FIRST)
    expect(tab.get_by_text("1 of 1 run it")).to_be_visible(timeout=15_000)
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("1 of 2 run it")).to_be_visible()
    tab.close()


def test_a_page_that_is_open_offers_what_can_be_done_when_it_stops_by_itself(
    live: str, browser: Browser, desk: Desk, fleet: Fleet
) -> None:
    code = begun(desk)
    hire(fleet.engine, "A-1", roles=("admin",))
    tab = signed_in(live, browser, begin_session(fleet.engine, "A-1"))
    expect(tab.get_by_role("button", name="Go on")).to_be_visible()
    fleet.says(FIRST, state="refused: the disk is full")
    expect(tab.get_by_role("button", name="Resume")).to_be_visible(timeout=15_000)
    tab.locator("summary", has_text="Withdraw").click()
    tab.get_by_placeholder("Reason").fill("no good")
    with tab.expect_response(f"**/{code}/acts"):
        tab.get_by_role("heading", name="Firmware").click()
    expect(tab.get_by_placeholder("Reason"), "what is typed stays").to_have_value("no good")
    tab.get_by_role("button", name="Resume").click()
    expect(tab.get_by_role("button", name="Offer again")).to_be_visible()
    tab.close()
