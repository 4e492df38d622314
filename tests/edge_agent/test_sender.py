"""What goes on the link, in which order, under one seq."""

import asyncio

from edge_agent.link import Link
from edge_agent.sampler import DEAD_MS
from edge_agent.sender import Sender
from edge_agent.stations import Stations
from schemas import journal_metrics as names
from schemas.board_config import BoardStation
from schemas.sparkplug import decode_payload
from schemas.topics import parse_topic
from tests.edge_agent.fake_broker import FakeBroker
from tests.edge_agent.fakes import (
    Machine,
    MemoryStorage,
    Sensor,
    Time,
    board_metric,
    hands,
    layout,
    open_journal,
    put,
    put_many,
)


class Bench:
    """A sender of two stations on a broker in memory."""

    def __init__(self, storage=None):
        self.storage, self.time = storage or MemoryStorage(), Time()
        self.sensor = Sensor()
        metrics = [board_metric("zone_1_temperature_c"), board_metric("zone_2_temperature_c")]
        specs = [
            BoardStation(name, "sinter_furnace", "1", list(metrics))
            for name in ("sinter-1", "sinter-2")
        ]
        mono_ms = self.time.clock.mono_ms
        self.stations = Stations(specs, lambda *_: self.sensor, mono_ms)
        self.journal = open_journal(self.storage, self.time, self.stations.layouts)
        self.machine = Machine()
        given = hands(self.storage, self.time.clock, machine=self.machine)
        self.sender = Sender(("g", "n"), self.journal, self.stations, given, 1000)
        self.broker = FakeBroker()
        self.link = Link(30, mono_ms, self.broker.open)

    def begin(self):
        """Connect and be born."""

        async def work():
            await self.link.open(("b", 1))
            await self.link.connect("c", "t", b"w")
            self.sender.begin(self.link)
            await self.sender.give_birth(4)
            await self.link.flush()

        asyncio.run(work())
        return self

    def send(self, rounds=1):
        async def work():
            for _ in range(rounds):
                self.sender.data()
                self.sender.condition()
                await self.link.flush()

        asyncio.run(work())

    def record(self, count=1, slot=0):
        for _ in range(count):
            put(self.journal, self.time, slot=slot)
        self.sender.recorded(self.journal.sync())

    def said(self):
        """(verb, station, payload) of all messages so far."""
        found = []
        for where, data in self.broker.published:
            topic = parse_topic(where)
            found.append((topic.verb, topic.station, decode_payload(data)))
        return found

    def positions(self, verb="DDATA"):
        found = []
        for said, _, payload in self.said():
            if said == verb:
                found += [m.value & 0xFFFFFFFF for m in payload.metrics if m.name == names.POS]
        return found


def test_births_come_first_node_then_stations_and_seq_counts_them():
    bench = Bench().begin()
    said = bench.said()
    assert [(verb, station) for verb, station, _ in said] == [
        ("NBIRTH", None), ("DBIRTH", "sinter-1"), ("DBIRTH", "sinter-2"),
    ]  # fmt: skip
    assert [payload.seq for _, _, payload in said] == [0, 1, 2]


def test_a_board_tells_all_of_itself_at_birth_and_later_what_changed():
    bench = Bench().begin()
    told = {m.name: m.value for m in bench.said()[0][2].metrics}
    assert told["Node/Boot_Reason"] == "power_on" and told["Node/Heap_Free"] == 4096
    bench.machine.told["Node/Heap_Free"] = 2048
    bench.send()
    assert [verb for verb, _, _ in bench.said()].count("NDATA") == 0
    bench.machine.news = True
    bench.send()
    verb, _, payload = bench.said()[-1]
    told = {m.name: m.value for m in payload.metrics}
    assert verb == "NDATA" and told["Node/Heap_Free"] == 2048 and bench.machine.news is False
    assert "Node/Boot_Reason" not in told


def test_one_seq_runs_through_everything_and_wraps():
    bench = Bench().begin()
    for n in range(300):
        bench.record(slot=n % 2)
        bench.send()
    seqs = [payload.seq for _, _, payload in bench.said()]
    assert seqs == [n % 256 for n in range(len(seqs))] and len(seqs) > 300
    assert "NDATA" in [verb for verb, _, _ in bench.said()]


def test_a_live_record_is_one_message_with_its_head_first_and_is_not_historical():
    bench = Bench().begin()
    bench.record(3)
    bench.send()
    data = [entry for entry in bench.said() if entry[0] == "DDATA"]
    assert bench.positions() == [1, 2, 3] and len(data) == 3
    metrics = data[1][2].metrics
    assert [m.name for m in metrics] == [names.POS, names.CRC, names.MONO, "zone_1_temperature_c"]
    assert not any(m.is_historical for m in metrics) and all(m.datatype is None for m in metrics)
    assert [m.at_ms for m in metrics] == sorted(m.at_ms for m in metrics)
    assert metrics[2].value == 1 << 40 | bench.time.clock.mono_ms() - 1000


def test_nothing_is_live_before_birth():
    bench = Bench()
    bench.record(2)
    bench.begin()
    bench.send(3)
    assert bench.positions() == []
    bench.time.pass_ms(2000)
    bench.send(3)
    assert bench.positions() == [1, 2]
    old = [payload for verb, _, payload in bench.said() if verb == "DDATA"]
    assert all(m.is_historical for payload in old for m in payload.metrics)


