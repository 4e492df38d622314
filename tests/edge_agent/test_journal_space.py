"""The journal's space: bounded, thinned when scarce, used again when acknowledged, losses stated."""

import errno

from edge_agent.journal import EVENTS_ONLY, PENDING_MAX, STOP, Limits
from tests.device_help import fault_of
from tests.edge_agent.fakes import (
    LIMITS,
    MemoryStorage,
    Said,
    Time,
    fresh_journal,
    losses_of,
    open_journal,
    put,
    put_many,
    read_all,
)

ENOSPC = 28


def test_what_waits_is_bounded_and_what_does_not_fit_is_stated():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 1)
    storage.fail = errno.EIO
    refused = 0
    for _ in range(600):
        refused += put(journal, time) == 0
    assert refused > 100 and len(journal._pending) < PENDING_MAX + 100
    assert journal.lost == refused
    storage.fail = None
    journal.sync()
    put(journal, time)
    journal.sync()
    ((from_ms, to_ms, count, reason),) = losses_of(journal)
    assert (count, reason) == (refused, "full") and to_ms - from_ms == (refused - 1) * 1000


def test_a_full_journal_thins_then_stops_and_never_overwrites():
    storage, time, journal = fresh_journal()
    levels = []
    for _ in range(3000):
        if put(journal, time) == 0:
            break
        journal.sync()
        if levels[-1:] != [journal.thinning]:
            levels.append(journal.thinning)
    assert levels == [1, 4, 16, EVENTS_ONLY, STOP]
    assert journal.used_pct >= 100 and journal.lost == 1
    entries = read_all(journal)
    assert [e.head.seq for e in entries] == list(range(1, journal.next))
    assert sum(storage.size(n) for n in storage.segments()) <= LIMITS.bytes


def test_acknowledged_space_is_used_again_but_only_when_it_is_needed():
    _, time, journal = fresh_journal()
    put_many(journal, time, 500)
    journal.sent = journal.durable
    assert journal.acknowledge(journal.position(500))
    assert journal.used_pct == 0 and journal.first == 1
    put_many(journal, time, 3000)
    assert journal.first > 1 and journal.first <= 501
    assert journal.thinning == STOP
    assert read_all(journal)[0].head.seq == journal.first


def test_after_an_acknowledgement_a_full_journal_goes_on_and_states_the_loss():
    _, time, journal = fresh_journal()
    while put(journal, time):
        journal.sync()
    for _ in range(9):
        assert put(journal, time) == 0
    last = journal.durable
    journal.sent = last
    journal.acknowledge(journal.position(last))
    assert put(journal, time) == last + 1
    journal.sync()
    assert losses_of(journal, last + 1)[0][2:] == (10, "full")


def test_the_reserve_lets_a_full_journal_state_its_losses_at_the_end():
    storage, time, journal = fresh_journal()
    while put(journal, time):
        journal.sync()
    journal.close()
    assert losses_of(journal)[-1][2:] == (1, "full")
    assert sum(storage.size(n) for n in storage.segments()) <= LIMITS.bytes
    time.reboot()
    assert open_journal(storage, time).lost == 1


def test_a_medium_that_is_full_gives_up_what_the_mes_holds():
    storage, time, journal = fresh_journal()
    put_many(journal, time, 300)
    journal.sent = journal.durable
    journal.acknowledge(journal.position(200))
    put(journal, time)
    storage.fail = ENOSPC
    fault_of(OSError, journal.sync)
    storage.fail = None
    journal.sync()
    assert 1 < journal.first <= 201 and journal.durable == 301


def test_a_board_whose_medium_is_full_at_boot_goes_on():
    storage, time = MemoryStorage(), Time()
    storage.fail = ENOSPC
    say = Said()
    journal = open_journal(storage, time, say=say)
    put(journal, time)
    fault_of(OSError, journal.sync)
    storage.fail = None
    journal.sync()
    assert journal.durable == 1 and say.any("cannot be written")


def test_small_limits_keep_their_reserve():
    storage, time = MemoryStorage(), Time()
    journal = open_journal(storage, time, limits=Limits(8 * 4096, 4096))
    while put(journal, time):
        journal.sync()
    journal.close()
    assert sum(storage.size(n) for n in storage.segments()) <= 8 * 4096
