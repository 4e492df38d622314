"""`mes ingest` as a process, on real brokers: acknowledged, folded; two hosts; killed; stopped in order."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from mes_server.actions.upgrade_store import upgrade_store
from mes_server.domain.amounts import Amount
from mes_server.ingest import run
from mes_server.ingest.run import EXIT_LEASE, EXIT_NEWER, run_ingest
from mes_server.settings import Settings
from mes_server.store.anchors import read_anchors
from mes_server.store.engine import open_engine, reading
from mes_server.store.ingest_status import IngestStatus, read_status
from mes_server.store.leases import lease_holder
from mes_server.store.series import series_key
from mes_server.store.telemetry import iter_samples
from mes_server.store.transaction import writing
from schemas.journal_metrics import ACK
from schemas.sparkplug import decode_payload
from tests.brokers import KINDS, Broker, Process, wait_until
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.edge import Edge

CODE = "import sys; from mes_server.ingest.run import run_ingest; from mes_server.settings import read_settings; import os; sys.exit(run_ingest(read_settings(os.environ)))"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Plant:
    """A broker, an edge that publishes, and processes of ingest."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.broker = Broker(kind, folder / "broker")
        self.broker.start()
        self.edge = Edge()
        self.origin_ms = now_ms()
        self.acks: list[int] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._on_message
        subscribed = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe("spBv1.0/+/NCMD/#")
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", self.broker.port)
        self.client.loop_start()
        assert subscribed.wait(20)
        self.processes: list[Process] = []

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        metric = decode_payload(bytes(message.payload)).metrics[0]
        if metric.name == ACK:
            self.acks.append(int(str(metric.value)) & 0xFFFFFFFF)

    def ingest(self, name: str) -> Process:
        """A process of ingest on the one store; its log is its own."""
        env = {"MES_DATA_DIR": str(self.data), "MES_MQTT_PORT": str(self.broker.port)}
        process = Process([sys.executable, "-c", CODE], self.folder / f"{name}.log", env)
        process.start()
        self.processes.append(process)
        return process

    def publish(self, count: int) -> None:
        """The next records."""
        for _ in range(count):
            seq = self.edge.next  # a record is the same whenever it is sent
            message = self.edge.live({"step_no": seq}, at_ms=self.origin_ms + seq)
            self.client.publish(message.topic, message.payload)

    def settle(self) -> None:
        """Wait until all is acknowledged; what is not is sent again, as the journal does (QoS 0)."""
        last, patience_s = self.edge.next - 1, time.monotonic() + 3

        def is_acknowledged() -> bool:
            nonlocal patience_s
            acked = self.acks[-1] if self.acks else 0
            if acked < last and time.monotonic() > patience_s:
                self.edge.next = acked + 1
                self.publish(last - acked)
                patience_s = time.monotonic() + 3
            return acked == last

        wait_until(is_acknowledged, f"the acknowledgement of {last}")

    def births(self) -> None:
        """The births of node and station."""
        for message in (self.edge.nbirth(now_ms()), self.edge.dbirth(at_ms=now_ms())):
            self.client.publish(message.topic, message.payload)

    @property
    def status(self) -> IngestStatus | None:
        return read_status(self.data)

    def connected(self) -> bool:
        status = self.status
        return status is not None and status.connected and status.storing

    def on_store(self, look: Callable[[object], object]) -> object:
        engine = open_engine(f"sqlite:///{self.data / 'lodestone.db'}")
        try:
            with reading(engine) as conn:
                return look(conn)
        finally:
            engine.dispose()

    def values(self) -> list[object]:
        """What is stored of the one series."""

        def look(conn: object) -> list[object]:
            key = series_key(conn, "sinter-1", "step_no")  # type: ignore[arg-type]
            if key is None:
                return []
            found = iter_samples(conn, key[0], 0, 1 << 50)  # type: ignore[arg-type]
            return sorted(sample.value for sample in found)

        found = self.on_store(look)
        assert isinstance(found, list)
        return found

    def end(self) -> None:
        for process in self.processes:
            process.stop()
        self.client.disconnect()
        self.client.loop_stop()
        self.broker.stop()


@pytest.fixture(params=KINDS)
def plant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plant]:
    built = Plant(request.param, tmp_path)
    yield built
    built.end()


