"""A real agent on MicroPython, a real broker, a small MES that acknowledges; kill -9 at random times.

Every record of the journal must have arrived, none with two contents (CPython; needs MicroPython).
"""

import json
import random
import threading
import time
from pathlib import Path  # noqa: TID251  CPython only

import paho.mqtt.client as mqtt
import pytest

from firmware.onboard.storage import FileStorage
from schemas.journal_metrics import ACK, CRC, LOSS, POS, position, split_position
from schemas.sparkplug import Payload, decode_payload, encode_payload, metric
from schemas.topics import parse_topic, topic
from tests.brokers import Broker, Process, wait_until
from tests.conftest import ROOT
from tests.faults.edge_records import read_journal
from tests.plant import board

KILLS = 8
STATIONS = [("sinter-1", "sinter_furnace"), ("mill-1", "jet_mill")]


class SmallMes:
    """Keeps what comes by position and acknowledges what is contiguous; drops a tenth of it first."""

    def __init__(self, port: int) -> None:
        self.kept: dict[int, dict[int, int]] = {}  # epoch → seq → CRC
        self.two_contents: list[int] = []
        self.copies = 0
        self.losses: list[str] = []
        self._random = random.Random(3)
        self._lock = threading.Lock()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="small-mes")
        self._client.on_connect = lambda client, *_: client.subscribe("spBv1.0/#")
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        where = parse_topic(message.topic)
        if where.verb == "NBIRTH":
            first = [
                m.value
                for m in decode_payload(message.payload).metrics
                if m.name == "Journal/First"
            ]
            self._acknowledge(where, split_position(first[0])[0])
        if where.verb != "DDATA" or self._random.random() < 0.1:
            return
        pos = None
        for m in decode_payload(message.payload).metrics:
            if m.name == POS:
                pos = m.value
            elif m.name == CRC and pos is not None:
                self._keep(pos, m.value)
            elif m.name == LOSS:
                self.losses.append(json.loads(m.value)["reason"])
        if pos is not None:
            self._acknowledge(where, split_position(pos)[0])

    def _keep(self, pos: int, crc: int) -> None:
        epoch, seq = split_position(pos)
        with self._lock:
            known = self.kept.setdefault(epoch, {}).setdefault(seq, crc)
            self.copies += 1
        if known != crc:
            self.two_contents.append(seq)

    def watermark(self, epoch: int) -> int:
        with self._lock:
            kept = self.kept.get(epoch, {})
            seq = 0
            while seq + 1 in kept:
                seq += 1
            return seq

    def _acknowledge(self, where: object, epoch: int) -> None:
        now = time.time_ns() // 1_000_000
        ack = metric(ACK, "uint64", position(epoch, self.watermark(epoch)), now)
        self._client.publish(
            topic(where.group, "NCMD", where.node), encode_payload(Payload(now, [ack], None))
        )

    def close(self) -> None:
        self._client.loop_stop()
        self._client.disconnect()


@pytest.fixture
def lab(tmp_path: Path, micropython: str):
    """A broker, a small MES and an agent on MicroPython, not yet started."""
    broker = Broker("nats", tmp_path / "broker")
    broker.start()
    mes = SmallMes(broker.port)
    file = tmp_path / "station.json"
    file.write_text(json.dumps(board(tmp_path, broker.port, "ctl-1", STATIONS, reconnect_s=0.5)))
    agent = Process(
        [micropython, "-m", "firmware.boards.unix.main", str(file)], tmp_path / "agent.log"
    )
    agent.folder = ROOT
    yield broker, mes, agent, tmp_path / "ctl-1.journal"
    agent.kill()
    mes.close()
    broker.stop()


def test_kill_9_at_random_times_loses_nothing_and_doubles_nothing(lab) -> None:
    broker, mes, agent, folder = lab
    draw = random.Random(11)
    for n in range(KILLS):
        agent.start()
        wait_until(lambda n=n: agent.said().count("born:") > n, "the agent to be born")
        begun = mes.copies
        more = draw.randrange(0, 12)
        wait_until(lambda begun=begun, more=more: mes.copies > begun + more, "some records")
        if n == KILLS // 2:
            broker.kill()
            broker.start()
        agent.kill()
    agent.start()
    wait_until(lambda: agent.said().count("born:") > KILLS, "the last birth")
    epoch = next(iter(mes.kept))
    recorded = read_journal(FileStorage(str(folder)))
    wait_until(
        lambda: mes.watermark(epoch) >= max(recorded.records), "everything recorded to arrive"
    )
    agent.kill()
    recorded = read_journal(FileStorage(str(folder)))
    assert list(mes.kept) == [epoch] == [recorded.epoch] and mes.two_contents == []
    for seq, (crc, _) in recorded.records.items():
        if seq <= mes.watermark(epoch):
            assert mes.kept[epoch][seq] == crc
    assert sorted(recorded.records) == list(range(1, max(recorded.records) + 1))
    assert mes.losses.count("restart") >= KILLS
    assert "Traceback" not in agent.said()
