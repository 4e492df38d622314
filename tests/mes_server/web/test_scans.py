"""Scanning, unloading and undoing over HTTP: 200, 409 with every reason, 400 with every fault."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.actions.manage_people import qualify
from mes_server.actions.print_label import print_label
from mes_server.actions.record_person import act_of
from mes_server.domain.cards import BADGE, card_code
from mes_server.web.formats import iso_text
from mes_server.web.scans import OUTCOME
from tests.mes_server.people_help import hire, token_for
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import NOW_MS, Plant


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant)


class Tablet:
    """Posts as the tablet does."""

    def __init__(self, client: FlaskClient, plant: Plant, badge: str = "W-1") -> None:
        self.client = client
        self.badge = badge
        self.count = 0
        hire(plant.engine, badge)
        self.shown = {"Authorization": f"Bearer {token_for(plant.engine, badge)}"}

    def post(self, path: str, at_ms: int = NOW_MS, **body: Any) -> Any:
        said = {"at": iso_text(at_ms)} | body
        return self.client.post(f"/api/v1{path}", json=said, headers=self.shown)

    def scan(self, code: str, **body: Any) -> Any:
        self.count += 1
        made = {"scan_id": f"scan-{self.badge}-{self.count:04}", "station": "sinter-1"}
        return self.post("/scans", **made | {"code": code} | body)

    def unload(self, run: str, lots: list[Any], **body: Any) -> Any:
        self.count += 1
        made = {"unload_id": f"unload-{self.count:04}", "station": "sinter-1", "lots": lots}
        return self.post(f"/runs/{run}/unload", **made | body)

    def undo(self, scan: str, **body: Any) -> Any:
        self.count += 1
        made = {"undo_id": f"undo-{self.badge}-{self.count:04}"}
        return self.post(f"/scans/{scan}/undo", **made | body)

    def work(self, station: str = "sinter-1") -> Any:
        return self.client.get(f"/api/v1/stations/{station}/work", headers=self.shown).json


@pytest.fixture
def tablet(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> Tablet:
    return Tablet(client, plant)


def all_of(code: str, pieces: int = 20, mass_mg: int = 2_000_000, **more: Any) -> dict[str, Any]:
    return {"lot": code, "product": {"pieces": pieces, "mass_mg": mass_mg}, **more}


def rules(answer: Any) -> list[str]:
    assert answer.status_code == 409, answer.text
    assert all(item["message"] and item["next"] for item in answer.json)
    return [item["rule"] for item in answer.json]


def test_a_scan_is_accepted_once_and_a_repetition_gets_the_same_answer(
    tablet: Tablet, shop: Shop
) -> None:
    code = shop.lot()
    first = tablet.scan(code, scan_id="tablet-7-0001", facts={"recipe": "S-42", "position": "T3"})
    assert (first.status_code, first.json["lot"], first.json["operation"]) == (200, code, "sinter")
    second = tablet.scan(code, scan_id="tablet-7-0001")
    assert second.json == first.json | {"again": True}
    assert len(shop.events("lot_loaded")) == 1
    here = tablet.work()["run"]
    assert (here["code"], here["lots"][0]["position"]) == (first.json["run"], "T3")


def test_a_refusal_is_told_in_the_readers_words_with_what_to_do(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    shop.hold(code, "oxygen")
    said = {"scan_id": "scan-000001", "station": "mill-1", "code": code, "operation": "mill"}
    told = tablet.post("/scans?lang=zh", **said)
    assert rules(told) == ["lot_is_free", "operation_is_next"]
    assert told.headers[OUTCOME] == "refused"
    assert "oxygen" in told.json[0]["message"]
    assert "烧结" in told.json[1]["message"], "operations by their titles"
    assert [e["action"] for e in shop.events("scan_refused")] == ["scan-000001"]


def test_a_late_scan_that_cannot_be_is_kept_for_a_person(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    assert tablet.scan(code).status_code == 200
    late = Tablet(tablet.client, shop.plant, "W-2").scan(code, at_ms=NOW_MS - 7_200_000)
    assert rules(late)[0] == "lot_is_here"
    assert late.headers[OUTCOME] == "review"
    assert (late.json[0]["facts"]["by"], late.json[0]["facts"]["where"]) == ("W-1", "sinter-1")
    assert len(shop.events("scan_to_review")) == 1


def test_who_is_nobody_and_strange_codes_are_refused_and_recorded(
    tablet: Tablet, shop: Shop
) -> None:
    assert rules(tablet.scan(shop.lot(), badge="W-404")) == ["person_is_signed_in"]
    assert rules(tablet.scan("=cmd|' /C calc'!A0")) == ["code_is_no_script"]
    assert rules(tablet.scan("\x1d\x00<script>")) == ["code_is_well_formed"]
    assert len(shop.events("scan_refused")) == 3


GOOD = {"scan_id": "scan-000001", "station": "sinter-1", "code": "x", "at": iso_text(NOW_MS)}


@pytest.mark.parametrize(
    ("change", "faulty"),
    [
        ({"scan_id": "short"}, ["scan_id"]),
        ({"scan_id": "a b c d e f g h"}, ["scan_id"]),
        ({"at": "yesterday", "station": 7}, ["station", "at"]),
        ({"at": "2026-11-23T10:00:00"}, ["at"]),
        ({"at": iso_text(NOW_MS + 3_600_000)}, ["at"]),
        ({"colour": "red", "operation": None}, ["operation", "colour"]),
        ({"unplanned": "a\0b"}, ["unplanned"]),
        ({"code": "x" * 4001}, ["code"]),
        ({"facts": {"resources": {"bath": 5}}}, ["facts.resources.bath"]),
        ({"facts": {"resources": {str(n): "x" for n in range(21)}}}, ["facts.resources"]),
    ],
)
def test_a_malformed_body_is_answered_with_every_fault(
    tablet: Tablet, shop: Shop, change: dict[str, Any], faulty: list[str]
) -> None:
    answer = tablet.post("/scans", **GOOD | change)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert [error["parameter"] for error in answer.json["errors"]] == faulty
    assert all(error["fault"] and error["next_step"] for error in answer.json["errors"])
    assert shop.events("scan_refused") == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 90_000, b"[]", b"\xff\xfe", b'{"code": "\\ud800"}', b'{"at": NaN}', b"null"],
)
def test_what_is_no_object_is_a_fault_and_no_bug(tablet: Tablet, shop: Shop, body: bytes) -> None:
    answer = tablet.client.post(
        "/api/v1/scans", data=body, content_type="application/json", headers=tablet.shown
    )
    assert answer.status_code == 400, answer.text
    assert answer.json is not None
    assert answer.json["errors"]


def test_a_body_is_at_most_100_kb(tablet: Tablet, shop: Shop) -> None:
    large = tablet.post("/scans", **GOOD, x="y" * 100_000)
    assert large.status_code == 413
    assert shop.events("scan_refused") == []


def test_a_run_is_unloaded_with_product_scrap_and_coupons(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    run = tablet.scan(code).json["run"]
    scrap, coupons = {"pieces": 2, "mass_mg": 200_000}, {"pieces": 1, "mass_mg": 100_000}
    done = tablet.unload(run, [all_of(code, 17, 1_700_000, scrap=scrap, coupons=coupons)])
    assert (done.status_code, done.json["made"], done.json["held"]) == (200, [code], [])
    again = tablet.unload(run, [], unload_id="unload-0002")
    assert again.json == done.json | {"again": True}
    created = shop.events("lot_created")
    assert [e["kind"] for e in created] == ["green", "coupon", "waste"]
    assert created[1]["amount"]["elements"] == {"Nd": 30_000}, "in proportion to its mass"
    work = tablet.work()
    assert (work["run"], work["waiting"]) == (None, [])
    assert tablet.work("mill-1")["waiting"][0]["lots"][0]["code"] == code


def test_a_mass_that_does_not_add_up_is_accepted_and_holds(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    run = tablet.scan(code).json["run"]
    done = tablet.unload(run, [all_of(code, mass_mg=1_500_000)])
    assert done.json["held"] == [code]


def test_an_unloading_hears_every_reason(tablet: Tablet, shop: Shop) -> None:
    code, other = shop.lot(), shop.lot()
    run = tablet.scan(code).json["run"]
    tablet.scan(other)
    early = NOW_MS - 200_000
    assert rules(
        tablet.unload(run, [all_of(code, 19)], station="mill-1", badge="W-404", at_ms=early)
    ) == ["person_is_signed_in", "run_is_here", "run_has_begun", "pieces_add_up"]
    assert rules(tablet.unload(run, [all_of(code)])) == ["every_lot_is_told"]
    assert rules(tablet.unload("CH26-999999-00", [all_of(code)])) == ["run_is_known"]
    assert tablet.unload(run, [all_of(code), all_of(other)]).status_code == 200
    assert rules(tablet.unload(run, [all_of(code)])) == ["run_is_open"]
    assert len(shop.events("run_closed")) == 1


def test_a_scan_is_undone_in_ten_seconds_by_who_made_it(
    tablet: Tablet, shop: Shop, clock: Clock
) -> None:
    code = shop.lot()
    tablet.scan(code, scan_id="scan-to-undo")
    assert rules(Tablet(tablet.client, shop.plant, "W-2").undo("scan-to-undo")) == [
        "undo_is_by_same_person"
    ]
    clock.now_ms += 20_000
    assert rules(tablet.undo("scan-to-undo", at_ms=NOW_MS + 10_001)) == ["undo_is_in_time"]
    done = tablet.undo("scan-to-undo", at_ms=NOW_MS + 10_000)
    assert (done.status_code, done.json["lot"]) == (200, code)
    assert rules(tablet.undo("scan-to-undo", at_ms=NOW_MS + 9000)) == ["scan_is_not_undone"]
    assert rules(tablet.undo("never-scanned")) == ["scan_is_known"]
    work = tablet.work()
    assert work["run"] is None
    assert work["waiting"][0]["lots"][0]["code"] == code


def test_work_says_who_is_here_what_lies_here_and_the_one_thing_to_do(
    client: FlaskClient, tablet: Tablet, shop: Shop
) -> None:
    old, held, young = shop.lot(), shop.lot(), shop.lot()
    hire(shop.plant.engine, "A-1", ["auditor"])
    shop.hold(held, "crack")
    auditor = {"Authorization": f"Bearer {token_for(shop.plant.engine, 'A-1')}"}
    seen = client.get("/api/v1/stations/sinter-1/work", headers=auditor).json
    assert seen is not None
    assert (seen["badge"], seen["next"]["do"]) == ("", "sign_in")
    work = tablet.work()
    assert work["badge"] == "W-1"
    (group,) = work["waiting"]
    assert (group["operation"]["title"]["zh"], group["count"]) == ("烧结", 3)
    assert [lot["code"] for lot in group["lots"]] == [old, young, held]
    assert group["lots"][2]["holds"] == ["crack"]
    assert (work["next"]["do"], work["next"]["lot"]) == ("load", old)
    tablet.scan(old)
    assert client.get("/api/v1/stations/nowhere/work", headers=auditor).status_code == 404


def test_a_scan_made_offline_stays_the_work_of_who_made_it_and_says_who_sent_it(
    tablet: Tablet, shop: Shop
) -> None:
    hire(shop.plant.engine, "W-17")
    code = card_code(BADGE, "w_17")
    assert tablet.scan(shop.lot(), badge=f" {code.lower()} ").status_code == 200
    assert tablet.scan(shop.lot()).status_code == 200
    assert [e["person"] for e in shop.events("lot_loaded")] == ["W-17", "W-1"]
    assert [e["sent_by"] for e in shop.events("scan_accepted")] == ["W-1", ""]
    answer = tablet.scan(shop.lot(), badge=code[:-2] + "00")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json["errors"]] == ["badge"]
    assert rules(tablet.scan(code)) == ["code_is_of_kind"]
    hire(shop.plant.engine, "Q-1", ["quality"])
    assert rules(tablet.scan(shop.lot(), badge="Q-1")) == ["person_is_signed_in"]


def test_a_qualification_is_that_of_the_person(tablet: Tablet, plant: Plant) -> None:
    shop = Shop(plant, qualification="furnace")
    code = shop.lot()
    assert rules(tablet.scan(code)) == ["person_is_qualified"]
    qualify(plant.engine, act_of("console", NOW_MS), "W-1", "furnace", NOW_MS + 1000)
    assert tablet.scan(code).status_code == 200


def test_a_lot_is_scanned_by_its_label_and_a_void_label_stops(tablet: Tablet, shop: Shop) -> None:
    code = shop.lot()
    old = shop.act(print_label, code).id
    new = shop.act(print_label, code, "torn").id
    void = tablet.scan(old)
    assert rules(void) == ["label_is_good"]
    assert new in void.json[0]["next"]
    assert tablet.scan(new).json["lot"] == code
