"""The result of a survey follows from its readings, to the last digit as written."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.surveys import Result, differences, judge, points_from
from tests.mes_server.domain.furnace_making import asked

SAT_ROW, TUS_ROW = asked("cqi9-sat")[0], asked("own-tus-sinter", points=3)[0]
AGAIN = asked("cqi9-sat-comparative")[0]
TRIP = asked("cqi9-over-temp")[0]


def said(reading: str, test: str, correction: str = "", name: str = "TC-1") -> dict[str, str]:
    return {"thermocouple": name, "test_thermocouple": "S-7", "position": "", "reading": reading,
            "test": test, "correction": correction}  # fmt: skip


def result(row: Any, *readings: dict[str, str], before: Any = None) -> Result:
    points, refused = points_from(row.test, readings)
    assert refused == []
    found = judge(row, points, before or {})
    assert isinstance(found, Result), found
    return found


@pytest.mark.parametrize(
    ("reading", "test", "correction", "worst", "verdict"),
    [("1060.0", "1063.0", "1.2", "-4.2", "passed"), ("1060.0", "1055.0", "0", "5.0", "passed"),
     ("1060.0", "1054.9", "", "5.1", "failed"), ("1060.0", "1054.9", "0.1", "5.0", "passed")],
)  # fmt: skip
def test_a_sat_compares_with_the_corrected_test_thermocouple(
    reading: str, test: str, correction: str, worst: str, verdict: str
) -> None:
    found = result(SAT_ROW, said(reading, test, correction))
    assert (format(found.worst, "f"), found.result) == (worst, verdict)
    assert found.rows[0]["correction"] == (correction or "0")


def test_a_tus_compares_every_point_with_the_set_point_and_has_all_of_them() -> None:
    good = [said("1060", v) | {"position": v} for v in ("1056.0", "1060.5", "1064.9")]
    found = result(TUS_ROW, *good)
    assert (found.result, str(found.worst), str(found.spread)) == ("passed", "4.9", "8.9")
    cold = result(TUS_ROW, *good[:2], said("1060", "1054.9"))
    assert (cold.result, [row["result"] for row in cold.rows]) == ("failed", ["passed", "passed", "failed"])  # fmt: skip
    points, _ = points_from("TUS", good[:2])
    refused = judge(TUS_ROW, points, {})
    assert isinstance(refused, list)
    assert refused[0].rule == "survey_has_its_points"


def test_a_work_zone_is_surveyed_at_different_points_and_nothing_tests_itself() -> None:
    _, refused = points_from("TUS", [said("1060", "1059")] * 3)
    assert [one.rule for one in refused] == ["survey_points_differ"]
    assert refused[0].facts == {"points": "S-7"}
    _, refused = points_from("SAT", [said("1060", "1059", name="S-7")])
    assert [one.rule for one in refused] == ["test_thermocouple_is_another"]
    assert points_from("SAT", [said("1060", "1059")] * 2)[1] == [], "a SAT may be read twice"


def test_a_comparative_sat_asks_how_far_the_difference_moved() -> None:
    before = differences([{"readings": [{"thermocouple": "TC-1", "difference": "2.0"}]}])
    assert result(AGAIN, said("1060", "1057.2"), before=before).result == "passed"
    assert result(AGAIN, said("1060", "1056.9"), before=before).result == "failed"
    points, _ = points_from(AGAIN.test, [said("1060", "1059")])
    refused = judge(AGAIN, points, {})
    assert isinstance(refused, list)
    assert refused[0].rule == "survey_has_one_before"


def test_an_over_temperature_control_trips_where_it_is_set() -> None:
    assert result(TRIP, said("1090", "1094")).result == "passed"
    assert result(TRIP, said("1090", "1096")).result == "failed"


@pytest.mark.parametrize(
    ("reading", "rule"),
    [
        (said("1060,5", "1060"), "figure_has_a_point"),
        (said("hot", "1060"), "figure_is_written"),
        (said("1060", "106.0"), "survey_is_possible"),
        ({**said("1060", "1061"), "test_thermocouple": ""}, "test_thermocouple_is_told"),
    ],
)
def test_readings_that_cannot_be_are_refused(reading: dict[str, str], rule: str) -> None:
    _, refused = points_from("SAT", [reading])
    assert [one.rule for one in refused] == [rule]
    assert refused[0].facts["number"] == "1"


tenths = st.integers(-80, 80).map(lambda n: Decimal(n) / 10)


@given(st.lists(tenths, min_size=1, max_size=9))
def test_a_survey_passes_when_its_worst_point_does(off: list[Decimal]) -> None:
    found = result(SAT_ROW, *[said(str(1060 + one), "1060") for one in off])
    assert abs(found.worst) == max(abs(one) for one in off)
    assert (found.result == "passed") == (max(abs(one) for one in off) <= 5)
    assert [Decimal(row["off"]) for row in found.rows] == off
