"""The loop between mailbox, store and fold: what it does when the store fails, and when it is well."""

from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from mes_server.actions.boundary import LeaseLost
from mes_server.actions.hold_lease import hold_lease
from mes_server.domain.messages import Message
from mes_server.ingest import folder, writer
from mes_server.ingest.listener import Listener, now_ms
from mes_server.ingest.mailbox import Mailbox
from mes_server.ingest.status import StatusFile
from mes_server.ingest.writer import BATCH_MAX, DiskFailed, ListenerDied, Writer
from mes_server.store.faults import DISK_FULL, IO, LOCKED, StoreFault
from mes_server.store.ingest_status import IngestStatus, read_status
from schemas.journal_metrics import ACK, REBIRTH
from schemas.sparkplug import decode_payload
from tests.brokers import wait_until
from tests.mes_server.edge import Edge, plain, stranger
from tests.mes_server.mes import Mes


class Wire(Listener):
    """A listener without a broker: keeps what is published."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__("", 0, "h", mailbox)
        self.connected, self.connections, self.lives = True, 1, True
        self.said: list[tuple[str, str, object]] = []

    @property
    def alive(self) -> bool:
        return self.lives

    def publish(self, messages: list[tuple[str, bytes]]) -> bool:
        for topic, payload in messages:
            metric = decode_payload(payload).metrics[0]
            self.said.append((topic, str(metric.name), metric.value))
        return True


class Running:
    """A Writer in a thread of its own."""

    def __init__(self, mes: Mes, data_dir: Path, mailbox: Mailbox | None = None) -> None:
        self.mes, self.data_dir = mes, data_dir
        self.mailbox = Mailbox() if mailbox is None else mailbox
        self.wire = Wire(self.mailbox)
        self.stop = Event()
        self.error: Exception | None = None
        self.writer = Writer(mes.folding, self.wire, self.mailbox, StatusFile(data_dir), 300)
        self.thread = Thread(target=self._run)
        assert hold_lease(mes.engine, mes.holder, now_ms(), (mes.holder,)) == mes.holder

    def _run(self) -> None:
        try:
            self.writer.run(self.stop)
        except (DiskFailed, LeaseLost, ListenerDied) as error:
            self.error = error

    def start(self) -> "Running":
        self.thread.start()
        return self

    def put(self, *messages: Message) -> None:
        for message in messages:
            self.mailbox.put(message)

    @property
    def status(self) -> IngestStatus:
        wait_until(lambda: read_status(self.data_dir), "a status")
        found = read_status(self.data_dir)
        assert found is not None
        return found

    def acked(self) -> int:
        """The record number last acknowledged."""
        acks = [int(str(v)) & 0xFFFFFFFF for _, name, v in self.wire.said if name == ACK]
        return acks[-1] if acks else 0

    def end(self) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def running(sqlite_engine: Engine, tmp_path: Path) -> Running:
    return Running(Mes(sqlite_engine), tmp_path)


@pytest.fixture
def edge() -> Edge:
    return Edge()


def live(edge: Edge, count: int) -> list[Message]:
    at = now_ms()
    return [edge.live({"step_no": edge.next}, at_ms=at + i) for i in range(count)]


def test_messages_become_durable_acknowledged_and_folded(running: Running, edge: Edge) -> None:
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()), *live(edge, 500))
    running.start()
    wait_until(lambda: running.acked() == 500, "the acknowledgement")
    wait_until(lambda: running.status.inbox_depth == 0 and running.status.stored == 502, "the fold")
    assert sorted(running.mes.values("step_no")) == list(range(1, 501))
    assert (running.status.storing, running.status.fault, running.status.quarantined) == (
        True,
        None,
        0,
    )
    running.end()


@pytest.mark.parametrize("kind", [DISK_FULL, LOCKED])
def test_while_the_store_fails_nothing_is_acknowledged_and_nothing_lost(
    running: Running, edge: Edge, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    failing = Event()
    failing.set()
    real = writer.receive_messages

    def receive(*given: object) -> object:
        if failing.is_set():
            raise StoreFault(kind, "as a test wants it")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "receive_messages", receive)
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()), *live(edge, 20))
    running.start()
    wait_until(lambda: running.status.fault == kind, "the fault to be told")
    assert not running.status.storing
    assert running.wire.said == []
    running.put(*live(edge, 20))
    wait_until(lambda: running.status.queue == 42, "the queue to be told")
    failing.clear()
    wait_until(lambda: running.acked() == 40, "the acknowledgement")
    wait_until(lambda: running.status.fault is None and running.status.storing, "all to be well")
    wait_until(lambda: sorted(running.mes.values("step_no")) == list(range(1, 41)), "the fold")
    running.end()


def test_a_fold_whose_commit_failed_or_did_not_is_done_once(
    running: Running, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is durable, and only its answer is lost: what waits is read from the store again."""
    real = folder.fold_inbox
    failures = iter([True, False, True, False])

    def fold(*given: object) -> object:
        folded = real(*given)  # type: ignore[arg-type]
        if next(failures, False):
            raise StoreFault(LOCKED, "after the commit")
        return folded

    monkeypatch.setattr(folder, "fold_inbox", fold)
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()), *live(edge, 50))
    running.start()
    wait_until(lambda: running.acked() == 50, "the acknowledgement")
    running.put(*live(edge, 50))
    wait_until(lambda: len(running.mes.values("step_no")) >= 100, "the fold")
    running.end()
    assert sorted(running.mes.values("step_no")) == list(range(1, 101))


