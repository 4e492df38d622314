"""The journal against a model under any order of work, faults, cuts and reboots (CPython)."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_agent.journal import Limits
from tests.edge_agent.fakes import MemoryStorage, Said, Time, layout, open_journal, put, read_all

LIMITS = Limits(8 * 4096, 4096)
LAYOUTS = ([layout("sinter-1")], [layout("sinter-1", 4)])


class JournalMachine(RuleBasedStateMachine):
    """`recorded` is what sync() promised: number to checksum. It must stay so, for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.storage, self.time = MemoryStorage(), Time()
        self.contract = 0
        self.recorded: dict[int, int] = {}
        self.epoch = 0
        self.acked = 0
        self.boot()

    def boot(self) -> None:
        self.time.reboot()
        self.journal = open_journal(self.storage, self.time, LAYOUTS[self.contract], LIMITS, Said())
        self.epoch = self.epoch or self.journal.epoch
        for entry in read_all(self.journal):
            assert self.recorded.setdefault(entry.head.seq, entry.crc) == entry.crc

    def learn(self) -> None:
        for entry in read_all(self.journal, max(self.recorded, default=0) + 1):
            self.recorded[entry.head.seq] = entry.crc

    @rule(count=st.integers(1, 60))
    def work(self, count: int) -> None:
        for _ in range(count):
            put(self.journal, self.time)

    @rule()
    def sync(self) -> None:
        self.journal.sync()
        self.learn()

    @rule(number=st.sampled_from([5, 28]), written=st.integers(0, 4000))
    def sync_fails(self, number: int, written: int) -> None:
        before = self.journal.durable
        self.storage.fail, self.storage.fail_after = number, written
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
        self.storage.cut(kept)
        self.boot()

    @rule(contract=st.integers(0, 1))
    def new_firmware(self, contract: int) -> None:
        self.storage.cut()
        self.contract = contract
        self.boot()

    @rule()
    def close_and_boot(self) -> None:
        self.journal.close()
        self.learn()
        self.boot()

    @precondition(lambda self: self.recorded)
    @rule()
    def state_file_is_lost(self) -> None:
        self.storage.remove("state")
        self.storage.cut()
        self.boot()

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
        assert total <= LIMITS.bytes + 4000  # remains of a failed write are not counted


JournalMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestJournal = JournalMachine.TestCase
