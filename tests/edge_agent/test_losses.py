"""Losses wait until a record of their station can state them."""

from edge_agent.losses import Losses
from edge_agent.records import LOSS_INDEX


def test_losses_of_one_reason_are_stated_as_one():
    losses = Losses(2)
    losses.add(0, "full", (100, 100), 3)
    losses.add(0, "full", (900, 900), 4)
    assert losses.waiting(0) and not losses.waiting(1)
    assert losses.take(0, 5000) == [(LOSS_INDEX, 5000, (100, 900, 7, "full"), 192)]
    assert losses.take(0, 5000) == [] and not losses.waiting(0)


def test_an_unknown_count_stays_unknown():
    losses = Losses(1)
    losses.add(0, "corrupt", (100, 200), -1)
    losses.add(0, "corrupt", (150, 300), 5)
    assert losses.take(0, 0)[0][2] == (100, 300, -1, "corrupt")


def test_one_record_states_all_that_waits_also_what_were_not_due_alone():
    losses = Losses(1)
    losses.add(0, "restart", (100, 0), -1)
    losses.add(0, "full", (200, 300), 2)
    losses.add(0, "thinned", (200, 300), 9)
    assert sorted(reading[2][3] for reading in losses.take(0, 10)) == ["full", "restart", "thinned"]
    assert losses.take(0, 30) == []


def test_thinning_is_stated_once_a_minute_at_most():
    losses = Losses(1)
    losses.add(0, "thinned", (100, 100), 1)
    assert losses.take(0, 59_999) == []
    assert losses.take(0, 60_000) != []
    losses.add(0, "thinned", (70_000, 70_000), 1)
    assert losses.take(0, 61_000) == []
    assert losses.take(0, 61_000, at_once=True) != []


def test_a_restart_alone_waits_for_the_first_sample():
    losses = Losses(1)
    losses.add(0, "restart", (100, 0), -1)
    assert not losses.waiting(0)
