"""Lot codes: what is misread is found, what is right is read, whoever typed it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.codes import (
    PREFIXES,
    RECORDS,
    BadCode,
    Code,
    check_characters,
    parse_code,
    parse_record,
)

codes = st.builds(
    Code, st.sampled_from(sorted(PREFIXES)), st.integers(0, 99), st.integers(1, 99_999_999)
)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_the_example_of_the_standard_has_its_check_characters() -> None:
    assert check_characters("ISO79") == "3W"  # ISO/IEC 7064:2003, MOD 1271-36


@given(codes)
def test_a_code_comes_back_from_its_text_in_capitals_or_not(code: Code) -> None:
    assert parse_code(f" {str(code).lower()} ") == code


@given(codes, st.data())
def test_one_wrong_character_is_found(code: Code, data: st.DataObject) -> None:
    text = str(code)
    at = data.draw(st.sampled_from([i for i, c in enumerate(text) if c != "-"]))
    other = data.draw(st.sampled_from([c for c in ALPHABET if c != text[at]]))
    with pytest.raises(BadCode):
        parse_code(text[:at] + other + text[at + 1 :])


@given(codes, st.data())
def test_two_neighbours_swapped_are_found(code: Code, data: st.DataObject) -> None:
    text = str(code)
    at = data.draw(st.integers(0, len(text) - 2))
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if swapped != text:
        with pytest.raises(BadCode):
            parse_code(swapped)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "code_is_unknown"),
        ("L26-118834", "code_is_unknown"),
        ("L26-118834-00", "code_is_misread"),
        ("=CMD|' /C calc'!A0", "code_is_unknown"),
        ("<script>alert(1)</script>", "code_is_unknown"),
        ("QQ26-000001-" + check_characters("QQ26-000001"), "code_is_unknown"),
    ],
)
def test_what_is_no_code_is_told_why(text: str, rule: str) -> None:
    with pytest.raises(BadCode) as caught:
        parse_code(text)
    assert caught.value.rule == rule


@pytest.mark.parametrize("kind", RECORDS)
def test_the_number_of_a_record_is_read_and_is_no_lot(kind: str) -> None:
    code = Code(kind, 26, 7)
    assert parse_record(str(code)) == code
    with pytest.raises(BadCode, match="code_is_unknown"):
        parse_code(str(code))
    with pytest.raises(BadCode, match="code_is_unknown"):
        parse_record(str(Code("block", 26, 7)))


def test_no_prefix_has_two_meanings() -> None:
    prefixes = [*PREFIXES.values(), *RECORDS.values()]
    assert len(set(prefixes)) == len(prefixes)
