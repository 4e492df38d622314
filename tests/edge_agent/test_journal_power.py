"""The journal on littlefs under hundreds of power cuts: nothing recorded is lost, doubled or invented (CPython).

A cut stops a program or an erase of the flash at a random byte. The negative control, a storage that
does not sync, must fail.
"""

import random
from typing import Any

import pytest

from edge_agent.journal import Journal, Limits
from edge_agent.state import State
from schemas.samples import GOOD
from tests.edge_agent.fakes import Said, Time, hands, layout, read_all
from tests.edge_agent.promises import Promises, values_of
from tests.faults.power_flash import BLOCK, Flash, FlashStorage

LIMITS = Limits(16 * BLOCK, 2 * BLOCK)
BLOCKS = 40
CUTS = 200


class Forgetful(FlashStorage):
    """The negative control: says it has synced and has not."""

    def sync(self) -> None:
        return


class Life(Promises):
    """A board that loses its power again and again."""

    def __init__(self, seed: int, storage: Any = FlashStorage) -> None:
        super().__init__(random.Random(seed))
        self.flash = Flash(BLOCKS, seed)
        self.storage = storage

    def boot_and_run(self) -> None:
        """One boot: check what was promised, then work until the power fails."""
        self.flash.restore()
        self.time.reboot()
        self.boots += 1
        self.flash.cut_after(self.random.randrange(1, 120))
        try:
            storage = self.storage(self.flash)
            given = hands(storage, self.time.clock, Said())
            journal = Journal(given, State(storage), self.layouts(), LIMITS)
            self.check(journal)
            self.work(journal)
        except OSError:
            assert not self.flash.on, "a fault without a cut"

    def work(self, journal: Journal) -> None:
        self.tried = {}
        while True:
            begun = journal.next
            self.give(journal)
            journal.sync()
            for entry in read_all(journal, begun):
                self.recorded[entry.head.seq] = (entry.crc, values_of(entry)[-1])
            if self.random.random() < 0.4:
                self.acknowledge(journal, self.random.randrange(3))
            if self.random.random() < 0.1:
                journal.save()


@pytest.mark.parametrize("seed", range(4))
def test_nothing_recorded_is_lost_whatever_the_power_does(seed: int) -> None:
    life = Life(seed)
    for _ in range(CUTS):
        life.boot_and_run()
    assert life.flash.cuts >= CUTS * 0.95
    assert max(life.recorded) > 10 * CUTS and life.acked > 5 * CUTS


def test_the_test_would_find_a_loss() -> None:
    lives = [Life(seed, Forgetful) for seed in range(10)]
    with pytest.raises(AssertionError, match=r"used again|has changed|is gone|without a cut"):
        _live_all(lives)


def _live_all(lives: list[Life]) -> None:
    for life in lives:
        for _ in range(CUTS):
            life.boot_and_run()


def test_a_flash_that_is_full_before_its_time_loses_nothing_and_goes_on_when_acknowledged() -> None:
    flash, time = Flash(16, 1), Time()
    limits = Limits(64 * BLOCK, 2 * BLOCK)
    storage = FlashStorage(flash)
    journal = Journal(hands(storage, time.clock), State(storage), [layout()], limits)
    full = refused = 0
    while refused < 50:
        time.pass_ms(1000)
        mono = time.clock.mono_ms()
        refused += journal.append(0, mono, [(0, mono, 1.0, GOOD)]) == 0
        try:
            journal.sync()
        except OSError as fault:
            full += 1
            assert fault.errno == 28
    recorded = journal.durable
    assert full > 0 and recorded > 300
    assert [entry.head.seq for entry in read_all(journal)] == list(range(1, recorded + 1))
    journal.sent = recorded
    assert journal.acknowledge(journal.position(recorded))
    journal.sync()
    assert journal.durable > recorded and journal.lost >= 50
    assert [e.head.seq for e in read_all(journal, recorded + 1)] == list(
        range(recorded + 1, journal.next)
    )
