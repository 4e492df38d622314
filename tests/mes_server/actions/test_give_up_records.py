"""What an edge says it no longer has: given up when it says so again, and taken when it comes after all."""

import pytest
from sqlalchemy import Engine

from mes_server.actions.receive_messages import FIRST_WITHDRAWN, SCATTERED
from mes_server.domain import watermarks
from mes_server.domain.messages import Message
from mes_server.domain.watermarks import CONFIRM_MS
from schemas.journal_metrics import position
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

LOSSES = "SELECT count, reason FROM loss ORDER BY id"


@pytest.fixture
def mes(engine: Engine) -> Mes:
    return Mes(engine)


def acked(mes: Mes, edge: Edge, *messages: Message) -> int:
    """How far the edge is told that its journal is stored."""
    receipt, _ = mes.take(*messages)
    return receipt.acks[edge.group, edge.node] & 0xFFFFFFFF


def records(edge: Edge, *seqs: int) -> list[Message]:
    return [edge.ddata([edge.record(s, {"step_no": s}, NOW_MS + s)]) for s in seqs]


def test_what_the_edge_no_longer_has_is_a_stated_loss_and_does_not_hold_up_the_rest(
    mes: Mes,
) -> None:
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 1}))
    edge.first, edge.next = 5, 8
    assert acked(mes, edge, edge.nbirth(NOW_MS + 1)) == 1, "one word is not enough"
    assert mes.rows(LOSSES) == []
    mes.now_ms += CONFIRM_MS
    assert acked(mes, edge, edge.nbirth(NOW_MS + 2)) == 4
    assert mes.rows(LOSSES) == [(3, "trimmed")]
    assert acked(mes, edge, *records(edge, 7, 5, 6)) == 7
    mes.take(edge.nbirth(NOW_MS + 3))
    assert mes.rows(LOSSES) == [(3, "trimmed")]


def test_a_forged_birth_cannot_make_true_records_disappear(mes: Mes) -> None:
    """Nor one that is repeated: the true edge contradicts, and its records are taken wherever it is."""
    edge = Edge(next=31)
    forger = Edge(first=1_000, next=2_000)
    assert acked(mes, edge, edge.nbirth(), edge.dbirth(), *records(edge, *range(1, 11))) == 10
    for told in (forger, forger, edge, forger, edge):
        mes.now_ms += CONFIRM_MS // 2
        mes.take(told.nbirth(NOW_MS))
    assert mes.rows(LOSSES) == []
    for _ in range(2):  # nobody contradicts: the edge is away
        mes.now_ms += CONFIRM_MS
        mes.take(forger.nbirth(NOW_MS))
    assert mes.rows(LOSSES) == [(989, "trimmed")]
    assert acked(mes, edge, *records(edge, 11, 12)) == 999, (
        "of no use to the edge: it never sent that"
    )
    assert acked(mes, edge, edge.nbirth(NOW_MS)) == 12
    assert (FIRST_WITHDRAWN, "sintering/ctl-1") in mes.alarms()
    assert acked(mes, edge, *records(edge, *range(13, 31))) == 30
    assert mes.values("step_no") == list(range(1, 31))
    assert mes.rows(LOSSES) == [(989, "trimmed"), (2, "found"), (18, "found")]
    assert mes.reasons() == []


@pytest.mark.parametrize(("first", "following"), [(50, 10), (0, 10)])
def test_an_extent_that_makes_no_sense_claims_nothing(mes: Mes, first: int, following: int) -> None:
    edge = Edge(first=first, next=following)
    for _ in range(3):
        mes.now_ms += CONFIRM_MS
        assert acked(mes, edge, edge.nbirth()) == 0
    assert mes.rows(LOSSES) == []


def test_the_extent_of_another_journal_claims_nothing(mes: Mes) -> None:
    edge, other = Edge(epoch=1), Edge(epoch=2, first=500, next=600)
    for _ in range(3):
        mes.now_ms += CONFIRM_MS
        mes.take(other.nbirth())
    receipt, _ = mes.take(edge.nbirth(), edge.dbirth(), *records(edge, 1, 2))
    assert receipt.acks == {("sintering", "ctl-1"): position(1, 2)}


def test_gaps_without_end_are_refused_and_nothing_true_is_lost(
    mes: Mes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watermarks, "RANGES_MAX", 10)
    edge = Edge(next=41)
    odd = records(edge, *range(1, 41, 2))
    receipt, _ = mes.take(edge.nbirth(), edge.dbirth(), *odd)
    assert (receipt.refused, len(receipt.messages)) == (10, 12)
    assert (SCATTERED, "sintering/ctl-1") in mes.alarms()
    assert acked(mes, edge, *records(edge, *range(1, 41))) == 40
    assert mes.values("step_no") == list(range(1, 41))


def test_there_is_no_record_before_the_first_and_no_word_makes_the_watermark_go_there(
    mes: Mes,
) -> None:
    edge = Edge()
    assert acked(mes, edge, edge.nbirth(), edge.dbirth(), *records(edge, 1, 2, 3)) == 3
    forger = Edge(first=0, next=4)
    assert acked(mes, edge, forger.nbirth(NOW_MS + 1)) == 3
    assert acked(mes, edge, edge.nbirth(NOW_MS + 2), *records(edge, 4)) == 4
