"""What the agent costs: micropython -m tests.edge_agent.agent_cost prints it as one line of JSON.

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
from edge_agent.link import Link
from edge_agent.replay import WINDOW
from edge_agent.sender import Sender
from edge_agent.stations import Stations
from schemas.board_config import BoardStation
from tests.edge_agent.fakes import (
    MemoryStorage,
    Said,
    Sensor,
    board,
    board_metric,
    hands,
    open_journal,
    until,
)

METRICS = 10
NAMES = [f"zone_{n}_temperature_c" for n in range(METRICS)]


class Sink:
    """A broker that takes everything and says only what it must."""

    def __init__(self):
        self.answers = [b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"]
        self.ready = bytearray()
        self.bytes = 0

    async def open(self, host, port):
        return self, self

    async def readexactly(self, n):
        while len(self.ready) < n:
            if self.answers:
                self.ready += self.answers.pop(0)
            else:
                await asyncio.sleep(10)
        data = bytes(self.ready[:n])
        self.ready = self.ready[n:]
        return data

    def write(self, data):
        self.bytes += len(data)

    async def drain(self):
        await asyncio.sleep(0)

    def close(self):
        pass


class NullStorage(MemoryStorage):
    """Durable at once and empty: what the medium costs is not ours."""

    def append(self, name, data):
        self.files[name] = b""

    def sync(self):
        pass


def _specs(station, **other):
    return BoardStation(station, "sinter_furnace", "1", [board_metric(n, **other) for n in NAMES])


def microseconds(count):
    """Per record, the median of batches of ten: to sample it; from readings to the link's buffer."""
    storage, clock, sink = NullStorage(), Clock(), Sink()
    ticks = [0]
    stations = Stations([_specs("sinter-1", deadband=0)], lambda *_: Sensor(), lambda: ticks[0])
    journal = open_journal(storage, type("T", (), {"clock": clock})(), stations.layouts)
    sender = Sender(("sintering", "ctl-1"), journal, stations, clock, 200)
    sampler = stations.samplers[0]

    async def work():
        link = Link(30, clock.mono_ms, sink.open)
        await link.open(("b", 1))
        await link.connect("c", "t", b"w")
        sender.begin(link)
        await sender.give_birth(1, "s")
        return link

    link = asyncio.run(work())
    sampling, sending, batches = 0, 0, []
    now_us = getattr(time, "ticks_us", lambda: time.perf_counter_ns() // 1000)
    for n in range(count):
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
            assert journal.acknowledge(journal.position(n + 1))
            batches.append((sampling / 10, sending / 10))
            sampling = sending = 0
    middle = len(batches) // 2
    return sorted(b[0] for b in batches)[middle], sorted(b[1] for b in batches)[middle]


def heap_bytes():
    """Live heap of an agent whose window is full; 0 where the interpreter cannot tell."""
    measure = getattr(gc, "mem_alloc", lambda: 0)
    storage, sink, say = MemoryStorage(), Sink(), Said()
    sensors = [Sensor(float(n)) for n in range(METRICS)]
    opened = []

    def opener(*_):
        opened.append(1)
        return sensors[len(opened) % METRICS]

    made = board([_specs("sinter-1", every_ms=10, deadband=0)])
    given = hands(storage, Clock(), say, opener, sink.open)
    gc.collect()
    before = measure()
    agent = Agent(made, given)
    found = []

    async def work():
        running = asyncio.create_task(agent.run())
        await until(lambda: agent.session.births, 10)
        mono = given.clock.mono_ms()
        for n in range(WINDOW + 50):
            agent.journal.append(0, mono, [(i, mono, float(n), 192) for i in range(METRICS)])
            if n % 20 == 19:
                kept = sum(len(data) for data in storage.files.values())
                agent.session.recorded(agent.journal.sync())
        await until(lambda: agent.journal.sent - agent.journal.ack > WINDOW, 20)
        kept = sum(len(data) for data in storage.files.values())
        gc.collect()
        found.append(measure() - before - kept)
        agent.stop()
        await running

    asyncio.run(work())
    return found[0]


if __name__ == "__main__":
    to_sample, per_record = microseconds(2000)
    report = {
        "interpreter": sys.implementation.name,
        "us_per_record": round(per_record, 1),
        "us_to_sample": round(to_sample, 1),
        "heap_bytes": heap_bytes(),
    }
    print(json.dumps(report))
