"""The watchdog is fed by progress alone; both interpreters run this file, each fault with a real agent."""

import asyncio

from edge_agent.agent import Agent
from edge_agent.clock import Clock
from firmware.onboard.machine import BoardMachine
from firmware.onboard.watchdog import DOUBT_MS, SESSION_MS, Watchdog
from tests.edge_agent.fakes import MemoryStorage, Said, Sensor, board, hands

PARTS = ("sampler of sinter-1", "keeper", "session")
PATIENCE_MS = 400


class Dog:
    """A WDT that counts."""

    def __init__(self):
        self.meals = 0

    def feed(self):
        self.meals += 1


def test_it_is_fed_while_everything_expected_reports_in_time():
    now, dog, said = [0], Dog(), Said()
    watchdog = Watchdog(dog, lambda: now[0], said)
    watchdog.expect("keeper", 100)
    watchdog.expect("session", 1000)
    now[0] = 100
    assert watchdog.feed() and dog.meals == 1
    now[0] = 101
    assert not watchdog.feed() and watchdog.late() == ["keeper"] and said.any("keeper")
    watchdog.feed()
    assert dog.meals == 1 and len(said.lines) == 1
    watchdog.progress("keeper")
    assert watchdog.feed() and dog.meals == 2


def test_the_agents_parts_are_expected_by_the_names_they_report_under():
    watchdog = Watchdog(Dog(), lambda: 0, Said())
    watchdog.expect_agent(board())
    watchdog._mono_ms = lambda: 10_000_000
    assert sorted(watchdog.late()) == sorted(PARTS)


async def _refused(_host, _port):
    raise OSError(111, "there is no network")


async def _never(_host, _port):
    await asyncio.sleep(3600)


class Life:
    """A real agent without a network under a watchdog with little patience."""

    def __init__(self, opener=_refused, storage=None):
        self.said, self.dog, self.clock = Said(), Dog(), Clock()
        self.watchdog = Watchdog(self.dog, self.clock.mono_ms, self.said)
        given = hands(
            storage or MemoryStorage(), self.clock, self.said, lambda *_: Sensor(), opener,
            BoardMachine([self.watchdog]),
        )  # fmt: skip
        self.agent = Agent(board(), given)
        for part in PARTS:
            self.watchdog.expect(part, PATIENCE_MS)

    async def _live(self, condition):
        running = asyncio.create_task(self.agent.run())
        end = self.clock.mono_ms() + 60_000
        found = False
        while not found and self.clock.mono_ms() < end:
            self.watchdog.feed()
            await asyncio.sleep(0.02)
            found = bool(condition())
        self.agent.stop()
        await running
        return found

    def until(self, condition):
        """Whether the condition came true while the agent lived."""
        return asyncio.run(self._live(condition))

    def until_stuck(self):
        """The parts that are late at first."""
        found = []

        def stuck():
            found.extend(self.watchdog.late())
            return found

        assert self.until(stuck)
        return sorted(set(found))


def test_a_station_that_journals_without_a_network_is_healthy():
    life = Life()
    end = life.clock.mono_ms() + 5 * PATIENCE_MS
    assert life.until(lambda: life.clock.mono_ms() > end)
    assert life.agent.journal.durable > 0 and life.dog.meals > 10
    assert not life.said.any("watchdog")


def test_a_stuck_sampler_is_found():
    life = Life()
    sampler = life.agent.stations.samplers[0]
    sampler.take = lambda: None
    sampler.next_ms = life.clock.mono_ms() + 3_600_000
    assert life.until_stuck() == ["sampler of sinter-1"]


def test_a_stuck_keeper_is_found():
    storage = MemoryStorage()
    life = Life(storage=storage)
    storage.fail = 5
    assert life.until_stuck() == ["keeper"]


def test_a_stuck_session_is_found():
    assert Life(_never).until_stuck() == ["session"]


def test_a_session_that_crashes_each_time_makes_no_progress():
    life = Life()
    life.agent.session._live_once = None
    assert "session" in life.until_stuck()


def test_what_crashes_again_and_again_makes_no_progress_whatever_it_waits_for_between():
    now = [0]
    watchdog = Watchdog(Dog(), lambda: now[0], Said())
    watchdog.expect("session", SESSION_MS)
    fed = []
    for _ in range(SESSION_MS // 61_000 + 1):
        watchdog.faulted("session")
        now[0] += 61_000  # it is started again after a minute, and waits a second
        watchdog.progress("session")
        fed.append(watchdog.feed())
    assert fed == [True] * (len(fed) - 1) + [False]
    # The negative control: one crash, and then none.
    watchdog.faulted("session")
    now[0] += DOUBT_MS
    watchdog.progress("session")
    assert watchdog.feed()


def test_the_agent_tells_who_crashed():
    life = Life()
    life.agent.session._live_once = None
    assert life.until(lambda: "session" in life.watchdog._doubted)
    assert list(life.watchdog._doubted) == ["session"]


def test_what_was_stuck_and_goes_on_is_fed_again():
    storage = MemoryStorage()
    life = Life(storage=storage)
    storage.fail = 5
    meals = []

    def again():
        if life.watchdog.late() and storage.fail:
            storage.fail = None
            meals.append(life.dog.meals)
        return meals and life.dog.meals > meals[0]

    assert life.until(again)
