"""Where the journal ends after a boot."""

from edge_agent.recovery import find_end
from edge_agent.ring import Ring
from tests.edge_agent.fakes import (
    NOW_MS,
    MemoryStorage,
    Said,
    Time,
    layout,
    open_journal,
    put,
    put_many,
)


def _end(storage):
    ring = Ring(storage, Said())
    ring.open(0)
    return find_end(ring, lambda head: head.base_ms, Said()), ring


def _journal(count, layouts=None):
    storage, time = MemoryStorage(), Time()
    journal = open_journal(storage, time, layouts)
    put_many(journal, time, count)
    return storage, time, journal


def test_the_end_is_after_the_last_record_with_its_boot_and_times():
    storage, _, _ = _journal(7)
    end, ring = _end(storage)
    assert (end.next, end.boot, end.records) == (8, 1, 7)
    assert end.times == {"sinter-1": NOW_MS + 7000}
    assert not ring.broken


def test_times_of_stations_silent_in_the_newest_segment_come_from_its_start():
    layouts = [layout("sinter-1"), layout("mill-1")]
    storage, time, journal = _journal(0, layouts)
    put(journal, time, slot=1)
    journal.sync()
    put_many(journal, time, 200)
    assert len(storage.segments()) > 1
    end, _ = _end(storage)
    assert end.times["mill-1"] == NOW_MS + 1000
    assert end.times["sinter-1"] == NOW_MS + 201_000


def test_a_torn_record_at_the_end_does_not_count_and_breaks_the_segment():
    for kept in (1, 8, 30, 46):
        storage, time, journal = _journal(5)
        put(journal, time)
        storage.append(storage.name, b"")
        data = journal._pending
        storage.append(storage.name, data)
        storage.cut(kept)
        end, ring = _end(storage)
        assert end.next == 6 and ring.broken, kept


def test_damage_in_the_middle_of_the_newest_segment_keeps_what_follows():
    storage, _, _ = _journal(30)
    name = storage.segments()[-1]
    storage.flip(name, storage.size(name) // 2)
    end, ring = _end(storage)
    assert end.next == 31 and end.records == 29 and not ring.broken


def test_segments_without_a_record_are_removed_unless_there_is_no_other():
    storage, _, _ = _journal(5)
    ring = Ring(storage, Said())
    ring.open(0)
    ring.append(ring.start(6, [layout()], 0, [0]))
    end, ring = _end(storage)
    assert end.next == 6 and len(ring.segments) == 1 and len(storage.segments()) == 1
    storage = MemoryStorage()
    ring = Ring(storage, Said())
    ring.epoch = 3
    ring.append(ring.start(1, [layout()], 0, [0]))
    end, ring = _end(storage)
    assert end.next == 1 and end.records == 0 and len(storage.segments()) == 1
