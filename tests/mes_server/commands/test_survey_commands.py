"""`mes survey`, as it is typed: what is due, a survey by file and PIN, a change, thermocouples."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.mes_server.actions.furnace_floor import FurnaceFloor
from tests.mes_server.commands.conftest import Call
from tests.mes_server.commands.test_nonconformance_commands import engine as engine
from tests.mes_server.domain.furnace_making import pyrometry_content
from tests.mes_server.people_help import PIN, give_pin, hire

HEAD = "thermocouple,test_thermocouple,position,reading,test,correction\n"


@pytest.fixture
def floor(engine: Engine, tmp_path: Path) -> FurnaceFloor:
    made = FurnaceFloor(engine).build()
    rows = ("cqi9-sat", "cqi9-tc-uses-base-metal")
    assert made.release("pyrometry", pyrometry_content("sinter-1", *rows)) == []
    hire(engine, "L-1", ["lead"])
    give_pin(engine, tmp_path, "L-1")
    return made


def written(folder: Path, rows: str, head: str = HEAD) -> str:
    file = folder / "sat.csv"
    file.write_text(head + rows, encoding="utf-8")
    return str(file)


def test_a_survey_is_recorded_by_file_and_pin_and_says_when_it_is_due_again(
    mes: Call, floor: FurnaceFloor, tmp_path: Path
) -> None:
    assert "never" in mes("survey", "due", exit_code=3).output
    good = written(tmp_path, "load_1,S-7,front,1060.0,1058.1,0.4\n")
    call = ("survey", "record", "sinter-1", "SAT", "--instrument", "CAL-1", "--sign", "L-1")
    told = mes(*call, "--readings", good, typed=f"{PIN}\n").output
    assert "passed, worst 1.5 °C" in told
    assert "due again 20" in told
    assert mes("survey", "due", "sinter-1").exit_code == 0
    bad = written(tmp_path, "load_1,S-7,front,1060.0,1051.0,\n")
    assert "failed" in mes(*call, "--readings", bad, typed=f"{PIN}\n", exit_code=3).output
    assert "bad" in mes("survey", "due", exit_code=3).output
    found = json.loads(mes("survey", "list", "sinter-1", "--json").output)
    assert [one["result"] for one in found] == ["failed", "passed"]


def test_what_is_no_survey_is_refused_with_its_reason(
    mes: Call, floor: FurnaceFloor, tmp_path: Path
) -> None:
    call = ("survey", "record", "sinter-1", "SAT", "--instrument", "CAL-1", "--sign", "L-1")
    comma = written(tmp_path, 'load_1,S-7,front,"1060,0",1058.1,\n')
    assert "1060,0" in mes(*call, "--readings", comma, typed=f"{PIN}\n", exit_code=1).output
    good = written(tmp_path, "load_1,S-7,front,1060.0,1058.1,0.4\n")
    assert "PIN" in mes(*call, "--readings", good, typed="000000\n", exit_code=1).output
    odd = written(tmp_path, "1,2\n", head="reading,temperature\n")
    assert "the columns are" in mes(*call, "--readings", odd, exit_code=2).output
    assert json.loads(mes("survey", "list", "sinter-1", "--json").output) == []


def test_thermocouples_go_in_and_out_and_a_change_asks_for_surveys_again(
    mes: Call, floor: FurnaceFloor, tmp_path: Path
) -> None:
    good = written(tmp_path, "load_1,S-7,front,1060.0,1058.1,0.4\n")
    call = ("survey", "record", "sinter-1", "SAT", "--instrument", "CAL-1", "--sign", "L-1")
    mes("survey", "install", "sinter-1", "TC-1", "load_1_temperature_c", "K", "--uses", "85")
    mes(*call, "--readings", good, typed=f"{PIN}\n")
    assert "85/" in mes("survey", "due").output
    mes("survey", "change", "sinter-1", "new heaters")
    assert "again" in mes("survey", "due", exit_code=3).output
    mes("survey", "remove", "tc-1", "worn")
    assert "TC-1" not in mes("survey", "due", exit_code=3).output
    assert "not" in mes("survey", "remove", "TC-1", "worn", exit_code=1).output