def test_a_commit_that_failed_or_did_not_is_sent_again_and_stored_once(
    running: Running, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = writer.receive_messages
    failures = iter([False, True, True, False])

    def receive(*given: object) -> object:
        receipt = real(*given)  # type: ignore[arg-type]
        if next(failures, False):
            raise StoreFault(LOCKED, "after the commit")
        return receipt

    monkeypatch.setattr(writer, "receive_messages", receive)
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()))
    running.start()
    wait_until(lambda: running.status.stored == 2, "the births")
    running.put(*live(edge, 30))
    wait_until(lambda: running.acked() == 30, "the acknowledgement")
    wait_until(lambda: len(running.mes.values("step_no")) >= 30, "the fold")
    running.end()
    assert sorted(running.mes.values("step_no")) == list(range(1, 31))


def test_a_disk_that_fails_ends_the_process(
    running: Running, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def receive(*_: object) -> object:
        raise StoreFault(IO, "fsync failed")

    monkeypatch.setattr(writer, "receive_messages", receive)
    running.put(edge.nbirth(now_ms()))
    running.start()
    running.thread.join(20)
    assert isinstance(running.error, DiskFailed)
    assert (running.status.fault, running.status.storing) == (IO, False)
    assert running.wire.said == []


def test_a_lease_that_is_lost_ends_the_process_without_another_word(
    running: Running, edge: Edge
) -> None:
    running.start()
    wait_until(lambda: running.status.storing, "the start")
    hold_lease(running.mes.engine, "another", now_ms(), (running.mes.holder,))
    running.put(edge.nbirth(now_ms()), *live(edge, 3))
    running.thread.join(20)
    assert isinstance(running.error, LeaseLost)
    assert running.wire.said == []


def test_a_listener_that_died_ends_the_process(running: Running) -> None:
    running.start()
    wait_until(lambda: running.status.storing, "the start")
    running.wire.lives = False
    running.thread.join(20)
    assert isinstance(running.error, ListenerDied)


def test_stopping_stores_what_has_come(running: Running, edge: Edge) -> None:
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()), *live(edge, BATCH_MAX + 500))
    running.stop.set()
    running.start()
    running.end()
    assert running.acked() == BATCH_MAX + 500
    running.writer.farewell()
    assert (running.status.connected, running.status.storing) == (False, False)
    running.mes.fold()
    assert len(running.mes.values("step_no")) == BATCH_MAX + 500


def test_a_lasting_gap_in_seq_asks_for_a_birth_and_a_short_one_does_not(running: Running) -> None:
    def message(seq: int) -> Message:
        return stranger("DDATA", [plain("t", "double", 1.0, at_ms=now_ms())], seq, "s", now_ms())

    running.put(stranger("NBIRTH", [plain("bdSeq", "int64", 0)], 0, None, now_ms()))
    running.put(stranger("DBIRTH", [plain("t", "double", 1.0, at_ms=now_ms())], 1, "s", now_ms()))
    running.put(message(2), message(4), message(3), message(5))
    running.start()
    wait_until(lambda: running.status.stored == 6, "the messages")
    running.put(message(9))
    wait_until(lambda: any(name == REBIRTH for _, name, _ in running.wire.said), "the request")
    assert [said for said in running.wire.said if said[1] == REBIRTH] == [
        ("spBv1.0/pressing/NCMD/plc-7", REBIRTH, True)
    ]
    running.end()


def test_a_new_connection_doubts_everything_and_starts_counting_afresh(
    running: Running, edge: Edge
) -> None:
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()), *live(edge, 3))
    running.start()
    online = "SELECT count(*) FROM station WHERE online"
    wait_until(lambda: running.mes.rows(online) == [(1,)], "the station")
    running.wire.connections += 1
    wait_until(lambda: running.mes.rows(online) == [(0,)], "the doubt")
    edge.seq = 77
    running.put(*live(edge, 1))
    wait_until(lambda: running.mes.rows(online) == [(1,)], "the station again")
    assert all(name == ACK for _, name, _ in running.wire.said)
    running.end()


def test_receiving_pauses_while_too_much_waits_to_be_folded(
    sqlite_engine: Engine, tmp_path: Path, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "DEPTH_MAX", 10)
    monkeypatch.setattr(writer, "BATCH_MAX", 5)
    running = Running(Mes(sqlite_engine), tmp_path, Mailbox(messages_max=50))
    running.put(edge.nbirth(now_ms()), edge.dbirth(at_ms=now_ms()), *live(edge, 100))
    assert running.mailbox.dropped == 52
    deepest = 0
    real = running.writer._folder.came

    def came(messages: object, tick_ms: int) -> None:
        nonlocal deepest
        real(messages, tick_ms)  # type: ignore[arg-type]
        deepest = max(deepest, running.writer._folder.depth)

    monkeypatch.setattr(running.writer._folder, "came", came)
    running.start()
    wait_until(lambda: running.acked() == 48, "what was kept")
    wait_until(lambda: len(running.mes.values("step_no")) == 48, "the fold")
    assert deepest <= 15
    running.end()
