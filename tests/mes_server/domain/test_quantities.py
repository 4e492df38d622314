"""mes_server.domain.quantities: units are typed, nothing is guessed, nothing is rounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.quantities import (
    MASS_MAX_MG,
    BadQuantity,
    mass_from_text,
    pieces_from_text,
    text_of_mass,
)


@given(st.integers(0, MASS_MAX_MG))
def test_a_mass_is_read_as_it_was_written(mg: int) -> None:
    assert mass_from_text(text_of_mass(mg)) == mg


@pytest.mark.parametrize(
    ("text", "mg"),
    [
        ("12.5 kg", 12_500_000),
        ("12.5kg", 12_500_000),
        ("0.001 g", 1),
        ("7 mg", 7),
        ("1 t", 1_000_000_000),
        (" 3 kg ", 3_000_000),
        ("1.234 kg", 1_234_000),
    ],
)
def test_units_become_milligrams(text: str, mg: int) -> None:
    assert mass_from_text(text) == mg


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1,234 kg", "number_has_a_point"),
        ("1，234 kg", "number_has_a_point"),
        ("1.234,5 kg", "number_has_a_point"),
        ("12.5", "unit_is_given"),
        ("12.5 KG", "unit_is_given"),
        ("12.5 lb", "unit_is_given"),
        ("0.0001 g", "mass_is_in_milligrams"),
        ("1000.1 t", "quantity_is_plausible"),
        ("1 234 kg", "quantity_is_a_number"),
        ("1.234.567 kg", "quantity_is_a_number"),
        ("-1 kg", "quantity_is_a_number"),
        ("１ kg", "quantity_is_a_number"),
        ("1e3 kg", "quantity_is_a_number"),
        ("=1+1", "quantity_is_a_number"),
        ("", "quantity_is_a_number"),
    ],
)
def test_what_can_be_read_two_ways_is_refused(text: str, rule: str) -> None:
    with pytest.raises(BadQuantity) as told:
        mass_from_text(text)
    assert told.value.rule == rule


def test_pieces_are_whole() -> None:
    assert pieces_from_text("500") == 500
    rules = {
        "1,000": "number_has_a_point",
        "1.5": "quantity_is_a_number",
        "5000000000": "quantity_is_plausible",
        "五": "quantity_is_a_number",
    }
    for text, rule in rules.items():
        with pytest.raises(BadQuantity) as told:
            pieces_from_text(text)
        assert told.value.rule == rule


@pytest.mark.parametrize(
    ("mg", "text"), [(0, "0 g"), (12, "0.012 g"), (999_999, "999.999 g"), (1_000_000, "1 kg")]
)
def test_a_mass_is_written_exactly_and_without_empty_digits(mg: int, text: str) -> None:
    assert text_of_mass(mg) == text
