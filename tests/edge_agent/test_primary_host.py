"""A node with a primary host: waits for it, leaves with it, and is not fooled by its times."""

import asyncio
import json

from schemas.topics import state_topic
from tests.edge_agent.bench import NCMD, Bench
from tests.edge_agent.fakes import NOW_MS, Time, until


def _state(bench, online, at_ms):
    said = json.dumps({"online": online, "timestamp": at_ms}).encode()
    bench.broker.publish(state_topic("lodestone"), said, 1)


def test_with_a_primary_host_births_wait_until_it_is_online():
    bench = Bench(primary_host="lodestone")
    where = state_topic("lodestone")

    async def work():
        await until(lambda: bench.broker.subscribed)
        assert bench.broker.subscribed[0] == [NCMD, where]
        for strange in (b"not json", b'{"online": true, "timestamp": 1e999}', b"[" * 3000):
            bench.broker.publish(where, strange, 1)
        _state(bench, False, 1000)
        await asyncio.sleep(0.05)
        assert bench.broker.published == []
        _state(bench, True, 2000)
        await bench.born()
        _state(bench, False, 1500)
        await asyncio.sleep(0.05)
        assert bench.broker.disconnects == 0
        _state(bench, False, 3000)
        await until(lambda: bench.broker.disconnects == 1)
        assert bench.verbs()[-1] == "NDEATH"
        await until(lambda: bench.broker.sessions == 2)
        await asyncio.sleep(0.05)
        assert len(bench.broker.said("NBIRTH")) == 1
        _state(bench, True, 4000)
        await bench.born(2)

    bench.run(work)
    assert bench.say.any("primary host is offline") and bench.say.any("cannot be read")
    assert len(bench.broker.acked) >= 5


FAR_MS = (4_100_000_000_000, 10**18, 10**30)  # 2099 and never


def test_a_state_from_the_far_future_does_not_make_later_ones_late():
    for far in FAR_MS:
        bench = Bench(primary_host="lodestone")
        now = bench.clock.now_ms()

        async def work(bench=bench, now=now, far=far):
            await until(lambda: bench.broker.subscribed)
            _state(bench, True, now - 50)
            await bench.born()
            _state(bench, False, far)
            await until(lambda: len(bench.broker.subscribed) == 2)
            _state(bench, False, far)
            _state(bench, True, now - 50)
            await bench.born(2)
            _state(bench, True, far)
            _state(bench, False, now - 70)  # an outdated one means nothing still
            _state(bench, False, now)
            await until(lambda: len(bench.broker.subscribed) == 3)

        bench.run(work)
        assert len(bench.broker.said("NBIRTH")) == 2


def test_what_a_host_said_in_the_connection_before_does_not_outdate_what_it_says_now():
    bench = Bench(primary_host="lodestone")
    now = bench.clock.now_ms()

    async def work():
        await until(lambda: bench.broker.subscribed)
        _state(bench, True, now + 5000)
        await bench.born()
        bench.broker.close()
        await until(lambda: len(bench.broker.subscribed) == 2)
        _state(bench, True, now)  # its clock was set right meanwhile
        await bench.born(2)

    bench.run(work)


def test_a_far_time_that_was_kept_while_the_clock_was_unset_is_judged_again():
    time = Time(unix=0)
    bench = Bench(clock=time.clock, primary_host="lodestone")

    async def work():
        time.ticks += 61_000
        await until(lambda: bench.broker.subscribed)
        _state(bench, True, FAR_MS[0])
        await bench.born()
        _state(bench, False, NOW_MS)
        await asyncio.sleep(0.05)
        assert bench.broker.sessions == 1, "nothing is known that could tell them apart"
        time.unix = NOW_MS
        _state(bench, False, NOW_MS)
        await until(lambda: bench.broker.disconnects == 1)

    bench.run(work)
