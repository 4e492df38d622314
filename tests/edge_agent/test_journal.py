"""The journal's promises: recorded is durable, numbers are used once, times and gaps are stated."""

import errno

from edge_agent.clock import FLOOR_MS
from edge_agent.records import FRAME_BYTES, put_metrics
from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_UNSET
from schemas.samples import GOOD
from schemas.sparkplug import decode_payload
from tests.device_help import fault_of
from tests.edge_agent.fakes import (
    NOW_MS,
    MemoryStorage,
    Said,
    Time,
    fresh_journal,
    layout,
    losses_of,
    open_journal,
    put,
    put_many,
    read_all,
    samples_of,
)


def test_numbers_run_from_one_and_the_epoch_is_in_every_position():
    _, time, journal = fresh_journal()
    assert journal.next == 1 and journal.epoch != 0
    assert [put(journal, time) for _ in range(3)] == [1, 2, 3]
    assert journal.position(3) == journal.epoch << 32 | 3


def test_a_record_is_recorded_only_after_sync():
    storage, time, journal = fresh_journal()
    put(journal, time)
    assert journal.durable == 0 and read_all(journal) == []
    frames = journal.sync()
    assert journal.durable == 1 and len(frames) == FRAME_BYTES + 27 + 13
    assert journal.sync() == b""
    put(journal, time)
    storage.cut()
    time.reboot()
    again = open_journal(storage, time)
    assert again.durable == 1 and again.next == 2 and again.epoch == journal.epoch


def test_many_reboots_and_cuts_never_use_a_recorded_number_twice():
    storage, time = MemoryStorage(), Time()
    known = {}
    for n in range(60):
        time.reboot()
        journal = open_journal(storage, time)
        for entry in read_all(journal):
            assert known.setdefault(entry.head.seq, entry.crc) == entry.crc
        assert journal.next > max(known or [0])
        put_many(journal, time, n % 4)
        put(journal, time, 1e6 + n)
        for entry in read_all(journal):
            known[entry.head.seq] = entry.crc
        if n % 2:
            storage.append(storage.name, journal._pending)
            storage.cut(n % 50)
        else:
            storage.cut()


def test_a_failed_sync_keeps_what_waits_and_goes_on_in_a_new_segment():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 3)
    put(journal, time, 77.0)
    storage.fail, storage.fail_after = errno.EIO, 20
    fault_of(OSError, journal.sync)
    fault_of(OSError, journal.sync)
    assert journal.durable == 3
    storage.fail = None
    put(journal, time, 78.0)
    journal.sync()
    assert journal.durable == 5 and len(storage.segments()) == 2
    assert [samples_of(e)[0][1] for e in read_all(journal)][3:] == [77.0, 78.0]
    time.reboot()
    assert len(read_all(open_journal(storage, time))) == 5


def test_remains_of_a_failed_write_are_never_read_as_records():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 3)
    put(journal, time, 1.0)
    put(journal, time, 2.0)
    # The whole of it reaches the medium, but sync fails: nobody may know.
    storage.fail, storage.fail_after = errno.EIO, 10_000
    fault_of(OSError, journal.sync)
    storage.fail = None
    journal._pending = bytearray()
    journal.next = 4
    put(journal, time, 9.0)
    journal.sync()
    assert [samples_of(e)[0][1] for e in read_all(journal)][3:] == [9.0]


def test_acknowledgements_of_other_epochs_and_of_the_future_are_ignored():
    _, time, journal = fresh_journal()
    put_many(journal, time, 10)
    journal.sent = 6
    for pos in (7, journal.position(7), (journal.epoch ^ 1) << 32 | 3, 0, (1 << 64) - 1):
        assert not journal.acknowledge(pos), pos
    assert journal.ack == 0
    assert journal.acknowledge(journal.position(6)) and journal.ack == 6


def test_a_restored_mes_takes_the_acknowledgement_back_as_far_as_records_are_held():
    _, time, journal = fresh_journal()
    put_many(journal, time, 300)
    journal.sent = 300
    journal.acknowledge(journal.position(300))
    journal.acknowledge(journal.position(20))
    assert journal.ack == 20 and journal.used_pct > 0
    journal.acknowledge(journal.position(300))
    for _ in range(40):
        put_many(journal, time, 50)
        journal.sent = journal.durable
        journal.acknowledge(journal.position(journal.durable))
    assert journal.first > 300
    journal.acknowledge(journal.position(5))
    assert journal.ack == journal.first - 1


def test_the_acknowledgement_is_remembered_and_what_was_recorded_may_have_been_sent():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 10)
    journal.sent = 10
    journal.acknowledge(journal.position(8))
    journal.save()
    time.reboot()
    again = open_journal(storage, time)
    assert again.ack == 8 and again.sent == 10


def test_a_number_that_the_mes_holds_is_not_used_again_though_its_record_rotted_away():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 20)
    journal.sent = journal.durable
    journal.acknowledge(journal.position(20))
    journal.save()
    name = journal._ring.segments[-1].name
    data = storage.files[name]
    storage.files[name] = data[:-200] + b"\x00" * 200
    time.reboot()
    journal = open_journal(storage, time)
    assert put(journal, time) == 21 and journal.sync()
    assert journal.ack == 20
    time.reboot()
    journal = open_journal(storage, time)
    assert journal.next == 22 and [entry.head.seq for entry in read_all(journal, 21)] == [21]


