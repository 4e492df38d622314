"""What a journal has promised to a board that loses its power again and again, and whether it keeps it (CPython)."""

import random
import struct
from typing import Any

from edge_agent.journal import Journal
from schemas.samples import GOOD
from tests.edge_agent.fakes import Time, layout, read_all


class Promises:
    """`recorded`: checksum and value of each number that is promised; `tried`: what was given in the boot before."""

    def __init__(self, draw: random.Random) -> None:
        self.random = draw
        self.time = Time()
        self.recorded: dict[int, tuple[int, float]] = {}
        self.tried: dict[int, float] = {}
        self.acked = self.boots = 0

    def layouts(self) -> list[Any]:
        """A firmware change now and then: the layouts differ, a new segment begins."""
        return [layout("sinter-1", 2 + self.boots // 40 % 2), layout("mill-1")]

    def check(self, journal: Journal) -> None:
        """After a cut: nothing recorded is lost, doubled, changed or invented."""
        read = read_all(journal)
        entries = {entry.head.seq: entry for entry in read}
        assert len(entries) == len(read), "a record is read twice"
        assert journal.next > max(self.recorded, default=0), "a recorded number would be used again"
        assert journal.first <= self.acked + 1, "something unacknowledged was overwritten"
        for seq, (crc, value) in self.recorded.items():
            if seq >= journal.first:
                assert seq in entries, f"record {seq} is gone"
                assert entries[seq].crc == crc, f"record {seq} has changed"
                assert value in values_of(entries[seq]), f"record {seq} has another value"
        for seq in set(entries) - set(self.recorded):
            # What was written but not promised may be there: from now on it counts.
            assert self.tried.get(seq) in values_of(entries[seq]), f"record {seq} is invented"
            self.recorded[seq] = (entries[seq].crc, self.tried[seq])
        for seq in [seq for seq in self.recorded if seq < journal.first]:
            del self.recorded[seq]

    def give(self, journal: Journal) -> None:
        """Some samples."""
        for _ in range(self.random.randrange(1, 12)):
            value = round(self.random.uniform(0, 1000), 3)
            self.time.pass_ms(300)
            mono = self.time.clock.mono_ms()
            seq = journal.append(self.random.randrange(2), mono, [(0, mono, value, GOOD)])
            if seq:
                self.tried[seq] = value

    def acknowledge(self, journal: Journal, behind: int = 0) -> None:
        """The MES has all but so many."""
        journal.sent = journal.durable
        journal.acknowledge(journal.position(journal.durable - behind))
        self.acked = max(self.acked, journal.ack)


def values_of(entry: Any) -> list[float]:
    """The doubles of a record: each sample is four bytes, a tag and the number."""
    body, at, found = entry.body, 27, []
    while at < len(body):
        if body[at] == 255:
            at += 24
            continue
        found.append(round(struct.unpack_from("<d", body, at + 5)[0], 3))
        at += 13
    return found or [float("nan")]
