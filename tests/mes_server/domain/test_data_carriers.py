"""mes_server.domain.data_carriers: fields in order, and every way in which a separator can be missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.codes import BadCode
from mes_server.domain.data_carriers import (
    EOT,
    GS,
    RS,
    LostSeparators,
    digital_link_fields,
    envelope_fields,
    gs1_fields,
    looks_like_gs1,
    refuse_two_readings,
)

VALUES = st.from_regex(r"\A[A-Z0-9./-]{1,20}\Z")
GTIN = "0109501101530003"


@given(VALUES, VALUES)
def test_the_fields_of_an_element_string_are_those_that_were_put_in(lot: str, serial: str) -> None:
    fields = gs1_fields(f"{GTIN}17261231{'10' + lot}{GS}21{serial}")
    assert fields == [("01", GTIN[2:]), ("17", "261231"), ("10", lot), ("21", serial)]


@given(st.dictionaries(st.sampled_from(["P", "Q", "1T", "S", "7Q", "21V"]), VALUES, min_size=1))
def test_the_fields_of_an_envelope_are_those_that_were_put_in(given: dict[str, str]) -> None:
    data = GS.join(name + value for name, value in given.items())
    for text in (f"[)>{RS}06{GS}{data}{RS}{EOT}", f"[)>06{GS}{data}", f"[)>06{GS}{data}{GS}"):
        assert envelope_fields(text) == list(given.items())


@given(VALUES, VALUES)
def test_an_envelope_without_any_separator_is_never_read(one: str, other: str) -> None:
    with pytest.raises(LostSeparators):
        envelope_fields(f"[)>06P{one}1T{other}")


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("10ABC12321S9", "(10)ABC123 21S9"),
        ("10ABC17261231", "(10)ABC 17261231"),
        ("21S910L7", "(21)S9 10L7"),
        (f"10ABC{GTIN}", f"(10)ABC {GTIN}"),
    ],
)
def test_what_can_be_read_two_ways_is_told_in_both(text: str, reading: str) -> None:
    with pytest.raises(LostSeparators) as told:
        refuse_two_readings(text, gs1_fields(text))
    assert reading in told.value.readings


@pytest.mark.parametrize(
    "text",
    [
        "10ABC",
        "10ABC17261399",  # no date
        "10ABC0200000000000009",  # a wrong check digit
        "10ABC21",  # nothing behind it
        f"10ABC12321S9{GS}21X",  # this scanner keeps separators
        "(10)ABC12321S9",
        "10ABC" + GS + "3712321",  # a count, not a lot
    ],
)
def test_what_can_be_read_one_way_is_read(text: str) -> None:
    refuse_two_readings(text, gs1_fields(text))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "code_is_well_formed"),
        (GS, "code_is_well_formed"),
        ("05X", "code_is_well_formed"),
        ("10AB C", "code_is_well_formed"),
        ("1726133110A", "code_is_well_formed"),
        ("0109501101530004", "code_is_misread"),
        ("00123456789012345676", "code_is_misread"),
        ("10" + "A" * 21, "separators_are_kept"),
    ],
)
def test_a_wrong_element_string_says_what_is_wrong(text: str, rule: str) -> None:
    with pytest.raises(BadCode) as told:
        gs1_fields(text)
    assert told.value.rule == rule


@pytest.mark.parametrize(
    "text", ["[)>", f"[)>{RS}", f"[)>{RS}07{GS}X", f"[)>06{GS}", f"[)>06{GS}1t5", f"[)>06{GS}T"]
)
def test_a_wrong_envelope_is_not_well_formed(text: str) -> None:
    with pytest.raises(BadCode) as told:
        envelope_fields(text)
    assert told.value.rule == "code_is_well_formed"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("https://example.org/", "code_is_unknown"),
        ("http://[", "code_is_unknown"),
        ("https://id.gs1.org/01/09501101530004", "code_is_misread"),
        ("https://id.gs1.org/01/09501101530003/10/%E7%82%89", "code_is_unknown"),
    ],
)
def test_a_wrong_digital_link_says_what_is_wrong(text: str, rule: str) -> None:
    with pytest.raises(BadCode) as told:
        digital_link_fields(text)
    assert told.value.rule == rule


def test_without_symbology_identifier_only_what_proves_itself_is_gs1() -> None:
    for text in (GTIN + "10ABC", "10A" + GS + "21B", "(10)ABC", "00123456789012345675"):
        assert looks_like_gs1(text), text
    for text in (
        "10ABC",
        "0109501101530004",
        "4006381333931",
        "(10)",
        "(10)A(",
        "0012345678901234567",
    ):
        assert not looks_like_gs1(text), text
