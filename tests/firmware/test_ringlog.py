"""The ring log as a storage: what it keeps, what damage costs, how it wears; both interpreters run this file."""

from edge_agent.journal import Journal, Limits
from edge_agent.state import State
from firmware.onboard.ringlog import RingLog
from tests.device_help import fault_of
from tests.edge_agent.fakes import Time, hands, layout, put, read_all
from tests.figures import figure
from tests.firmware.nor import BLOCK, Nor

SEGMENT = "00000001%08x.seg"


def _opened(nor):
    return RingLog(nor, nor.unit)


def _fresh(blocks=24, unit=1):
    nor = Nor(blocks, 1, unit)
    return nor, _opened(nor)


def _all(storage, name):
    return storage.read(name, 0, storage.size(name) + 1)


def test_what_was_synced_is_there_after_a_boot_and_what_was_not_is_not():
    for unit in (1, 4, 256):
        nor, storage = _fresh(unit=unit)
        storage.append("a.seg", b"one")
        storage.append("a.seg", b"\xfftwo\xff\xff")
        storage.sync()
        storage.append("a.seg", b"three")
        assert _all(storage, "a.seg") == b"one\xfftwo\xff\xffthree"
        again = _opened(nor)
        assert again.names() == ["a.seg"] and _all(again, "a.seg") == b"one\xfftwo\xff\xff"


def test_a_file_grows_over_blocks_and_is_read_from_any_place():
    nor, storage = _fresh()
    data = bytes([n * 7 % 251 for n in range(3 * BLOCK)])
    for at in range(0, len(data), 1000):
        storage.append("a.seg", data[at : at + 1000])
        storage.sync()
    for kept in (storage, _opened(nor)):
        assert kept.size("a.seg") == len(data)
        for at in (0, 1, 4000, 4056, 8111, len(data) - 1):
            assert kept.read("a.seg", at, 5000) == data[at : at + 5000]
        assert kept.read("a.seg", len(data), 10) == b""


def test_after_a_boot_a_clean_block_is_gone_on_with():
    nor, storage = _fresh()
    for n in range(8):
        storage = _opened(nor)
        storage.append("a.seg", b"boot %d;" % n)
        storage.sync()
    assert _all(_opened(nor), "a.seg") == b"".join([b"boot %d;" % n for n in range(8)])
    assert sum(nor.wear) == 1


def test_a_small_file_is_replaced_and_one_version_costs_no_erase():
    nor, storage = _fresh()
    for n in range(300):
        storage.write("state", b"[%d, 2, 3, 4, 5, []]" % n)
        if n % 50 == 0:
            storage.write("anchors", b"a" * 800)
    for kept in (storage, _opened(nor)):
        assert sorted(kept.names()) == ["anchors", "state"]
        assert _all(kept, "state") == b"[299, 2, 3, 4, 5, []]" and kept.size("anchors") == 800
    assert sum(nor.wear) < 10


def test_what_is_removed_stays_removed_and_its_blocks_are_used_again():
    nor, storage = _fresh(8)
    storage.write("state", b"1")
    for n in range(30):
        storage.append(SEGMENT % n, b"x" * 6000)
        storage.sync()
        storage.remove(SEGMENT % n)
        assert _opened(nor).names() == ["state"]
    storage.remove("state")
    storage.remove("nothing")
    assert storage.names() == [] and _opened(nor).names() == []


def test_what_is_not_there_is_a_fault_of_the_storage():
    storage = _fresh()[1]
    for ask in (storage.size, lambda name: storage.read(name, 0, 1)):
        assert fault_of(OSError, ask, "nothing").errno == 2


def test_a_full_partition_refuses_appends_and_still_takes_the_state():
    nor, storage = _fresh(8)
    storage.write("state", b"1")
    fault = fault_of(OSError, lambda: storage.append("a.seg", b"x" * (8 * BLOCK)))
    assert fault.errno == 28
    for n in range(400):
        storage.write("state", b"%d" % n * 20)
    storage.remove("a.seg")
    storage.append("b.seg", b"y")
    storage.sync()
    assert sorted(_opened(nor).names()) == ["b.seg", "state"]
    assert fault_of(OSError, storage.write, "huge", b"x" * BLOCK)