def test_from_the_broker_to_the_series_and_a_stop_in_order(plant: Plant) -> None:
    process = plant.ingest("one")
    wait_until(plant.connected, "ingest")
    plant.births()
    plant.publish(300)
    plant.settle()
    wait_until(lambda: plant.values() == list(range(1, 301)), "the samples")
    assert process.stop(signal.SIGTERM) == 0
    status = plant.status
    assert status is not None
    assert (status.connected, status.storing, status.fault) == (False, False, None)
    assert plant.on_store(lease_holder) == "", "the next one need not wait"  # type: ignore[arg-type]


def test_a_killed_ingest_loses_nothing_it_acknowledged_and_starts_at_once(plant: Plant) -> None:
    for round_ in range(3):
        process = plant.ingest(f"round-{round_}")
        began = time.monotonic()
        wait_until(plant.connected, "ingest")
        assert time.monotonic() - began < 20, "it does not wait for the lease of the dead"
        plant.births()
        plant.publish(200)
        wait_until(lambda: plant.acks, "an acknowledgement")
        process.kill()
        acked = max(plant.acks)
        plant.edge.next = acked + 1  # go back to what is acknowledged, as the journal does
        plant.acks.clear()
        (plant.data / "ingest.status").unlink()
    plant.ingest("last")
    wait_until(plant.connected, "ingest")
    plant.births()
    plant.publish(100)
    plant.settle()
    wait_until(lambda: plant.values() == list(range(1, plant.edge.next)), "every record once")


def test_a_second_host_waits_until_the_first_has_ended(plant: Plant) -> None:
    first = plant.ingest("first")
    wait_until(plant.connected, "the first")
    second = plant.ingest("second")
    wait_until(lambda: "waiting until it ends" in second.said(), "the second to wait")
    plant.births()
    plant.publish(50)
    plant.settle()
    assert "connected to the broker" not in second.said()
    first.stop(signal.SIGTERM)
    wait_until(plant.connected, "the second to take over")
    plant.publish(50)
    plant.settle()
    wait_until(lambda: plant.values() == list(range(1, 101)), "every record once")


def test_a_store_that_cannot_be_opened_is_told_and_tried_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "lodestone.db").mkdir()  # something is in the way
    stop, codes = threading.Event(), []
    settings = Settings(data_dir=data, mqtt_port=1)
    thread = threading.Thread(target=lambda: codes.append(run_ingest(settings, stop)))
    thread.start()
    wait_until(lambda: (s := read_status(data)) is not None and s.fault is not None, "the fault")
    (data / "lodestone.db").rmdir()
    wait_until(lambda: (s := read_status(data)) is not None and s.storing, "the store to be used")
    status = read_status(data)
    assert status is not None
    assert not status.connected
    engine = open_engine(settings.url)
    Floor(engine).receive(Amount(1, 1000))
    engine.dispose()
    stop.set()
    thread.join(20)
    assert codes == [0]
    assert [anchor.number for anchor in read_anchors(data)[0]] == [1], "it leaves an anchor"


def test_a_host_whose_lease_was_taken_says_so_by_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    settings = Settings(data_dir=data, mqtt_port=1)
    codes: list[int] = []
    stop = threading.Event()
    thread = threading.Thread(target=lambda: codes.append(run_ingest(settings, stop)))
    thread.start()
    wait_until(lambda: (s := read_status(data)) is not None and s.storing, "the start")
    engine = open_engine(settings.url)
    with reading(engine) as conn:
        holder = lease_holder(conn)
    assert not run._ended(holder), "it is this process"
    run.hold_lease(engine, "another", now_ms(), (holder,))
    thread.join(20)
    assert codes == [EXIT_LEASE]
    engine.dispose()


@pytest.mark.parametrize(
    ("holder", "ended"),
    [
        ("elsewhere pid:[1] 1 abcd", False),
        ("", False),
        ("a b", False),
        (f"{run.socket.gethostname()} {run._namespace()} 4194304 abcd", True),
        (f"{run.socket.gethostname()} {run._namespace()} 1 abcd", False),
        (f"{run.socket.gethostname()} {run._namespace()} x abcd", False),
    ],
)
def test_only_a_process_of_this_machine_is_known_to_have_ended(holder: str, ended: bool) -> None:
    assert run._ended(holder) is ended


def test_a_database_of_a_newer_version_is_left_alone_and_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = Settings(data_dir=data, mqtt_port=1)
    upgrade_store(settings.url)
    engine = open_engine(settings.url)
    with writing(engine) as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    assert run_ingest(settings, threading.Event()) == EXIT_NEWER
    status = read_status(data)
    assert status is not None
    assert "newer" in str(status.fault)
