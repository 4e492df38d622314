"""Reading in the order of the numbers; what cannot be read is stated, never skipped in silence."""

import json
import random

from edge_agent.records import LOSS_INDEX, Layout, head_of, put_metrics, read_loss
from schemas.sparkplug import decode_payload
from tests.device_help import read_vectors
from tests.edge_agent.fakes import (
    NOW_MS,
    MemoryStorage,
    Said,
    Time,
    layout,
    open_journal,
    put_many,
    read_all,
)


def _journal(count=250, layouts=None, say=None):
    storage, time = MemoryStorage(), Time()
    journal = open_journal(storage, time, layouts, say=say)
    put_many(journal, time, count)
    return storage, time, journal


def _values(entry):
    out = bytearray()
    put_metrics(out, entry.body, entry.layout, (entry.head.base_ms, 2), True)
    return [(m.name, m.value) for m in decode_payload(bytes(out)).metrics]


def test_every_record_comes_once_in_order_across_segments():
    storage, _, journal = _journal()
    assert len(storage.segments()) > 2
    entries = read_all(journal)
    assert [entry.head.seq for entry in entries] == list(range(1, 251))
    assert _values(entries[41]) == [("zone_1_temperature_c", 41.0)]


def test_reading_may_begin_anywhere_and_stops_at_what_is_durable():
    _, _, journal = _journal()
    for first in (1, 2, 60, 249, 250):
        assert read_all(journal, first)[0].head.seq == first
    assert read_all(journal, 251) == []
    reader = journal.reader()
    reader.seek(100)
    assert reader.next(99) is None and reader.next(100).head.seq == 100 and reader.next(100) is None


def test_damage_at_the_end_of_a_segment_keeps_the_checksum_the_record_had():
    storage, _, journal = _journal()
    crcs = [entry.crc for entry in read_all(journal)]
    name = storage.segments()[0]
    storage.flip(name, storage.size(name) - 1)
    entries = read_all(journal)
    assert [entry.crc for entry in entries] == crcs
    assert sum("Journal/Loss" in dict(_values(entry)) for entry in entries) == 1


def test_a_reader_follows_what_is_recorded_later():
    _, time, journal = _journal(5)
    reader = journal.reader()
    for _ in range(5):
        reader.next(journal.durable)
    assert reader.next(journal.durable) is None
    put_many(journal, time, 150)
    seqs = []
    while (entry := reader.next(journal.durable)) is not None:
        seqs.append(entry.head.seq)
    assert seqs == list(range(6, 156))


def test_a_damaged_record_is_stated_as_lost_under_its_number_and_checksum():
    say = Said()
    storage, _, journal = _journal(say=say)
    before = read_all(journal)
    name = storage.segments()[1]
    storage.flip(name, 1000)
    after = read_all(journal)
    assert [entry.head.seq for entry in after] == [entry.head.seq for entry in before]
    changed = [n for n in range(250) if after[n].body != before[n].body]
    assert len(changed) == 1
    entry = after[changed[0]]
    assert entry.crc == before[changed[0]].crc
    ((metric, loss),) = _values(entry)
    assert metric == "Journal/Loss" and json.loads(loss)["reason"] == "corrupt"
    n = changed[0]
    assert read_loss(loss) == (
        before[n - 1].head.base_ms,
        before[n + 1].head.base_ms,
        -1,
        "corrupt",
    )
    assert journal.lost == 1 and say.any("cannot be read")
    assert [e.body for e in read_all(journal)] == [e.body for e in after]
    assert journal.lost == 1


def test_a_hole_of_many_records_states_the_loss_once_and_keeps_every_number():
    storage, _, journal = _journal()
    name = storage.segments()[1]
    for at in range(400, 900, 9):
        storage.flip(name, at, 0xFF)
    entries = read_all(journal)
    assert [entry.head.seq for entry in entries] == list(range(1, 251))
    stated = [e.head.seq for e in entries if any(n == "Journal/Loss" for n, _ in _values(e))]
    bare = [e.head.seq for e in entries if len(e.body) == 27]
    assert len(stated) == 1 and bare == list(range(stated[0] + 1, stated[0] + 1 + len(bare)))
    assert len(bare) > 3 and journal.lost == len(bare) + 1


