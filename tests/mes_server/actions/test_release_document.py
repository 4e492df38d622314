"""Documents: released whole or not at all, withdrawn with a reason, not while lots run under them."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mes_server.actions.release_document import document_faults, withdraw_document
from mes_server.store.documents import count_kinds, list_documents, load_current, load_named
from mes_server.store.engine import reading
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import plan


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def test_a_plan_is_not_withdrawn_while_a_lot_runs_under_it(floor: PlanFloor) -> None:
    floor.release("plan", plan())
    code = floor.receive(LIGHT)
    run = floor.scan(code).run
    told = floor.act(withdraw_document, "plan", "CP-1", "A", "wrong limit")
    assert [(one.rule, one.facts.get("runs")) for one in told] == [("document_is_unused", run)]
    operation_done = [one.rule for one in floor.act(withdraw_document, "plan", "CP-1", "A", "")]
    assert operation_done == ["reason_is_given", "document_is_unused"]
    assert [one.rule for one in floor.act(withdraw_document, "plan", "CP-9", "A", "x")] == [
        "document_is_known"
    ]


def test_a_withdrawn_revision_asks_for_nothing_any_more(floor: PlanFloor) -> None:
    floor.release("plan", plan())
    assert floor.act(withdraw_document, "plan", "CP-1", "A", "replaced") == []
    again = floor.act(withdraw_document, "plan", "CP-1", "A", "replaced")
    assert [one.rule for one in again] == ["document_is_in_force"]
    code = floor.receive(LIGHT)
    floor.run(code)
    assert floor.told(code, "age-1") == []
    assert floor.release("plan", plan()) == ["revision_is_new"]
    with reading(floor.engine) as conn:
        assert load_current(conn, "plan", "CP-1", floor.now_ms) is None
        (found,) = list_documents(conn, "plan")
        assert load_named(conn, "plan", "CP-1/A") == found
    assert found.digest != replace(found, withdrawn_ms=None).digest, "signatures see it"


def test_every_fault_of_a_document_is_told_and_nothing_is_released(floor: PlanFloor) -> None:
    assert floor.release("plan", plan(phase="soon", parts=[])) == ["document_is_whole"] * 2
    assert floor.release("novel", plan()) == ["document_is_whole"]
    assert floor.release("plan", plan(owner="<script>")) == ["text_is_no_script"]
    assert "kind: write one of" in document_faults("novel", {})[0]
    with reading(floor.engine) as conn:
        assert count_kinds(conn) == {}
