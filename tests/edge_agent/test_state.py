"""The state file: kept, damaged, forgotten."""

from edge_agent.clock import FLOOR_MS
from edge_agent.state import FILE, State
from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_UNSET
from tests.edge_agent.fakes import MemoryStorage


def _filled(storage):
    state = State(storage)
    state.new_journal(0xDEADBEEF)
    state.boot, state.ack, state.lost, state.bd_seq = 7, 1 << 31, 3, 255
    state.save()
    return state


def test_what_was_saved_is_there_after_a_reboot():
    storage = MemoryStorage()
    _filled(storage)
    state = State(storage)
    assert state.found
    assert (state.epoch, state.boot, state.ack, state.lost, state.bd_seq) == (
        0xDEADBEEF,
        7,
        1 << 31,
        3,
        255,
    )


def test_a_missing_file_is_all_zero():
    state = State(MemoryStorage())
    assert not state.found and (state.epoch, state.boot, state.bd_seq) == (0, 0, -1)


def test_a_flipped_bit_anywhere_makes_it_unknown_never_wrong():
    storage = MemoryStorage()
    _filled(storage)
    whole = storage.files[FILE]
    for at in range(len(whole)):
        storage.files[FILE] = whole
        storage.flip(FILE, at, 4)
        state = State(storage)
        assert not state.found and state.epoch == 0, at
    storage.files[FILE] = whole[:10]
    assert not State(storage).found


def test_a_full_medium_is_told_and_raises_nothing():
    storage = MemoryStorage()
    state = _filled(storage)
    storage.fail = 28
    state.boot = 8
    assert state.save() is False
    assert State(storage).boot == 7


def test_a_boot_that_began_without_a_time_is_told_it_once():
    storage = MemoryStorage()
    state = _filled(storage)
    state.boot_began_unset(FLOOR_MS + 5)
    assert state.beginning(7) == (FLOOR_MS + 5, CLOCK_UNSET)
    assert state.boot_began(FLOOR_MS + 900, CLOCK_NETWORK)
    assert not state.boot_began(FLOOR_MS + 1, CLOCK_NETWORK)
    state.save()
    assert State(storage).beginning(7) == (FLOOR_MS + 900, CLOCK_NETWORK)


def test_an_unknown_boot_is_estimated_and_old_ones_are_forgotten():
    storage = MemoryStorage()
    state = _filled(storage)
    assert state.beginning(3) == (FLOOR_MS, CLOCK_UNSET)
    for boot in range(40):
        state.boot = boot
        state.boot_began_unset(FLOOR_MS + boot)
    state.save()
    again = State(storage)
    assert again.beginning(39) == (FLOOR_MS + 39, CLOCK_UNSET)
    assert again.beginning(10) == (FLOOR_MS, CLOCK_UNSET)
    assert len(storage.files[FILE]) < 4096