def test_old_records_go_in_batches_while_live_ones_go_first():
    bench = Bench()
    put_many(bench.journal, bench.time, 100)
    bench.begin()
    bench.time.pass_ms(2000)
    bench.record(1)
    bench.send(1)
    assert bench.positions() == [101]
    bench.send(10)
    data = [payload for verb, _, payload in bench.said() if verb == "DDATA"]
    assert bench.positions() == [101] + list(range(1, 101))
    counts = [sum(m.name == names.POS for m in payload.metrics) for payload in data]
    assert counts == [1] + [20] * 5


def test_a_record_sent_again_is_the_same_but_for_its_mark():
    bench = Bench().begin()
    bench.record(1)
    bench.send()
    bench.time.pass_ms(6000)
    bench.send()
    one, two = [payload for verb, _, payload in bench.said() if verb == "DDATA"]
    assert [m[:6] for m in one.metrics] == [m[:6] for m in two.metrics]
    assert not one.metrics[0].is_historical and two.metrics[0].is_historical


def test_too_many_live_records_are_left_to_the_replay():
    bench = Bench().begin()
    bench.journal.acknowledge(bench.journal.position(0))
    bench.sender.replay.acknowledged()
    for _ in range(5):
        put_many(bench.journal, bench.time, 1)
    for _ in range(4):
        for _ in range(250):
            put(bench.journal, bench.time)
        bench.sender.recorded(bench.journal.sync())
    for _ in range(80):
        bench.time.pass_ms(100)
        bench.send()
        sent = set(bench.positions())
        done = bench.journal.ack
        while done + 1 in sent:
            done += 1
        bench.journal.acknowledge(bench.journal.position(done))
        bench.sender.replay.acknowledged()
    assert bench.journal.ack == bench.journal.durable == 1005
    assert len(bench.positions()) < 1300


def test_the_condition_is_told_every_ten_seconds_and_at_once_when_asked():
    bench = Bench().begin()
    bench.send()
    assert [verb for verb, _, _ in bench.said()].count("NDATA") == 0
    bench.sender.tell_soon()
    bench.send()
    bench.send()
    assert [verb for verb, _, _ in bench.said()].count("NDATA") == 1
    bench.time.pass_ms(10_000)
    bench.send()
    assert [verb for verb, _, _ in bench.said()].count("NDATA") == 2


def test_a_lost_station_dies_when_all_of_it_was_told_and_is_born_again_with_its_data():
    bench = Bench().begin()
    bench.sensor.value = OSError(5)
    for _ in range(DEAD_MS // 1000 + 30):
        for sampler in bench.stations.samplers:
            sampler.take()
            sampler.close_record()
        bench.time.pass_ms(1000)
    bench.record()
    bench.send()
    verbs = [(verb, station) for verb, station, _ in bench.said()]
    assert verbs[-2:] == [("DDEATH", "sinter-1"), ("DDEATH", "sinter-2")]
    assert verbs[-4] == ("DDATA", "sinter-1")
    bench.send()
    assert [verb for verb, _, _ in bench.said()].count("DDEATH") == 2
    bench.sensor.value = 20.0
    bench.time.pass_ms(60_000)
    bench.stations.samplers[0].take()
    bench.record(slot=0)
    bench.send()
    verbs = [(verb, station) for verb, station, _ in bench.said() if station == "sinter-1"]
    assert verbs[-2:] == [("DBIRTH", "sinter-1"), ("DDATA", "sinter-1")]


def test_metrics_and_stations_of_an_older_contract_are_born_until_they_are_drained():
    storage, time = MemoryStorage(), Time()
    journal = open_journal(storage, time, [layout("gone-1"), layout("sinter-1", 5)])
    put_many(journal, time, 2, slot=0)
    put_many(journal, time, 2, slot=1)
    bench = Bench(storage).begin()
    born = {station: payload for verb, station, payload in bench.said() if verb == "DBIRTH"}
    assert set(born) == {"sinter-1", "sinter-2", "gone-1"}
    by_name = {m.name: m for m in born["sinter-1"].metrics}
    assert (
        by_name["zone_5_temperature_c"].value is None
        and by_name["zone_5_temperature_c"].quality == 500
    )
    bench.time.pass_ms(2000)
    bench.send(2)
    assert bench.positions() == [1, 2, 3, 4]
    assert ("DDEATH", "gone-1") in [(verb, station) for verb, station, _ in bench.said()]
    assert bench.journal.acknowledge(bench.journal.position(4))
    bench.broker.published = []
    bench.begin()
    assert {station for verb, station, _ in bench.said() if verb == "DBIRTH"} == {
        "sinter-1",
        "sinter-2",
    }


def test_a_rebirth_keeps_the_number_and_does_not_send_again_what_is_in_flight():
    bench = Bench().begin()
    bench.record(2)
    bench.send()

    async def work():
        await bench.sender.give_birth(4)
        await bench.link.flush()

    asyncio.run(work())
    bench.record(1)
    bench.send()
    births = [payload for verb, _, payload in bench.said() if verb == "NBIRTH"]
    assert [p.metrics[0].value for p in births] == [4, 4] and [p.seq for p in births] == [0, 0]
    assert bench.positions() == [1, 2, 3]
