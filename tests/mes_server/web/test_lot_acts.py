"""The buttons of a lot's page: what office people do, once each, refused with every reason and what to do."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.actions.handle_lots import ship_lots
from mes_server.domain.lots import Lot
from mes_server.store.engine import reading
from mes_server.store.labels import labels_of
from mes_server.store.ledger import list_kind
from mes_server.store.lots import list_lots, load_lot
from tests.mes_server.people_help import act_as
from tests.mes_server.reports.paper import decoded, pages
from tests.mes_server.web.lot_data import GREEN, Shop
from tests.mes_server.web.plant_data import Plant

EN = {"headers": {"Accept-Language": "en"}}


class Office:
    """Somebody of quality who is a lead too, at the page of a lot."""

    def __init__(self, client: FlaskClient, plant: Plant) -> None:
        self.client, self.plant = client, plant
        self.shop = Shop(plant)
        act_as(client, plant.engine, "Q-9", "quality", "lead")

    def press(self, code: str, button: str, **fields: str) -> Any:
        return self.client.post(f"/lots/{code}/{button}", data=fields, **EN)

    def does(self, code: str, button: str, **fields: str) -> Lot:
        answer = self.press(code, button, **fields)
        assert (answer.status_code, answer.headers.get("Location")) == (303, f"/lots/{code}")
        return self.lot(code)

    def refused(self, code: str, button: str, **fields: str) -> str:
        answer = self.press(code, button, **fields)
        assert answer.status_code == 409
        return str(answer.text)

    def lot(self, code: str) -> Lot:
        with reading(self.plant.engine) as conn:
            found = load_lot(conn, code)
        assert found is not None
        return found

    def kinds(self, **same: str) -> list[Lot]:
        with reading(self.plant.engine) as conn:
            return list_lots(conn, **same)


@pytest.fixture
def office(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> Office:
    return Office(client, plant)


def test_a_lot_is_held_and_released(office: Office) -> None:
    code = office.shop.lot()
    (hold,) = office.does(code, "hold", reason="oxygen", act_id="hold-from-page").holds
    assert hold == "hold-from-page", "the same form sent again would do nothing"
    office.does(code, "hold", reason="oxygen", act_id="hold-from-page")
    assert office.does(code, "release", hold=hold, reason="measured").holds == {}


def test_a_lot_is_sent_back_regraded_and_scrapped(office: Office) -> None:
    code = office.shop.lot(done=["sinter"])
    assert office.does(code, "rework", operation="sinter", reason="soak").done == ()
    assert office.does(code, "regrade", grade="N40", reason="BH-7").grade == "N40"
    left = office.does(code, "scrap", pieces="5", mass="0.5 kg", form="swarf", reason="tray fell")
    assert left.amount.mass_mg == GREEN.mass_mg - 500_000
    assert [lot.amount.pieces for lot in office.kinds(kind="waste")] == [5]


def test_an_action_is_taken_back_for_good_reason(office: Office) -> None:
    code = office.shop.lot()
    office.does(code, "regrade", grade="N40", reason="BH-7", act_id="regrade-01")
    assert 'value="regrade-01"' in office.client.get(f"/lots/{code}").text
    assert "A reason is missing." in office.refused(code, "correct", action="regrade-01")
    assert office.does(code, "correct", action="regrade-01", reason="wrong lot").grade == "N42SH"
    assert 'value="regrade-01"' not in office.client.get(f"/lots/{code}").text


def test_what_was_shipped_comes_back_held(office: Office) -> None:
    code = office.shop.lot(done=["sinter", "mill"])
    assert "was never shipped" in office.refused(code, "return", pieces="1", reason="cracked")
    assert office.shop.act(ship_lots, [code], {"customer": "M"})
    office.does(code, "return", pieces="2", reason="cracked")
    back = [lot for lot in office.kinds() if lot.holds]
    assert [lot.amount.pieces for lot in back] == [2]


def test_every_reason_is_told_at_once_with_what_to_do_and_recorded(
    office: Office, plant: Plant
) -> None:
    code = office.shop.lot()
    html = office.refused(code, "scrap", pieces="five", mass="1,5 kg", reason="")
    assert "“five” is no quantity." in html
    assert "Write a number such as 12.5 kg or 500." in html
    assert "Write a point before the decimals" in html
    office.refused(code, "rework", operation="sinter", reason="")
    with reading(plant.engine) as conn:
        (rework, scrap) = list_kind(conn, "scan_refused", 2)
    assert [one["rule"] for one in rework.facts()["refusals"]] == [
        "operation_was_done",
        "reason_is_given",
    ]
    assert (scrap.facts()["what"], scrap.person) == ("scrap", "Q-9")
    assert "&lt;b&gt;" in office.refused("<b>", "hold", reason="x")


def test_a_label_is_printed_again_for_a_reason_only(office: Office, plant: Plant) -> None:
    code = office.shop.lot()
    first = office.press(code, "label")
    assert (first.status_code, first.mimetype) == (200, "application/pdf")
    assert "was printed already." in office.refused(code, "label")
    again = office.press(code, "label", reason="torn")
    with reading(plant.engine) as conn:
        labels = labels_of(conn, code)
    (read,) = decoded(pages(again.data)[0])["DataMatrix"]
    assert (len(labels), read.text) == (2, labels[-1].id)


def test_a_page_shows_only_what_its_reader_may_do(
    client: FlaskClient, plant: Plant, stations: dict[str, int]
) -> None:
    code = Shop(plant).lot(done=["sinter"])
    buttons = ("label", "rework", "scrap", "regrade", "correct")
    seen = {}
    for badge, role in (
        ("W-7", "operator"),
        ("Q-7", "quality"),
        ("L-7", "lead"),
        ("AU-7", "auditor"),
    ):
        act_as(client, plant.engine, badge, role)
        html = client.get(f"/lots/{code}").text
        seen[role] = [b for b in buttons if f"/lots/{code}/{b}" in html]
    assert seen["operator"] == ["label", "scrap"]
    assert "regrade" in seen["quality"]
    assert {"rework", "correct"} <= set(seen["lead"])
    assert seen["auditor"] == []
