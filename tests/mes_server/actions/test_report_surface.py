"""Surface treatment in the lot report: the bath of each run, titrations before and after it, what is missing or out."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.compile_binder import compile_binder
from mes_server.actions.compile_lot_report import Heading, compile_lot_report
from mes_server.actions.handle_lots import release_lot
from mes_server.actions.report_surface import is_bath
from mes_server.actions.titrate import void_titration
from mes_server.domain.report import Section
from mes_server.store.engine import reading
from tests.mes_server.actions.bath_floor import BathFloor
from tests.mes_server.web.test_papers import is_as_published


@pytest.fixture
def floor(engine: Engine) -> BathFloor:
    return BathFloor(engine).open()


def section(floor: BathFloor, lot: str) -> Section:
    heading = Heading("RP26-000001-E8", "zh", floor.now_ms, "Q-1", "0.1.0", "Plant 1")
    with reading(floor.engine) as conn:
        made = compile_lot_report(conn, lot, heading)
    assert made is not None
    assert is_as_published(json.loads(json.dumps(made.as_content()))) == []
    return made.sections["surface"]


def whats(remarks: Any) -> list[str]:
    return [one.what for one in remarks]


def test_the_bath_and_its_titrations_around_the_run_are_told(floor: BathFloor) -> None:
    before = floor.good()
    lot = floor.through()
    told = section(floor, lot)
    (bath,) = told.tables["baths"]
    assert (bath["bath"], bath["volume_l"]) == (floor.bath, "1000")
    assert whats(told.gaps) == ["no_titration"]
    assert told.gaps[0].facts["when"] == "after"
    after = floor.good()
    told = section(floor, lot)
    assert told.gaps == ()
    rows = [(row["when"], row["code"], row["value"]) for row in told.tables["titrations"]]
    assert {(when, code) for when, code, _ in rows} == {("before", before), ("after", after)}
    assert {row["verdict"] for row in told.tables["titrations"]} == {"ok"}
    assert "pt" in {row["unit"] for row in told.tables["titrations"]}


def test_a_titration_that_is_out_behind_the_run_fails(floor: BathFloor) -> None:
    floor.good()
    lot = floor.through()
    out = floor.titrate(fa_points="9.00", ta_points="24.0")
    assert isinstance(out, str), out
    told = section(floor, lot)
    assert "titration_out" in whats(told.failures)
    with reading(floor.engine) as conn:
        binder = compile_binder(conn, floor.now_ms, "Plant 1", "0.1.0")
    assert whats(binder.evidence["baths"].gaps) == ["overdue"]
    assert binder.evidence["baths"].records[0]["verdict"] == "out"


@pytest.mark.parametrize("is_released", [True, False])
def test_a_titration_that_is_out_is_settled_when_what_was_held_because_of_it_was_released(
    floor: BathFloor, is_released: bool
) -> None:
    """The second one adds no hold, as that of the first still stands: the doubt ended with that one all the same."""
    floor.good()
    lot = floor.through()
    first = floor.titrate(fa_points="9.00", ta_points="24.0")
    assert floor.act(void_titration, floor.bath, first, "another burette was read") == []
    floor.titrate(fa_points="8.90", ta_points="24.0")
    floor.good()
    (hold,) = floor.lot(lot).holds
    if is_released:
        assert floor.act(release_lot, lot, hold, "film weight is good") == []
    told = section(floor, lot)
    assert ("titration_settled" in whats(told.gaps)) is is_released
    assert ("titration_out" in whats(told.failures)) is not is_released


@pytest.mark.parametrize(
    ("role", "name", "told"),
    [("bath", "x", True), ("x", "BM26-000001-XX", True), ("thermocouple", "TC-1", False)],
)
def test_a_resource_is_a_bath_by_its_code_or_role(role: str, name: str, told: bool) -> None:
    assert is_bath(role, name) is told
