"""A closed run is judged by the data that are there, holds what is not proven, and is judged again when more came."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mes_server.actions.answer_scan import ACCEPTED, Answer
from mes_server.actions.judge_run import judge_run
from mes_server.actions.keep_pyrometry import (
    Installing,
    Surveying,
    install_thermocouple,
    record_survey,
)
from mes_server.actions.prove_run import prove_closed, prove_due, prove_unloaded
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.run_charge import load_lot_into
from mes_server.store.engine import reading
from tests.mes_server.actions.furnace_floor import CYCLE_MIN, FurnaceFloor
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.domain.furnace_making import asked, pyrometry_content
from tests.mes_server.domain.plan_making import plan
from tests.mes_server.domain.simulated import LOADS, T0, fault
from tests.mes_server.people_help import signer

LATER = T0 + CYCLE_MIN * 60_000 + 1000
DAY = 86_400_000
SAT = Surveying("SAT", [{"thermocouple": "load_1", "test_thermocouple": "T-1", "reading": "1050.0", "test": "1050.5"}], "CAL-1")  # fmt: skip


@pytest.fixture
def floor(engine: Engine) -> FurnaceFloor:
    return FurnaceFloor(engine).build()


def test_a_run_with_its_curves_is_proven_and_holds_nothing(floor: FurnaceFloor) -> None:
    floor.recipe()
    floor.record(T0)
    run = floor.charge(T0)
    assert prove_closed(floor.engine, run, LATER, "P1") == []
    (proof,) = floor.proofs(run)
    assert (proof.verdict, proof.recipe, proof.station) == ("proven", "R-1/A", "sinter-1")
    (_, sinter) = proof.content["stages"]
    assert sinter["held_s"] > sinter["asked_s"] == 270 * 60
    assert {one["metric"] for one in sinter["thermocouples"]} == set(LOADS)
    assert all(one["covered_ppm"] == 1_000_000 for one in proof.content["thermocouples"])
    assert prove_closed(floor.engine, run, LATER, "P1") is None, "judged already"
    floor.check()


def test_a_run_without_any_data_is_not_proven_and_holds_its_lots(floor: FurnaceFloor) -> None:
    floor.recipe()
    lot = floor.receive_light()
    run = floor.charge(T0, lot)
    assert prove_closed(floor.engine, run, LATER) == [lot]
    assert floor.holds(lot) == [f"soak not proven {run}"]
    assert floor.proofs(run)[0].content["samples"] == 0


def test_a_run_that_goes_by_no_recipe_is_not_judged_by_another_one(floor: FurnaceFloor) -> None:
    floor.recipe()
    code = floor.receive_light()
    floor.act(load_lot_into, code, replace(floor.operation(), recipe=""), {}, place="sinter-1")
    assert prove_closed(floor.engine, floor.run_over(code), LATER) is None
    assert floor.holds(code) == []


def test_without_a_recipe_nothing_is_judged(floor: FurnaceFloor) -> None:
    run = floor.charge(T0)
    assert prove_closed(floor.engine, run, LATER) is None
    floor.recipe()
    assert prove_closed(floor.engine, run, LATER) is None, "released after the run began"
    with reading(floor.engine) as conn:
        assert rules(judge_run(conn, run)) == ["recipe_is_released"]
        assert rules(judge_run(conn, "CH26-000000-XX")) == ["run_is_known"]


def test_late_data_prove_it_and_quality_lifts_the_hold(floor: FurnaceFloor) -> None:
    floor.recipe()
    lot = floor.receive_light()
    floor.record(T0, lost=(900, 960))
    run = floor.charge(T0, lot)
    assert prove_due(floor.engine, LATER) == {run: [lot]}
    assert prove_due(floor.engine, LATER + 1) == {}, "nothing new came"
    floor.record(T0, only=(900, 930))
    assert prove_due(floor.engine, LATER + 2) == {run: []}, "still not proven: held once, not twice"
    assert floor.holds(lot) == [f"soak not proven {run}"]
    floor.record(T0, only=(930, 960))
    assert prove_due(floor.engine, LATER + 3) == {run: []}
    assert [one.verdict for one in floor.proofs(run)] == ["not_proven", "not_proven", "proven"]
    assert floor.holds(lot) == [f"soak not proven {run}"], "only quality releases"
    assert prove_due(floor.engine, LATER + 4) == {}
    floor.check()


def test_what_comes_after_two_weeks_is_judged_only_when_asked_for(floor: FurnaceFloor) -> None:
    floor.recipe()
    run = floor.charge(T0)
    assert prove_due(floor.engine, LATER + 15 * DAY) == {}
    floor.record(T0)
    assert prove_closed(floor.engine, run, LATER + 15 * DAY) == []


def test_a_failed_soak_holds_what_was_in_it_and_what_became_of_it(floor: FurnaceFloor) -> None:
    floor.recipe()
    lot = floor.receive_light()
    floor.record(T0, faults=[fault("power_dip", None, (900, 960))])
    run = floor.charge(T0, lot)
    part = floor.split(lot)
    assert prove_closed(floor.engine, run, LATER) == sorted([lot, part])
    assert floor.holds(part) == [f"soak failed {run}"]
    keys = [one["key"] for one in floor.proofs(run)[0].content["findings"]]
    assert {"soak_short", "dropped"} <= set(keys)


def test_a_clock_that_was_never_set_proves_nothing(floor: FurnaceFloor) -> None:
    floor.recipe()
    floor.record(T0, clock=0)
    run = floor.charge(T0)
    prove_closed(floor.engine, run, LATER)
    (proof,) = floor.proofs(run)
    assert proof.verdict == "not_proven"
    assert "clock_unset" in [one["key"] for one in proof.content["findings"]]


def test_a_clock_of_its_own_is_told_and_proves_the_time_that_passed(floor: FurnaceFloor) -> None:
    floor.recipe()
    floor.record(T0, clock=1)
    run = floor.charge(T0)
    prove_closed(floor.engine, run, LATER)
    (proof,) = floor.proofs(run)
    assert (proof.verdict, proof.content["findings"][0]["key"]) == ("proven", "clock_doubted")


def test_a_run_is_compared_with_the_last_proven_one_and_with_the_golden_one(
    floor: FurnaceFloor,
) -> None:
    floor.recipe()
    begun = [T0 + n * 2 * DAY for n in range(3)]
    for at_ms, faults in zip(begun, ([], [], [fault("drift", LOADS[0], (820, 1100), 1.0)]), strict=True):  # fmt: skip
        floor.record(at_ms, faults=faults)
    runs = [floor.charge(at_ms) for at_ms in begun]
    for run in runs:
        prove_closed(floor.engine, run, begun[2] + DAY)
    first, second, third = [floor.proofs(run)[0] for run in runs]
    assert first.content["beside"] is None
    beside = second.content["beside"]
    assert (beside["run"], beside["why"]) == (runs[0], "last")
    assert [float(one["soak_c"]) for one in beside["stages"]] == [0, 0], "the very same curve"
    drifted = third.content["beside"]["stages"][1]
    assert 0.3 < float(drifted["soak_c"]) < 1.0, "one of four drifted by up to 4.6 °C"
    with reading(floor.engine) as conn:
        golden = judge_run(conn, runs[2], golden=runs[0])
    assert not isinstance(golden, list)
    assert golden.content["beside"]["why"] == "golden"
    assert "golden_near" in [one["key"] for one in golden.content["findings"]]


def test_the_answer_to_an_unloading_names_what_the_proof_holds(floor: FurnaceFloor) -> None:
    floor.recipe()
    lot = floor.receive_light()
    run = floor.charge(T0, lot)
    answer = prove_unloaded(floor.engine, Answer(ACCEPTED, "", run, held=("X",)), LATER, "P1")
    assert answer.held == ("X", lot)
    again = prove_unloaded(floor.engine, Answer(ACCEPTED, "", run, again=True), LATER, "P1")
    assert again.held == ()


def test_proofs_are_computed_anew_from_the_ledger(floor: FurnaceFloor) -> None:
    floor.recipe()
    run = floor.charge(T0)
    prove_closed(floor.engine, run, LATER)
    before = floor.proofs(run)
    rebuild_lots(floor.engine)
    assert floor.proofs(run) == before


def test_a_recipe_that_the_control_plan_names_counts_where_the_run_names_none(
    floor: FurnaceFloor,
) -> None:
    floor.recipe(code="R-2")
    named = [{"operation": "sinter", "code": "R-2", "revision": "A"}]
    assert floor.release("plan", plan(recipes=named)) == []
    floor.record(T0)
    lot = floor.receive_light()
    with floor.book("sinter-1") as book:
        run = load_lot_into(book, lot, replace(floor.operation(), recipe=""), {})
    floor.now_ms = LATER
    floor.run_over(lot)
    assert prove_due(floor.engine, floor.now_ms + 1) == {run: []}
    assert floor.proofs(run)[0].recipe == "R-2/A"


def test_a_survey_that_runs_out_during_the_run_leaves_it_to_people(floor: FurnaceFloor) -> None:
    floor.recipe()
    floor.now_ms = T0 + 8 * 3_600_000 - asked("cqi9-sat")[0].interval_days * DAY
    assert floor.release("pyrometry", pyrometry_content("sinter-1", "cqi9-sat")) == []
    assert isinstance(floor.act(record_survey, "sinter-1", SAT, signer())[0], str)
    floor.record(T0)
    lot = floor.receive_light()
    run = floor.charge(T0, lot)
    assert prove_closed(floor.engine, run, LATER) == [lot]
    told = {one["key"]: one for one in floor.proofs(run)[0].content["findings"]}
    assert told["survey_lapsed"]["verdict"] == "not_proven"
    assert T0 < int(told["survey_lapsed"]["facts"]["at_ms"]) < LATER


def test_a_run_that_was_surveyed_stays_so_when_its_thermocouple_is_changed_later(
    floor: FurnaceFloor,
) -> None:
    floor.recipe()
    floor.now_ms = T0 - 10 * DAY
    assert floor.release("pyrometry", pyrometry_content("sinter-1", "cqi9-sat")) == []
    floor.act(record_survey, "sinter-1", SAT, signer())
    floor.record(T0)
    run = floor.charge(T0)
    floor.act(install_thermocouple, "sinter-1", Installing("TC-9", "load_1_temperature_c", "K"))
    assert prove_closed(floor.engine, run, LATER) == []
    assert floor.proofs(run)[0].verdict == "proven"