def test_what_fits_by_its_word_does_fit():
    storage = _fresh(64)[1]
    segment = 4 * BLOCK
    most = storage.capacity(segment)
    assert most > 40 * BLOCK
    storage.write("state", b"1")
    for n in range(most // segment):
        for _ in range(segment // 32):
            storage.append(SEGMENT % n, b"x" * 32)
            storage.sync()


def test_one_flipped_bit_costs_what_lies_in_that_byte_and_no_more():
    nor, storage = _fresh(6)
    storage.append("a.seg", b"\x00" * 2000)
    storage.sync()
    storage.append("a.seg", b"\x00" * 1000)
    storage.sync()
    for place in range(0, BLOCK, 3):
        nor.flip(place, place & 7)
        kept = _all(_opened(nor), "a.seg")
        assert len(kept) == 3000 and kept.count(b"\x00") >= 2999, place
        nor.flip(place, place & 7)


def test_a_flipped_bit_in_a_small_file_gives_the_version_before():
    nor, storage = _fresh(6)
    storage.write("state", b"old")
    storage.write("state", b"new")
    at = bytes(nor.data).find(b"new")
    nor.flip(at, 3)
    again = _opened(nor)
    assert _all(again, "state") == b"old"
    again.write("state", b"newer")
    assert _all(_opened(nor), "state") == b"newer"


class Stubborn(Nor):
    """One block takes nothing any more."""

    def writeblocks(self, block, buf, off):
        if block != 2:
            Nor.writeblocks(self, block, buf, off)


class Forgetful(Nor):
    """One block does not take the last byte of what it is given."""

    def writeblocks(self, block, buf, off):
        if block == 2:
            buf = bytes(buf)[:-1]
        Nor.writeblocks(self, block, buf, off)


def test_a_block_that_keeps_nothing_is_left_out():
    _left_out(Stubborn(8, 1))


def test_a_block_that_keeps_not_all_is_left_out():
    _left_out(Forgetful(8, 1))


def _left_out(nor):
    storage = RingLog(nor)
    storage.append("a.seg", b"x" * (4 * BLOCK))
    storage.sync()
    assert _all(RingLog(nor), "a.seg") == b"x" * (4 * BLOCK)


def _work(journal, time, records):
    """So many records of ten metrics, a sync every ten, all acknowledged a little later."""
    for n in range(records):
        time.pass_ms(1000)
        mono = time.clock.mono_ms()
        journal.append(0, mono, [(i, mono, n + i / 7, 192) for i in range(10)])
        if n % 10 == 9:
            journal.sync()
            journal.sent = journal.durable
            journal.acknowledge(journal.position(max(journal.durable - 20, 1)))
        if n % 60 == 59:
            journal.save()


class Worn(Nor):
    """Blocks of it that are `dead` take no program and no erase any more."""

    def __init__(self, blocks):
        Nor.__init__(self, blocks, 1)
        self.dead = ()

    def writeblocks(self, block, buf, off):
        if block not in self.dead:
            Nor.writeblocks(self, block, buf, off)

    def ioctl(self, op, arg):
        return 5 if op == 6 and arg in self.dead else Nor.ioctl(self, op, arg)


def test_a_block_that_dies_with_records_in_it_stops_neither_the_journal_nor_a_boot():
    for dead in (0, 1, 2):
        nor = Worn(12)
        storage = _opened(nor)
        storage.write("state", b"one")
        storage.append("a.seg", bytes(2 * BLOCK))
        storage.sync()
        nor.dead = (dead,)
        storage.remove("a.seg")
        storage.append("b.seg", b"b" * 3 * BLOCK)
        storage.sync()
        for n in range(500):  # the small files move on, too
            try:
                storage.write("state", b"two %d" % n)
            except OSError:
                assert (dead, n) == (0, 0)
        for _ in range(2):
            again = _opened(nor)
            assert _all(again, "b.seg") == b"b" * 3 * BLOCK
            assert _all(again, "state") == b"two 499"


def test_what_lies_before_a_fault_is_not_said_to_be_durable():
    nor = Worn(12)
    storage = _opened(nor)
    storage.append("a.seg", b"one")
    nor.dead = (0,)
    for work in (lambda: storage.append("a.seg", b"two"), storage.sync):
        fault_of(OSError, work)
    assert nor.data[-BLOCK:] == b"\xff" * BLOCK  # nor is anything written elsewhere
    storage.append("a.seg", b"three")
    storage.sync()
    assert _all(storage, "a.seg").endswith(b"three")


def test_wear_is_spread_evenly_and_an_erase_serves_many_records():
    nor, storage = _fresh(64)
    time = Time()
    limits = Limits(storage.capacity(4 * BLOCK), 4 * BLOCK)
    journal = Journal(hands(storage, time.clock), State(storage), [layout("mill-1", 10)], limits)
    records = 12_000
    _work(journal, time, records)
    erases = sum(nor.wear)
    figure(
        "wear of the ring log",
        f"{erases / records:.3f} erases and {nor.programs / records:.2f} programs per record of ten "
        f"metrics, {min(nor.wear)} to {max(nor.wear)} erases of each block",
    )
    assert erases == storage.erases
    assert 0.02 < erases / records < 0.07
    assert 0 < max(nor.wear) <= 2 * min(nor.wear)


def test_a_journal_takes_up_where_it_was_and_reads_all_of_it():
    nor, storage = _fresh(32)
    time = Time()
    limits = Limits(storage.capacity(2 * BLOCK), 2 * BLOCK)
    for boot in range(5):
        storage = _opened(nor)
        journal = Journal(hands(storage, time.clock), State(storage), [layout()], limits)
        assert journal.boot == boot + 1
        for _ in range(40):
            put(journal, time)
        journal.sync()
        time.reboot()
    numbers = [entry.head.seq for entry in read_all(journal)]
    assert numbers == list(range(1, 201))
