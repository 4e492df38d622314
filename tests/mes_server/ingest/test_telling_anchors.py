"""The loop of ingest tells nodes the head of the ledger."""

import pytest

from mes_server.domain.amounts import Amount
from mes_server.ingest import writer
from mes_server.ingest.listener import now_ms
from mes_server.store.engine import reading
from mes_server.store.faults import CORRUPT, StoreFault
from mes_server.store.ledger import head
from schemas.journal_metrics import ANCHORS
from tests.brokers import wait_until
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.edge import Edge, plain, stranger
from tests.mes_server.ingest.test_writer import Running, edge, live, running

__all__ = ["edge", "running"]


def test_nodes_with_a_journal_are_told_the_head_of_the_ledger_and_strangers_are_not(
    running: Running, edge: Edge
) -> None:
    floor = Floor(running.mes.engine)
    for _ in range(3):
        floor.receive(Amount(1, 1000))
    with reading(running.mes.engine) as conn:
        last = head(conn, 0)
    running.put(stranger("NBIRTH", [plain("bdSeq", "int64", 0)], 0, None))
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()), *live(edge, 5))
    running.start()

    def anchors() -> list[tuple[str, object]]:
        return [(topic, value) for topic, name, value in running.wire.said if name == ANCHORS]

    wait_until(anchors, "the anchor")
    wait_until(lambda: running.status.inbox_depth == 0, "the fold")
    running.end()
    assert anchors() == [("spBv1.0/sintering/NCMD/ctl-1", f"{last.number} {last.hash}")]


def test_a_ledger_that_cannot_be_read_stops_nothing_else(
    running: Running,
    edge: Edge,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise StoreFault(CORRUPT, "a page of the ledger cannot be read")

    monkeypatch.setattr(writer, "head", broken)
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()), *live(edge, 5))
    running.start()
    wait_until(lambda: running.acked() == 5, "the acknowledgement")
    running.end()
    assert "nodes are not told the head of the ledger now" in caplog.text
    assert [name for _, name, _ in running.wire.said if name == ANCHORS] == []
