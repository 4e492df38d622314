"""8D with due dates and a check that it helped; changes for a time that end by themselves, and for good."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.change_process import (
    Alternate,
    Request,
    begin_temporary,
    decide_change,
    end_temporary,
    lots_beside,
    make_effective,
    request_change,
    review_temporary,
    tagged_lots,
    temporaries_of_run,
    unreviewed_at,
)
from mes_server.actions.digests import digest_of
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.solve_problem import check_problem, close_problem, open_problem, write_step
from mes_server.domain.plan_content import plan_faults
from mes_server.domain.problems import STEPS
from mes_server.domain.process_changes import DAY_MS, TAGGED
from mes_server.store.changes_of_process import (
    list_changes,
    list_problems,
    list_temporaries,
    load_change,
    load_problem,
    load_temporary,
)
from mes_server.store.engine import reading
from mes_server.store.ledger import load_stream
from mes_server.store.runs import load_run
from mes_server.store.signatures import list_signatures
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import plan
from tests.mes_server.people_help import signer

HOUR_MS = 3_600_000


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def written(floor: PlanFloor, code: str, *steps: str) -> None:
    for step in steps:
        assert floor.act(write_step, code, step, (f"{step} is done", "Q-1", None), True) == []


def problem(floor: PlanFloor, code: str) -> Any:
    with reading(floor.engine) as conn:
        return load_problem(conn, code)


def signatures_stand(floor: PlanFloor, code: str) -> list[bool]:
    with reading(floor.engine) as conn:
        now = digest_of(conn, f"8d:{code}")
        assert digest_of(conn, "8d:PS26-9") is None
        return [one.stands(now) for one in list_signatures(conn, f"8d:{code}")]


def test_an_8d_is_closed_when_all_is_done_and_opened_again_when_it_did_not_help(
    floor: PlanFloor,
) -> None:
    told = floor.act(open_problem, "cracks come back", ["NC26-000001-XX"])
    assert rules(told) == ["link_is_known"]
    (code,) = floor.act(open_problem, "cracks come back", [floor.receive(LIGHT)])
    due_ms = floor.now_ms + HOUR_MS
    assert floor.act(write_step, code, "D4", ("", "L-1", due_ms), False) == []
    assert problem(floor, code).overdue(due_ms) == []
    assert problem(floor, code).overdue(due_ms + 1) == ["D4"]
    told = floor.act(close_problem, code, floor.now_ms + DAY_MS, signer())
    assert told[0].facts["steps"] == ", ".join(STEPS)
    written(floor, code, *STEPS)
    assert rules(floor.act(close_problem, code, 1, signer())) == ["check_lies_ahead"]
    check_ms = floor.now_ms + DAY_MS
    assert rules(floor.act(close_problem, code, check_ms, None)) == ["signature_is_given"]
    assert rules(floor.act(close_problem, code, check_ms, signer("L-1", "lead"))) == ["signer_may"]
    assert floor.act(close_problem, code, check_ms, signer()) == []
    assert signatures_stand(floor, code) == [True]
    assert problem(floor, code).overdue(check_ms + 1) == ["check"]
    assert rules(floor.act(write_step, code, "D1", ("x", "Q-1", None), True)) == ["problem_is_open"]
    assert floor.act(check_problem, code, False, "two more lots cracked") == []
    found = problem(floor, code)
    assert (found.state, found.reopened) == ("open", 1)
    assert [name for name in STEPS if found.steps[name].done_ms is None] == [
        "D4",
        "D5",
        "D6",
        "D7",
        "D8",
    ]
    written(floor, code, "D4", "D5", "D6", "D7", "D8")
    assert floor.act(close_problem, code, floor.now_ms + DAY_MS, signer()) == []
    assert signatures_stand(floor, code) == [False, True], "what was written on voids the first"
    assert floor.act(check_problem, code, True, "none in 30 lots") == []
    assert problem(floor, code).state == "effective"
    assert signatures_stand(floor, code) == [False, True], "the check that it helped does not"


SUBSTITUTE = {"operation": "sinter", "primary": "load TC", "alternate": "zone TC"}


def approved(floor: PlanFloor, revision: str = "A", **more: Any) -> None:
    """A plan of another part that lists the alternate: the furnace is the same."""
    content = plan(
        code="CP-9", revision=revision, parts=["P-9"], **{"temporary": [SUBSTITUTE], **more}
    )
    assert floor.release("plan", content) == []


def begun(floor: PlanFloor, hours: int = 2, **more: str) -> Any:
    said = {
        "station": "sinter-1",
        "operation": "sinter",
        "primary": "load TC",
        "alternate": "zone TC",
    } | more
    alternate = Alternate(**said, until_ms=floor.now_ms + hours * HOUR_MS)
    return floor.act(begin_temporary, alternate, "load TC is broken", signer())


def test_all_that_ran_under_a_temporary_change_is_tagged_and_nothing_else(floor: PlanFloor) -> None:
    approved(floor)
    before, during, after = (floor.receive(LIGHT) for _ in range(3))
    floor.run(before)
    (code,) = begun(floor)
    run = floor.run(during)
    with reading(floor.engine) as conn:
        found = load_temporary(conn, code)
        assert found is not None
        assert found.is_active(floor.now_ms)
        assert [one.code for one in temporaries_of_run(conn, load_run(conn, run))] == [code]  # type: ignore[arg-type]
    floor.now_ms = found.until_ms + 1
    assert not found.is_active(floor.now_ms), "it ended by itself"
    floor.run(after)
    with reading(floor.engine) as conn:
        assert tagged_lots(conn, found) == [during]
        tags = [e.facts() for e in load_stream(conn, f"change:{code}") if e.kind == TAGGED]
        assert [(one["lot"], one["run"]) for one in tags] == [(during, run)], "noted as it went in"
        assert found.plan == "CP-9/A"
        (one,) = list_signatures(conn, f"change:{code}")
        assert one.stands(digest_of(conn, f"change:{code}"))
    assert rules(floor.act(review_temporary, code, "fine")) == ["change_is_active"]
    assert floor.act(end_temporary, code, "SAT after repair: +0.4 °C") == []
    assert rules(floor.act(end_temporary, code, "again")) == ["change_is_active"]


def test_a_temporary_change_is_looked_at_every_day(floor: PlanFloor) -> None:
    approved(floor)
    (code,) = begun(floor, hours=72)
    with reading(floor.engine) as conn:
        found = load_temporary(conn, code)
    assert found is not None
    assert not found.review_is_due(found.from_ms + DAY_MS)
    assert found.review_is_due(found.from_ms + DAY_MS + 1)
    floor.now_ms += DAY_MS
    assert floor.act(review_temporary, code, "zone and load differ by 1 °C") == []
    with reading(floor.engine) as conn:
        (found,) = list_temporaries(conn, floor.now_ms)
    assert not found.review_is_due(floor.now_ms + DAY_MS - 1)
    late = floor.now_ms + DAY_MS + 1
    with reading(floor.engine) as conn:
        assert unreviewed_at(conn, "sinter-1", "sinter", late) == (code,)
        assert unreviewed_at(conn, "sinter-1", "age", late) == ()
        assert unreviewed_at(conn, "sinter-1", "sinter", late - 1) == ()


@pytest.mark.parametrize("name", ["operation", "primary", "alternate"])
def test_only_what_a_plan_in_force_lists_replaces_a_control(floor: PlanFloor, name: str) -> None:
    assert rules(begun(floor)) == ["alternate_is_approved"], "no plan lists anything"
    approved(floor)
    assert rules(begun(floor, **{name: "another"})) == ["alternate_is_approved"]
    assert len(begun(floor)) == 1, "the negative control"
    approved(floor, "B", temporary=[])
    assert rules(begun(floor)) == ["alternate_is_approved"], "the new revision does not list it"


def test_other_work_of_the_station_is_not_under_it(floor: PlanFloor) -> None:
    approved(floor, temporary=[SUBSTITUTE | {"operation": "age"}])
    (code,) = begun(floor, operation="age")
    run = floor.run(floor.receive(LIGHT))
    with reading(floor.engine) as conn:
        found = load_temporary(conn, code)
        assert found is not None
        assert tagged_lots(conn, found) == []
        assert temporaries_of_run(conn, load_run(conn, run)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("said", ["zone TC", [{}], ["x"], [SUBSTITUTE | {"primary": " "}]])
def test_a_plan_says_what_replaces_what(said: Any) -> None:
    (fault,) = plan_faults(plan(temporary=said))
    assert fault.startswith("temporary")
    assert plan_faults(plan(temporary=[SUBSTITUTE])) == []


def requested(floor: PlanFloor, takes_customer: bool = True) -> str:
    (code,) = floor.act(
        request_change, Request("Zn to Mn", "phosphate bath", "film", "SST 48 h", takes_customer)
    )
    return str(code)


def test_a_change_is_approved_by_the_customer_and_has_a_break_point(floor: PlanFloor) -> None:
    code, before, lot, after = requested(floor), *(floor.receive(LIGHT) for _ in range(3))
    floor.receive(LIGHT, part="P-2")
    said = (True, "trial is good", "")
    assert rules(floor.act(decide_change, code, said, [signer()])) == ["customer_agreed"]
    assert rules(floor.act(decide_change, code, said, [])) == [
        "signature_is_given",
        "customer_agreed",
    ]
    assert rules(floor.act(make_effective, code, lot)) == ["change_is_approved"]
    assert floor.act(decide_change, code, (True, "trial is good", "PSW-9"), [signer()]) == []
    assert rules(floor.act(decide_change, code, said, [signer()])) == [
        "change_is_undecided",
        "customer_agreed",
    ]
    assert rules(floor.act(make_effective, code, "B26-9")) == ["lot_is_known"]
    assert floor.act(make_effective, code, lot) == []
    with reading(floor.engine) as conn:
        found = load_change(conn, code)
        (one,) = list_signatures(conn, f"change:{code}")
        assert one.stands(digest_of(conn, f"change:{code}"))
    assert found is not None
    assert (found.state, found.first_lot, found.signed) == ("effective", lot, ("Q-1",))
    with reading(floor.engine) as conn:
        assert lots_beside(conn, found) == ([before], [lot, after]), "of the same part"
        assert lots_beside(conn, replace(found, first_lot="")) == ([], [])


def test_a_refused_change_never_becomes_effective(floor: PlanFloor) -> None:
    code = requested(floor, False)
    assert floor.act(decide_change, code, (False, "film too thin", ""), [signer()]) == []
    assert rules(floor.act(make_effective, code, floor.receive(LIGHT))) == ["change_is_approved"]


def test_what_cannot_be_is_refused(floor: PlanFloor) -> None:
    assert rules(floor.act(open_problem, "", [])) == ["reason_is_given"]
    assert rules(floor.act(open_problem, "=1+1", [])) == ["text_is_no_script"]
    assert rules(floor.act(write_step, "PS26-1", "D1", ("x", "", None), True)) == [
        "problem_is_known"
    ]
    (code,) = floor.act(open_problem, "x", [])
    assert rules(floor.act(write_step, code, "D9", ("x", "", None), True)) == [
        "discipline_is_known"
    ]
    assert rules(floor.act(write_step, code, "D1", ("", "", None), False)) == [
        "discipline_has_an_owner"
    ]
    assert rules(floor.act(write_step, code, "D1", ("", "Q-1", None), True)) == ["reason_is_given"]
    assert rules(floor.act(check_problem, code, True, "fine")) == ["problem_is_closed"]
    assert rules(floor.act(check_problem, "PS26-1", True, "")) == [
        "problem_is_known",
        "reason_is_given",
    ]
    approved(floor)
    assert rules(begun(floor, station="moon")) == ["station_is_known"]
    assert rules(begun(floor, hours=-1)) == ["end_lies_ahead"]
    for acting in (review_temporary, end_temporary):
        assert rules(floor.act(acting, "TD26-1", "x")) == ["change_is_known"]
    assert rules(floor.act(decide_change, "EC26-1", (True, "x", ""), [signer()])) == [
        "change_is_known"
    ]
    assert rules(floor.act(make_effective, "EC26-1", "x")) == ["change_is_known"]
    told = floor.act(request_change, Request("x", "", "", "y", False))
    assert told[0].facts["fields"] == "what, risk"


def test_all_of_it_is_made_anew_from_the_ledger(floor: PlanFloor) -> None:
    approved(floor)
    floor.act(open_problem, "x", [])
    begun(floor)
    requested(floor)

    def all_of_it() -> tuple[Any, ...]:
        with reading(floor.engine) as conn:
            return list_problems(conn), list_temporaries(conn), list_changes(conn)

    before = all_of_it()
    assert all(before)
    rebuild_lots(floor.engine)
    assert all_of_it() == before
