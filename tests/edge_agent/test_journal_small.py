"""Journals of the smallest size a board's file allows: full, ended, acknowledged, and on, many times."""

import random

from edge_agent.journal import Limits
from edge_agent.records import put_metrics, read_loss
from schemas.journal_metrics import LOSS
from schemas.samples import GOOD
from schemas.sparkplug import decode_payload
from tests.edge_agent.fakes import MemoryStorage, Time, layout, open_journal, read_all

LIMITS = Limits(8 * 4096, 4096)


class Life:
    """A node of `stations` whose MES is slow; every loss it states is kept by its record's number."""

    def __init__(self, stations, seed):
        random.seed(seed)
        self.storage, self.time = MemoryStorage(), Time()
        self.layouts = [layout(f"s{n}") for n in range(stations)]
        self.refused = self.refusals = 0
        self.stated = {}  # number: losses
        self.most = 0
        self.boot()

    def boot(self):
        self.time.reboot()
        self.journal = open_journal(self.storage, self.time, self.layouts, LIMITS)

    def put(self, slot, count=1):
        self.time.pass_ms(100)
        mono = self.time.clock.mono_ms()
        if self.journal.append(slot, mono, [(0, mono, 1.0, GOOD)] * count) == 0:
            self.refused += count
            self.refusals += 1

    def sync(self):
        self.journal.sync()
        self.look()

    def look(self):
        storage = self.storage
        self.most = max(self.most, sum([storage.size(name) for name in storage.segments()]))

    def learn(self):
        for entry in read_all(self.journal):
            out = bytearray()
            put_metrics(out, entry.body, entry.layout, (entry.head.base_ms or 1, 2), True)
            metrics = decode_payload(bytes(out)).metrics
            self.stated[entry.head.seq] = [read_loss(m.value) for m in metrics if m.name == LOSS]

    def fill(self, every):
        """Measure until fifty records were refused; sync after `every` records on average."""
        until = self.refusals + 50
        while self.refusals < until:
            self.put(random.randrange(len(self.layouts)), random.choice((1, 2)))
            if random.randrange(every) == 0:
                self.sync()

    def end_and_boot(self):
        self.journal.close()
        self.look()
        self.learn()
        self.boot()

    def acknowledge(self, back=0):
        self.sync()
        self.learn()
        self.journal.sent = self.journal.durable
        seq = max(self.journal.durable - back, 0)
        assert self.journal.acknowledge(self.journal.position(seq))

    def go_on(self):
        """All is acknowledged, and every station says something."""
        self.acknowledge()
        for _ in range(2):
            for slot in range(len(self.layouts)):
                self.put(slot)
            self.sync()
        self.learn()

    def count(self, reason="full"):
        losses = [loss for stated in self.stated.values() for loss in stated]
        return sum([count for _, _, count, why in losses if why == reason])


def test_every_loss_is_stated_once_over_many_fillings_and_the_bound_is_kept():
    for stations in (1, 6):
        for every in (1, 40, 400):
            life = Life(stations, every)
            for n in range(12):
                life.fill(every)
                if n % 3:
                    life.end_and_boot()
                life.acknowledge(random.randrange(300) if n % 2 else 0)
                assert life.journal.used_pct < 100
            life.go_on()
            assert life.count() == life.refused > 600, (stations, every)
            assert life.journal.lost == life.refusals
            assert life.most <= LIMITS.bytes, (stations, every, life.most)


def test_a_full_node_that_nobody_acknowledges_may_end_in_order_for_ever():
    life = Life(5, 1)
    life.fill(1)
    for _ in range(200):
        for slot in range(5):
            life.put(slot)
        life.end_and_boot()
    assert life.most <= LIMITS.bytes
    last = {}
    for entry in read_all(life.journal):
        last[entry.layout.station] = entry.head.base_ms
    life.go_on()
    assert life.journal.lost == life.refusals
    # What there was no room to state is in the gap that every station states with its next record.
    gaps = [loss for stated in list(life.stated.values())[-10:] for loss in stated]
    assert sorted([loss[0] for loss in gaps if loss[3] == "restart"]) == sorted(last.values())
