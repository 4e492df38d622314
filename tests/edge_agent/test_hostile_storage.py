"""What a bad medium, a foreign file or a folder that can only be read may do to a node, and may not."""

import errno

from edge_agent.records import SEQ_END
from edge_agent.state import FILE, State
from schemas.journal_metrics import split_position
from tests.edge_agent.bench import NCMD, Bench
from tests.edge_agent.fakes import (
    MemoryStorage,
    Said,
    Time,
    open_journal,
    put,
    put_many,
    read_all,
    until,
)


def test_a_state_file_of_another_make_is_no_state_and_no_end():
    import binascii

    for text in (
        b"[1, 2, 3]",
        b'{"epoch": 1}',
        b"7",
        b'["a", 1, 1, 1, 1, []]',
        b"[1,1,1,1,1,[],9]",
    ):
        storage = MemoryStorage()
        storage.files[FILE] = text + b"\n%08x" % binascii.crc32(text)
        state = State(storage)
        assert not state.found and (state.epoch, state.bd_seq) == (0, -1)
        assert state.save() and State(storage).found
    bad = _BadBlock()
    State(bad).save()
    bad.where = FILE
    assert not State(bad).found


def test_the_state_file_of_another_board_costs_only_what_was_acknowledged():
    storage, other, time = MemoryStorage(), MemoryStorage(), Time()
    put_many(open_journal(other, time), time, 50)
    mine = open_journal(storage, time)
    put_many(mine, time, 30)
    mine.acknowledge(mine.position(20))
    mine.save()
    storage.files[FILE] = other.files[FILE]
    time.reboot()
    again = open_journal(storage, time)
    assert (again.epoch, again.durable, again.ack) == (mine.epoch, 30, 0)
    assert len(read_all(again)) == 30


def test_strange_files_in_the_journals_folder_are_left_alone():
    storage, time = MemoryStorage(), Time()
    put_many(open_journal(storage, time), time, 5)
    for name in ("yesterdays-day01.seg", "0123456789abcdef.seg.", "-0000001-0000001.seg"):
        storage.files[name] = b"what is this"
    storage.remove(FILE)
    time.reboot()
    again = open_journal(storage, time)
    assert again.durable == 5 and storage.files["yesterdays-day01.seg"] == b"what is this"


class _BadBlock(MemoryStorage):
    """Bytes from `bad` on of the file `where` cannot be read."""

    where, bad = "", 0

    def read(self, name, offset, count):
        if name == self.where and offset + count > self.bad:
            raise OSError(errno.EIO)
        return MemoryStorage.read(self, name, offset, count)


def test_a_board_boots_with_a_bad_block_in_any_segment_and_uses_no_number_twice():
    for index, bad in ((0, 0), (1, 2500), (-1, 0), (-1, 2100)):
        storage, time = _BadBlock(), Time()
        journal = open_journal(storage, time)
        put_many(journal, time, 310)
        recorded = journal.durable
        storage.where, storage.bad = storage.segments()[index], bad
        assert storage.size(storage.where) > bad
        time.reboot()
        say = Said()
        again = open_journal(storage, time, say=say)
        assert again.next > recorded, (index, bad)
        put_many(again, time, 3)
        found = {entry.head.seq for entry in _all_tries(again)}
        assert found == set(range(1, again.durable + 1)), "the MES waits for every number"
        assert isinstance(again.old_layouts(), list), "births need them"


def _all_tries(journal):
    reader = journal.reader()
    reader.seek(journal.first)
    found = []
    while reader.seq <= journal.durable:
        try:
            found.append(reader.next(journal.durable))
        except OSError:
            continue
    return found


def test_numbers_that_are_used_up_never_reach_into_the_epoch():
    storage, time = MemoryStorage(), Time()
    journal = open_journal(storage, time)
    put_many(journal, time, 3)
    journal.next = SEQ_END - 2
    assert [put(journal, time) for _ in range(4)] == [SEQ_END - 2, SEQ_END - 1, 0, 0]
    journal.sync()
    journal.close()
    assert journal.lost == 2 and journal.durable == SEQ_END
    assert split_position(journal.position(journal.durable + 1)) == (journal.epoch, SEQ_END + 1)
    time.reboot()
    again = open_journal(storage, time)
    assert (again.epoch, again.next) == (journal.epoch, SEQ_END + 1) and put(again, time) == 0


def test_a_journal_whose_folder_can_only_be_read_still_tells_what_it_holds():
    bench = Bench()
    for n in range(5):
        bench.record(float(n))
    storage = bench.storage
    storage.fail = errno.EROFS if hasattr(errno, "EROFS") else 30
    again = Bench(storage)

    async def work():
        await again.born()
        again.acknowledge(0)
        await until(lambda: again.broker.said("DDATA"))

    again.run(work)
    assert again.journal.durable == 5 and NCMD in again.broker.subscribed[0]
