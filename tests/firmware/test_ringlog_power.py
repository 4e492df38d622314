"""The journal on a ring log under thousands of power cuts: nothing recorded is lost, doubled or invented (CPython).

A cut stops a program or an erase anywhere; LODESTONE_RING_CUTS asks for more of them than 2,000. The negative
controls, storages that promise before they program, must fail.
"""

import os
from typing import Any

import pytest

from edge_agent.journal import Journal, Limits
from edge_agent.records import FRAME_BYTES, HEAD_BYTES, framed, head_of, stored_crc
from edge_agent.state import State
from firmware.onboard.ringlog import RingLog
from tests.edge_agent.fakes import Said, hands
from tests.edge_agent.promises import Promises
from tests.faults.counting import count, draw_for
from tests.figures import figure
from tests.firmware.nor import BLOCK, Nor

CUTS = int(os.environ.get("LODESTONE_RING_CUTS", "2000"))
LIVES = 4
BLOCKS = 24
SEGMENT = 2 * BLOCK
EVERY_K = (
    100  # the first cuts of a life come after 1, 2, 3 … programs and erases, the others anywhere
)


class Hasty(RingLog):
    """A negative control: says that it is durable, and programs with what comes next."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.later: list[tuple[str, bytes]] = []

    def append(self, name: str, data: "bytes | bytearray") -> None:
        for name_before, before in self.later:
            super().append(name_before, before)
            super().sync()
        self.later = [(name, bytes(data))]

    def sync(self) -> None:
        return


class Unending(RingLog):
    """A negative control: leaves out the end that makes data durable."""

    def sync(self) -> None:
        self._waiting = False


class Life(Promises):
    """A board that loses its power again and again."""

    def __init__(self, name: str, storage: type[RingLog] = RingLog, unit: int = 1) -> None:
        super().__init__(draw_for(name))
        self.nor = Nor(BLOCKS, self.random.randrange(1 << 30), unit)
        self.storage, self.unit = storage, unit
        self.full = self.anchor = 0

    def boot_and_run(self) -> None:
        """One boot: check what was promised, then work until the power fails."""
        self.nor.restore()
        self.time.reboot()
        self.boots += 1
        if self.boots <= EVERY_K:
            self.nor.cut_after(self.boots)
        elif self.random.random() < 0.7:
            self.nor.cut_after(self.random.randrange(EVERY_K))
        else:
            self.nor.cut_after(self.random.randrange(4), "erase")
        try:
            storage = self.storage(self.nor, self.unit)
            limits = Limits(storage.capacity(SEGMENT), SEGMENT)
            given = hands(storage, self.time.clock, Said())
            journal = Journal(given, State(storage), self.layouts(), limits)
            self.check(journal)
            self.check_small_file(storage)
            self.work(journal, storage)
        except OSError as fault:
            assert not self.nor.on, f"a fault without a cut: {fault}"

    def check_small_file(self, storage: RingLog) -> None:
        if self.anchor:
            text = bytes(storage.read("anchors", 0, 2000)).decode()
            assert text.endswith("."), "a small file is torn"
            assert int(text.split()[0]) in (self.anchor, self.anchor + 1), "a small file is older"

    def work(self, journal: Journal, storage: RingLog) -> None:
        self.tried = {}
        while True:
            self.give(journal)
            self.sync(journal)
            if self.random.random() < 0.4:
                self.acknowledge(journal, self.random.randrange(3))
            if self.random.random() < 0.2:
                journal.save()
                storage.write("anchors", b"%d " % (self.anchor + 1) + b"a" * 700 + b".")
                self.anchor += 1

    def sync(self, journal: Journal) -> None:
        try:
            frames = journal.sync()
        except OSError as fault:
            if fault.errno != 28 or not self.nor.on:
                raise
            self.full += 1  # small segments of many boots: it waits for an acknowledgement
            self.acknowledge(journal)
            return
        at = 0
        while at < len(frames):
            seq = head_of(bytes(frames[at + FRAME_BYTES : at + FRAME_BYTES + HEAD_BYTES])).seq
            self.recorded[seq] = (stored_crc(frames, at), self.tried[seq])
            at += FRAME_BYTES + framed(frames, at)


@pytest.mark.parametrize("life", range(LIVES))
def test_nothing_recorded_is_lost_whatever_the_power_does(life: int) -> None:
    lived = Life(f"ring log {life}", unit=(1, 1, 4, 256)[life])
    while lived.nor.cuts < CUTS // LIVES:
        lived.boot_and_run()
        assert lived.boots < 2 * CUTS, "too few boots end in a cut"
    torn = lived.nor.torn
    count("power cut of the ring log in a program", torn["program"])
    count("power cut of the ring log in an erase", torn["erase"])
    figure(
        f"power cuts of the ring log, life {life}",
        f"{torn} in {lived.boots} boots, {lived.acked} records acknowledged, full {lived.full} times",
    )
    assert torn["erase"] > CUTS // LIVES // 8
    assert lived.acked > CUTS and lived.full < lived.boots // 4


@pytest.mark.parametrize("storage", [Hasty, Unending])
def test_a_storage_that_promises_before_it_programs_is_found(storage: type[RingLog]) -> None:
    lives = [Life(f"hasty {n}", storage) for n in range(5)]
    with pytest.raises(AssertionError, match=r"used again|has changed|is gone|is older"):
        _live_all(lives)


def _live_all(lives: list[Life]) -> None:
    for life in lives:
        for _ in range(200):
            life.boot_and_run()
