"""A node's life against a broker in memory: births, commands, deaths, reconnects, primary host."""

import asyncio
import json

from edge_agent.clock import Clock
from edge_agent.journal import Journal, Limits
from edge_agent.session import Session
from edge_agent.state import State
from edge_agent.stations import Stations
from schemas import journal_metrics as names
from schemas.samples import GOOD
from schemas.sparkplug import Payload, decode_payload, encode_payload, metric
from schemas.topics import parse_topic, state_topic
from tests.edge_agent.fake_broker import FakeBroker
from tests.edge_agent.fakes import NOW_MS, MemoryStorage, Said, Sensor, Time, board, hands, until

NCMD = "spBv1.0/sintering/NCMD/ctl-1"


class Bench:
    """One node; `run` starts its session and ends it whatever the test did."""

    def __init__(self, storage=None, clock=None, **other):
        self.storage = storage or MemoryStorage()
        self.broker, self.say = FakeBroker(), Said()
        self.board = board(**other)
        given = hands(
            self.storage, clock or Clock(), self.say, lambda *_: Sensor(), self.broker.open
        )
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


def _value(payload, name):
    return next(m.value for m in payload.metrics if m.name == name)


def test_a_session_subscribes_is_born_and_says_goodbye():
    bench = Bench()
    bench.run(bench.born)
    assert bench.broker.subscribed == [[NCMD]]
    assert bench.verbs() == ["NBIRTH", "DBIRTH", "NDEATH"]
    assert bench.broker.disconnects == 1 and bench.broker.closed
    will = bench.broker.connects[0]
    number = _value(bench.payloads("NBIRTH")[0], names.BD_SEQ)
    assert _value(bench.payloads("NDEATH")[0], names.BD_SEQ) == number
    assert b"spBv1.0/sintering/NDEATH/ctl-1" in will and b"sintering-ctl-1" in will
    assert bench.say.any("born: sintering/ctl-1") and bench.say.any("journal")


def test_the_number_of_a_birth_grows_with_every_connect_even_over_a_reboot_and_wraps():
    storage = MemoryStorage()
    seen = []
    for _ in range(3):
        bench = Bench(storage)
        if not seen:
            bench.state.bd_seq = 253

        async def twice(bench=bench):
            await bench.born()
            bench.broker.close()
            await bench.born(2)

        bench.run(twice)
        seen += [_value(payload, names.BD_SEQ) for payload in bench.payloads("NBIRTH")]
    assert seen == [254, 255, 0, 1, 2, 3]


def test_a_broker_that_is_not_there_costs_neither_a_number_nor_a_write():
    bench = Bench()
    bench.broker.refuse = True
    number = bench.state.bd_seq
    bench.storage.write = None

    async def work():
        await until(lambda: bench.say.any("refused"))
        await asyncio.sleep(0.05)

    bench.run(work)
    assert bench.state.bd_seq == number


def test_a_medium_that_is_full_does_not_keep_a_node_from_being_acknowledged():
    bench = Bench()
    for n in range(3):
        bench.record(float(n))
    bench.storage.fail = 28

    async def work():
        await bench.born()
        bench.acknowledge(0)
        await until(lambda: bench.broker.said("DDATA"))
        bench.acknowledge(3)
        await until(lambda: bench.journal.ack == 3)

    bench.run(work)


def test_a_rebirth_is_a_full_birth_with_the_same_number():
    bench = Bench()

    async def work():
        await bench.born()
        bench.record()
        await until(lambda: bench.broker.said("DDATA"))
        bench.command(metric(names.REBIRTH, "boolean", True, NOW_MS))
        await bench.born(2)
        bench.record()
        await until(lambda: len(bench.broker.said("DDATA")) == 2)

    bench.run(work)
    assert bench.verbs()[:-1] == ["NBIRTH", "DBIRTH", "DDATA", "NBIRTH", "DBIRTH", "DDATA"]
    births = bench.payloads("NBIRTH")
    assert _value(births[0], names.BD_SEQ) == _value(births[1], names.BD_SEQ)
    assert [p.seq for p in bench.payloads("DDATA")] == [2, 2]


def test_a_rebirth_in_mid_replay_stops_data_until_all_births_are_out():
    storage = MemoryStorage()
    before = Bench(storage)
    for n in range(200):
        before.record(float(n))
    bench = Bench(storage)

    async def work():
        await bench.born()
        bench.acknowledge(0)
        await until(lambda: bench.broker.said("DDATA"))
        bench.command(metric(names.REBIRTH, "boolean", True, NOW_MS))
        await bench.born(2)
        await until(lambda: bench.verbs()[-1] == "DDATA")

    bench.run(work)
    verbs = bench.verbs()
    second = verbs.index("NBIRTH", 1)
    assert verbs[second + 1] == "DBIRTH" and "DDATA" in verbs[second + 2 :]


def test_an_acknowledgement_reaches_the_journal_and_a_wrong_one_is_said_once():
    bench = Bench()

    async def work():
        await bench.born()
        for _ in range(5):
            bench.record()
        await until(lambda: len(bench.broker.said("DDATA")) == 5)
        bench.acknowledge(4)
        await until(lambda: bench.journal.ack == 4)
        for _ in range(3):
            bench.acknowledge(99)
        bench.command(metric("Node Control/Reboot", "boolean", True, NOW_MS))
        await until(lambda: bench.say.any("Reboot"))
        assert bench.journal.ack == 4

    bench.run(work)
    assert sum("not a position" in line for line in bench.say.lines) == 1


