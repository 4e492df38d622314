"""Surveys are recorded with their result and a signature, thermocouples count their runs, and both gate the furnace."""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.digests import digest_of
from mes_server.actions.gather_furnace import furnace_standing
from mes_server.actions.keep_pyrometry import (
    Installing,
    Surveying,
    change_furnace,
    install_thermocouple,
    record_survey,
    remove_thermocouple,
)
from mes_server.actions.record_events import rebuild_lots
from mes_server.domain.pyrometry import Standing
from mes_server.store.engine import reading
from mes_server.store.pyrometry import list_surveys, list_thermocouples, load_survey
from mes_server.store.signatures import list_signatures
from tests.mes_server.actions.furnace_floor import FurnaceFloor
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.domain.furnace_making import pyrometry_content
from tests.mes_server.people_help import signer

DAY = 86_400_000
READING = {"thermocouple": "TC-1", "test_thermocouple": "S-7", "position": "", "reading": "1060.0",
           "test": "1058.1", "correction": "0.4"}  # fmt: skip
SAT = Surveying("SAT", [READING], "CAL-1")


@pytest.fixture
def floor(engine: Engine) -> FurnaceFloor:
    made = FurnaceFloor(engine).build()
    assert made.release("pyrometry", pyrometry_content()) == []
    return made


def survey(floor: FurnaceFloor, said: Surveying = SAT, who: Any = None) -> Any:
    return floor.act(record_survey, "sinter-1", said, signer() if who is None else who)


def stands(floor: FurnaceFloor) -> Standing:
    with reading(floor.engine) as conn:
        found = furnace_standing(conn, "sinter-1", floor.now_ms)
    assert found is not None
    return found


def test_a_furnace_is_loaded_only_when_it_was_surveyed(floor: FurnaceFloor) -> None:
    lot = floor.receive_light()
    assert floor.told(lot) == ["furnace_is_surveyed"]
    (code,) = survey(floor)
    assert code.startswith("PY")
    assert floor.told(lot) == []
    with reading(floor.engine) as conn:
        found = load_survey(conn, code)
        (signed,) = list_signatures(conn, f"survey:{code}")
        assert found is not None
        assert (found.result, found.content["worst_c"], found.signer) == ("passed", "1.5", signer().badge)  # fmt: skip
        assert signed.stands(digest_of(conn, f"survey:{code}"))
        assert digest_of(conn, "survey:PY26-000009-XX") is None


def test_a_survey_that_fails_is_kept_and_stops_the_furnace(floor: FurnaceFloor) -> None:
    survey(floor)
    survey(floor, Surveying("SAT", [READING | {"test": "1051.0"}], "CAL-1"))
    assert [one.state for one in stands(floor).unfit_tests] == ["bad"]
    assert floor.told(floor.receive_light()) == ["furnace_is_surveyed"]
    with reading(floor.engine) as conn:
        assert [one.result for one in list_surveys(conn, "sinter-1")] == ["passed", "failed"]


def test_in_three_months_and_after_a_change_it_is_due_again(floor: FurnaceFloor) -> None:
    survey(floor)
    assert stands(floor).unfit_tests == []
    floor.now_ms += 93 * DAY
    assert [one.state for one in stands(floor).unfit_tests] == ["overdue"]
    survey(floor)
    assert rules(floor.act(change_furnace, "sinter-1", " ")) == ["reason_is_given"]
    floor.act(change_furnace, "sinter-1", "new heaters")
    assert [one.state for one in stands(floor).unfit_tests] == ["again"]


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (Surveying("TUS", [READING], "CAL-1"), "survey_is_asked_for"),
        (Surveying("SAT", [], "CAL-1"), "survey_has_its_points"),
        (Surveying("SAT", [READING]), "test_instrument_is_told"),
        (Surveying("SAT", [READING | {"reading": "1060,0"}], "CAL-1"), "figure_has_a_point"),
    ],
)
def test_what_is_no_survey_is_refused(floor: FurnaceFloor, said: Surveying, rule: str) -> None:
    assert rules(survey(floor, said)) == [rule]
    assert rules(floor.act(record_survey, "nowhere", SAT, signer())) == ["station_is_known", "survey_is_asked_for"]  # fmt: skip
    assert rules(floor.act(record_survey, "sinter-1", SAT, None)) == ["signature_is_given"]


def test_what_is_told_and_not_measured_needs_no_readings(floor: FurnaceFloor) -> None:
    content = pyrometry_content("sinter-1", "cqi9-self-assessment", revision="B")
    assert floor.release("pyrometry", content) == []
    survey(floor, Surveying("SELF_ASSESSMENT", passed=False))
    assert [one.state for one in stands(floor).tests] == ["bad"]
    survey(floor, Surveying("SELF_ASSESSMENT", passed=True, note="2026"))
    assert [one.state for one in stands(floor).tests] == ["good"]


def install(floor: FurnaceFloor, code: str, uses: int = 0, kind: str = "K", role: str = "load_1_temperature_c") -> Any:  # fmt: skip
    return floor.act(install_thermocouple, "sinter-1", Installing(code, role, kind, uses))


def test_a_thermocouple_counts_its_runs_and_is_worn_out_in_the_end(floor: FurnaceFloor) -> None:
    assert install(floor, "TC-1", 88) == []
    survey(floor)
    for number in range(2):
        lot = floor.receive_light()
        assert floor.told(lot) == [], number
        floor.run_over(lot)
    (worn,) = stands(floor).thermocouples
    assert (worn.thermocouple.uses, worn.uses_max, worn.state) == (90, 90, "bad")
    lot = floor.receive_light()
    assert floor.told(lot) == ["thermocouple_has_life"]
    assert install(floor, "TC-2") == []
    assert floor.told(lot) == ["furnace_is_surveyed"], "a new thermocouple: the SAT is due again"
    survey(floor)
    assert floor.told(lot) == []
    with reading(floor.engine) as conn:
        found = {one.code: one for one in list_thermocouples(conn, "sinter-1")}
    assert (found["TC-1"].removed_ms is None, found["TC-2"].removed_ms is None) == (False, True)
    assert found["TC-2"].uses == 1


def test_a_thermocouple_is_in_one_furnace_and_remembers_its_uses(floor: FurnaceFloor) -> None:
    install(floor, "TC-1", 40)
    again = Installing("TC-1", "x", "K")
    assert rules(floor.act(install_thermocouple, "age-1", again)) == ["thermocouple_is_free"]
    assert rules(install(floor, "TC-9", kind="Q")) == ["thermocouple_type_is_known"]
    assert rules(floor.act(install_thermocouple, "age-1", Installing("TC-9", "x", "K", 0, "0,5"))) == ["figure_has_a_point"]  # fmt: skip
    assert floor.act(remove_thermocouple, "TC-1", "moved") == []
    assert rules(floor.act(remove_thermocouple, "TC-1", "moved")) == ["thermocouple_is_installed"]
    assert floor.act(install_thermocouple, "age-1", again) == []
    with reading(floor.engine) as conn:
        (found,) = list_thermocouples(conn, "age-1")
        assert (found.uses, list_thermocouples(conn, "sinter-1")) == (40, [])


def test_surveys_and_thermocouples_are_computed_anew_from_the_ledger(floor: FurnaceFloor) -> None:
    install(floor, "TC-1", 40)
    survey(floor)
    before = stands(floor)
    rebuild_lots(floor.engine)
    assert stands(floor) == before
