"""The journal against a model under any order of work, faults, cuts and reboots (CPython)."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_agent.journal import Limits
from edge_agent.records import put_metrics, read_loss
from schemas.journal_metrics import LOSS
from schemas.sparkplug import decode_payload
from tests.edge_agent.fakes import MemoryStorage, Said, Time, layout, open_journal, put, read_all

LIMITS = Limits(8 * 4096, 4096)  # the smallest a board's file allows
LAYOUTS = ([layout("sinter-1"), layout("mill-1")], [layout("sinter-1", 4), layout("mill-1")])


def losses_of(entry: Any) -> list[int]:
    """How many samples a record states as refused, for each statement in it."""
    out = bytearray()
    put_metrics(out, entry.body, entry.layout, (entry.head.base_ms, 2), True)
    found = [read_loss(str(m.value)) for m in decode_payload(bytes(out)).metrics if m.name == LOSS]
    return [count for _, _, count, reason in found if reason == "full"]


class JournalMachine(RuleBasedStateMachine):
    """`recorded` is what sync() promised: number to checksum. It must stay so, for ever.

    `refused` samples had no room; `stated` says how many of them recorded losses name, by number;
    `forgotten` were waiting to be stated when the power failed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.storage, self.time = MemoryStorage(), Time()
        self.contract = 0
        self.recorded: dict[int, int] = {}
        self.refused = self.forgotten = 0
        self.stated: dict[int, list[int]] = {}
        self.remains = 0  # bytes that failed writes and power cuts may have left
        self.epoch = 0
        self.acked = 0
        self.boot()

    def boot(self) -> None:
        self.time.reboot()
        self.journal = open_journal(self.storage, self.time, LAYOUTS[self.contract], LIMITS, Said())
        self.epoch = self.epoch or self.journal.epoch
        for entry in read_all(self.journal):
            assert self.recorded.setdefault(entry.head.seq, entry.crc) == entry.crc
            self.stated.setdefault(entry.head.seq, losses_of(entry))

    def boot_without_an_end(self) -> None:
        """What waited to be stated is forgotten: the gap of the restart covers it."""
        self.boot()
        self.forgotten = self.refused - self.told()

    def told(self) -> int:
        return sum(count for counts in self.stated.values() for count in counts)

    def learn(self) -> None:
        for entry in read_all(self.journal, max(self.recorded, default=0) + 1):
            self.recorded[entry.head.seq] = entry.crc
            self.stated[entry.head.seq] = losses_of(entry)

    def put(self, slot: int) -> None:
        self.refused += put(self.journal, self.time, slot=slot) == 0

    @rule(count=st.integers(1, 60), slot=st.integers(0, 1))
    def work(self, count: int, slot: int) -> None:
        for _ in range(count):
            self.put(slot)

    @rule(together=st.integers(1, 200))
    def fill(self, together: int) -> None:
        until = self.refused + 5
        while self.refused < until:
            for n in range(together):
                self.put(n % 2)
            self.journal.sync()
        self.learn()

    @rule()
    def sync(self) -> None:
        self.journal.sync()
        self.learn()

    @rule(number=st.sampled_from([5, 28]), written=st.integers(0, 4000))
    def sync_fails(self, number: int, written: int) -> None:
        before = self.journal.durable
        self.storage.fail, self.storage.fail_after = number, written
        self.remains += written
        try:
            self.journal.sync()
        except OSError:
            assert self.journal.durable == before
        self.storage.fail = None

    @rule(back=st.integers(0, 50))
    def acknowledge(self, back: int) -> None:
        self.journal.sent = self.journal.durable
        seq = max(self.journal.durable - back, 0)
        assert self.journal.acknowledge(self.journal.position(seq))
        self.acked = max(self.acked, self.journal.ack)

    @rule()
    def save(self) -> None:
        self.journal.save()

    @rule(kept=st.integers(0, 4000), torn=st.booleans())
    def power_cut(self, kept: int, torn: bool) -> None:
        if torn and self.journal._pending and self.storage.name:
            self.storage.append(self.storage.name, self.journal._pending)
            self.remains += kept
        self.storage.cut(kept)
        self.boot_without_an_end()

    @rule(contract=st.integers(0, 1))
    def new_firmware(self, contract: int) -> None:
        self.storage.cut()
        self.contract = contract
        self.boot_without_an_end()

    @rule()
    def close_and_boot(self) -> None:
        self.journal.close()
        self.learn()
        no_reserve = self.journal._held > LIMITS.bytes - LIMITS.segment_bytes
        assert self.told() + self.forgotten == self.refused or no_reserve
        self.boot_without_an_end()

    def teardown(self) -> None:
        """In the end every station speaks, and each refused sample was stated once or forgotten."""
        self.journal.sync()
        self.acknowledge(0)
        for slot in (0, 1):
            self.put(slot)
        self.journal.sync()
        self.learn()
        assert self.told() + self.forgotten == self.refused

    @precondition(lambda self: self.recorded)
    @rule()
    def state_file_is_lost(self) -> None:
        self.storage.remove("state")
        self.storage.cut()
        self.boot_without_an_end()

    @invariant()
    def nothing_recorded_is_lost_or_changed(self) -> None:
        entries = {entry.head.seq: entry.crc for entry in read_all(self.journal)}
        held = {seq: crc for seq, crc in self.recorded.items() if seq >= self.journal.first}
        assert {seq: entries.get(seq) for seq in held} == held
        assert self.journal.next > max(self.recorded, default=0)
        assert self.journal.epoch == self.epoch or not self.recorded

    @invariant()
    def nothing_unacknowledged_was_overwritten(self) -> None:
        assert self.journal.first <= self.acked + 1

    @invariant()
    def the_space_is_kept(self) -> None:
        total = sum(self.storage.size(name) for name in self.storage.segments())
        assert total <= LIMITS.bytes + self.remains

    @invariant()
    def no_loss_is_stated_twice(self) -> None:
        assert self.told() + self.forgotten <= self.refused


JournalMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestJournal = JournalMachine.TestCase
