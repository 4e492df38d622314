"""The journal on a ring log under power cuts, on MicroPython itself (tests/firmware/test_ringlog_power.py does thousands)."""

import random

from edge_agent.clock import Clock
from edge_agent.journal import Journal, Limits
from edge_agent.state import State
from firmware.onboard.ringlog import RingLog
from tests.edge_agent.fakes import checked, hands, layout, read_all
from tests.firmware.nor import BLOCK, Nor

CUTS = 150


def _boot(nor):
    storage = RingLog(nor, nor.unit)
    limits = Limits(storage.capacity(2 * BLOCK), 2 * BLOCK)
    return Journal(hands(storage, Clock()), State(storage), [layout()], limits)


def _work(journal, recorded, nor):
    """Record until the power fails."""
    while True:
        for n in range(random.randint(1, 9)):
            mono = journal._clock.mono_ms()
            journal.append(0, mono, [(0, mono, float(n), 192)])
        begun = journal.durable + 1
        try:
            journal.sync()
        except OSError as fault:
            if fault.errno != 28 or not nor.on:
                raise
            journal.sent = (
                journal.durable
            )  # small segments of many boots fill it: all is acknowledged
            journal.acknowledge(journal.position(journal.durable))
        for entry in read_all(journal, begun):
            recorded[entry.head.seq] = entry.crc
        if random.random() < 0.5:
            journal.sent = journal.durable
            journal.acknowledge(journal.position(journal.durable))


def test_nothing_recorded_is_lost_in_a_hundred_and_fifty_cuts_on_a_ring_log():
    random.seed(17)
    for unit in (1, 256):
        nor = Nor(24, 17, unit)
        recorded = {}
        while nor.cuts < CUTS // 2:
            nor.restore()
            nor.cut_after(random.randint(0, 60), random.choice(("", "", "erase")))
            try:
                journal = _boot(nor)
                checked(journal, recorded)
                _work(journal, recorded, nor)
            except OSError:
                assert not nor.on
        assert len(recorded) > 50