def test_an_acknowledgement_may_come_before_the_first_sample():
    bench = Bench()

    async def work():
        await bench.born()
        bench.acknowledge(0)
        bench.record()
        await until(lambda: bench.broker.said("DDATA"))

    bench.run(work)
    assert not bench.say.any("not a position")


def test_a_rewind_sends_again_from_there_as_far_as_records_are_held():
    bench = Bench()

    async def work():
        await bench.born()
        for _ in range(6):
            bench.record()
        await until(lambda: len(bench.broker.said("DDATA")) == 6)
        bench.acknowledge(6)
        await until(lambda: bench.journal.ack == 6)
        bench.acknowledge(3, names.REWIND)
        await until(lambda: len(bench.broker.said("DDATA")) == 7)

    bench.run(work)
    again = bench.payloads("DDATA")[6]
    positions = [m.value & 0xFFFF for m in again.metrics if m.name == names.POS]
    assert positions == [3, 4, 5, 6] and all(m.is_historical for m in again.metrics)


def test_a_lost_connection_is_tried_again_and_what_was_recorded_meanwhile_is_sent():
    bench = Bench()

    async def work():
        await bench.born()
        bench.broker.refuse = True
        bench.broker.close()
        await until(lambda: bench.say.any("closed") or bench.say.any("refused"))
        for _ in range(3):
            bench.record()
        bench.broker.refuse = False
        await bench.born(2)
        bench.acknowledge(0)
        await until(lambda: bench.broker.said("DDATA"))

    bench.run(work)
    old = bench.payloads("DDATA")[0]
    assert [m.value & 0xFFFF for m in old.metrics if m.name == names.POS] == [1, 2, 3]
    assert all(m.is_historical for m in old.metrics)


def test_a_refused_subscription_is_said_aloud_and_nothing_is_born():
    bench = Bench()
    bench.broker.suback = 0x80

    async def work():
        await until(lambda: bench.broker.sessions >= 2)

    bench.run(work)
    assert bench.say.any("refuses the subscription") and "NBIRTH" not in bench.verbs()


def test_a_live_record_is_sent_after_sync_only():
    bench = Bench()

    async def work():
        await bench.born()
        mono = bench.clock.mono_ms()
        bench.journal.append(0, mono, [(0, mono, 5.0, GOOD)])
        await asyncio.sleep(0.05)
        assert not bench.broker.said("DDATA")
        bench.session.recorded(bench.journal.sync())
        await until(lambda: bench.broker.said("DDATA"))

    bench.run(work)


def test_with_a_primary_host_births_wait_until_it_is_online():
    bench = Bench(primary_host="lodestone")
    where = state_topic("lodestone")

    def state(online, at_ms):
        bench.broker.publish(where, json.dumps({"online": online, "timestamp": at_ms}).encode(), 1)

    async def work():
        await until(lambda: bench.broker.subscribed)
        assert bench.broker.subscribed[0] == [NCMD, where]
        for strange in (b"not json", b'{"online": true, "timestamp": 1e999}', b"[" * 3000):
            bench.broker.publish(where, strange, 1)
        state(False, 1000)
        await asyncio.sleep(0.05)
        assert bench.broker.published == []
        state(True, 2000)
        await bench.born()
        state(False, 1500)
        await asyncio.sleep(0.05)
        assert bench.broker.disconnects == 0
        state(False, 3000)
        await until(lambda: bench.broker.disconnects == 1)
        assert bench.verbs()[-1] == "NDEATH"
        await until(lambda: bench.broker.sessions == 2)
        await asyncio.sleep(0.05)
        assert len(bench.broker.said("NBIRTH")) == 1
        state(True, 4000)
        await bench.born(2)

    bench.run(work)
    assert bench.say.any("primary host is offline") and bench.say.any("cannot be read")
    assert len(bench.broker.acked) >= 5


def test_a_node_that_knows_no_time_waits_with_its_birth_and_then_estimates():
    time = Time(unix=0)
    bench = Bench(clock=time.clock)

    async def work():
        await asyncio.sleep(0.03)
        assert bench.broker.sessions == 0
        time.ticks += 61_000
        bench.session.tell()
        await bench.born()

    bench.run(work)
    birth = bench.payloads("NBIRTH")[0]
    assert birth.at_ms > 1_767_225_600_000 and _value(birth, names.CLOCK) == names.CLOCK_UNSET


def test_the_time_of_the_mes_is_taken_when_the_board_knows_none():
    time = Time(unix=0)
    bench = Bench(clock=time.clock)

    async def work():
        time.ticks += 61_000
        await bench.born()
        bench.record()
        await until(lambda: bench.broker.said("DDATA"))
        bench.acknowledge(0)
        await until(lambda: time.clock.now_ms())
        bench.record()
        await until(lambda: len(bench.broker.said("DDATA")) == 2)

    bench.run(work)
    estimated, known = bench.payloads("DDATA")
    assert _value(estimated, names.CLOCK) == names.CLOCK_UNSET
    assert names.CLOCK not in [m.name for m in known.metrics]
    assert known.metrics[0].at_ms == NOW_MS


def test_two_sessions_of_one_agent_never_overlap():
    bench = Bench()

    async def work():
        for n in range(5):
            await bench.born(n + 1)
            bench.broker.close()
            await until(lambda n=n: bench.broker.sessions > n + 1)

    bench.run(work)
    assert bench.broker.sessions == len(bench.broker.connects)
