"""Readings from a file, in the browser: rows are shown with what is wrong, and taken in when nothing is."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mes_server.actions.release_document import release_document
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.people_help import signer
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.test_handling import shop as shop
from tests.mes_server.web.test_nonconformances import office as office

HEADER = "characteristic,plan,value\n"
GOOD, BAD = HEADER + "oil,CP-1/A,5.00\n", HEADER + 'oil,CP-1/A,"5,00"\n'


@pytest.fixture
def planned(shop: Shop) -> Shop:
    content = plan(line("oil", every={"each": "hours"}, sample=1))
    assert shop.act(release_document, "plan", content, signer()) == []
    return shop


def sent(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_file_is_looked_at_and_then_taken_in_once(desk: Desk, planned: Shop) -> None:
    looked = desk.post("/checks/preview", file=sent(GOOD)).json
    assert (looked["bad"], looked["items"][0]["verdict"], looked["items"][0]["rows"]) == (
        0,
        "ok",
        [2],
    )
    assert planned.events("check_recorded") == []
    (made,) = desk.done("/checks/import", act_id="import-0001", file=sent(GOOD))
    assert desk.done("/checks/import", act_id="import-0001", file=sent(GOOD)) == [made]
    assert len(planned.events("check_recorded")) == 1


def test_a_bad_file_is_refused_with_its_rows_and_kept_as_refused(desk: Desk, planned: Shop) -> None:
    (item,) = desk.post("/checks/preview", file=sent(BAD)).json["items"]
    assert item["refusals"][0]["facts"]["row"] == "2"
    assert desk.rules("/checks/import", file=sent(BAD)) == ["figure_has_a_point"]
    assert desk.rules("/checks/import", file="no base64!") == ["file_is_text"]
    answer = desk.post("/checks/preview", file=sent("x"))
    assert (answer.status_code, answer.json[0]["rule"]) == (409, "columns_are_there")
    assert len(planned.events("scan_refused")) == 2


def test_in_the_browser_nothing_is_taken_in_before_all_is_good(
    office: Page, planned: Shop, tmp_path: Path
) -> None:
    for name, text in (("good.csv", GOOD), ("bad.csv", BAD)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    office.goto(office.url.replace("nonconformances", "import"))
    office.locator("#file").set_input_files(tmp_path / "bad.csv")
    expect(office.locator("#items")).to_contain_text(
        "Row 2: Reading 1 is written with a comma: 5,00."
    )
    expect(office.locator("#take")).to_be_disabled()
    office.locator("#file").set_input_files(tmp_path / "good.csv")
    expect(office.locator("#answer")).to_contain_text("1 checks can be taken in")
    office.locator("#take").click()
    expect(office.locator("#answer")).to_contain_text("1 checks are recorded")
    assert [one["source"] for one in planned.events("check_recorded")] == ["csv"]
