"""Every record is stored once, whatever order, batches and repetitions it comes in; acks tell the truth."""

import itertools
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from mes_server.actions import receive_messages
from mes_server.actions.boundary import LeaseLost
from mes_server.actions.hold_lease import LEASE_MS, drop_lease, hold_lease, keep_lease
from mes_server.actions.receive_messages import CONFLICT, REUSED
from mes_server.domain.messages import Message
from mes_server.store.engine import reading
from mes_server.store.nodes import load_node_keys
from mes_server.store.positions import Journal, load_positions, load_watermarks
from schemas.journal_metrics import position
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes, batches

_numbers = itertools.count(1)


@pytest.fixture
def lasting(sqlite_engine: Engine) -> Mes:
    """One store for all examples of a property; each example brings a node of its own."""
    return Mes(sqlite_engine)


def new_edge() -> Edge:
    number = next(_numbers)
    return Edge(node=f"ctl-{number}", epoch=number)


def ack_of(edge: Edge, seq: int) -> dict[tuple[str, str], int]:
    return {(edge.group, edge.node): position(edge.epoch, seq)}


def grouped(edge: Edge, seqs: list[int], station: str, draw: random.Random) -> list[Message]:
    """The records in messages of one to five, as a journal may send them, now or again."""
    messages = []
    at = 0
    while at < len(seqs):
        size = draw.randint(1, 5)
        records = [
            edge.record(seq, {"step_no": seq}, NOW_MS + seq, historical=draw.random() < 0.5)
            for seq in seqs[at : at + size]
        ]
        messages.append(edge.ddata(records, station))
        at += size
    return messages


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(1, 40), st.randoms(use_true_random=False), st.lists(st.integers(1, 9), max_size=12)
)
def test_every_record_is_found_once_after_any_disorder_and_a_resend(
    lasting: Mes, count: int, draw: random.Random, sizes: list[int]
) -> None:
    """Lost, doubled, shuffled, cut into other messages; the server restarts between commit and ack."""
    edge, station = new_edge(), f"sinter-{next(_numbers)}"
    seqs = list(range(1, count + 1))
    sent = grouped(edge, seqs, station, draw) * draw.randint(1, 2)
    sent = [message for message in sent if draw.random() > 0.3]
    draw.shuffle(sent)
    lasting.take(edge.nbirth(), edge.dbirth(station))
    acked = 0
    for batch in batches(sent, sizes):
        receipt = lasting.receive(*batch)
        ack = receipt.acks[edge.group, edge.node] & 0xFFFFFFFF
        assert ack >= acked, "an acknowledgement never goes back"
        acked = ack
        if draw.random() < 0.3:
            lasting.restart()  # the ack was never sent, nothing is remembered
        if draw.random() < 0.3:
            lasting.fold(limit=draw.randint(1, 7))
        assert set(range(1, acked + 1)) <= stored_seqs(lasting, edge)
    rest = grouped(edge, list(range(acked + 1, count + 1)), station, draw)
    again = grouped(edge, seqs, station, draw)
    for batch in batches(rest + again, sizes):
        receipt = lasting.receive(*batch)
    assert receipt.acks == ack_of(edge, count)
    lasting.fold(limit=draw.randint(1, 50))
    assert lasting.values("step_no", station) == seqs
    assert [s.at_ms for s in lasting.samples("step_no", station)] == [NOW_MS + seq for seq in seqs]


def stored_seqs(mes: Mes, edge: Edge) -> set[int]:
    with reading(mes.engine) as conn:
        key = load_node_keys(conn)[edge.group, edge.node]
        return {position.seq for position in load_positions(conn, Journal(key, edge.epoch))}


def test_only_the_new_records_of_a_message_are_kept_for_the_fold(mes: Mes) -> None:
    edge = Edge()
    records = [edge.record(seq, {"step_no": seq}, NOW_MS + seq) for seq in range(1, 6)]
    mes.take(edge.nbirth(), edge.dbirth())
    mes.take(edge.ddata([records[1]]), edge.ddata([records[3]]))
    receipt, _ = mes.take(edge.ddata(records))
    assert receipt.acks == ack_of(edge, 5)
    assert (len(receipt.messages), receipt.duplicates) == (1, 2)
    receipt, _ = mes.take(edge.ddata(records))
    assert (len(receipt.messages), receipt.duplicates) == (0, 5)
    assert mes.values("step_no") == [1, 2, 3, 4, 5]


def test_a_record_twice_in_one_batch_and_in_one_message_is_stored_once(mes: Mes) -> None:
    edge = Edge()
    record = edge.record(1, {"step_no": 1}, NOW_MS)
    receipt, _ = mes.take(
        edge.nbirth(), edge.dbirth(), edge.ddata([record, record]), edge.ddata([record])
    )
    assert receipt.duplicates == 2
    assert mes.values("step_no") == [1]


def test_a_position_used_again_with_other_content_changes_nothing_and_is_told(mes: Mes) -> None:
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 1}))
    forged = edge.ddata([edge.record(1, {"step_no": 99}, NOW_MS)])
    receipt, _ = mes.take(forged)
    assert receipt.acks == ack_of(edge, 1)
    assert mes.values("step_no") == [1]
    (kept,) = mes.quarantined()
    assert (kept.reason, kept.payload) == (REUSED, forged.payload)
    assert (CONFLICT, "sintering/ctl-1") in mes.alarms()


