"""A check that its control chart finds out of control: it is noted, and the lots in doubt are held by the plan."""

from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import Connection, Engine

from mes_server.actions.handle_lots import release_lot
from mes_server.actions.judge_process import Judged, judge_process
from mes_server.domain.control_plan import plan_of
from mes_server.store.calls import open_calls
from mes_server.store.checks import load_check
from mes_server.store.documents import load_named
from mes_server.store.engine import reading
from mes_server.store.subgroups import (
    Sought,
    alike,
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
        f"{out.checks[-1]} thickness out of control: 1: 1 of 1 beyond 3 sigma (aiag)"
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


NELSON = {"rule_set": "nelson"}


def drifting(floor: PlanFloor, step: str, **more: object) -> list[str]:
    """Thirty lots are measured, each thicker by so much than the one before but for what gauges always add; every
    reading is far inside the spec of 4.95 to 5.05. The lots."""
    floor.release("plan", plan(line(gauge="", sample=1, symbol="SC", **more), code="CP-2"))
    found, draw = [], Random(4)
    for i in range(30):
        lot = floor.receive(LIGHT)
        floor.run(lot)
        value = 4.99 + float(step) * max(0, i - 20) + draw.gauss(0, 0.002)
        told = floor.measure("thickness", f"{value:.4f}", lot=lot)
        assert told[0].startswith("CK"), told
        found.append(lot)
    return found


@pytest.fixture
def bare(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def test_a_mean_that_drifts_inside_the_spec_is_caught_and_holds_its_lots(bare: PlanFloor) -> None:
    made = drifting(bare, "0.003", chart=NELSON, reactions=["hold", "call"])
    held = [code for code in made if bare.lot(code).holds]
    assert held, "the drift was seen"
    assert set(held) <= set(made[15:]), "what was made before it is free"
    (reason,) = bare.lot(held[-1]).holds.values()
    assert "thickness out of control: " in reason
    assert "sigma" in reason or "rise or fall" in reason or "on one side" in reason
    with reading(bare.engine) as conn:
        assert len(open_calls(conn, "sinter-1")) == 1, "the plan says call"
        events = process_events(conn, SOUGHT)
        assert {verdict_of_check(conn, one.facts()["check"]) for one in events} == {"ok"}
    bare.check()


def verdict_of_check(conn: Connection, code: str) -> str:
    check = load_check(conn, code)
    assert check is not None
    return check.verdict


@pytest.mark.parametrize(
    ("step", "more"),
    [("0", {"chart": NELSON}), ("0.003", {}), ("0.003", {"chart": NELSON, "reactions": ["call"]})],
    ids=["no drift", "no rule set", "no hold in the plan"],
)
def test_nothing_is_held_without_a_drift_a_rule_set_or_a_plan_that_says_so(
    bare: PlanFloor, step: str, more: dict[str, object]
) -> None:
    made = drifting(bare, step, **more)
    assert [code for code in made if bare.lot(code).holds] == []
    with reading(bare.engine) as conn:
        assert bool(process_events(conn, SOUGHT)) is ("reactions" in more)


def test_what_was_decided_of_a_lot_is_not_undone_by_the_next_point(bare: PlanFloor) -> None:
    made = drifting(bare, "0.003", chart=NELSON)
    held = [code for code in made if bare.lot(code).holds]
    for code in held:
        for hold in list(bare.lot(code).holds):
            assert bare.act(release_lot, code, hold, "measured again, all good") == []
    lot = bare.receive(LIGHT)
    bare.run(lot)
    bare.measure("thickness", "5.022", lot=lot)
    assert bare.lot(lot).holds, "the next one is held"
    assert [code for code in held if bare.lot(code).holds] == []


def test_what_was_measured_under_another_spec_makes_no_limits_of_this_process(
    bare: PlanFloor,
) -> None:
    drifting(bare, "0")
    moved = line(gauge="", sample=1, symbol="SC", chart=NELSON, nominal="5.01", upper="5.06")
    assert bare.release("plan", plan(moved, code="CP-2", revision="B")) == []
    lot = bare.receive(LIGHT)
    bare.run(lot)
    bare.measure("thickness", "5.038", lot=lot)
    assert not bare.lot(lot).holds, "it is the first of its process"
    with reading(bare.engine) as conn:
        checks = newest_subgroups(conn, SOUGHT, 100)
        assert (len(checks), len(alike(conn, checks)), len(alike(conn, checks[:-1]))) == (31, 1, 30)
