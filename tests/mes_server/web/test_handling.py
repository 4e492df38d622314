"""What is done to lots over HTTP, apart from scans: received, blended, split, packed, shipped, returned."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.web.formats import iso_text
from mes_server.web.scans import OUTCOME
from tests.mes_server.people_help import hire, token_for
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import NOW_MS, Plant

DONE = ["sinter", "mill"]


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant)


class Desk:
    """Posts as somebody with all roles does."""

    def __init__(self, client: FlaskClient, plant: Plant) -> None:
        self.client = client
        self.count = 0
        hire(plant.engine, "L-1", roles=("operator", "lead", "quality"))
        self.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'L-1')}"}

    def post(self, path: str, **body: Any) -> Any:
        self.count += 1
        said = {"act_id": f"act-{self.count:06}", "at": iso_text(NOW_MS)} | body
        return self.client.post(f"/api/v1{path}", json=said, headers=self.shown)

    def done(self, path: str, **body: Any) -> list[str]:
        answer = self.post(path, **body)
        assert answer.status_code == 200, answer.text
        made: list[str] = answer.json["made"]
        return made

    def rules(self, path: str, **body: Any) -> list[str]:
        answer = self.post(path, **body)
        assert (answer.status_code, answer.headers[OUTCOME]) == (409, "refused"), answer.text
        return [refusal["rule"] for refusal in answer.json]

    def lot(self, code: str) -> Any:
        return self.client.get(f"/api/v1/lots/{code}", headers=self.shown).json


@pytest.fixture
def desk(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> Desk:
    return Desk(client, plant)


def metal(desk: Desk, mass_mg: int, **elements: int) -> str:
    amount = {"mass_mg": mass_mg, "elements": elements}
    (code,) = desk.done("/lots", kind="raw", amount=amount, supplier="S", supplier_lot="S-1")
    return code


def test_metals_become_a_charge_and_the_charge_parts(desk: Desk, shop: Shop) -> None:
    parts = [{"lot": metal(desk, 500_000, Nd=400_000), "mass_mg": 300_000},
             {"lot": metal(desk, 900_000), "mass_mg": 600_000}]  # fmt: skip
    (blend,) = desk.done("/lots/blend", parts=parts, grade="N42SH", route="R1/B")
    assert desk.lot(blend)["amount"]["elements_mg"] == {"Nd": 240_000}
    split = [{"pieces": 0, "mass_mg": 100_000}, {"pieces": 0, "mass_mg": 50_000}]
    one, two = desk.done(f"/lots/{blend}/split", parts=split)
    (merged,) = desk.done("/lots/merge", lots=[one, two])
    assert desk.lot(merged)["amount"]["mass_mg"] == 150_000
    assert desk.rules("/lots/merge", lots=[one, merged]) == ["lot_is_here"]


def test_from_the_end_of_the_route_to_the_customer_and_back(desk: Desk, shop: Shop) -> None:
    code, early = shop.lot(done=DONE), shop.lot()
    assert desk.rules(f"/lots/{early}/pack", pieces_each=5) == ["route_is_finished"]
    (waste,) = desk.done(f"/lots/{code}/scrap", pieces=2, reason="chipped")
    (coupon,) = desk.done(f"/lots/{code}/coupons", pieces=1)
    assert (desk.lot(waste)["kind"], desk.lot(coupon)["kind"]) == ("waste", "coupon")
    packs = desk.done(f"/lots/{code}/pack", pieces_each=10)
    (shipment,) = desk.done("/shipments", lots=packs, customer="Motorenwerk", order="4711")
    assert {desk.lot(pack)["shipment"] for pack in packs} == {shipment}
    (back,) = desk.done(f"/lots/{packs[0]}/return", pieces=3, reason="rust")
    assert list(desk.lot(back)["holds"].values()) == ["returned by the customer: rust"]
    assert desk.rules("/shipments", lots=packs, customer="X") == ["lot_is_here"] * 2


def test_a_lot_is_sent_back_regraded_and_moved(desk: Desk, shop: Shop) -> None:
    code = shop.lot(done=DONE)
    assert desk.done(f"/lots/{code}/rework", operation="sinter", reason="soak too short") == []
    assert (desk.lot(code)["done"], desk.lot(code)["reworks"]) == ([], {"sinter": 1})
    desk.done(f"/lots/{code}/regrade", grade="N40SH", reason="Hcj 19.8 kOe, loop 55")
    desk.done(f"/lots/{code}/move", place="shelf 7")
    assert (desk.lot(code)["grade"], desk.lot(code)["place"]) == ("N40SH", "shelf 7")
    assert desk.rules(f"/lots/{code}/regrade", grade="N40SH", reason="x") == ["grade_is_another"]
    assert desk.rules(f"/lots/{code}/rework", operation="pack", reason="x") == [
        "operation_was_done"
    ]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/lots", {"kind": "raw"}, "amount"),
        ("/lots/L26-000001-XX/split", {"parts": []}, "parts"),
        ("/lots/L26-000001-XX/pack", {"pieces_each": 0}, "pieces_each"),
        ("/lots/L26-000001-XX/scrap", {"pieces": "2"}, "pieces"),
        ("/lots/L26-000001-XX/coupons", {"mass_g": 5}, "mass_g"),
    ],
)
def test_a_body_that_cannot_be_read_names_its_field(
    desk: Desk, path: str, body: dict[str, Any], field: str
) -> None:
    answer = desk.post(path, **body)
    assert answer.status_code == 400
    assert [fault["parameter"] for fault in answer.json["errors"]] == [field]


def test_what_is_in_the_ledger_all_the_same_is_shown_as_text(desk: Desk, shop: Shop) -> None:
    code = shop.lot(part="=1+1", grade="<script>")
    page = desk.client.get(f"/lots/{code}", headers=desk.shown)
    assert "<script>" not in page.text.split("</head>")[1].replace("<script type", "")


def test_a_formula_or_script_is_refused_in_any_field_and_the_refusal_recorded(
    desk: Desk, shop: Shop
) -> None:
    code, evil = shop.lot(), "<img src=x onerror=alert(1)>"
    raw = {"kind": "raw", "amount": {"mass_mg": 1000}}
    for name in ("part", "grade", "supplier", "supplier_lot"):
        assert desk.rules("/lots", **raw, **{name: "=1+1"}) == ["text_is_no_script"]
    assert desk.rules(f"/lots/{code}/hold", reason=evil) == ["text_is_no_script"]
    assert desk.rules(f"/lots/{code}/move", place=evil) == ["text_is_no_script"]
    assert desk.rules("/shipments", lots=[code], customer=evil) == ["text_is_no_script"]
    role = {"role": evil, "resource": "G-1"}
    assert desk.rules("/stations/sinter-1/resources", **role) == ["text_is_no_script"]
    assert len(shop.events("scan_refused")) == 8
    assert desk.done(f"/lots/{code}/move", place="shelf < 3 m") == []
