"""`mes proof`, as it is typed, over a real store."""

import json

import pytest
from sqlalchemy import Engine

from tests.mes_server.actions.furnace_floor import FurnaceFloor
from tests.mes_server.commands.conftest import Call
from tests.mes_server.commands.test_lot_commands import engine as engine
from tests.mes_server.domain.simulated import T0


@pytest.fixture
def floor(engine: Engine) -> FurnaceFloor:
    made = FurnaceFloor(engine).build()
    made.recipe()
    return made


def test_a_run_is_judged_and_its_reasons_are_told(mes: Call, floor: FurnaceFloor) -> None:
    floor.record(T0, lost=(900, 940))
    run = floor.charge(T0)
    assert "was not judged yet" in mes("proof", run, exit_code=1).output
    told = mes("proof", run, "--again").output
    assert f"{run}: not_proven (R-1/A" in told
    assert "Sintering: 146.1 of 270.0 min are proven" in told
    floor.record(T0, only=(900, 940))
    assert f"{run}: proven" in mes("proof", run, "--again").output
    verdicts = [one["verdict"] for one in json.loads(mes("proof", run, "--json").output)]
    assert verdicts == ["not_proven", "proven"]


def test_what_cannot_be_judged_is_said(mes: Call, floor: FurnaceFloor) -> None:
    assert "There is no run" in mes("proof", "CH26-000001-XX", exit_code=1).output
    assert "There is no run" in mes("proof", "CH26-000001-XX", "--again", exit_code=1).output
    run = floor.charge(T0, recipe="OTHER")
    assert "No recipe OTHER" in mes("proof", run, "--again", exit_code=1).output


def test_all_that_wait_are_judged(mes: Call, floor: FurnaceFloor) -> None:
    run = floor.charge(T0)
    assert run in mes("proof").output
