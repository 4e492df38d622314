"""What a diffusion run is judged by: the lot of its target, checks of weight gain, HcJ before and after."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.gather_diffusion import gather_diffusion
from mes_server.actions.make_lots import scrap_some, take_coupons
from mes_server.actions.prove_run import prove_closed, prove_due
from mes_server.actions.ready_station import mount
from mes_server.actions.record_check import void_check
from mes_server.actions.run_charge import load_lot_into
from mes_server.domain.amounts import Amount
from mes_server.domain.recipes import Diffusion
from mes_server.store.engine import reading
from mes_server.store.runs import load_run
from tests.mes_server.actions.furnace_floor import CYCLE_MIN, FurnaceFloor
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.domain.simulated import T0

END = T0 + CYCLE_MIN * 60_000
GAIN = line("weight_gain", nominal="0.4", lower="0.1", upper="1.0", action_lower=None, action_upper=None, unit="%", every={"each": "charge"})  # fmt: skip
HCJ = line("hcj", kind="magnetic", quantity="hcj_ka_m", nominal=None, lower="900", upper=None, action_lower=None, action_upper=None, unit="kA/m", sample=1, moment="first_off", every={"each": "setup"})  # fmt: skip
DIFFUSION = {"element": "Tb", "target": "target", "gain": "weight_gain", "gain_low": "0.36", "gain_high": "0.44", "hcj_min_ka_m": "500"}  # fmt: skip


@pytest.fixture
def floor(engine: Engine) -> FurnaceFloor:
    made = FurnaceFloor(engine).build()
    made.recipe(stages=[], control=[], diffusion=DIFFUSION)
    assert made.release("plan", plan(GAIN, HCJ)) == []
    return made


def target(floor: FurnaceFloor, element: str) -> str:
    return floor.receive(Amount(1, 8_000_000, elements={element: 7_000_000}), kind="target")


def keys(floor: FurnaceFloor, run: str) -> dict[str, str]:
    found = floor.proofs(run)[-1].content["findings"]
    return {one["key"]: one["verdict"] for one in found}


def test_target_gain_and_hcj_are_gathered_and_judged(floor: FurnaceFloor) -> None:
    lot = floor.receive_light()
    floor.now_ms = T0 - 30 * 60_000
    assert isinstance(floor.measure("hcj", "1200", lot=lot)[0], str)
    run = floor.charge(T0, lot, resources={"target": target(floor, "Tb")})
    assert prove_closed(floor.engine, run, END) == [lot], "nobody weighed it yet"
    assert prove_due(floor.engine, END + 1) == {}, "nothing new"
    assert floor.measure("weight_gain", "0.39", "0.41", run=run)[0].startswith("CK")
    assert prove_due(floor.engine, END + 2) == {run: []}, "weighed since"
    assert [one.verdict for one in floor.proofs(run)] == ["not_proven", "proven"]
    assert keys(floor, run) == {"target_right": "proven", "gain_right": "proven", "hcj_open": "proven"}  # fmt: skip
    floor.now_ms = END + 60_000
    floor.measure("hcj", "1810", lot=lot)
    with reading(floor.engine) as conn:
        known = load_run(conn, run)
        assert known is not None
        asked = Diffusion("Tb", "target", "weight_gain", hcj_min_ka_m=500)
        found, (one,) = gather_diffusion(conn, known, asked)
    assert found is not None
    assert (found.element, one.hcj_gain, one.mass_mg) == ("Tb", 610, 1_000_000)


def test_the_wrong_target_fails_the_run_and_holds_the_lot(floor: FurnaceFloor) -> None:
    lot = floor.receive_light()
    run = floor.charge(T0, lot, resources={"target": target(floor, "Dy")})
    assert prove_closed(floor.engine, run, END) == [lot]
    assert keys(floor, run)["target_wrong"] == "failed"
    assert keys(floor, run)["gain_unknown"] == "not_proven"
    assert floor.proofs(run)[0].content["diffusion"][0]["lot"] == lot


def test_a_target_that_nobody_mounted_is_not_proven(floor: FurnaceFloor) -> None:
    run = floor.charge(T0)
    prove_closed(floor.engine, run, END)
    assert keys(floor, run)["target_unknown"] == "not_proven"


def hcj_of(floor: FurnaceFloor, run: str) -> tuple[object, object]:
    with reading(floor.engine) as conn:
        known = load_run(conn, run)
        assert known is not None
        asked = Diffusion("Tb", "", "weight_gain", hcj_min_ka_m=500)
        (one,) = gather_diffusion(conn, known, asked)[1]
    return one.before_ka_m, one.after_ka_m


def coupon(floor: FurnaceFloor, lot: str) -> str:
    return str(floor.act(take_coupons, lot, 1, 100_000)[0])


def test_a_coupon_taken_before_the_run_tells_what_the_lot_had_whenever_it_is_measured(
    floor: FurnaceFloor,
) -> None:
    lot = floor.receive_light()
    floor.now_ms = T0 - 40 * 60_000
    before = coupon(floor, lot)
    run = floor.charge(T0, lot)
    floor.now_ms = END + 60_000
    after = coupon(floor, lot)
    floor.measure("hcj", "1210", lot=before)
    assert hcj_of(floor, run) == (1210, None), (
        "what is measured of it now is nothing that the run brought"
    )
    floor.now_ms += 60_000
    floor.measure("hcj", "1830", lot=after)
    assert hcj_of(floor, run) == (1210, 1830)


def test_a_coupon_of_the_lot_it_was_split_from_counts_and_one_that_went_its_own_way_does_not(
    floor: FurnaceFloor,
) -> None:
    whole = floor.receive_light()
    floor.now_ms = T0 - 3_000_000
    sibling = coupon(floor, whole)
    part = floor.split(whole)
    floor.now_ms += 60_000
    floor.measure("hcj", "1190", lot=sibling)
    run = floor.charge(T0, part)
    assert hcj_of(floor, run) == (1190, None)
    floor.now_ms = END + 60_000
    floor.measure("hcj", "1900", lot=whole)
    assert hcj_of(floor, run) == (1190, None), "the lot it came from was not in the run"


def test_a_part_that_was_in_another_run_since_says_nothing_about_the_lot(floor: FurnaceFloor) -> None:  # fmt: skip
    whole = floor.receive_light()
    floor.now_ms = T0 - 3 * 86_400_000
    part = floor.split(whole)
    floor.charge(T0 - 2 * 86_400_000, part)
    floor.measure("hcj", "1700", lot=part)
    run = floor.charge(T0, whole)
    assert hcj_of(floor, run) == (None, None)


def test_a_proven_run_is_judged_again_when_hcj_was_measured_and_holds_what_gained_too_little(
    floor: FurnaceFloor,
) -> None:
    lot = floor.receive_light()
    floor.now_ms = T0 - 40 * 60_000
    before = coupon(floor, lot)
    floor.measure("hcj", "1200", lot=before)
    run = floor.charge(T0, lot, resources={"target": target(floor, "Tb")})
    floor.measure("weight_gain", "0.39", "0.41", run=run)
    assert prove_due(floor.engine, END) == {run: []}
    assert keys(floor, run)["hcj_open"] == "proven"
    assert prove_due(floor.engine, END + 1) == {}, "nothing new"
    floor.now_ms = END + 60_000
    floor.measure("hcj", "1500", lot=lot)
    assert prove_due(floor.engine, END + 120_000) == {run: [lot]}
    assert keys(floor, run)["hcj_low"] == "failed"


def test_a_wrong_target_that_was_changed_for_the_right_one_in_the_run_is_still_found(
    floor: FurnaceFloor,
) -> None:
    lot = floor.receive_light()
    first, second = target(floor, "Dy"), target(floor, "Tb")
    floor.now_ms = T0
    run = floor.act(load_lot_into, lot, floor.operation(), {"resources": {"target": first}}, place="sinter-1")  # fmt: skip
    assert floor.act(mount, "sinter-1", "target", second) == []
    floor.now_ms = END
    floor.run_over(lot)
    assert prove_closed(floor.engine, run, END) == [lot]
    assert keys(floor, run)["target_wrong"] == "failed"


def test_a_slurry_that_was_used_up_still_says_what_it_held(floor: FurnaceFloor) -> None:
    slurry = target(floor, "Tb")
    run = floor.charge(T0, resources={"target": slurry})
    floor.act(scrap_some, slurry, (1, 8_000_000), ("used up", "scrap"))
    assert floor.lot(slurry).amount.is_nothing
    prove_closed(floor.engine, run, END)
    assert keys(floor, run)["target_right"] == "proven"


def test_a_proof_that_leaned_on_a_weighing_that_is_voided_is_judged_again(floor: FurnaceFloor) -> None:  # fmt: skip
    lot = floor.receive_light()
    run = floor.charge(T0, lot, resources={"target": target(floor, "Tb")})
    (check,) = floor.measure("weight_gain", "0.39", "0.41", run=run)
    assert prove_due(floor.engine, END) == {run: []}
    assert floor.act(void_check, check, "another charge was weighed") == []
    assert prove_due(floor.engine, END + 1) == {run: [lot]}
    assert keys(floor, run)["gain_unknown"] == "not_proven"
    assert prove_due(floor.engine, END + 2) == {}


def test_a_proof_that_leaned_on_an_hcj_that_is_voided_is_judged_again(floor: FurnaceFloor) -> None:
    lot = floor.receive_light()
    floor.now_ms = T0 - 30 * 60_000
    floor.measure("hcj", "1200", lot=lot)
    run = floor.charge(T0, lot, resources={"target": target(floor, "Tb")})
    floor.measure("weight_gain", "0.39", "0.41", run=run)
    floor.now_ms = END + 60_000
    (check,) = floor.measure("hcj", "1810", lot=coupon(floor, lot))
    assert prove_due(floor.engine, END + 120_000) == {run: []}
    assert keys(floor, run)["hcj_gained"] == "proven"
    assert prove_due(floor.engine, END + 180_000) == {}, "nothing was voided"
    assert floor.act(void_check, check, "another coupon was measured") == []
    assert prove_due(floor.engine, END + 240_000) == {run: []}
    assert keys(floor, run)["hcj_open"] == "proven"
    assert prove_due(floor.engine, END + 300_000) == {}
