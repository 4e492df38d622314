"""mes_server.domain.cards: what is printed is what is read back, and a misread card is noticed."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.cards import (
    BADGE,
    COMMAND,
    COMMANDS,
    CONTAINER,
    STATION,
    Card,
    card_code,
    command_code,
    folded,
    meant_by,
    parse_card,
)
from mes_server.domain.codes import BadCode
from schemas.topics import is_id

KINDS = st.sampled_from([BADGE, STATION, CONTAINER])
IDS = st.text("abcXYZ019-_", min_size=1, max_size=64)
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@given(KINDS, IDS)
def test_a_card_says_what_it_was_made_for(kind: str, name: str) -> None:
    code = card_code(kind, name)
    assert set(code) <= set(LETTERS + "-")
    assert parse_card(code) == Card(kind, folded(name))
    assert meant_by(folded(name), [name]) == name


@given(KINDS, IDS, st.data())
def test_one_wrong_character_is_noticed(kind: str, name: str, data: st.DataObject) -> None:
    code = card_code(kind, name)
    places = [at for at, character in enumerate(code) if character != "-"]
    at = data.draw(st.sampled_from(places))
    wrong = data.draw(st.sampled_from(LETTERS.replace(code[at], "")))
    with suppress(BadCode):
        assert parse_card(code[:at] + wrong + code[at + 1 :]) is None  # another prefix: no card


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_code(command: str) -> None:
    assert parse_card(command_code(command)) == Card(COMMAND, command)


def test_the_codes_of_two_commands_differ_in_more_than_one_character() -> None:
    for one in COMMANDS:
        for other in COMMANDS:
            differences = sum(a != b for a, b in zip(one, other, strict=False))
            assert one == other or differences + abs(len(one) - len(other)) > 1


def test_a_command_there_is_not_is_told() -> None:
    with pytest.raises(BadCode) as told:
        parse_card("DO-EXPLODE")
    assert told.value.rule == "command_is_known"


@pytest.mark.parametrize("name", ["", "炉-1", "a b", "a/b", "x" * 65, "ß"])
def test_an_id_that_no_keyboard_types_alike_gets_no_card(name: str) -> None:
    with pytest.raises(BadCode) as told:
        card_code(STATION, name)
    assert told.value.rule == "name_fits_a_card"


@given(st.text(min_size=1, max_size=64).filter(is_id))
def test_every_station_there_may_be_gets_a_card(name: str) -> None:
    assert meant_by(folded(name), ["other", name]) == name


def test_a_card_that_may_mean_two_stations_means_none() -> None:
    assert meant_by("SINTER-1", ["sinter-1", "sinter-2"]) == "sinter-1"
    assert meant_by("SINTER-1", ["sinter-1", "SINTER_1"]) is None
    assert meant_by("SINTER", ["sinter-1"]) is None


@pytest.mark.parametrize("text", ["", "L26-000123-YJ", "ST-SINTER", "XX-1-00", "st-sinter-1-yh"])
def test_what_has_not_the_form_of_a_card_is_none(text: str) -> None:
    assert parse_card(text) is None
