"""The other end of every scenario: a scripted client that plays a MES or an edge, with paho."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from schemas.journal_metrics import ACK, POS, REBIRTH, position, split_position
from schemas.topics import parse_topic, state_topic, topic
from tests.conformance.definition import BOOLEAN, UINT64, VALUE_FIELDS, Payload

Address = tuple[str, int]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def add_metric(payload: Any, name: str, code: int, value: Any, at_ms: int | None = None) -> None:
    """A metric with name, datatype, time and value (None: null)."""
    metric = payload.metrics.add(name=name, datatype=code)
    metric.timestamp = payload.timestamp if at_ms is None else at_ms
    if value is None:
        metric.is_null = True
    else:
        setattr(metric, VALUE_FIELDS[code], value)


class Peer:
    """A client of its own at the broker; what it hears is kept as (topic, payload)."""

    def __init__(self, broker: Address, name: str, listen: str = "spBv1.0/#") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._changed = threading.Condition()
        self._ready = False
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTv311)
        self.client.on_connect = lambda client, *_: client.subscribe(listen, 1)
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.connect(*broker, keepalive=60)
        self.client.loop_start()
        self.until(lambda: self._ready, f"{name} to be connected")

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def until(self, holds: Callable[[], Any], what: str, seconds: float = 40) -> None:
        """Wait for a condition that messages change; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(holds, seconds):
                raise TimeoutError(f"within {seconds} s there was never {what}")

    def send(self, where: str, payload: Any, qos: int = 0, retain: bool = False) -> None:
        """Publish, and wait until it has left."""
        data = payload if isinstance(payload, bytes) else payload.SerializeToString()
        self.client.publish(where, data, qos, retain).wait_for_publish(20)

    def say_state(self, host: str, online: bool, at_ms: int) -> None:
        """A STATE as if this were the host."""
        said = json.dumps({"online": online, "timestamp": at_ms}).encode()
        self.send(state_topic(host), said, qos=1, retain=True)

    def _on_subscribe(self, *_: Any) -> None:
        with self._changed:
            self._ready = True
            self._changed.notify_all()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self.hear(message.topic, message.payload)
        with self._changed:
            self.heard.append((message.topic, message.payload))
            self._changed.notify_all()

    def hear(self, where: str, payload: bytes) -> None:
        """For those who answer."""


class ScriptedMes(Peer):
    """Plays the MES: acknowledges records (of nodes in `acknowledging`) and asks for rebirths."""

    def __init__(self, broker: Address) -> None:
        self.acknowledging: set[str] = set()
        self._stored: dict[tuple[str, str, int], set[int]] = {}
        super().__init__(broker, "scripted-mes")

    def command(self, group: str, node: str, name: str, code: int, value: Any) -> None:
        """An NCMD with one metric."""
        payload = Payload(timestamp=now_ms())
        add_metric(payload, name, code, value)
        data = payload.SerializeToString()
        self.client.publish(topic(group, "NCMD", node), data)

    def ask_rebirth(self, group: str, node: str) -> None:
        self.command(group, node, REBIRTH, BOOLEAN, True)

    def hear(self, where: str, payload: bytes) -> None:
        if "/DDATA/" not in where:
            return
        told = parse_topic(where)
        for metric in Payload.FromString(payload).metrics:
            if metric.name == POS:
                epoch, seq = split_position(metric.long_value)
                self._stored.setdefault((told.group, told.node, epoch), set()).add(seq)
        if told.node in self.acknowledging:
            self.acknowledge(told.group, told.node)

    def acknowledge(self, group: str, node: str) -> None:
        """All records of a node that came without a gap."""
        for (held_group, held_node, epoch), seqs in list(self._stored.items()):
            if (held_group, held_node) == (group, node):
                contiguous = next(n for n in range(1, len(seqs) + 2) if n not in seqs) - 1
                self.command(group, node, ACK, UINT64, position(epoch, contiguous))
