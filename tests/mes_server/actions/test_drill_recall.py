"""A recall drill: the clock, the result and the person stand in the ledger."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.drill_recall import STOPPED, start_drill, stop_drill, suspicion_of
from mes_server.domain.amounts import Amount
from mes_server.domain.recalls import Suspicion
from mes_server.store.engine import reading
from mes_server.store.ledger import list_kind, load_stream
from tests.mes_server.actions.lot_floor import Floor, rules


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def test_a_drill_is_kept_with_its_scope_time_result_and_person(floor: Floor) -> None:
    code = floor.receive(Amount(10, 500_000), "finished")
    suspicion = Suspicion("lot", code)
    drill = floor.act(start_drill, suspicion)
    floor.now_ms += 30_000
    assert floor.act(stop_drill, drill, "all found") == []
    with reading(floor.engine) as conn:
        (stopped,) = list_kind(conn, STOPPED, 5)
        assert suspicion_of(load_stream(conn, f"drill:{drill}")) == suspicion
    facts = stopped.facts()
    assert facts["elapsed_ms"] == 90_000
    assert facts["suspicion"] == suspicion.as_content()
    assert (facts["result"]["lots"], facts["result"]["counts"]) == (1, {"stock": 1})
    assert facts["result"]["account"]["now_mg"] == {"stock": 500_000}
    assert (stopped.person, stopped.reason) == ("P1", "all found")
    floor.check()


def test_a_drill_stops_once_and_only_if_it_runs(floor: Floor) -> None:
    assert rules(floor.act(stop_drill, "nothing")) == ["drill_is_running"]
    drill = floor.act(start_drill, Suspicion("person", "P7"))
    assert floor.act(stop_drill, drill) == []
    assert rules(floor.act(stop_drill, drill)) == ["drill_is_running"]


def test_a_formula_as_a_remark_is_refused_and_the_clock_runs_on(floor: Floor) -> None:
    drill = floor.act(start_drill, Suspicion("person", "P7"))
    assert rules(floor.act(stop_drill, drill, "=1+1")) == ["text_is_no_script"]
    assert floor.act(stop_drill, drill, "found") == []
