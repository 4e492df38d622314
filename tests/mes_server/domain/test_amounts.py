"""Amounts add up, never below nothing, and a share never exceeds the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.amounts import NOTHING, Amount, TooLittle, amount_from, total

numbers = st.integers(0, 10**12)
amounts = st.builds(
    Amount, numbers, numbers, numbers, st.dictionaries(st.sampled_from(["Nd", "Dy"]), numbers)
)


@given(amounts, amounts)
def test_what_is_added_can_be_taken_away_again(one: Amount, other: Amount) -> None:
    both = one + other
    assert both - other == total([one]) + NOTHING
    assert (both.mass_mg, both.pieces) == (one.mass_mg + other.mass_mg, one.pieces + other.pieces)


@given(amounts, st.integers(1, 1000), st.data())
def test_shares_and_what_is_left_are_the_whole(
    whole: Amount, parts: int, data: st.DataObject
) -> None:
    part = whole.share(data.draw(st.integers(0, parts)), parts)
    assert (whole - part) + part == total([whole])


def test_more_than_there_is_cannot_be_taken_and_the_quantity_is_named() -> None:
    with pytest.raises(TooLittle, match="mass_mg"):
        Amount(5, 100) - Amount(5, 101)
    with pytest.raises(TooLittle, match="Dy"):
        Amount(elements={"Dy": 1}) - Amount(elements={"Dy": 2})
    with pytest.raises(TooLittle, match="no share"):
        Amount(5).share(2, 1)


@given(amounts)
def test_an_event_keeps_an_amount(amount: Amount) -> None:
    assert amount_from(amount.as_content()) == amount
    assert amount.is_nothing == (amount + NOTHING == NOTHING)


def test_some_of_the_same_stuff_has_its_share_of_area_and_rare_earths() -> None:
    lot = Amount(10, 1000, 500, {"Nd": 300, "Dy": 1})
    assert lot.same_stuff(5, 400) == Amount(5, 400, 250, {"Nd": 120})
    assert lot.same_stuff(10, 1000) == lot
    assert Amount(0, 1000, 0, {"Nd": 300}).same_stuff(0, 500) == Amount(0, 500, 0, {"Nd": 150})
    assert Amount().same_stuff(3, 7) == Amount(3, 7)
