"""One node with its session, journal and state against a broker in memory."""

import asyncio

from edge_agent.clock import Clock
from edge_agent.journal import Journal, Limits
from edge_agent.session import Session
from edge_agent.state import State
from edge_agent.stations import Stations
from schemas import journal_metrics as names
from schemas.samples import GOOD
from schemas.sparkplug import Payload, decode_payload, encode_payload, metric
from schemas.topics import parse_topic
from tests.edge_agent.fake_broker import FakeBroker
from tests.edge_agent.fakes import NOW_MS, Machine, MemoryStorage, Said, Sensor, board, hands, until

NCMD = "spBv1.0/sintering/NCMD/ctl-1"


class Bench:
    """One node; `run` starts its session and ends it whatever the test did."""

    def __init__(self, storage=None, clock=None, **other):
        self.storage = storage or MemoryStorage()
        self.broker, self.say = FakeBroker(), Said()
        self.board = board(**other)
        self.machine = Machine()
        given = hands(
            self.storage, clock or Clock(), self.say, lambda *_: Sensor(), self.broker.open,
            self.machine,
        )  # fmt: skip
        self.state = State(self.storage)
        self.clock = given.clock
        self.stations = Stations(self.board.stations, given.open_channel, self.clock.mono_ms)
        limits = Limits(65536, 4096)
        self.journal = Journal(given, self.state, self.stations.layouts, limits)
        self.session = Session(self.board, given, self.journal, self.state, self.stations)

    def run(self, work):
        async def main():
            session = asyncio.create_task(self.session.run())
            try:
                await work()
            finally:
                self.session.close()
                await asyncio.wait_for(session, 5)

        asyncio.run(main())
        return self

    def record(self, value=1.0):
        mono = self.clock.mono_ms()
        self.journal.append(0, mono, [(0, mono, value, GOOD)])
        self.session.recorded(self.journal.sync())

    def verbs(self):
        return [parse_topic(topic).verb for topic, _ in self.broker.published]

    def payloads(self, verb):
        return [decode_payload(data) for _, data in self.broker.said(verb)]

    async def born(self, times=1):
        await until(lambda: len(self.broker.said("DBIRTH")) >= times)

    def command(self, *metrics):
        self.broker.publish(NCMD, encode_payload(Payload(NOW_MS, list(metrics), None)))

    def acknowledge(self, seq, name=names.ACK):
        self.command(metric(name, "uint64", self.journal.position(seq), NOW_MS))


def value_of(payload, name):
    """The value of a metric of a payload."""
    return next(m.value for m in payload.metrics if m.name == name)
