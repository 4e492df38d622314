"""mes_server.domain.labels: an id says its lot and its number, and a void one says what replaced it."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.codes import PREFIXES, BadCode, Code
from mes_server.domain.labels import (
    PRINTED,
    VOIDED,
    Label,
    Standing,
    content_of,
    good_ones,
    label_from,
    label_id,
    label_is_good,
    parse_label_id,
    standings,
    stream_of,
)
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import Draft, Event, canonical, seal

LOT = str(Code("parts", 26, 123))
LOTS = st.builds(
    lambda kind, number: str(Code(kind, 26, number)),
    st.sampled_from(sorted(PREFIXES)),
    st.integers(1, 999_999_999),
)
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def event(number: int, kind: str, reason: str, content: dict[str, Any]) -> Event:
    """An event of the labels of LOT."""
    draft = Draft(stream_of(LOT), number, kind, f"a{number}", number, "P1", "", reason, content)
    return seal("", number, number, draft)


@given(LOTS, st.integers(1, 9999))
def test_an_id_says_its_lot_and_its_number(lot: str, number: int) -> None:
    id_ = label_id(lot, number)
    assert id_.startswith(lot)
    assert set(id_) <= set(LETTERS + "-")
    assert parse_label_id(id_) == (lot, number)


@given(LOTS, st.integers(1, 9999), st.data())
def test_one_wrong_character_of_an_id_is_noticed(
    lot: str, number: int, data: st.DataObject
) -> None:
    id_ = label_id(lot, number)
    at = data.draw(st.sampled_from([at for at, c in enumerate(id_) if c != "-"]))
    wrong = data.draw(st.sampled_from(LETTERS.replace(id_[at], "")))
    with suppress(BadCode):
        assert parse_label_id(id_[:at] + wrong + id_[at + 1 :]) is None  # no form of an id


@pytest.mark.parametrize("text", ["", LOT, f"{LOT}-1", f"{LOT}-0-8Y", f"{LOT}-01-8Y", "ID-W1-AA"])
def test_what_has_not_the_form_of_an_id_is_none(text: str) -> None:
    assert parse_label_id(text) is None


def test_an_id_whose_lot_has_a_wrong_check_is_misread() -> None:
    wrong = label_id("L26-000123-00", 1)  # right as a whole
    with pytest.raises(BadCode, match="code_is_misread"):
        parse_label_id(wrong)


def test_a_label_is_read_from_the_ledger_as_it_was_printed() -> None:
    label = Label(label_id(LOT, 1), LOT, 1, 1, (("kind", "parts"), ("part", "磁-1")), "x")
    content = content_of(label)
    canonical(content)
    assert label_from(event(1, PRINTED, "", content)) == label
    assert not label.is_reprint


def test_a_reprint_leaves_one_good_label() -> None:
    one, two = label_id(LOT, 1), label_id(LOT, 2)
    history = [
        event(1, PRINTED, "", {"label": one, "number": 1}),
        event(2, VOIDED, "torn", {"label": one, "instead": two}),
        event(3, PRINTED, "torn", {"label": two, "number": 2}),
    ]
    found = standings(history)
    assert found == [
        Standing(one, LOT, 1, 1, 2, "torn", two),
        Standing(two, LOT, 2, 3),
    ]
    assert good_ones(found) == [found[1]]


def test_a_label_that_is_void_or_was_never_printed_is_refused() -> None:
    one, two = label_id(LOT, 1), label_id(LOT, 2)
    assert label_is_good(two, Standing(two, LOT, 2, 3)) is None
    assert label_is_good(one, None) == Refusal("label_is_known", {"label": one})
    void = Standing(one, LOT, 1, 1, 2, "torn", two)
    facts = {"label": one, "since_ms": "2", "why": "torn", "instead": two}
    assert label_is_good(one, void) == Refusal("label_is_good", facts)