def test_a_position_used_twice_in_one_batch_keeps_the_first(mes: Mes) -> None:
    edge = Edge()
    first = edge.ddata([edge.record(1, {"step_no": 1}, NOW_MS)])
    second = edge.ddata([edge.record(1, {"step_no": 2}, NOW_MS)])
    mes.take(edge.nbirth(), edge.dbirth(), first, second)
    assert mes.values("step_no") == [1]
    assert mes.reasons() == [REUSED]


def test_a_store_that_knows_less_than_the_edge_says_so(mes: Mes) -> None:
    """A backup was restored: the lower acknowledgement makes the edge send again."""
    edge = Edge(next=200)
    receipt, _ = mes.take(edge.nbirth())
    assert receipt.acks == ack_of(edge, 0)


def test_a_new_journal_begins_at_its_own_beginning(mes: Mes) -> None:
    edge = Edge(epoch=1)
    mes.take(edge.nbirth(), edge.dbirth(), *[edge.live({"step_no": i}) for i in range(3)])
    edge.epoch, edge.next = 2, 1
    receipt, _ = mes.take(edge.nbirth(), edge.dbirth(), edge.live({"step_no": 10}))
    assert receipt.acks == ack_of(edge, 1)
    assert sorted(mes.values("step_no")) == [0, 1, 2, 10]


def test_a_record_without_a_number_is_put_aside_and_the_others_are_taken(mes: Mes) -> None:
    edge = Edge()
    bad = edge.record(0, {"step_no": 5}, NOW_MS)
    good = edge.record(1, {"step_no": 6}, NOW_MS)
    receipt, _ = mes.take(edge.nbirth(), edge.dbirth(), edge.ddata([bad, good]))
    assert receipt.acks == ack_of(edge, 1)
    assert mes.values("step_no") == [6]
    assert mes.reasons() == ["position"]


def test_a_clock_beyond_what_a_column_holds_does_not_stop_a_record(mes: Mes) -> None:
    edge = Edge()
    record = edge.record(1, {"step_no": 1}, NOW_MS)
    record[2] = record[2]._replace(value=(1 << 64) - 1)
    receipt, _ = mes.take(edge.nbirth(), edge.dbirth(), edge.ddata([record]))
    assert receipt.acks == ack_of(edge, 1)
    assert mes.values("step_no") == [1]


def test_a_message_that_finds_a_bug_is_put_aside_and_the_rest_is_stored(
    mes: Mes, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = Edge()
    messages = [edge.nbirth(), edge.dbirth(), *[edge.live({"step_no": i}) for i in range(20)]]
    poison = messages[9]

    real = receive_messages.append_batch

    def stumbling(conn: object, rows: list[tuple[object, ...]]) -> None:
        if any(poison.payload in row for row in rows):
            raise ZeroDivisionError("a bug of ours")
        real(conn, rows)

    monkeypatch.setattr(receive_messages, "append_batch", stumbling)
    receipt = mes.receive(*messages)
    mes.fold()
    assert receipt.quarantined == 1
    assert mes.reasons() == ["bug"]
    assert mes.values("step_no") == [i for i in range(20) if i != 7]


# -- the lease -----------------------------------------------------------------------------------


def test_only_the_holder_of_the_lease_stores_and_acknowledges(mes: Mes) -> None:
    edge = Edge()
    assert hold_lease(mes.engine, "other", NOW_MS) == "test"
    assert hold_lease(mes.engine, "other", NOW_MS + LEASE_MS + 1) == "other"
    with pytest.raises(LeaseLost):
        mes.receive(edge.nbirth())
    with pytest.raises(LeaseLost):
        mes.fold()
    with pytest.raises(LeaseLost):
        keep_lease(mes.engine, "test", NOW_MS)
    assert mes.rows("SELECT count(*) FROM inbox") == [(0,)]


def test_a_lease_that_is_dropped_or_whose_holder_ended_is_taken_at_once(mes: Mes) -> None:
    assert hold_lease(mes.engine, "second", NOW_MS, dead=("test",)) == "second"
    drop_lease(mes.engine, "second")
    assert hold_lease(mes.engine, "third", NOW_MS) == "third"


def test_storing_renews_the_lease(mes: Mes) -> None:
    mes.now_ms += LEASE_MS
    mes.receive(Edge().nbirth())
    assert hold_lease(mes.engine, "other", mes.now_ms + LEASE_MS - 1) == "test"


def test_two_hosts_in_turns_store_every_record_once(mes: Mes) -> None:
    edge = Edge()
    other = Mes.__new__(Mes)
    other.engine, other.holder, other.now_ms = mes.engine, "other", NOW_MS
    other.restart()
    mes.take(edge.nbirth(), edge.dbirth())
    records = [edge.record(seq, {"step_no": seq}, NOW_MS + seq) for seq in range(1, 31)]
    for turn in range(6):
        one = (mes, other)[turn % 2]
        drop_lease(mes.engine, (mes, other)[1 - turn % 2].holder)
        assert hold_lease(mes.engine, one.holder, NOW_MS) == one.holder
        one.restart()
        one.take(*[edge.ddata([r]) for r in records[max(0, turn * 5 - 5) : turn * 5 + 5]])
    assert mes.values("step_no") == list(range(1, 31))
    with reading(mes.engine) as conn:
        (mark,) = load_watermarks(conn, [Journal(1, edge.epoch)]).values()
    assert mark.seq == 30
