"""The chain of the ledger: whatever is changed, added, moved or cut off is found and named."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.seal import (
    GENESIS,
    Anchor,
    Break,
    Draft,
    Event,
    anchor_on_paper,
    canonical,
    first_break,
    read_anchor,
    seal,
)

plain = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
)
values = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner), max_leaves=8
)


def chain(count: int, streams: int = 3) -> list[Event]:
    events: list[Event] = []
    previous, lengths = GENESIS, dict.fromkeys(range(streams), 0)
    for number in range(1, count + 1):
        which = number % streams
        lengths[which] += 1
        draft = Draft(
            f"lot:L{which}", lengths[which], "moved", "a", 1000 + number, "P1", "sinter-1", "",
            {"pieces": number, "note": "保温"},
        )  # fmt: skip
        events.append(seal(previous, number, 2000 + number, draft))
        previous = events[-1].hash
    return events


def test_an_untouched_chain_is_whole_and_matches_its_anchors() -> None:
    events = chain(20)
    anchors = [Anchor(count, events[count - 1].hash, 0) for count in (3, 20)]
    assert first_break(events) is None
    assert first_break(events, anchors) is None
    assert first_break([]) is None
    assert first_break(events[10:], anchors, events[9].hash, 11) is None


@given(values)
def test_canonical_json_is_json_and_the_same_whatever_the_order(value: object) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    if isinstance(value, dict):
        assert canonical(dict(reversed(value.items()))) == text


@pytest.mark.parametrize("value", [1.5, {"a": [float("nan")]}, {1: 2}, b"x", {"a": {3}}])
def test_what_programs_write_differently_is_refused_and_named(value: object) -> None:
    with pytest.raises(TypeError, match="content"):
        canonical(value)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        canonical("\ud800")


def test_a_cut_tail_and_a_chain_sealed_anew_are_seen_by_an_anchor_alone() -> None:
    events = chain(20)
    anchor = Anchor(20, events[-1].hash, 0)
    assert first_break(events[:15]) is None, "the chain alone cannot know"
    assert first_break(events[:15], [anchor]) == Break(16, "cut_off")
    forged = events[:9]
    for event in events[9:]:
        draft = Draft(*event[1:6], *event[7:10], {"pieces": 1})
        forged.append(seal(forged[-1].hash, event.number, event.noted_ms, draft))
    assert first_break(forged) is None
    assert first_break(forged, [anchor]) == Break(20, "sealed_anew")


def test_every_anchor_counts_also_where_two_remember_the_same_event() -> None:
    events = chain(20)
    true, false = events[9].hash, "0" * 64
    for told in ([true, false], [false, true]):
        assert first_break(events, [Anchor(10, t, 0) for t in told]) == Break(10, "sealed_anew")
    assert first_break(events, [Anchor(10, true, 0), Anchor(10, true[:16], 0)]) is None
    assert first_break(events, [Anchor(10, true[:15] + "x", 0)]) == Break(10, "sealed_anew")


@pytest.mark.parametrize("number", ["x", 10.5, b"x", None])
def test_a_number_that_is_none_is_named_by_its_place(number: object) -> None:
    events = chain(20)
    events[9] = events[9]._replace(number=number)  # type: ignore[arg-type]
    assert first_break(events) == Break(10, "added")


def test_an_anchor_is_read_as_the_file_and_the_nodes_keep_it() -> None:
    assert read_anchor(f"7 {'ab' * 32} 5", "g/n") == Anchor(7, "ab" * 32, 5, "g/n")
    for wrong in ("", f"0 {'ab' * 32} 5", f"7 {'AB' * 32} 5", f"7 {'ab' * 31} 5", f"7 {'ab' * 32}",
                  f" 7 {'ab' * 32} 5", f"٧ {'ab' * 32} 5", f"7 {'ab' * 32} 5\n"):  # fmt: skip
        assert read_anchor(wrong) is None, wrong


def test_an_anchor_is_read_as_paper_says_it_and_as_people_type_it() -> None:
    anchor = Anchor(1234, "0123456789abcdef" * 4, 0)
    assert anchor.on_paper() == "1234:0123456789abcdef"
    for text in (anchor.on_paper(), " 1234: 0123456789ABCDEF\n", "1234:0123 4567 89ab cdef"):
        assert anchor_on_paper(text) == Anchor(1234, "0123456789abcdef", 0, "paper")
    for wrong in ("", "1234", "1234:0123456789a", "0:0123456789abcdef", "1234:0123456789abcdeg",
                  f"1234:{'a' * 65}", "-1:0123456789abcdef"):  # fmt: skip
        assert anchor_on_paper(wrong) is None, wrong


def test_every_one_of_ten_thousand_tamperings_is_found() -> None:
    """Edits of any field, deletions, swaps, copies, cut tails; whoever did it may know the hash."""
    events = chain(40)
    anchors = [Anchor(40, events[-1].hash, 0)]
    draw = random.Random(61)
    for _ in range(10_000):
        tampered = list(events)
        at = draw.randrange(40)
        kind = draw.choice(["edit", "delete", "swap", "copy", "cut", "renumber"])
        if kind == "edit":
            field = draw.choice(Event._fields)
            old = getattr(tampered[at], field)
            new = old + draw.randint(1, 9) if isinstance(old, int) else old + draw.choice("x1 0")
            tampered[at] = tampered[at]._replace(**{field: new})
        elif kind == "delete":
            del tampered[at]
        elif kind == "swap":
            other = (at + draw.randrange(1, 40)) % 40
            tampered[at], tampered[other] = tampered[other], tampered[at]
        elif kind == "copy":
            tampered.insert(draw.randrange(41), tampered[at])
        elif kind == "cut":
            del tampered[at:]
        else:
            tampered[at:] = [event._replace(number=event.number + 1) for event in tampered[at:]]
        found = first_break(tampered, anchors)
        assert found is not None, (kind, at)
        assert 1 <= found.number <= 42
