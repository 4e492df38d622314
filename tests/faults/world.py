"""One edge, one wire, one MES in one thread: the real journal, sender, intake and fold, cut at will.

Only time, the chip, the disk and the wire are the test's. The wire loses, doubles and reorders.
"""

import asyncio
import itertools
import json
import random
from collections.abc import Callable
from typing import Any

from edge_agent.clock import Clock
from edge_agent.commands import read_commands
from edge_agent.journal import Journal, Limits
from edge_agent.ports import Bare, Hands
from edge_agent.sender import Sender
from edge_agent.state import State
from edge_agent.stations import Stations
from mes_server.actions.fold_turn import Folded
from mes_server.actions.folding import Folding
from mes_server.actions.hold_lease import hold_lease
from mes_server.actions.receive_messages import Intake, receive_messages
from mes_server.actions.retry_quarantine import retry_quarantine
from mes_server.domain.messages import Message
from mes_server.ingest.folder import Folder
from schemas import journal_metrics as names
from schemas.board_config import read_board
from schemas.sparkplug import Payload, encode_payload, metric
from schemas.station_types import load_station_types
from tests.faults.power_flash import Flash, FlashStorage

STATION = "furnace-1"
TYPES = load_station_types()
NOW_MS = 1_795_000_000_000


class Channel:
    """A sensor that counts: every reading differs, so that a lost or doubled one is seen. Some fail."""

    def __init__(self, metric_name: str, count: "itertools.count[int]") -> None:
        spec = next(m for m in TYPES["sinter_furnace"].metrics if m.name == metric_name)
        self.kind, self.words, self.count = spec.datatype, spec.values, count

    def read(self) -> Any:
        number = next(self.count)
        if number % 53 == 0:
            raise OSError("no answer")
        if self.kind == "double":
            return number / 8
        if self.kind == "string":
            return self.words[number % len(self.words)] if self.words else f"recipe-{number}"
        return number % 100 if self.kind != "boolean" else bool(number % 2)


class Wire:
    """What is on its way to the MES; `roll` drops, doubles and shuffles a little."""

    keepalive_s = 30

    def __init__(self) -> None:
        self.out = bytearray()
        self.messages: list[tuple[str, bytes]] = []

    def publish(self, topic: bytes, payload: "bytes | bytearray") -> None:
        self.messages.append(
            (topic[2:].decode() if topic[0] < 32 else topic.decode(), bytes(payload))
        )

    def begin(self, topic: bytes) -> bytearray:
        self.begun = topic, bytearray()
        return self.begun[1]

    def end(self) -> None:
        self.publish(*self.begun)

    async def flush(self) -> None: ...

    def roll(self, draw: random.Random, bad: float) -> list[tuple[str, bytes]]:
        sent, self.messages = self.messages, []
        arrived = [
            m for m in sent for _ in range(draw.choice((0, 2)) if draw.random() < bad else 1)
        ]
        if draw.random() < bad:
            draw.shuffle(arrived)
        return arrived


class Edge:
    """A node on a flash chip. `boot` is what happens when the power comes back."""

    def __init__(self, flash: Flash, time_ms: Callable[[], int], limits: Limits) -> None:
        self.flash, self.time_ms, self.limits = flash, time_ms, limits
        self.count = itertools.count(1)
        self.board = read_board(json.dumps(_board()), "station.json", TYPES)
        self.boot()

    def boot(self) -> None:
        self.storage = FlashStorage(self.flash)
        self.clock = Clock(self.time_ms, self.time_ms)
        self.said: list[str] = []
        self.hands = Hands(
            self.storage,
            self.clock,
            lambda d, a, s, m: Channel(m, self.count),
            "chip-1",
            self.said.append,
            None,
            Bare(),
        )
        self.state = State(self.storage)
        self.stations = Stations(self.board.stations, self.hands.open_channel, self.clock.mono_ms)
        self.journal = Journal(self.hands, self.state, self.stations.layouts, self.limits)
        self.connect()

    def connect(self) -> None:
        """A new session, with its births."""
        self.wire = Wire()
        self.sender = Sender(("test", "ctl-one"), self.journal, self.stations, self.hands, 2000)
        self.sender.begin(self.wire)  # type: ignore[arg-type]
        self.state.bd_seq = (self.state.bd_seq + 1) % 256
        self.state.save()
        self.rebirth()

    def rebirth(self) -> None:
        asyncio.run(self.sender.give_birth(self.state.bd_seq))

    def live(self) -> None:
        """Sample, record, make durable, send."""
        for sampler in self.stations.samplers:
            sampler.take()
        self.stations.record(0, self.journal, self.clock.now_ms())
        self.sender.recorded(self.journal.sync())
        while self.sender.data():
            self.wire.out.clear()

    def obey(self, payload: bytes) -> None:
        asked = read_commands(payload)
        if asked.rebirth:
            self.rebirth()
        if asked.ack is not None and self.journal.acknowledge(asked.ack):
            self.sender.replay.acknowledged()


def _board() -> dict[str, Any]:
    return {
        "group": "test", "node": "ctl-one", "serial": "chip-1",
        "broker": {"host": "127.0.0.1", "port": 1883}, "keepalive_s": 30, "primary_host": None,
        "journal": {"path": "journal", "bytes": 1_000_000, "segment_bytes": 16384, "sync_ms": 1000},
        "stations": [{"station": STATION, "type": "sinter_furnace", "driver": "counting"}],
    }  # fmt: skip


class Mes:
    """Intake and fold on an engine; what it says to the node lies in `commands`."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.intake = Intake(engine, "mes")
        self.folding = Folding(engine, "mes", TYPES)
        self.folder = Folder(self.folding)
        self.commands: list[bytes] = []
        self.tick_ms = 0
        hold_lease(engine, "mes", NOW_MS)
        self.folder.load()

    def receive(self, messages: list[tuple[str, bytes]], now_ms: int) -> None:
        """Store durably, then acknowledge; raises StoreFault, acknowledging nothing."""
        batch = [Message(topic, payload, now_ms) for topic, payload in messages]
        receipt = receive_messages(self.intake, batch, now_ms)
        self.folder.came(receipt.messages, self.tick_ms)
        for position in receipt.acks.values():
            self._command(metric(names.ACK, "uint64", position, now_ms), now_ms)

    def fold(self, now_ms: int) -> None:
        """Fold all that waits, then try again what waited for a birth."""
        done = Folded()
        while (folded := self.folder.step(self._later(), now_ms)) is not None:
            done.add(folded)
        done.add(retry_quarantine(self.folding, 100, now_ms))
        if done.rebirths:
            self._command(metric(names.REBIRTH, "boolean", True, now_ms), now_ms)

    def _later(self) -> int:
        self.tick_ms += 10_000
        return self.tick_ms

    def _command(self, what: Any, now_ms: int) -> None:
        self.commands.append(encode_payload(Payload(now_ms, [what], None)))
