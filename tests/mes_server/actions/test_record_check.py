"""The control plan stops a lot, a check lets it go, and a reading that is out does what the plan says.

The whole of record_check, gather_evidence, release_document, stop_line and followers.
"""

import pytest
from sqlalchemy import Engine

from mes_server.actions.followers import FOLLOWERS
from mes_server.actions.gather_evidence import due_of_work, last_work
from mes_server.actions.handle_lots import merge_lots
from mes_server.actions.make_lots import split_off
from mes_server.actions.record_check import void_check
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.release_document import withdraw_document
from mes_server.actions.stop_line import acknowledge, stop_line
from mes_server.store.calls import open_calls
from mes_server.store.checks import list_checks, load_check
from mes_server.store.engine import reading
from mes_server.store.losses import Loss, append_loss
from mes_server.store.nodes import ensure_node
from mes_server.store.plans import acknowledged_by, plan_for
from mes_server.store.stations import ensure_station
from mes_server.store.transaction import writing
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import WORDS, attribute, line, plan


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def test_a_missed_check_stops_the_lot_and_a_good_one_lets_it_go(floor: PlanFloor) -> None:
    assert floor.release("plan", plan()) == []
    code = floor.receive(LIGHT)
    run = floor.run(code)
    answer = floor.scan(code, "age-1")
    assert [(one.rule, one.facts["checks"]) for one in answer.refusals] == [
        ("checks_are_done", "thickness")
    ]
    (check,) = floor.measure("thickness", "5.00", "4.99", lot=code)
    assert floor.told(code, "age-1") == []
    with reading(floor.engine) as conn:
        found = load_check(conn, check)
    assert found is not None
    assert (found.run, found.lot, found.plan, found.verdict) == (run, code, "CP-1/A", "ok")
    assert [one.text for one in found.readings] == ["5.00", "4.99"]


