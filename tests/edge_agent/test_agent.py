"""The whole agent: samples recorded and told, faulty tasks restarted, an end in order."""

import asyncio

from edge_agent import agent as agent_module
from edge_agent.agent import Agent
from edge_agent.clock import Clock
from schemas import journal_metrics as names
from schemas.sparkplug import decode_payload
from tests.edge_agent.fake_broker import FakeBroker
from tests.edge_agent.fakes import MemoryStorage, Said, Sensor, board, hands, until


class Bench:
    def __init__(self, storage=None):
        self.storage, self.broker, self.say = storage or MemoryStorage(), FakeBroker(), Said()
        self.sensors = {}
        given = hands(self.storage, Clock(), self.say, self._open, self.broker.open)
        self.agent = Agent(board(), given)

    def _open(self, driver, args, station, metric):
        value = "idle" if metric == "state" else 20.0
        return self.sensors.setdefault(metric, Sensor(value))

    def run(self, work):
        async def main():
            running = asyncio.create_task(self.agent.run())
            try:
                await work()
            finally:
                self.agent.stop()
                await asyncio.wait_for(running, 8)

        asyncio.run(main())
        return self

    def data(self):
        return [decode_payload(data) for _, data in self.broker.said("DDATA")]

    def values(self, name):
        return [m.value for payload in self.data() for m in payload.metrics if m.name == name]


def test_what_a_sensor_measures_is_recorded_and_told():
    bench = Bench()

    async def work():
        await until(lambda: bench.broker.said("DBIRTH"))
        bench.sensors["zone_1_temperature_c"].value = 1050.5
        await until(lambda: 1050.5 in bench.values("zone_1_temperature_c"))

    bench.run(work)
    assert bench.agent.journal.durable >= 1
    assert bench.broker.said("NDEATH")


def test_an_event_is_durable_and_told_before_the_analogue_values_of_its_second():
    bench = Bench()

    async def work():
        await until(lambda: bench.broker.said("DBIRTH"))
        await until(lambda: bench.agent.journal.pending_bytes == 0)
        bench.sensors["state"].value = "run"
        await until(lambda: "run" in bench.values("state"), 0.4)

    bench.run(work)


def test_a_task_that_faults_is_restarted_and_the_others_go_on():
    bench = Bench()
    restart, agent_module._RESTART_S = agent_module._RESTART_S, (0.02, 0.1)
    shown, agent_module.print_trace = agent_module.print_trace, lambda bug: None
    try:

        async def work():
            await until(lambda: bench.broker.said("DBIRTH"))
            bench.agent.stations.samplers[0].take = None
            await until(lambda: bench.say.any("sampler of sinter-1"))
            del bench.agent.stations.samplers[0].take
            bench.sensors["zone_1_temperature_c"].value = 77.0
            await until(lambda: 77.0 in bench.values("zone_1_temperature_c"))

        bench.run(work)
    finally:
        agent_module._RESTART_S, agent_module.print_trace = restart, shown
    assert bench.say.any("it is restarted") and bench.broker.sessions == 1


def test_a_storage_that_fails_is_said_once_and_what_waits_is_recorded_when_it_works_again():
    bench = Bench()

    async def work():
        await until(lambda: bench.broker.said("DDATA"))
        bench.storage.fail = 5
        bench.sensors["zone_1_temperature_c"].value = 500.0
        await until(lambda: bench.say.any("kept in memory"))
        assert 500.0 not in bench.values("zone_1_temperature_c")
        bench.storage.fail = None
        await until(lambda: 500.0 in bench.values("zone_1_temperature_c"))

    bench.run(work)
    assert sum("kept in memory" in line for line in bench.say.lines) == 1
    assert bench.say.any("works again")


def test_an_end_in_order_records_what_was_read_and_the_next_boot_states_the_gap():
    storage = MemoryStorage()
    bench = Bench(storage)

    async def born():
        await until(lambda: bench.broker.said("DDATA"))

    bench.run(born)
    assert bench.agent.journal.pending_bytes == 0
    first = bench.agent.journal.durable
    bench = Bench(storage)

    async def again():
        await until(lambda: bench.broker.said("DDATA"))

    bench.run(again)
    assert bench.agent.journal.boot == 2 and bench.agent.journal.durable > first
    assert any('"reason": "restart"' in loss for loss in bench.values(names.LOSS))


def test_stopping_works_while_there_is_no_broker():
    bench = Bench()
    bench.broker.refuse = True

    async def work():
        await until(lambda: bench.say.any("refused"))

    bench.run(work)
    assert bench.agent.journal.durable >= 1 and not bench.broker.published
