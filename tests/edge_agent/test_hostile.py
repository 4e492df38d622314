"""What a hostile or half-dead broker, host, driver or clock may do to a node, and may not."""

import asyncio
import errno

from edge_agent import bugs
from edge_agent.agent import Agent
from edge_agent.clock import FLOOR_MS, Clock
from edge_agent.commands import read_commands
from edge_agent.link import Link
from edge_agent.sampler import fitted
from schemas import journal_metrics as names
from schemas.samples import bad_because
from schemas.sparkplug import Payload, decode_payload, encode_payload, metric
from tests.device_help import fault_of
from tests.edge_agent.bench import Bench
from tests.edge_agent.fake_broker import FakeBroker, packet
from tests.edge_agent.fakes import (
    DOUBLE,
    NOW_MS,
    STRING,
    MemoryStorage,
    Said,
    Sensor,
    Time,
    board,
    hands,
    open_journal,
    put,
    read_all,
    until,
)

# -- the broker ------------------------------------------------------------------------------


def _subscribing(broker, topics=("a", "b")):
    async def work():
        link = Link(30, Time().clock.mono_ms, broker.open)
        await link.open(("broker", 1883))
        await link.connect("c", "t", b"w")
        await link.subscribe(list(topics))
        return link

    return asyncio.run(work())


def test_a_suback_that_refuses_in_its_own_way_or_is_too_short_is_a_fault():
    broker = FakeBroker()
    broker.suback = 0x87
    assert "refuses" in str(fault_of(OSError, _subscribing, broker))
    for answer in (b"\x90\x03\x00\x01\x00", b"\x90\x02\x00\x01", b"\x90\x00"):
        broker = FakeBroker()
        broker.after_subscribe = answer
        assert "SUBSCRIBE" in str(fault_of(OSError, _subscribing, broker)), answer


def test_messages_before_the_suback_do_not_fill_the_memory():
    broker = FakeBroker()
    broker.after_subscribe = packet("t", bytes(1000)) * 500
    link = _subscribing(broker)
    assert len(link._early) <= 16 and link.oversized >= 480


def test_a_message_that_is_cut_off_is_a_fault_and_is_not_acknowledged():
    for data in (
        b"\x32\x01\x00",
        b"\x32\x04\x00\x02ab",
        b"\x32\x05\x00\x02ab\x00",
        b"\x30\x03\x00\x09a",
    ):
        broker = FakeBroker()

        async def work(broker=broker, data=data):
            link = Link(30, Time().clock.mono_ms, broker.open)
            await link.open(("broker", 1883))
            await link.connect("c", "t", b"w")
            broker.send(data)
            try:
                await link.receive()
            finally:
                assert not link.out

        fault = fault_of(OSError, asyncio.run, work())
        assert fault.errno == errno.EIO, data


# -- commands --------------------------------------------------------------------------------


def test_a_flood_of_senseless_commands_does_not_flood_the_log_nor_break_its_lines():
    bench = Bench()

    async def work():
        await bench.born()
        for n in range(200):
            bench.command(metric(f"Reboot\nnode: all is well {n}", "boolean", True, NOW_MS))
            bench.acknowledge(1000 + n)
        bench.record()
        await until(lambda: bench.broker.said("DDATA"))
        bench.acknowledge(1)
        await until(lambda: bench.journal.ack == 1)

    bench.run(work)
    assert len(bench.say.lines) < 10 and not any("\n" in line for line in bench.say.lines)
    assert bench.say.any("not understood") and bench.say.any("not a position")


def test_a_payload_larger_than_any_command_is_not_taken_apart():
    many = [metric("x", "boolean", True, NOW_MS) for _ in range(200)]
    data = encode_payload(
        Payload(NOW_MS, many + [metric(names.REBIRTH, "boolean", True, NOW_MS)], None)
    )
    asked = read_commands(data)
    assert len(data) > 1024 and not asked.rebirth and len(asked.unknown) == 1


