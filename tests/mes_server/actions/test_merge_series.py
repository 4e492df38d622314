"""mes_server.actions.merge_series: housekeeping in bounded pieces changes no sample and no position."""

from mes_server.actions.merge_series import (
    POSITION_DAYS,
    merge_series,
    pack_journal_positions,
    trim_journal_positions,
)
from mes_server.actions.receive_messages import REUSED
from mes_server.store.engine import reading
from mes_server.store.positions import Journal, load_positions
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

DAY_MS = 86_400_000


def test_merging_keeps_every_sample(mes: Mes) -> None:
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth())
    for i in range(30):
        mes.take(edge.live({"step_no": i, "state": "run"}, at_ms=NOW_MS + i * 1000))
    before = mes.samples("step_no"), mes.samples("state")
    while merge_series(mes.engine, NOW_MS + DAY_MS, 4):
        assert (mes.samples("step_no"), mes.samples("state")) == before
    assert len(before[0]) == 30


def test_packed_positions_still_tell_a_repetition_from_a_forgery(mes: Mes) -> None:
    edge = Edge()
    sent = [edge.nbirth(), edge.dbirth(), *[edge.live({"step_no": i}) for i in range(20)]]
    mes.take(*sent)
    assert pack_journal_positions(mes.engine, 1) == 20
    receipt, _ = mes.take(*sent[2:], edge.ddata([edge.record(5, {"step_no": 99}, NOW_MS)]))
    assert receipt.duplicates == 20
    assert mes.reasons() == [REUSED]
    assert mes.values("step_no") == list(range(20))


def test_forgotten_positions_are_still_known_to_be_stored(mes: Mes) -> None:
    edge = Edge()
    sent = [edge.nbirth(), edge.dbirth(), *[edge.live({"step_no": i}) for i in range(20)]]
    mes.take(*sent)
    pack_journal_positions(mes.engine, 1)
    assert trim_journal_positions(mes.engine, NOW_MS) == 0
    assert trim_journal_positions(mes.engine, NOW_MS + (POSITION_DAYS + 1) * DAY_MS) == 1
    with reading(mes.engine) as conn:
        assert load_positions(conn, Journal(1, edge.epoch)) == []
    receipt, _ = mes.take(*sent[2:])
    assert receipt.duplicates == 20
    assert mes.values("step_no") == list(range(20))
