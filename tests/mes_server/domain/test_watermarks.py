"""The watermark stands at the last record before the first one missing, whatever the order."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.watermarks import Gap, Watermark, restored

arrivals = st.lists(st.integers(1, 40), max_size=120)


def beyond(mark: Watermark) -> set[int]:
    """The records ahead; their ranges are in order and do not touch."""
    assert all(b + 1 < c for (_, b), (c, _) in itertools.pairwise(mark.ahead))
    assert all(a <= b for a, b in mark.ahead)
    return {seq for first, last in mark.ahead for seq in range(first, last + 1)}


def contiguous(stored: set[int]) -> int:
    seq = 0
    while seq + 1 in stored:
        seq += 1
    return seq


@given(arrivals)
def test_it_is_the_end_of_what_is_stored_without_a_gap(seqs: list[int]) -> None:
    mark, stored = Watermark(), set[int]()
    for seq in seqs:
        assert mark.has(seq) == (seq in stored)
        if not mark.has(seq):
            mark.add(seq)
        stored.add(seq)
        assert mark.seq == contiguous(stored)
        assert beyond(mark) == {s for s in stored if s > mark.seq}


@given(arrivals, st.integers(1, 45), arrivals)
def test_giving_up_counts_exactly_what_was_never_stored(
    before: list[int], first: int, after: list[int]
) -> None:
    mark, stored = Watermark(), set[int]()
    for seq in before:
        if not mark.has(seq):
            mark.add(seq)
        stored.add(seq)
    old = mark.seq
    missing = set(range(1, first)) - stored
    gap = mark.skip_to(first)
    assert (gap.count if gap else 0) == len(missing)
    if gap is not None:
        assert gap == Gap(old + 1, first - 1, len(missing))
    stored |= missing
    assert mark.seq == contiguous(stored)
    assert beyond(mark) == {s for s in stored if s > mark.seq}
    for seq in after:
        if not mark.has(seq):
            mark.add(seq)
        stored.add(seq)
    assert mark.seq == contiguous(stored)


@given(arrivals)
def test_it_goes_on_from_what_a_store_remembers(seqs: list[int]) -> None:
    mark = Watermark()
    for seq in set(seqs):
        mark.add(seq)
    again = restored(mark.seq, mark.ahead_text())
    assert again == mark
    for seq in range(1, 42):
        assert again.has(seq) == mark.has(seq)


def test_an_edge_that_holds_everything_gives_nothing_up() -> None:
    mark = restored(10, "12-12")
    assert mark.skip_to(1) is None
    assert mark.skip_to(11) is None
    assert mark.seq == 10
