"""What a user would write instead, for comparison: paho, protobuf, one row per sample in SQLite.

`python -m mes_server.bench.plain HOST PORT FILE BATCH`: commits every BATCH messages (1: each), with WAL and
synchronous=FULL as we have it, and acknowledges after the commit, so that both sides of the comparison
hold the same promise.
"""

import queue
import sqlite3
import sys
import time
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from schemas import journal_metrics as names
from schemas.sparkplug import Payload, encode_payload, metric
from schemas.topics import parse_topic, topic

_OPTIONAL, _REPEATED = 1, 3
_UINT32, _UINT64, _DOUBLE, _BOOL, _STRING, _MESSAGE = 13, 4, 1, 8, 9, 11


def payload_class() -> Any:
    """The part of the Sparkplug payload that such a script would read, for protobuf's fast parser."""
    file = descriptor_pb2.FileDescriptorProto(name="plain.proto", package="plain", syntax="proto2")

    def add(message: Any, name: str, number: int, kind: int, label: int = _OPTIONAL) -> Any:
        return message.field.add(name=name, number=number, type=kind, label=label)

    one = file.message_type.add(name="Metric")
    for name, number, kind in (
        ("name", 1, _STRING),
        ("timestamp", 3, _UINT64),
        ("is_null", 7, _BOOL),
        ("int_value", 10, _UINT32),
        ("long_value", 11, _UINT64),
        ("double_value", 13, _DOUBLE),
    ):
        add(one, name, number, kind)
    whole = file.message_type.add(name="Payload")
    add(whole, "timestamp", 1, _UINT64)
    add(whole, "metrics", 2, _MESSAGE, _REPEATED).type_name = ".plain.Metric"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("plain.Payload"))


class Script:
    """The script: a queue from paho's thread, a loop that stores."""

    def __init__(self, host: str, port: int, file: str, batch: int) -> None:
        self.batch = batch
        self.queue: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.payload = payload_class()
        self.db = sqlite3.connect(file)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE sample (station TEXT, metric TEXT, at_ms INT, value REAL)")
        self.db.execute("CREATE INDEX sample_index ON sample (station, metric, at_ms)")
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, "plain-script")
        self.client.on_message = lambda _c, _u, m: self.queue.put((m.topic, bytes(m.payload)))
        self.client.connect(host, port)
        self.client.subscribe("spBv1.0/#")
        self.client.loop_start()

    def step(self) -> None:
        """Store one batch and acknowledge it."""
        todo = [self.queue.get()]
        while len(todo) < self.batch and not self.queue.empty():
            todo.append(self.queue.get())
        rows, acks = [], {}
        for where, data in todo:
            name = parse_topic(where)
            if name.verb != "DDATA":
                continue
            for m in self.payload.FromString(data).metrics:
                if m.name == names.POS:
                    acks[name.group, name.node] = m.long_value
                elif m.HasField("double_value"):
                    rows.append((name.station, m.name, m.timestamp, m.double_value))
        with self.db:
            self.db.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", rows)
        now_ms = time.time_ns() // 1_000_000
        for (group, node), position in acks.items():
            ack = Payload(now_ms, [metric(names.ACK, "uint64", position, now_ms)], None)
            self.client.publish(topic(group, "NCMD", node), encode_payload(ack))


if __name__ == "__main__":
    script = Script(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    while True:
        script.step()