def test_every_boot_after_the_first_states_the_gap_with_each_stations_first_record():
    layouts = [layout("sinter-1"), layout("mill-1")]
    storage, time, journal = fresh_journal(layouts=layouts)
    put(journal, time, slot=0)
    put(journal, time, slot=1)
    journal.sync()
    assert losses_of(journal) == []
    time.pass_ms(60_000)
    time.reboot()
    journal = open_journal(storage, time, layouts)
    put(journal, time, slot=1)
    put(journal, time, slot=0)
    put(journal, time, slot=0)
    journal.sync()
    assert journal.boot == 2
    gap = NOW_MS + 62_000
    assert losses_of(journal) == [
        (NOW_MS + 2000, gap + 1000, -1, "restart"),
        (NOW_MS + 1000, gap + 2000, -1, "restart"),
    ]


def test_a_lost_state_file_costs_neither_epoch_nor_numbers_nor_boots():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 10)
    storage.remove("state")
    time.reboot()
    again = open_journal(storage, time)
    assert (again.epoch, again.next, again.boot, again.ack) == (journal.epoch, 11, 2, 0)


def test_a_journal_whose_segments_are_gone_begins_a_new_epoch():
    say = Said()
    storage, time, journal = fresh_journal()
    put_many(journal, time, 10)
    for name in storage.segments():
        storage.remove(name)
    time.reboot()
    again = open_journal(storage, time, say=say)
    assert again.epoch != journal.epoch and again.next == 1 and again.boot == 1 and again.ack == 0
    assert say.any("new journal")


def test_the_epoch_is_durable_before_the_first_record():
    storage, time, journal = fresh_journal()
    storage.cut()
    storage.remove("state")
    time.reboot()
    again = open_journal(storage, time)
    assert again.epoch == journal.epoch and again.next == 1


def test_a_changed_contract_begins_a_new_segment():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 3)
    time.reboot()
    journal = open_journal(storage, time, [layout(metrics=5)])
    put_many(journal, time, 1)
    assert len(storage.segments()) == 2
    time.reboot()
    journal = open_journal(storage, time, [layout(metrics=5)])
    put_many(journal, time, 1)
    assert len(storage.segments()) == 2 and len(journal.old_layouts()) == 1
    journal.acknowledge(journal.position(3))
    assert journal.old_layouts() == []


def test_records_without_a_time_get_it_once_it_is_known():
    storage, time = MemoryStorage(), Time(unix=0)
    journal = open_journal(storage, time)
    put_many(journal, time, 2)
    head = read_all(journal)[1].head
    assert head.base_ms == 0 and head.mono_ms == 2000
    assert journal.when(head) == (FLOOR_MS + 1 + 2000, CLOCK_UNSET)
    assert journal.now_ms() == FLOOR_MS + 1 + 2000
    time.unix = NOW_MS
    journal.clock_is_set()
    assert journal.when(head) == (NOW_MS, CLOCK_NETWORK)
    assert journal.when(read_all(journal)[0].head) == (NOW_MS - 1000, CLOCK_NETWORK)
    time.reboot()
    again = open_journal(storage, time)
    assert again.when(head) == (NOW_MS, CLOCK_NETWORK)


def test_a_boot_that_never_knew_the_time_is_put_after_the_one_before():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 5)
    time.reboot(unix=0)
    journal = open_journal(storage, time)
    put_many(journal, time, 3)
    last_known = NOW_MS + 5000
    heads = [entry.head for entry in read_all(journal)]
    assert [journal.when(h)[0] for h in heads[5:]] == [last_known + 1 + 1000 * n for n in (1, 2, 3)]
    time.reboot(unix=0)
    journal = open_journal(storage, time)
    put_many(journal, time, 1)
    heads = [entry.head for entry in read_all(journal)]
    assert journal.when(heads[8]) == (last_known + 1 + 3000 + 1 + 1000, CLOCK_UNSET)
    assert losses_of(journal)[-1][3] == "restart"


def test_a_clock_that_steps_back_changes_neither_order_nor_offsets():
    _, time, journal = fresh_journal()
    put(journal, time)
    time.unix -= 3_600_000
    put(journal, time)
    journal.sync()
    heads = [entry.head for entry in read_all(journal)]
    assert [head.seq for head in heads] == [1, 2]
    assert heads[1].mono_ms - heads[0].mono_ms == 1000


def test_a_record_of_a_moment_ago_has_that_moments_time():
    _, time, journal = fresh_journal()
    time.pass_ms(900)
    mono = time.clock.mono_ms() - 700
    journal.append(0, mono, [(0, mono, 1.0, GOOD), (1, mono + 300, 2.0, GOOD)])
    journal.sync()
    (entry,) = read_all(journal)
    assert entry.head.base_ms == time.unix - 700 and entry.head.mono_ms == mono
    out = bytearray()
    put_metrics(out, entry.body, entry.layout, (entry.head.base_ms, 2), False)
    assert [m.at_ms for m in decode_payload(bytes(out)).metrics] == [
        time.unix - 700,
        time.unix - 400,
    ]
