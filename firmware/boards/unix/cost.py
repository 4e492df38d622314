"""What the agent costs: micropython -m firmware.boards.unix.cost prints it as one line of JSON.

us_per_record: one record of ten metrics encoded, journalled (a sync every ten) and published;
us_to_sample: its ten sensors read and judged before.
heap_bytes: of a whole agent with 200 records in flight, without its code, which boards have in flash.
"""

import asyncio
import gc
import json
import sys
import time

from edge_agent.agent import Agent
from edge_agent.clock import Clock
from edge_agent.journal import Journal, Limits
from edge_agent.link import Link
from edge_agent.ports import Bare, Hands
from edge_agent.replay import WINDOW
from edge_agent.sender import Sender
from edge_agent.state import State
from edge_agent.stations import Stations
from schemas.board_config import Board, BoardMetric, BoardStation, JournalPlace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

METRICS = 10
RECORDS = 2000
JOURNAL = Limits(65536, 4096)
_GOOD = 192
_DEADLINE_S = 20


class Sink:
    """A broker that takes everything and says only what it must."""

    def __init__(self) -> None:
        self.answers = [b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"]
        self.ready = bytearray()

    async def open(self, _host: str, _port: int) -> "tuple[Sink, Sink]":
        return self, self

    async def readexactly(self, n: int) -> bytes:
        while len(self.ready) < n:
            if self.answers:
                self.ready += self.answers.pop(0)
            else:
                await asyncio.sleep(_DEADLINE_S)
        data = bytes(self.ready[:n])
        self.ready = self.ready[n:]
        return data

    def write(self, data: bytes) -> None:
        pass

    async def drain(self) -> None:
        await asyncio.sleep(0)

    def close(self) -> None:
        pass


class Memory:
    """A storage that is durable at once; `keeps` False: and empty, for what the medium costs is not ours."""

    def __init__(self, keeps: bool) -> None:
        self.keeps = keeps
        self.files: dict[str, bytes] = {}

    def names(self) -> list[str]:
        return list(self.files)

    def size(self, name: str) -> int:
        return len(self.files[name])

    def read(self, name: str, offset: int, count: int) -> bytes:
        return self.files[name][offset : offset + count]

    def append(self, name: str, data: "bytes | bytearray") -> None:
        self.files[name] = self.files.get(name, b"") + bytes(data) if self.keeps else b""

    def sync(self) -> None:
        pass

    def write(self, name: str, data: "bytes | bytearray") -> None:
        self.files[name] = bytes(data)

    def remove(self, name: str) -> None:
        self.files.pop(name, None)


class Sensor:
    """Reads what it was given."""

    def read(self) -> float:
        return 20.0


def _station(every_ms: int) -> BoardStation:
    metrics = [
        BoardMetric(f"zone_{n}_temperature_c", "double", "analog", every_ms, 10_000, 0, None,
                    "fixed", {}, 1, 0)
        for n in range(METRICS)
    ]  # fmt: skip
    return BoardStation("sinter-1", "sinter_furnace", "1", metrics)


def _hands(storage: Memory, sink: Sink) -> Hands:
    return Hands(
        storage, Clock(), lambda *_: Sensor(), "serial-1", lambda _: None, sink.open, Bare()
    )


async def _begin(sender: Sender, link: Link) -> Link:
    await link.open(("b", 1))
    await link.connect("c", "t", b"w")
    sender.begin(link)
    await sender.give_birth(1)
    return link


def microseconds() -> "tuple[float, float]":
    """Per record, the median of batches of ten: to sample it; from readings to the link's buffer."""
    storage, sink, ticks = Memory(False), Sink(), [0]
    stations = Stations([_station(1000)], lambda *_: Sensor(), lambda: ticks[0])
    hands = _hands(storage, sink)
    journal = Journal(hands, State(storage), stations.layouts, JOURNAL)
    sender = Sender(("sintering", "ctl-1"), journal, stations, hands, 200)
    sampler = stations.samplers[0]

    link = asyncio.run(_begin(sender, Link(30, hands.clock.mono_ms, sink.open)))
    now_us = getattr(time, "ticks_us", None) or _cpython_us
    sampling, sending, batches = 0, 0, []
    for n in range(RECORDS):
        ticks[0] += 1000
        for channel in sampler.channels:
            channel.value = -1.0 - n
        begun = now_us()
        sampler.take()
        sampling += now_us() - begun
        begun = now_us()
        stations.record(0, journal, 0)
        if n % 10 == 9:
            sender.recorded(journal.sync())
            sender.data()
            link.out = bytearray()
        sending += now_us() - begun
        if n % 10 == 9:
            if not journal.acknowledge(journal.position(n + 1)):
                raise RuntimeError("the journal does not hold what was measured")
            batches.append((sampling / 10, sending / 10))
            sampling = sending = 0
    middle = len(batches) // 2
    return sorted(b[0] for b in batches)[middle], sorted(b[1] for b in batches)[middle]


def _cpython_us() -> int:
    return time.perf_counter_ns() // 1000


async def _until(condition: "Any") -> None:
    for _ in range(_DEADLINE_S * 200):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise RuntimeError("waited in vain")


def heap_bytes() -> int:
    """Live heap of an agent whose window is full; 0 where the interpreter cannot tell."""
    measure = getattr(gc, "mem_alloc", None)
    if measure is None:
        return 0
    storage, sink = Memory(True), Sink()
    place = JournalPlace("journal", JOURNAL.bytes, JOURNAL.segment_bytes, 20)
    made = Board("sintering", "ctl-1", "", ("127.0.0.1", 1883), None, 30, 0.01, None, place, None,
                 [_station(10)])  # fmt: skip
    given = _hands(storage, sink)
    gc.collect()
    before = measure()
    agent = Agent(made, given)
    found: list[int] = []

    async def work() -> None:
        running = asyncio.create_task(agent.run())
        await _until(lambda: agent.session.births)
        mono = given.clock.mono_ms()
        for n in range(WINDOW + 50):
            agent.journal.append(0, mono, [(i, mono, float(n), _GOOD) for i in range(METRICS)])
            if n % 20 == 19:
                agent.session.recorded(agent.journal.sync())
        await _until(lambda: agent.journal.sent - agent.journal.ack > WINDOW)
        kept = sum(len(data) for data in storage.files.values())
        gc.collect()
        found.append(measure() - before - kept)
        agent.stop()
        await running

    asyncio.run(work())
    return found[0]


def report() -> "dict[str, Any]":
    """The figures, by name."""
    to_sample, per_record = microseconds()
    return {
        "interpreter": sys.implementation.name,
        "version": ".".join([str(part) for part in sys.implementation.version[:3]]),
        "us_per_record": round(per_record, 1),
        "us_to_sample": round(to_sample, 1),
        "heap_bytes": heap_bytes(),
    }


if __name__ == "__main__":
    print(json.dumps(report()))  # noqa: T201  a program's answer