def test_without_a_plan_nothing_is_asked_for(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    floor.run(code)
    assert floor.told(code, "age-1") == [], "the negative control"
    assert floor.measure("thickness", "5.00", lot=code) == ["plan_is_in_force"]


def test_a_reading_that_is_out_holds_the_lot_until_quality_releases_it(floor: PlanFloor) -> None:
    floor.release("plan", plan(line(reactions=["hold", "call"])))
    code = floor.receive(LIGHT)
    floor.run(code)
    (check,) = floor.measure("thickness", "5.00", "5.06", lot=code)
    assert list(floor.lot(code).holds.values()) == [f"{check} thickness"]
    with reading(floor.engine) as conn:
        assert len(open_calls(conn, "sinter-1")) == 1
    assert floor.told(code, "age-1") == ["lot_is_free", "checks_are_done"]
    floor.measure("thickness", "5.00", "5.01", lot=code)
    assert floor.told(code, "age-1") == ["lot_is_free"], "measured again; the hold is by name"


def test_a_reading_that_comes_late_holds_what_the_lot_became(floor: PlanFloor) -> None:
    floor.release("plan", plan())
    code = floor.receive(LIGHT)
    floor.run(code)
    floor.measure("thickness", "5.00", "5.00", lot=code)
    other = floor.receive(LIGHT)
    floor.run(other)
    floor.measure("thickness", "5.00", "5.00", lot=other)
    (both,) = floor.act(merge_lots, [code, other])
    assert len(floor.measure("thickness", "5.00", "5.09", lot=code)) == 1, (
        "a second look, from the lab"
    )
    assert floor.lot(both).holds
    assert floor.told(both, "age-1") == ["lot_is_free", "checks_are_done"]


def test_a_revision_counts_for_the_runs_that_began_under_it(floor: PlanFloor) -> None:
    floor.release("plan", plan())
    code = floor.receive(LIGHT)
    floor.run(code)
    second = plan(line(), line("density", every={"each": "charge"}), revision="B")
    assert floor.release("plan", second) == []
    assert floor.scan(code, "age-1").refusals[0].facts["checks"] == "thickness"
    later = floor.receive(LIGHT)
    floor.run(later)
    assert floor.scan(later, "age-1").refusals[0].facts["checks"] == "thickness, density"
    with reading(floor.engine) as conn:
        assert plan_for(conn, "P-1", "R1/B", floor.now_ms).name == "CP-1/B"  # type: ignore[union-attr]
        assert plan_for(conn, "P-2", "R1/B", floor.now_ms) is None


def test_a_plan_of_other_routes_does_not_ask(floor: PlanFloor) -> None:
    floor.release("plan", plan(routes=["R2"]))
    code = floor.receive(LIGHT)
    floor.run(code)
    assert floor.told(code, "age-1") == []


def test_what_was_split_off_and_put_together_keeps_its_checks(floor: PlanFloor) -> None:

    floor.release("plan", plan())
    good, bare = floor.receive(LIGHT), floor.receive(LIGHT)
    floor.run(good)
    floor.run(bare)
    floor.measure("thickness", "5.00", "5.00", lot=good)
    (part,) = floor.act(split_off, good, [(4, 0)])
    (both,) = floor.act(merge_lots, [good, bare])
    assert floor.told(part, "age-1") == []
    with reading(floor.engine) as conn:
        assert [work.lot for work in last_work(conn, both)] == [good, bare]
        assert [due.state for due in due_of_work(conn, both, floor.now_ms)] == ["done", "due"]
    assert floor.told(both, "age-1") == ["checks_are_done"], "of one of the two nothing is known"
    floor.measure("thickness", "5.00", "5.00", lot=bare)
    assert floor.told(both, "age-1") == []


@pytest.mark.parametrize(
    ("values", "more", "rules"),
    [
        (("5.00",), {}, ["sample_is_whole"]),
        (("5.00", "5,00"), {}, ["figure_has_a_point"]),
        (("5.00", "0.197"), {}, ["reading_is_possible"]),
        (("5.00", "5.00"), {"note": "=1+1"}, ["text_is_no_script"]),
        (("5.00", "5.00"), {"rejected": 3}, ["rejects_are_of_the_sample"]),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    floor: PlanFloor, values: tuple[str, ...], more: dict[str, object], rules: list[str]
) -> None:
    floor.release("plan", plan())
    code = floor.receive(LIGHT)
    floor.run(code)
    assert floor.measure("thickness", *values, lot=code, **more) == rules
    with reading(floor.engine) as conn:
        assert list_checks(conn) == []
    assert floor.told(code, "age-1") == ["checks_are_done"]


def test_a_check_is_of_something_that_is_there(floor: PlanFloor) -> None:
    floor.release("plan", plan(line(), line("of_age", operation="age")))
    code = floor.receive(LIGHT)
    assert floor.measure("thickness", "5.00", "5.00", lot="B26-000999-XX") == ["lot_is_known"]
    assert floor.measure("thickness", "5.00", "5.00", run="CH26-000999-XX") == ["run_is_known"]
    assert floor.measure("nothing", "5.00", lot=code) == ["characteristic_is_planned"]
    assert floor.measure("thickness", "5.00", "5.00", lot=code) == ["check_is_of_operation"]
    assert floor.measure("thickness", "5.00", "5.00", plan="CP-1/A") == ["check_names_its_lot"]
    floor.run(code)
    assert floor.measure("thickness", "5.00", "5.00", lot=code, place="moon") == [
        "station_is_known"
    ]
    assert floor.measure("of_age", "5.00", "5.00", lot=code) == ["check_is_of_operation"]


def test_pieces_that_are_bad_become_a_lot_of_their_own(floor: PlanFloor) -> None:
    floor.release("plan", plan(attribute("cracks")))
    code = floor.receive(LIGHT)
    floor.run(code)
    check, bad = floor.measure("cracks", lot=code, sample=10, rejected=3, sort=True)
    assert (floor.lot(code).amount.pieces, floor.lot(bad).amount.pieces) == (7, 3)
    assert list(floor.lot(bad).holds.values()) == [f"{check} cracks"]
    assert floor.lot(code).holds == {}
    assert floor.told(code, "age-1") == ["checks_are_done"], "the rest is looked at again"
    floor.measure("cracks", lot=code, sample=7)
    assert floor.told(code, "age-1") == []


def test_a_station_check_that_is_out_finds_all_since_the_last_good_one(floor: PlanFloor) -> None:
    hourly = line("hourly", every={"each": "hours"}, sample=1)
    floor.release("plan", plan(hourly))
    before, code, other = (floor.receive(LIGHT) for _ in range(3))
    assert floor.told(before) == ["station_checks_are_done"]
    floor.measure("hourly", "5.00", plan="CP-1/A")
    floor.run(before)
    floor.now_ms += 600_000
    floor.measure("hourly", "5.00", plan="CP-1/A")
    floor.run(code)
    floor.measure("hourly", "5.10", plan="CP-1/A")
    assert floor.lot(code).holds
    assert not floor.lot(before).holds, "it ran before the last good check"
    assert not floor.lot(other).holds
    assert floor.told(other) == ["station_checks_are_done"], "until it was measured again"
    floor.measure("hourly", "5.00", plan="CP-1/A")
    assert floor.told(other) == []


def test_set_up_restart_challenge_and_instruction_each_stop_the_next_lot(floor: PlanFloor) -> None:
    wi = {"code": "WI-1", "revision": "A", "title": WORDS, "text": WORDS}
    assert floor.release("instruction", wi) == []
    floor.release(
        "plan",
        plan(
            line("first", moment="first_off", every={"each": "setup"}, sample=1),
            attribute("again", moment="restart", every={"each": "restart"}),
            attribute("fool", moment="challenge", every={"each": "shift"}),
            instructions=[{"code": "WI-1", "operation": "sinter"}],
        ),
    )
    code = floor.receive(LIGHT)
    assert floor.act(stop_line, "sinter-1", "") != []
    assert floor.act(stop_line, "sinter-1", "power cut", place="sinter-1") == []
    assert floor.told(code) == [
        "setup_is_verified", "restart_is_verified", "challenge_is_done", "instruction_is_read",
    ]  # fmt: skip
    floor.measure("first", "5.00", plan="CP-1/A")
    floor.measure("again", plan="CP-1/A", sample=1)
    floor.measure("fool", plan="CP-1/A", sample=1)
    assert [one.rule for one in floor.act(acknowledge, "WI-9")] == ["document_is_known"]
    assert floor.act(acknowledge, "WI-1") == []
    assert floor.told(code) == []
    with reading(floor.engine) as conn:
        assert [one.badge for one in acknowledged_by(conn, "WI-1/A")] == ["P1"]
    floor.release("instruction", wi | {"revision": "B"})
    assert floor.told(floor.receive(LIGHT)) == ["instruction_is_read"], (
        "a new revision is read anew"
    )


@pytest.mark.parametrize(
    ("minutes", "reason", "told"),
    [(10, "restart", ["restart_is_verified"]), (1, "restart", []), (10, "thinned", [])],
)
def test_a_power_cut_that_the_controller_states_stops_the_line(
    floor: PlanFloor, minutes: int, reason: str, told: list[str]
) -> None:
    floor.release("plan", plan(attribute("again", moment="restart", every={"each": "restart"})))
    code = floor.receive(LIGHT)
    with writing(floor.engine) as conn:
        node = ensure_node(conn, "g", "n")
        key = ensure_station(conn, node, "sinter-1", "sinterer", "a")
        cut_ms = floor.now_ms - minutes * 60_000
        append_loss(conn, Loss(node, key, cut_ms, floor.now_ms, -1, reason, floor.now_ms))
    assert floor.told(code) == told
    if told:
        floor.measure("again", plan="CP-1/A", sample=1)
        assert floor.told(code) == []


def test_another_part_asks_for_another_first_off(floor: PlanFloor) -> None:
    first = line("first", moment="first_off", every={"each": "setup"}, sample=1)
    floor.release("plan", plan(first, parts=["P-1", "P-2"]))
    one, two = floor.receive(LIGHT), floor.receive(LIGHT, part="P-2")
    floor.measure("first", "5.00", lot=one)
    floor.run(one)
    assert floor.told(two) == ["setup_is_verified"]
    floor.measure("first", "5.00", lot=two)
    floor.run(two)
    assert floor.told(floor.receive(LIGHT)) == ["setup_is_verified"], "it was changed over since"


def test_a_voided_check_counts_for_nothing_and_stays(floor: PlanFloor) -> None:
    floor.release("plan", plan())
    code = floor.receive(LIGHT)
    floor.run(code)
    (check,) = floor.measure("thickness", "5.00", "5.00", lot=code)
    assert [one.rule for one in floor.act(void_check, check, "")] == ["reason_is_given"]
    assert floor.act(void_check, check, "wrong lot") == []
    assert [one.rule for one in floor.act(void_check, check, "x")] == ["check_counts"]
    assert [one.rule for one in floor.act(void_check, "CK26-000009-XX", "x")] == ["check_is_known"]
    assert floor.told(code, "age-1") == ["checks_are_done"]
    with reading(floor.engine) as conn:
        assert load_check(conn, check).voided == "wrong lot"  # type: ignore[union-attr]


def test_what_follows_the_ledger_is_made_anew_from_it(floor: PlanFloor) -> None:
    wi = {"code": "WI-1", "revision": "A", "title": WORDS, "text": WORDS}
    floor.release("instruction", wi)
    floor.act(acknowledge, "WI-1")
    floor.release("plan", plan(instructions=[{"code": "WI-1", "operation": "sinter"}]))
    code = floor.receive(LIGHT)
    floor.run(code)
    (check,) = floor.measure("thickness", "5.00", "5.00", lot=code)
    floor.act(void_check, check, "wrong lot")
    floor.act(withdraw_document, "plan", "CP-1", "A", "replaced")
    before = followed(floor)
    assert all(before.values()), "every table has rows"
    rebuild_lots(floor.engine)
    assert followed(floor) == before
    assert len(FOLLOWERS) >= 4


def followed(floor: PlanFloor) -> dict[str, list[tuple[object, ...]]]:
    with reading(floor.engine) as conn:
        return {
            name: sorted(tuple(row) for row in conn.exec_driver_sql(f"SELECT * FROM {name}"))
            for name in ("document", "plan_part", "ack", "check_done")
        }
