"""A node's life against a broker in memory: births, deaths, reconnects."""

import asyncio

from schemas import journal_metrics as names
from schemas.samples import GOOD
from tests.edge_agent.bench import NCMD, Bench, value_of
from tests.edge_agent.fakes import NOW_MS, MemoryStorage, Time, until


def test_a_session_subscribes_is_born_and_says_goodbye():
    bench = Bench()
    bench.run(bench.born)
    assert bench.broker.subscribed == [[NCMD]]
    assert bench.verbs() == ["NBIRTH", "DBIRTH", "NDEATH"]
    assert bench.broker.disconnects == 1 and bench.broker.closed
    will = bench.broker.connects[0]
    number = value_of(bench.payloads("NBIRTH")[0], names.BD_SEQ)
    assert value_of(bench.payloads("NDEATH")[0], names.BD_SEQ) == number
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
        seen += [value_of(payload, names.BD_SEQ) for payload in bench.payloads("NBIRTH")]
    assert seen == [254, 255, 0, 1, 2, 3]


def test_the_first_connect_of_a_new_state_has_number_0_whatever_became_of_the_old_one():
    for spoil in (
        lambda storage: storage.remove("state"),
        lambda storage: storage.flip("state", 3),
    ):
        storage = MemoryStorage()
        for _ in range(2):
            bench = Bench(storage)
            bench.run(bench.born)
            assert value_of(bench.payloads("NBIRTH")[0], names.BD_SEQ) == 0
            spoil(storage)


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
    assert birth.at_ms > 1_767_225_600_000 and value_of(birth, names.CLOCK) == names.CLOCK_UNSET


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
    assert value_of(estimated, names.CLOCK) == names.CLOCK_UNSET
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
