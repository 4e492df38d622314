"""A check that its control chart finds out of control: it is noted, and the lots in doubt are held by the plan."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mes_server.actions.judge_process import Judged, judge_process
from mes_server.domain.control_plan import plan_of
from mes_server.store.checks import load_check
from mes_server.store.documents import load_named
from mes_server.store.engine import reading
from mes_server.store.subgroups import (
    Sought,
    list_charted,
    newest_subgroups,
    places_of,
    process_events,
)
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import line, plan

SOUGHT = Sought("P-1", "thickness", "sinter-1")


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    floor = PlanFloor(engine).build()
    floor.release("plan", plan(line(gauge="", sample=1, symbol="SC")))
    return floor


def judged(
    floor: PlanFloor, value: str, reactions: tuple[str, ...] = ("hold",)
) -> tuple[str, Judged | None]:
    """A new lot is measured; what is made of it."""
    lot = floor.receive(LIGHT)
    floor.run(lot)
    (code,) = floor.measure("thickness", value, lot=lot)
    with reading(floor.engine) as conn:
        check, document = load_check(conn, code), load_named(conn, "plan", "CP-1/A")
    assert check is not None
    assert document is not None
    characteristic = plan_of(document).find("thickness")
    assert characteristic is not None
    told = replace(characteristic, reactions=reactions)
    return lot, floor.act(judge_process, check, told, place="sinter-1")


def test_few_subgroups_have_no_firm_limits(floor: PlanFloor) -> None:
    for i in range(23):
        assert judged(floor, f"5.00{i % 3}")[1] is None
    assert judged(floor, "5.038")[1] is None, "the 24th"


def test_a_point_out_of_control_holds_the_lots_in_doubt(floor: PlanFloor) -> None:
    found = [judged(floor, f"5.00{i % 3}") for i in range(26)]
    assert {told for _, told in found} == {None}
    lot, out = judged(floor, "5.038")
    assert out is not None
    assert "1" in out.rules
    before = found[-1][0]
    assert list(floor.lot(before).holds.values()) == [
        f"thickness out of control ({out.checks[-1]})"
    ], "its range is of both"
    assert floor.lot(lot).holds
    assert not floor.lot(found[-2][0]).holds
    with reading(floor.engine) as conn:
        (event,) = process_events(conn, SOUGHT)
        assert event.facts()["held"] == list(out.held)
        assert list_charted(conn)[0][:3] == ("P-1", "thickness", 27)
        assert places_of(conn, SOUGHT) == ["sinter-1"]
        newest = newest_subgroups(conn, SOUGHT, 3)
        assert [one.readings[0].text for one in newest] == ["5.000", "5.001", "5.038"]
    floor.check()


def test_without_hold_in_the_plan_it_is_noted_only(floor: PlanFloor) -> None:
    for i in range(25):
        judged(floor, f"5.00{i % 3}")
    lot, found = judged(floor, "5.038", ("call",))
    assert found is not None
    assert found.held == ()
    assert not floor.lot(lot).holds