def test_a_segment_that_is_gone_is_a_hole():
    storage, _, journal = _journal()
    gone = journal._ring.segments[1]
    span = range(gone.first, journal._ring.segments[2].first)
    storage.files[gone.name] = b""
    gone.size = 0
    entries = read_all(journal)
    assert [entry.head.seq for entry in entries] == list(range(1, 251))
    assert journal.lost == len(span)
    assert len({entry.crc for entry in entries}) == 250


def test_other_stations_state_the_hole_with_their_next_record():
    storage, time, journal = _journal(layouts=[layout("sinter-1"), layout("mill-1")])
    storage.flip(storage.segments()[1], 1000)
    read_all(journal)
    put_many(journal, time, 1, slot=1)
    last = read_all(journal)[-1]
    assert last.layout.station == "mill-1"
    assert "corrupt" in dict(_values(last))["Journal/Loss"]


def test_records_of_an_older_contract_keep_their_names_and_datatypes():
    storage, time, journal = _journal(10)
    time.reboot()
    new = Layout("sinter-1", [("setpoint_c", 10), ("zone_1_temperature_c", 3)])
    journal = open_journal(storage, time, [new])
    put_many(journal, time, 3)
    entries = read_all(journal)
    assert _values(entries[4]) == [("zone_1_temperature_c", 4.0)]
    assert entries[4].layout.changed == {0: b"\x20\x0a"}
    assert _values(entries[12]) == [("setpoint_c", 2.0)] and entries[12].layout is new
    assert [old.station for old in journal.old_layouts()] == ["sinter-1"]


def test_a_segment_the_medium_cannot_read_is_a_hole_after_a_few_tries():
    storage, _, journal = _journal()
    bad = storage.segments()[1]
    plain, faults = storage.read, []

    def read(name, offset, count):
        if name == bad:
            faults.append(offset)
            raise OSError(5, "bad block")
        return plain(name, offset, count)

    storage.read = read
    reader = journal.reader()
    seqs = []
    while len(seqs) < 250:
        try:
            seqs.append(reader.next(journal.durable).head.seq)
        except OSError:
            reader.seek(reader.seq)
    assert seqs == list(range(1, 251)) and len(faults) == 3
    assert journal.lost == journal._ring.bound(1) - journal._ring.segments[1].first


def test_a_segment_whose_layouts_cannot_be_read_is_stated_as_lost():
    storage, time, journal = _journal(10)
    storage.flip(storage.segments()[0], 12)
    time.reboot()
    journal = open_journal(storage, time)
    entries = read_all(journal)
    assert [entry.head.seq for entry in entries] == list(range(1, 11))
    assert all(head_of(entry.body).seq == entry.head.seq for entry in entries)


def test_random_damage_never_costs_a_number_and_never_invents_a_value():
    random.seed(5)
    for _ in range(40):
        storage, _, journal = _journal(80)
        true = {entry.head.seq: entry.body for entry in read_all(journal)}
        for _ in range(random.randint(1, 6)):
            name = random.choice(storage.segments())
            storage.flip(name, random.randint(0, storage.size(name) - 1), 1 << random.randint(0, 7))
        entries = read_all(journal)
        assert [entry.head.seq for entry in entries] == list(range(1, 81))
        for entry in entries:
            lost = len(entry.body) == 27 or entry.body[27] == LOSS_INDEX
            assert lost or entry.body == true[entry.head.seq]


def test_a_segment_of_an_older_release_is_read():
    golden = read_vectors("journal_segment.json")
    storage, time = MemoryStorage(), Time()
    storage.files[golden["name"]] = bytes.fromhex(golden["hex"])
    layouts = [Layout(name, [(n, c) for n, c in metrics]) for name, metrics in golden["layouts"]]
    for now in (layouts, [layout("other-1")]):
        journal = open_journal(storage, time, now)
        assert (journal.epoch, journal.next, journal.boot, journal.lost) == (0xC0FFEE01, 6, 5, 9)
        entries = read_all(journal)
        assert [entry.crc for entry in entries] == [record["crc"] for record in golden["records"]]
        for entry, record in zip(entries, golden["records"]):
            assert list(entry.head) == record["head"]
            out = bytearray()
            put_metrics(out, entry.body, entry.layout, (entry.head.base_ms or NOW_MS, 2), False)
            read = [
                [m.name, m.at_ms, m.value, m.quality] for m in decode_payload(bytes(out)).metrics
            ]
            assert read == record["metrics"]
        storage.remove("state")
