"""How a furnace stands: surveys in time, failed, never, to be done again; thermocouples by uses and age."""

from typing import Any

import pytest

from mes_server.actions.gather_furnace import pyrometry_rows
from mes_server.domain.pyrometry import (
    CHANGE,
    FAILED,
    TESTS,
    pyrometry_faults,
    stand,
)
from mes_server.domain.rules_furnace import furnace_is_surveyed, thermocouple_has_life
from tests.mes_server.domain.furnace_making import (
    DAY,
    asked,
    pyrometry_content,
    standing,
    survey,
    thermocouple,
)
from tests.mes_server.domain.lot_making import T0
from tests.mes_server.domain.test_rules import GOOD as ATTEMPT

ROWS = pyrometry_rows()


def test_the_reference_data_say_where_they_come_from_and_guess_nothing() -> None:
    assert len(ROWS) == 17
    for row in ROWS.values():
        assert row["scheme"] in ("CQI-9", "AMS2750", "own")
        assert row["certainty"] in "HML"
        assert row["note"]["en"]
        assert row["note"]["zh"]
    ams = [row for row in ROWS.values() if row["scheme"] == "AMS2750"]
    assert [row["tolerance_c"] for row in ams] == ["3", "6", "8", "10", "14", "28"]
    assert all(row["interval_days"] is None for row in ams), "the matrix is in the bought standard"


@pytest.mark.parametrize(
    ("days", "state"), [(1, "good"), (77, "good"), (79, "due"), (91.9, "due"), (92, "overdue")]
)
def test_a_survey_is_good_due_and_overdue_to_the_day(days: float, state: str) -> None:
    found = stand("f", ("f/A", asked("cqi9-sat")), [survey(days)], [], T0)
    assert [one.state for one in found.tests] == [state]
    assert bool(found.unfit_tests) == (state == "overdue")


def test_the_newest_survey_counts_and_one_that_failed_stops_the_furnace() -> None:
    failed = survey(1, result=FAILED)
    assert [one.state for one in standing([survey(5), failed]).tests] == ["bad"]
    assert [one.state for one in standing([failed, survey(0.5)]).tests] == ["good"]
    assert [one.state for one in standing([]).tests] == ["never"]
    assert standing([survey(-1)]).tests[0].state == "never", "of tomorrow it is none yet"


def test_after_a_change_or_a_new_thermocouple_it_is_asked_for_again() -> None:
    changed = survey(3, CHANGE, "")
    assert standing([survey(5), changed]).tests[0].state == "again"
    assert standing([changed, survey(2)]).tests[0].state == "good"
    assert standing([survey(5)], days=4).tests[0].state == "again"
    calm = stand("f", ("f/A", asked("cqi9-self-assessment")), [survey(5, "SELF_ASSESSMENT"), changed], [], T0)  # fmt: skip
    assert calm.tests[0].state == "good", "not everything depends on it"


@pytest.mark.parametrize(
    ("uses", "days", "kind", "state"),
    [(0, 20, "K", "good"), (80, 20, "K", "good"), (81, 20, "K", "due"), (89, 20, "K", "due"),
     (90, 20, "K", "bad"), (0, 79, "K", "due"), (0, 92, "K", "bad"), (200, 200, "S", "good")],
)  # fmt: skip
def test_a_thermocouple_wears_by_uses_and_by_age(
    uses: int, days: float, kind: str, state: str
) -> None:
    (worn,) = standing(uses=uses, days=days, kind=kind).thermocouples
    assert worn.state == state


def test_what_is_taken_out_is_not_judged_any_more() -> None:
    out = thermocouple(500)
    gone = type(out)(*[getattr(out, n) for n in ("code", "station", "role", "type", "installed_ms")], T0 - DAY, 500)  # fmt: skip
    assert stand("f", ("f/A", asked()), [survey(1)], [gone], T0).thermocouples == ()


def test_a_furnace_of_which_nothing_is_asked_is_not_gated() -> None:
    assert ATTEMPT.place.furnace is None
    assert furnace_is_surveyed(ATTEMPT) is None
    assert thermocouple_has_life(ATTEMPT) is None


@pytest.mark.parametrize(
    ("requirements", "told"),
    [
        ([], "requirements:"),
        ([{"row": "nothing"}], "requirements[0].row:"),
        ([{"row": "ams2750-class-2"}], "interval_days: the reference data name none"),
        ([{"row": "cqi9-tus", "tolerance_c": "5"}], "why:"),
        ([{"row": "cqi9-tus", "tolerance_c": "0", "why": "x"}], "tolerance_c:"),
        ([{"row": "cqi9-tus", "interval_days": 0, "why": "x"}], "interval_days: write"),
        ([{"row": "cqi9-tus", "colour": "red", "why": "x"}], "colour: no field"),
    ],
)
def test_what_is_wrong_with_requirements_is_told(requirements: Any, told: str) -> None:
    content = pyrometry_content(requirements=requirements)
    assert any(told in fault for fault in pyrometry_faults(content, ROWS))


def test_requirements_may_be_chosen_otherwise_with_a_reason() -> None:
    chosen = [{"row": "ams2750-class-2", "interval_days": 92, "why": "AMS2750G table 18, type D"}]
    assert pyrometry_faults(pyrometry_content(requirements=chosen), ROWS) == []
    assert {row["test"] for row in ROWS.values()} <= {*TESTS, "TC_USES", "TC_LIFE"}
