"""The boot record, the launcher's choice and the slots as the running code sees them; on both interpreters."""

from firmware.onboard.launcher import (
    BOOTS_MAX,
    Record,
    chosen,
    failed,
    load,
    packed,
    store,
    unpacked,
)
from firmware.onboard.slots import Slots
from tests.firmware.releases import MemoryDisk, Release, install

FRESH = Record(0, 0, 0, 0, 0, 0)


def _both(_slot):
    return True


def test_a_record_is_read_as_written_and_every_spoilt_byte_of_it_is_found():
    record = Record(7, 1, 1, 2, 4_000_000_000, 3)
    data = packed(record)
    assert unpacked(data) == record and len(data) < 32
    for at in range(len(data)):
        for bit in (1, 128):
            assert unpacked(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]) is None
    for size in range(len(data)):
        assert unpacked(data[:size]) is None
    assert unpacked(data + b"\x00") is None


def test_two_copies_are_written_in_turn_and_the_newest_whole_one_counts():
    disk = MemoryDisk()
    assert load(disk.read) == FRESH
    first = store(disk.write, Record(0, 0, 0, 0, 1, 0))
    second = store(disk.write, Record(first.serial, 1, 1, 0, 2, 0))
    assert sorted(disk.files) == ["boot.0", "boot.1"]
    assert load(disk.read) == second
    name = f"boot.{second.serial & 1}"
    for cut in range(len(disk.files[name])):
        torn = MemoryDisk()
        torn.files = disk.files | {name: disk.files[name][:cut]}
        assert load(torn.read) == first


def test_a_slot_on_trial_gets_three_boots_and_the_other_one_those_after_it():
    record = Record(1, 1, 1, 0, 2, 0)
    for n in range(BOOTS_MAX):
        record = chosen(record, _both)
        assert (record.slot, record.trying, record.boots) == (1, 1, n + 1)
        record = failed(record)
    for _ in range(9):
        record = chosen(record, _both)
        assert record == Record(1, 0, 0, 0, 2, 2)


def test_a_slot_that_was_good_and_cannot_run_any_more_leaves_its_place_to_a_whole_one():
    record = Record(1, 0, 0, 0, 5, 0)
    for _ in range(BOOTS_MAX):
        record = chosen(record, _both)
        assert record.slot == 0
        record = failed(record)
    assert chosen(record, _both).slot == 1
    alone = chosen(record, lambda slot: slot == 0)
    assert alone.slot == 0, "it has nobody to leave it to"


def test_a_good_slot_that_is_whole_is_booted_for_ever_without_a_write():
    record = Record(4, 1, 0, 0, 5, 0)
    assert chosen(record, _both) == record


def test_a_board_whose_slot_is_not_whole_starts_the_one_that_is():
    assert chosen(FRESH, lambda slot: slot == 1).slot == 1
    assert chosen(FRESH, lambda slot: False).slot == 0


def test_the_first_acknowledged_record_makes_a_slot_good_but_not_the_one_that_was_switched_to():
    disk = MemoryDisk()
    install(disk, Release(1, {"start.py": b""}))
    slots = Slots(disk)
    before = dict(disk.files)
    slots.good()
    assert disk.files == before, "a good slot is not written again"
    slots.switch(2)
    slots.good()
    assert load(disk.read).trying == 1, "what was acknowledged is a record of the old slot"
    install(disk, Release(2, {"start.py": b""}), "b", load(disk.read))
    slots = Slots(disk)
    assert slots.trying and slots.running == "b" and slots.counter() == 2
    slots.good()
    assert not Slots(disk).trying and Slots(disk).counter() == 2


def test_a_record_whose_boot_was_the_first_on_trial_is_the_boot_of_an_update():
    disk = MemoryDisk()
    store(disk.write, Record(3, 1, 1, 1, 2, 0))
    assert Slots(disk).boot_reason == "update"
    store(disk.write, Record(4, 1, 1, 2, 2, 0))
    assert Slots(disk).boot_reason == ""
