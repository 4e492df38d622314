"""Order within a node's session: gaps, old deaths, clones, requests for births."""

from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.sessions import (
    CLONE_WINDOW_MS,
    REBIRTH_EVERY_MS,
    CloneWatch,
    Rebirths,
    SeqWatch,
    death_is_of,
)

NODE = ("sintering", "ctl-1")


@given(st.integers(0, 255), st.integers(1, 600))
def test_messages_in_order_leave_no_gap(start: int, count: int) -> None:
    watch = SeqWatch()
    for i in range(count):
        watch.see((start + i) % 256, i)
        assert watch.gap_since_ms is None


def test_a_gap_that_closes_in_time_asks_for_nothing() -> None:
    watch = SeqWatch()
    for seq in (0, 1, 4, 3):
        watch.see(seq, 100)
    assert not watch.gap_lasted(2_000, 2_000)
    watch.see(2, 2_050)
    assert watch.gap_since_ms is None
    assert watch.expected == 5
    assert not watch.gap_lasted(9_000, 2_000)


def test_a_gap_that_stays_is_told_once_and_the_count_starts_afresh() -> None:
    watch = SeqWatch()
    watch.see(254, 0)
    watch.see(1, 100)
    assert not watch.gap_lasted(2_099, 2_000)
    assert watch.gap_lasted(2_100, 2_000)
    assert not watch.gap_lasted(9_000, 2_000)
    watch.see(77, 9_001)
    watch.see(78, 9_002)
    assert watch.gap_since_ms is None


def test_a_message_without_seq_and_one_from_before_change_nothing() -> None:
    watch = SeqWatch()
    watch.see(10, 0)
    watch.see(None, 1)
    watch.see(9, 2)
    assert watch.expected == 11
    assert watch.gap_since_ms is None


def test_a_birth_begins_a_new_count() -> None:
    watch = SeqWatch()
    watch.see(10, 0)
    watch.see(20, 1)
    watch.born()
    watch.see(0, 2)
    assert not watch.gap_lasted(10_000, 2_000)


def test_a_late_death_of_an_older_session_is_told_from_one_of_this() -> None:
    assert death_is_of(5, 5)
    assert not death_is_of(5, 4)
    assert not death_is_of(2, 250)  # it counts modulo 256
    assert death_is_of(5, 6)  # pysparkplug says the next session's
    assert death_is_of(0, 0)  # npm sparkplug-client never counts
    assert death_is_of(None, 3)
    assert death_is_of(3, None)


def test_two_boards_with_one_id_are_seen_when_the_first_comes_back() -> None:
    watch = CloneWatch()
    assert not watch.born("chip-1", 0)
    assert not watch.born("chip-1", 1_000)
    assert not watch.born("chip-2", 2_000)  # a board was swapped: that happens
    assert watch.born("chip-1", 3_000)
    assert watch.born("chip-2", 4_000)


def test_a_board_that_comes_back_much_later_is_no_clone() -> None:
    watch = CloneWatch()
    watch.born("chip-1", 0)
    watch.born("chip-2", 1_000)
    assert not watch.born("chip-1", 2_000 + CLONE_WINDOW_MS)


def test_a_node_is_asked_at_most_once_in_its_time_and_not_at_once_with_all_others() -> None:
    rebirths = Rebirths(lambda: 700)
    for at_ms in (0, 10, 20):
        rebirths.want(NODE, at_ms)
    assert rebirths.take_due(699) == []
    assert rebirths.take_due(700) == [NODE]
    rebirths.want(NODE, 800)
    assert rebirths.take_due(REBIRTH_EVERY_MS) == []
    assert rebirths.take_due(REBIRTH_EVERY_MS + 1_400) == [NODE]


def test_a_birth_that_comes_by_itself_ends_the_request() -> None:
    rebirths = Rebirths(lambda: 0)
    rebirths.want(NODE, 0)
    rebirths.born(NODE)
    assert rebirths.take_due(REBIRTH_EVERY_MS * 2) == []


def test_a_stranger_that_counts_on_beyond_255_has_no_gap() -> None:
    watch = SeqWatch()
    for seq in range(250, 1_000):
        watch.see(seq, seq)
        assert watch.gap_since_ms is None
