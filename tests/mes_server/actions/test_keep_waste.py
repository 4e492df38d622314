"""Sludge is weighed, reagents come and are used, waste leaves with a manifest that says what came where it went."""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.keep_waste import (
    Manifest,
    Reagent,
    Sludge,
    confirm_manifest,
    differs_too_much,
    hand_manifest,
    keep_reagent,
    prepare_manifest,
    void_waste,
    weigh_sludge,
)
from mes_server.domain.water_records import WasteRecord
from mes_server.store.engine import reading
from mes_server.store.waste import load_waste
from mes_server.store.water import waste_between
from tests.mes_server.actions.water_floor import HOUR_MS, WaterFloor


@pytest.fixture
def floor(engine: Engine) -> WaterFloor:
    return WaterFloor(engine).open()


def load(floor: WaterFloor, code: str) -> WasteRecord:
    with reading(floor.engine) as conn:
        found = load_waste(conn, code)
    assert found is not None
    return found


def manifest(floor: WaterFloor, **more: Any) -> Manifest:
    said = {"at_ms": floor.now_ms, "number": "2026-330000-1", "code": "336-054-17", "kg": "800",
            "transporter": "Truck Co", "receiver": "Smelter"}  # fmt: skip
    return Manifest(**(said | more))


@pytest.mark.parametrize(("came", "too_much"), [("776", False), ("775", True), ("830", True)])
def test_a_manifest_is_prepared_handed_over_and_confirmed_with_its_difference(
    floor: WaterFloor, came: str, too_much: bool
) -> None:
    code = floor.done(prepare_manifest, manifest(floor))
    assert floor.rules(confirm_manifest, code, floor.now_ms, came) == ["manifest_goes_on"]
    early = load(floor, code).at_ms - 1
    assert floor.rules(hand_manifest, code, early) == ["manifest_is_in_order"]
    assert floor.act(hand_manifest, code, floor.now_ms) == []
    assert floor.rules(hand_manifest, code, floor.now_ms) == ["manifest_goes_on"]
    assert floor.rules(confirm_manifest, code, early, came) == ["manifest_is_in_order"]
    assert floor.rules(confirm_manifest, code, floor.now_ms, "8OO") == ["amount_is_a_figure"]
    assert floor.act(confirm_manifest, code, floor.now_ms, came) == []
    found = load(floor, code)
    assert (found.state, str(found.received_kg), differs_too_much(found)) == (
        "confirmed", came, too_much,
    )  # fmt: skip
    floor.check()


def test_sludge_and_reagents_are_written_down_and_voided_with_a_reason(floor: WaterFloor) -> None:
    began = floor.now_ms
    sludge = floor.done(weigh_sludge, Sludge(floor.now_ms, "t-ni", "412.5", "32", "press 7"))
    assert load(floor, sludge).dry_kg == 132
    came = Reagent(floor.now_ms, "received", "NaOH 32 %", "1000", "Chem Co", "L-77")
    used = Reagent(floor.now_ms, "used", "NaOH 32 %", "12.5", place="t-ni")
    codes = [floor.done(keep_reagent, one) for one in (came, used)]
    assert [load(floor, one).kind for one in codes] == ["received", "used"]
    assert differs_too_much(load(floor, sludge)) is False
    assert floor.rules(void_waste, sludge, " ") == ["reason_is_given"]
    assert floor.act(void_waste, sludge, "weighed twice") == []
    assert floor.rules(void_waste, sludge, "x") == ["waste_record_counts"]
    assert floor.rules(void_waste, "WM26-1", "x") == ["waste_record_is_known"]
    with reading(floor.engine) as conn:
        found = waste_between(conn, ("sludge", "used"), began, floor.now_ms)
    assert [one.code for one in found] == codes[1:]
    floor.check()


def test_what_cannot_be_is_refused(floor: WaterFloor) -> None:
    now = floor.now_ms
    for acting, said, rules in (
        (weigh_sludge, Sludge(now, "t-ni", "0", "32"), ["amount_is_possible"]),
        (weigh_sludge, Sludge(now, "t-ni", "50001", "32"), ["amount_is_possible"]),
        (weigh_sludge, Sludge(now, "t-ni", "12", "120"), ["amount_is_possible"]),
        (weigh_sludge, Sludge(now, "nowhere", "12,5", "20"), ["amount_is_a_figure", "water_place_is_known"]),
        (weigh_sludge, Sludge(now + HOUR_MS, "t-ni", "12", "20"), ["time_is_not_ahead"]),
        (keep_reagent, Reagent(now, "received", "NaOH", "10"), ["field_is_written", "field_is_written"]),
        (keep_reagent, Reagent(now, "used", "", "10", place="x"), ["field_is_written", "water_place_is_known"]),
        (prepare_manifest, manifest(floor, code="HW17"), ["waste_code_is_known"]),
        (prepare_manifest, manifest(floor, receiver="", kg="-1"), ["amount_is_possible", "field_is_written"]),
        (prepare_manifest, manifest(floor, number="@x"), ["text_is_no_script"]),
    ):  # fmt: skip
        assert floor.rules(acting, said) == rules, said
    sludge = floor.done(weigh_sludge, Sludge(floor.now_ms, "t-ni", "10", "30"))
    assert floor.rules(hand_manifest, sludge, floor.now_ms) == ["waste_record_is_known"]
    gone = floor.done(prepare_manifest, manifest(floor))
    floor.act(void_waste, gone, "truck did not come")
    assert floor.rules(hand_manifest, gone, floor.now_ms) == ["waste_record_counts"]
