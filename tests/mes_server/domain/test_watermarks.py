"""The watermark stands at the last record before the first one missing, whatever the order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.watermarks import CONFIRM_MS, RANGES_MAX, Claim, Gap, Watermark, restored

arrivals = st.lists(st.integers(1, 40), max_size=120)


def held(mark: Watermark) -> set[int]:
    """The records stored; their ranges are in order and do not touch."""
    assert all(b + 1 < c for (_, b), (c, _) in itertools.pairwise(mark.stored))
    assert all(a <= b for a, b in mark.stored)
    return {seq for first, last in mark.stored for seq in range(first, last + 1)}


def contiguous(stored: set[int], floor: int = 1) -> int:
    seq = floor - 1
    while seq + 1 in stored:
        seq += 1
    return seq


def arrive(mark: Watermark, stored: set[int], seqs: list[int]) -> None:
    for seq in seqs:
        assert mark.has(seq) == (seq in stored)
        if not mark.has(seq):
            mark.add(seq)
        stored.add(seq)


def confirm(mark: Watermark, first: int) -> Gap | None:
    """The edge says the same twice, long enough apart."""
    claim, gap = mark.tell(first, None, 0)
    if claim is not None:
        assert gap is None
        claim, gap = mark.tell(first, claim, CONFIRM_MS)
    assert claim is None
    return gap


@given(arrivals)
def test_it_is_the_end_of_what_is_stored_without_a_gap(seqs: list[int]) -> None:
    mark, stored = Watermark(), set[int]()
    for seq in seqs:
        arrive(mark, stored, [seq])
        assert mark.seq == contiguous(stored)
        assert held(mark) == stored


@given(arrivals, st.integers(1, 45), arrivals)
def test_giving_up_counts_exactly_what_was_never_stored(
    before: list[int], first: int, after: list[int]
) -> None:
    mark, stored = Watermark(), set[int]()
    arrive(mark, stored, before)
    old = mark.seq
    missing = set(range(1, first)) - stored
    gap = confirm(mark, first)
    assert gap == (Gap(old + 1, first - 1, len(missing)) if missing else None)
    assert held(mark) == stored, "what was given up does not count as stored"
    floor = first if missing else 1
    assert mark.seq == contiguous(stored, floor)
    arrive(mark, stored, after)
    assert mark.seq == contiguous(stored, floor)


@given(st.lists(st.tuples(st.integers(1, 45), arrivals), max_size=6))
def test_what_is_missing_is_stated_once_and_found_at_most_once(
    story: list[tuple[int, list[int]]],
) -> None:
    """Whatever edges claim and take back: stated losses less what came after all is what is missing."""
    mark, stored, stated, found = Watermark(), set[int](), 0, 0
    for first, seqs in story:
        gap = confirm(mark, first)
        stated += gap.count if gap else 0
        for seq in seqs:
            found += not mark.has(seq) and seq < mark.stated
            arrive(mark, stored, [seq])
        assert stated - found == len(set(range(1, mark.stated)) - stored)


def test_one_word_gives_nothing_up() -> None:
    mark = restored("1-10", 1, 1)
    claim, gap = mark.tell(1_000_000, None, 0)
    assert (claim, gap, mark.seq) == (Claim(1_000_000, 0), None, 10)
    claim, gap = mark.tell(1_000_000, claim, CONFIRM_MS - 1)
    assert (claim, gap, mark.seq) == (Claim(1_000_000, 0), None, 10)


def test_a_claim_that_is_contradicted_begins_anew() -> None:
    mark = restored("1-10", 1, 1)
    claim, _ = mark.tell(1_000_000, None, 0)
    claim, _ = mark.tell(1, claim, 10_000)
    assert claim is None
    claim, gap = mark.tell(1_000_000, claim, CONFIRM_MS)
    assert (claim, gap, mark.seq) == (Claim(1_000_000, CONFIRM_MS), None, 10)
    claim, _ = mark.tell(20, claim, CONFIRM_MS + 1)
    assert claim == Claim(20, CONFIRM_MS + 1)


def test_records_that_were_given_up_are_taken_when_they_come_after_all() -> None:
    mark = restored("1-10", 1, 1)
    assert confirm(mark, 100) == Gap(11, 99, 89)
    assert mark.seq == 99
    assert not mark.has(50)
    mark.tell(1, None, 0)
    assert mark.seq == 10, "the edge has them: it is asked for them again"
    for seq in range(11, 121):
        mark.add(seq)
    assert (mark.seq, mark.stored) == (120, [(1, 120)])


@given(arrivals, st.integers(1, 45))
def test_it_goes_on_from_what_a_store_remembers(seqs: list[int], first: int) -> None:
    mark = Watermark()
    for seq in set(seqs):
        mark.add(seq)
    confirm(mark, first)
    again = restored(mark.ranges_text(), mark.floor, mark.stated)
    assert again == mark
    for seq in range(1, 42):
        assert again.has(seq) == mark.has(seq)


def test_an_edge_that_holds_everything_gives_nothing_up() -> None:
    mark = restored("1-10,12-12", 1, 1)
    assert confirm(mark, 1) is None
    assert confirm(mark, 11) is None
    assert mark.seq == 10


@pytest.mark.parametrize(("seq", "room"), [(1, True), (3, True), (2 * RANGES_MAX + 2, False)])
def test_gaps_without_end_are_not_taken_but_those_there_are_can_be_closed(
    seq: int, room: bool
) -> None:
    mark = Watermark([(2 * i, 2 * i) for i in range(1, RANGES_MAX + 1)])
    assert mark.has_room(seq) is room


def test_the_next_record_has_room_however_many_gaps_there_are() -> None:
    """Else a journal with a forger's gaps, or one that goes on after a loss, would stand still for ever."""
    far = [(10 * n, 10 * n) for n in range(10, RANGES_MAX + 10)]
    mark = Watermark(list(far))
    assert mark.has_room(1)
    assert not mark.has_room(2)
    mark.floor = 50
    assert mark.has_room(50)
    assert not mark.has_room(51)