# -- clocks ----------------------------------------------------------------------------------


def test_a_time_no_clock_can_have_is_taken_from_nobody():
    for told in (FLOOR_MS - 1, 4_200_000_000_000, 10**18, (1 << 64) - 1):
        time = Time(unix=0)
        assert not time.clock.offer(told) and time.clock.now_ms() == 0
        time = Time(unix=told)
        assert time.clock.state == names.CLOCK_UNSET and time.clock.now_ms() == 0
        journal = open_journal(MemoryStorage(), time)
        put(journal, time)
        journal.sync()
        assert journal.durable == 1


def test_a_clock_that_falls_back_to_1970_goes_on_from_where_it_was():
    time = Time()
    journal = open_journal(MemoryStorage(), time)
    put(journal, time)
    time.clock.watch()
    time.unix = 1000
    put(journal, time)
    assert time.clock.watch() == 0 and time.clock.state == names.CLOCK_NETWORK
    time.unix = NOW_MS + 60_000
    put(journal, time)
    journal.sync()
    bases = [entry.head.base_ms for entry in read_all(journal)]
    assert bases[:2] == [NOW_MS + 1000, NOW_MS + 2000] and bases[2] == NOW_MS + 61_000
    assert time.clock.watch() > 50_000, "a jump is told"


def test_a_clock_that_was_never_watched_and_one_from_the_chip_keep_what_they_are():
    time = Time()
    clock = Clock(lambda: time.unix, lambda: time.ticks, trust=lambda: names.CLOCK_RTC)
    time.unix = 0
    time.ticks += 500
    assert clock.now_ms() == NOW_MS + 500 and clock.state == names.CLOCK_RTC


# -- drivers ---------------------------------------------------------------------------------


def test_a_reading_no_record_could_hold_is_bad_and_costs_no_time():
    for value in (10**400, -(10**400), 1e308 * 10, b"25", [1], None):
        assert fitted(DOUBLE, value) is None, value
    assert fitted(STRING, "ü" * 2_000_000) == "ü" * 60
    assert fitted(STRING, b"text") is None


class _Strange(Sensor):
    """A driver with a bug."""

    def read(self):
        self.reads += 1
        raise KeyError(f"register {self.reads}")


def _run_agent(sensors, work):
    broker, say = FakeBroker(), Said()

    def open_channel(driver, args, station, name):
        if sensors.get(name) is None:
            raise ValueError("no such pin")
        return sensors[name]

    agent = Agent(board(), hands(MemoryStorage(), Clock(), say, open_channel, broker.open))

    async def main():
        running = asyncio.create_task(agent.run())
        try:
            await work(broker)
        finally:
            agent.stop()
            await asyncio.wait_for(running, 8)

    shown, bugs.print_trace = bugs.print_trace, lambda bug: None
    try:
        asyncio.run(main())
    finally:
        bugs.print_trace = shown
    return say


def _told(broker, name):
    payloads = [decode_payload(data) for _, data in broker.said("DDATA")]
    return [(m.value, m.quality) for payload in payloads for m in payload.metrics if m.name == name]


def test_a_driver_with_a_bug_is_a_broken_sensor_and_the_others_of_its_station_are_read():
    for broken in (_Strange(), None):
        state = Sensor("idle")
        sensors = {"zone_1_temperature_c": broken, "zone_2_temperature_c": Sensor(), "state": state}

        async def work(broker, state=state):
            await until(lambda: (None, bad_because("bug")) in _told(broker, "zone_1_temperature_c"))
            state.value = "run"
            await until(lambda: ("run", None) in _told(broker, "state"))
            reads = state.reads
            await until(lambda: state.reads > reads + 5)

        say = _run_agent(sensors, work)
        assert sum("zone_1_temperature_c" in line for line in say.lines) == 1
        assert not say.any("restarted")
