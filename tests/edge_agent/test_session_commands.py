"""What the MES may ask of a node in mid-session: rebirth, acknowledgement, rewind; nothing else."""

from schemas import journal_metrics as names
from schemas.sparkplug import metric
from tests.edge_agent.bench import Bench, value_of
from tests.edge_agent.fakes import NOW_MS, MemoryStorage, until


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
    assert value_of(births[0], names.BD_SEQ) == value_of(births[1], names.BD_SEQ)
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


def test_what_is_for_the_board_reaches_it_and_what_it_does_not_take_is_said():
    bench = Bench()

    async def work():
        await bench.born()
        bench.command(metric(names.UPDATE_OFFER, "string", "0.2.0 7 812 ab", NOW_MS))
        bench.command(metric(names.CERTIFICATE, "bytes", b"\x30", NOW_MS))
        await until(lambda: len(bench.machine.commands) == 2)
        await until(lambda: bench.say.any("not for this board"))

    bench.run(work)
    assert bench.machine.commands[0] == (names.UPDATE_OFFER, "0.2.0 7 812 ab")
    assert "session" in bench.machine.parts


def test_a_board_hears_that_the_mes_holds_something_of_this_boot_and_not_sooner():
    storage = MemoryStorage()
    Bench(storage).record()
    bench = Bench(storage)

    async def work():
        await bench.born()
        await until(lambda: bench.broker.said("DDATA"))
        bench.acknowledge(1)
        await until(lambda: bench.journal.ack == 1)
        assert bench.machine.saves == 0
        bench.record()
        await until(lambda: len(bench.broker.said("DDATA")) == 2)
        bench.acknowledge(bench.journal.durable)
        await until(lambda: bench.machine.saves)

    bench.run(work)


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
