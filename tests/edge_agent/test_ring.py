"""Segments: framed, found again, read past damage."""

import errno

from edge_agent.records import RECORD, Head, Layout, encode_record, frame
from edge_agent.ring import Frames, Ring, layouts_crc
from tests.device_help import fault_of, read_vectors
from tests.edge_agent.fakes import MemoryStorage, Said, layout


def _frames(storage, name="f"):
    """Every (crc or 0, body) of a file."""
    frames = Frames(storage, name, storage.size(name))
    found = []
    while (entry := frames.next()) is not None:
        found.append(entry)
    return found


def _bodies(count, size=40):
    return [bytes((RECORD, n)) + bytes((n & 255,)) * (size + n % 7) for n in range(count)]


def _file(bodies):
    storage = MemoryStorage()
    storage.files["f"] = b"".join(frame(body) for body in bodies)
    return storage


def test_frames_come_back_in_order_whatever_the_window_cuts():
    for count, size in ((1, 1), (200, 40), (3, 5000), (40, 333)):
        bodies = _bodies(count, size)
        assert [body for _, body in _frames(_file(bodies))] == bodies


def test_a_damaged_body_costs_one_record_and_tells_its_checksum():
    bodies = _bodies(20)
    storage = _file(bodies)
    whole = _frames(storage)
    at = sum(len(frame(body)) for body in bodies[:7]) + 12
    storage.flip("f", at)
    found = _frames(storage)
    assert found[7] == (whole[7][0], None)
    assert found[:7] + found[8:] == whole[:7] + whole[8:]


def test_a_damaged_length_is_passed_over_to_the_next_frame():
    bodies = _bodies(20)
    for byte in (0, 1, 2):
        storage = _file(bodies)
        at = sum(len(frame(body)) for body in bodies[:7]) + byte
        storage.flip("f", at, 0x10)
        found = [entry[1] for entry in _frames(storage)]
        assert [body for body in found if body is not None] == bodies[:7] + bodies[8:], byte
        assert found.count(None) == 1


def test_a_torn_tail_and_rubbish_end_the_file():
    bodies = _bodies(3)
    data = b"".join(frame(body) for body in bodies)
    for cut in (1, 6, 7, 20, 45):
        storage = MemoryStorage()
        storage.files["f"] = data[:-cut]
        assert [entry[1] for entry in _frames(storage)][:2] == bodies[:2]
        assert _frames(storage)[-1][1] is None
    storage.files["f"] = data + b"\xa5\xa5\x00" * 50
    assert [entry[1] for entry in _frames(storage)] == bodies + [None]


def test_a_segment_tells_epoch_losses_times_and_layouts():
    storage = MemoryStorage()
    layouts = [layout("sinter-1", 3), Layout("mill-1", [("state", 12)])]
    ring = Ring(storage, Said())
    ring.epoch = 0xABCD
    ring.append(ring.start(1, layouts, 9, [123, 1 << 45]))
    again = Ring(storage, Said())
    assert again.open(0) and again.epoch == 0xABCD
    segment = again.segments[0]
    assert (segment.first, segment.layouts_crc) == (1, layouts_crc(layouts))
    assert again.told_at_start(segment) == (9, [123, 1 << 45])
    read = again.layouts(segment)
    assert [read[slot].station for slot in (0, 1)] == ["sinter-1", "mill-1"]
    assert read[0].metrics == layouts[0].metrics


def test_segments_of_another_epoch_are_left_alone():
    storage = MemoryStorage()
    for epoch, firsts in ((5, (1, 90)), (9, (1, 7, 30))):
        ring = Ring(storage, Said())
        ring.epoch = epoch
        for first in firsts:
            ring.append(ring.start(first, [layout()], 0, [0]))
    said = Said()
    ring = Ring(storage, said)
    assert ring.open(5) and [s.first for s in ring.segments] == [1, 90]
    assert said.any("another journal")
    ring = Ring(storage, Said())
    assert ring.open(77) and ring.epoch == 9 and [s.first for s in ring.segments] == [1, 7, 30]
    assert [ring.index_of(seq) for seq in (1, 6, 7, 29, 30, 99)] == [0, 0, 1, 1, 2, 2]
    assert [ring.bound(n) for n in range(3)] == [7, 30, 1 << 32]


def test_an_empty_storage_has_no_journal():
    assert not Ring(MemoryStorage(), Said()).open(3)


def test_after_a_failed_write_the_segment_is_not_continued():
    storage = MemoryStorage()
    ring = Ring(storage, Said())
    ring.epoch = 1
    ring.append(ring.start(1, [layout()], 0, [0]))
    assert not ring.broken
    size = ring.segments[0].size
    storage.fail = errno.EIO
    fault_of(OSError, ring.append, b"x" * 10)
    assert ring.broken and ring.segments[0].size == size


def test_a_segment_begun_twice_at_the_same_number_holds_the_second():
    storage = MemoryStorage()
    ring = Ring(storage, Said())
    ring.epoch = 1
    storage.fail, storage.fail_after = 28, 20
    fault_of(OSError, ring.append, ring.start(1, [layout()], 0, [0]))
    storage.fail = None
    ring.append(ring.start(1, [layout()], 0, [0]))
    assert len(ring.segments) == 1 and len(storage.segments()) == 1
    assert Ring(storage, Said()).open(1)
    assert ring.bytes == storage.size(storage.segments()[0])


def test_the_oldest_segment_gives_its_space_back():
    storage = MemoryStorage()
    ring = Ring(storage, Said())
    ring.epoch = 1
    for first in (1, 50, 99):
        ring.append(ring.start(first, [layout()], 0, [0]))
    before = ring.bytes
    ring.drop_oldest()
    assert [s.first for s in ring.segments] == [50, 99] and len(storage.segments()) == 2
    assert ring.bytes == before * 2 // 3


def test_layouts_that_differ_have_another_checksum():
    one = layouts_crc([layout("a"), layout("b")])
    assert one != layouts_crc([layout("b"), layout("a")])
    assert one != layouts_crc([layout("a", 3), layout("b")])
    assert one == layouts_crc([layout("a"), layout("b")]) != 0


def _golden():
    golden = read_vectors("journal_segment.json")
    layouts = [
        Layout(name, [(n, code) for n, code in metrics]) for name, metrics in golden["layouts"]
    ]
    return golden, layouts


def test_a_segment_is_written_to_the_byte_as_released():
    golden, layouts = _golden()
    ring = Ring(MemoryStorage(), Said())
    ring.epoch = int(golden["name"][:8], 16)
    data = ring.start(1, layouts, golden["lost"], golden["times"])
    for record in golden["records"]:
        head = Head(*record["head"])
        readings = [tuple(reading) for reading in record["readings"]]
        data += frame(encode_record(head, layouts[head.slot].codes, readings))
    assert data.hex() == golden["hex"] and ring.segments[0].name == golden["name"]
