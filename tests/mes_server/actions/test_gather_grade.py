"""A lot is called of a grade only where its readings do not speak against it; the report shows both."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.gather_grade import against_grade
from mes_server.actions.handle_lots import merge_lots, regrade_lot
from mes_server.store.engine import reading
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.actions.test_compile_lot_report import report, rows, told
from tests.mes_server.domain.plan_making import line, plan

_OPEN = {"upper": None, "action_lower": None, "action_upper": None, "sample": 1, "reactions": []}
LINES = (
    line("br", kind="magnetic", quantity="br_t", unit="T", nominal="1.3", lower="1.2", **_OPEN),
    line("hcj", kind="magnetic", quantity="hcj_ka_m", unit="kA/m", nominal="1700", lower="1500", **_OPEN),
)  # fmt: skip


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    built = PlanFloor(engine).build()
    assert built.release("plan", plan(*LINES)) == []
    return built


def measured(floor: PlanFloor, br: str, hcj: str, celsius: str = "20.5") -> str:
    code = floor.receive(LIGHT)
    run = floor.run(code)
    for name, value in (("br", br), ("hcj", hcj)):
        floor.measure(name, value, lot=code, run=run, temperature_c=celsius)
    return code


@pytest.mark.parametrize(
    ("grade", "refused"),
    [("N40SH", []), ("N45SH", ["grade_is_reached"]), ("N45UH", ["grade_is_reached"] * 2), ("own-7", [])],
)  # fmt: skip
def test_a_lot_is_regraded_to_what_its_readings_reach(
    floor: PlanFloor, grade: str, refused: list[str]
) -> None:
    code = measured(floor, "1.290", "1610")
    said = floor.act(regrade_lot, code, grade, "BH curve 7")
    assert rules(said) == refused
    if refused:
        assert (said[0].facts["reached"], said[0].facts["found"]) == ("N42SH", "1.290 T")
    assert floor.lot(code).grade == ("N42SH" if refused else grade)


def test_of_lots_put_together_the_worst_counts_until_the_whole_is_measured(
    floor: PlanFloor,
) -> None:
    low, good = measured(floor, "1.270", "1610"), measured(floor, "1.300", "1610")
    (whole,) = floor.act(merge_lots, [low, good])
    assert rules(floor.act(regrade_lot, whole, "N44", "BH curve")) == [], "not in the table"
    assert rules(floor.act(regrade_lot, whole, "N42SH", "BH curve")) == ["grade_is_reached"]
    assert rules(floor.act(regrade_lot, whole, "N40SH", "BH curve")) == []
    floor.measure("br", "1.285", lot=whole, temperature_c="20.5")
    assert rules(floor.act(regrade_lot, whole, "N42SH", "all of it measured")) == []


def test_a_reading_of_a_hot_magnet_speaks_against_nothing(floor: PlanFloor) -> None:
    code = measured(floor, "1.22", "1550", celsius="120")
    assert floor.act(regrade_lot, code, "N48UH", "by the customer") == []
    with reading(floor.engine) as conn:
        assert against_grade(conn, "L26-000009-XX", "N48UH", floor.now_ms) == []


def test_the_report_shows_what_the_grade_promises_beside_the_readings(floor: PlanFloor) -> None:
    code = measured(floor, "1.275", "1610")
    made = report(floor, code)
    shown = {row["quantity"]: (row["least"], row["found"], row["reached"]) for row in rows(made, "magnetic", "grade")}  # fmt: skip
    assert shown == {
        "br_t": ("1.28", "1.275", "no"), "bhmax_kj_m3": ("318", "", ""), "hcj_ka_m": ("1592", "1610", "yes"),
    }  # fmt: skip
    assert told(made, "magnetic") == (["grade_missed"], []), "the control plan says what is out"
    other = report(floor, measured(floor, "1.29", "1610"))
    assert told(other, "magnetic") == ([], []), "the negative control"
