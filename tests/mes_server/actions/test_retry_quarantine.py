"""What was put aside comes back when somebody asks, exactly once, and as far as it can be taken."""

from collections.abc import Callable

import pytest

from mes_server.actions import boundary, retry_quarantine
from mes_server.actions.doubt_nodes import doubt_nodes
from mes_server.actions.put_aside import QUARANTINED
from mes_server.domain.messages import Message
from mes_server.store.quarantine import ask_retry
from mes_server.store.transaction import writing
from tests.mes_server.edge import NOW_MS, Edge, encoded, plain
from tests.mes_server.mes import Mes

NODE = ("sintering", "ctl-1")


def ask(mes: Mes) -> None:
    with writing(mes.engine) as conn:
        ask_retry(conn, [kept.id for kept in mes.quarantined()], NOW_MS)


def test_a_record_is_taken_when_it_can_be_and_only_once(mes: Mes) -> None:
    edge = Edge()
    mes.take(edge.live({"step_no": 1}), edge.live({"step_no": 2}))
    ask(mes)
    mes.retry()
    assert mes.reasons() == ["waiting for birth"] * 2, "the birth has not come yet: it still waits"
    mes.take(edge.nbirth(), edge.dbirth())
    mes.retry()
    ask(mes)
    mes.retry()
    assert sorted(mes.values("step_no")) == [1, 2]
    assert mes.quarantined() == []


def test_what_can_be_taken_of_a_message_is_and_the_rest_stays(mes: Mes) -> None:
    edge = Edge()
    records = [edge.record(s, {"step_no": s}, NOW_MS + s) for s in (1, 2, 3)]
    records[1] = edge.record(2, {"step_no": 2}, 5)
    mes.take(edge.ddata(records))
    mes.take(edge.nbirth(), edge.dbirth())
    mes.retry()
    assert mes.values("step_no") == [1, 3]
    (left,) = mes.quarantined()
    assert (left.reason, left.records) == ("time", b"\x02")
    ask(mes)
    mes.retry()
    assert mes.values("step_no") == [1, 3]
    assert mes.quarantined()[0].attempts == 1


@pytest.mark.parametrize("forget", [Mes.restart, lambda mes: doubt_nodes(mes.folding, NOW_MS)])
def test_what_a_missed_birth_made_unreadable_is_taken_when_the_next_one_comes(
    mes: Mes, forget: Callable[[Mes], None]
) -> None:
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 1}))
    forget(mes)
    edge.metrics = {**edge.metrics, "step_no": "double"}
    _, folded = mes.take(*(edge.live({"step_no": 2.5}, at_ms=NOW_MS + i) for i in (1, 2)))
    assert folded.rebirths == {NODE}
    assert mes.reasons() == ["waiting for birth"] * 2
    mes.take(edge.nbirth(NOW_MS + 3), edge.dbirth(at_ms=NOW_MS + 3))
    mes.retry()
    assert mes.quarantined() == []
    assert mes.values("step_no") == [1, 2.5, 2.5]


def test_a_record_that_was_forged_is_taken_only_when_a_person_asks(mes: Mes) -> None:
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 1}))
    mes.take(edge.ddata([edge.record(1, {"step_no": 9}, NOW_MS + 1)]))
    mes.retry()
    assert mes.values("step_no") == [1]
    ask(mes)
    mes.retry()
    assert mes.values("step_no") == [1, 9]


def test_an_old_birth_does_not_replace_a_newer_one(mes: Mes) -> None:
    edge = Edge()
    broken = encoded([plain("", "double", 1.0)], 1)
    mes.take(Message("spBv1.0/sintering/DBIRTH/ctl-1/sinter-1", broken, NOW_MS))
    mes.take(edge.nbirth(NOW_MS + 10), edge.dbirth(at_ms=NOW_MS + 10))
    ask(mes)
    mes.retry()
    assert mes.reasons() == ["overtaken"]


def test_a_bug_in_a_retry_leaves_the_message_where_it_is(
    mes: Mes, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = Edge()
    mes.take(edge.live({"step_no": 1}), edge.live({"step_no": 2}))
    mes.take(edge.nbirth(), edge.dbirth())

    def stumble(*_: object) -> None:
        raise LookupError("a bug of ours")

    with monkeypatch.context() as patch:
        patch.setattr(retry_quarantine, "settle_alarms", stumble)
        while mes.retry().retries:
            pass
    assert mes.reasons() == [boundary.BUG] * 2
    assert mes.values("step_no") == []
    ask(mes)
    mes.retry()
    assert sorted(mes.values("step_no")) == [1, 2]
    assert (QUARANTINED, "sintering/ctl-1") not in mes.alarms()


def test_an_old_message_that_is_tried_again_wakes_nobody(mes: Mes) -> None:
    edge = Edge()
    mes.take(edge.live({"step_no": 1}))
    mes.take(edge.nbirth(NOW_MS + 1), edge.dbirth(at_ms=NOW_MS + 1), edge.ndeath(NOW_MS + 2))
    retried = mes.retry()
    assert not retried.rebirths
    assert mes.values("step_no") == [1]
    assert mes.rows("SELECT count(*) FROM node WHERE online") == [(0,)]


def test_what_comes_before_the_records_of_a_message_is_not_lost_when_it_is_tried_again(
    mes: Mes,
) -> None:
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth())
    before = plain("later", None, 5)
    record = edge.record(1, {"step_no": 1}, NOW_MS)
    mes.take(edge.ddata([[before._replace(datatype=8)], record]))
    assert (mes.values("step_no"), mes.reasons()) == ([1], ["waiting for birth"])
    ask(mes)
    mes.retry()
    assert len(mes.quarantined()) == 1, "it still cannot be understood"
    edge.metrics = edge.metrics | {"later": "uint64"}
    mes.take(edge.nbirth(NOW_MS + 1), edge.dbirth(at_ms=NOW_MS + 1))
    ask(mes)
    mes.retry()
    assert (mes.values("step_no"), mes.values("later"), mes.reasons()) == ([1], [5], [])
