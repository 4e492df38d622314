"""Furnaces in the lot report: the proof of each run with its soak as a band on the curves, gaps, surveys as of then."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.compile_lot_report import Heading, compile_lot_report
from mes_server.actions.prove_run import prove_closed
from mes_server.actions.report_furnace import furnace
from mes_server.domain.report import Report, Section
from mes_server.store.engine import reading
from tests.mes_server.actions.furnace_floor import CYCLE_MIN, FurnaceFloor
from tests.mes_server.domain.simulated import LOADS, T0
from tests.mes_server.web.test_papers import is_as_published

LATER = T0 + CYCLE_MIN * 60_000 + 1000


@pytest.fixture
def floor(engine: Engine) -> FurnaceFloor:
    return FurnaceFloor(engine).build()


def made(floor: FurnaceFloor, lot: str) -> Report:
    heading = Heading("RP26-000001-E8", "zh", LATER, "Q-1", "0.1.0", "Plant 1")
    with reading(floor.engine) as conn:
        found = compile_lot_report(conn, lot, heading)
    assert found is not None
    assert is_as_published(json.loads(json.dumps(found.as_content()))) == []
    return found


def section(floor: FurnaceFloor, lot: str) -> Section:
    return made(floor, lot).sections["furnace"]


def whats(remarks: Any) -> list[str]:
    return sorted(one.what for one in remarks)


def test_a_proven_run_has_its_soaks_as_bands_on_whole_curves(floor: FurnaceFloor) -> None:
    floor.recipe()
    floor.record(T0)
    lot = floor.receive_light()
    run = floor.charge(T0, lot)
    prove_closed(floor.engine, run, LATER, "P1")
    told = section(floor, lot)
    (row,) = told.tables["runs"]
    assert (row["verdict"], row["recipe"], row["person"]) == ("proven", "R-1/A", "P1")
    assert isinstance(row["why"], dict)
    assert row["why"]["zh"] != row["why"]["en"]
    assert len(told.tables["soaks"]) == 2
    assert {one["metric"] for one in told.tables["thermocouples"]} == set(LOADS)
    assert {one.metric for one in told.curves} >= set(LOADS)
    curve = next(one for one in told.curves if one.metric == LOADS[0])
    sinter = curve.bands[-1]
    soak = told.tables["soaks"][-1]
    assert float(sinter.lower) < float(str(soak["setpoint_c"])) < float(sinter.upper)
    assert 0 < sinter.from_s < sinter.to_s < CYCLE_MIN * 60
    assert told.failures == ()
    assert "survey_unasked" in whats(told.gaps)
    assert "no_proof" not in whats(told.gaps)


def test_a_gap_in_the_soak_is_named_and_drawn(floor: FurnaceFloor) -> None:
    floor.recipe()
    lot = floor.receive_light()
    floor.record(T0, lost=(900, 960))
    run = floor.charge(T0, lot)
    prove_closed(floor.engine, run, LATER, "P1")
    told = section(floor, lot)
    assert "not_proven" in whats(told.gaps)
    assert "curve_gaps" in whats(told.gaps)
    assert any(one.gaps for one in told.curves)
    report = made(floor, lot)
    assert report.sections["alarms"].tables["gaps"]
    assert report.verdict == "does_not_conform", "the proof held the lot"
    assert furnace.__doc__ == "Section 7."


def test_a_run_without_a_recipe_was_not_judged(floor: FurnaceFloor) -> None:
    lot = floor.receive_light()
    floor.charge(T0, lot)
    assert whats(section(floor, lot).gaps) == ["no_curve", "no_proof", "survey_unasked"]
