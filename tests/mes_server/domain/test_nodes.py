"""Births explain data; what cannot be explained is told by a word and a sentence."""

from dataclasses import replace

import pytest

from mes_server.domain.nodes import (
    CHANGED,
    MISSED,
    SURE,
    WAITING,
    Layout,
    NodeRegister,
    UnreadableError,
    fits_contract,
    layout_of,
    node_birth,
)
from schemas import journal_metrics as names
from schemas.sparkplug import DATATYPES, decode_payload
from schemas.station_types import load_station_types
from tests.mes_server.edge import Edge, plain

DOUBLE = DATATYPES["double"]
TEMPERATURE = Layout(False, {"t": DOUBLE}, {7: "t"})


def test_the_birth_of_our_own_node_tells_its_journal() -> None:
    edge = Edge(first=3, next=9)
    payload = decode_payload(edge.nbirth().payload)
    told = node_birth(payload)
    assert told.epoch == edge.epoch
    assert (told.first, told.next) == (edge.epoch << 32 | 3, edge.epoch << 32 | 9)
    assert (told.serial, told.clock, told.heap, told.used_pct) == ("chip-1", 2, 1000, 1.5)
    assert layout_of(payload.metrics).own


def test_the_birth_of_a_station_tells_type_names_and_datatypes() -> None:
    layout = layout_of(decode_payload(Edge().dbirth().payload).metrics)
    assert layout.own
    assert (layout.station_type, layout.revision) == ("sinter_furnace", "1")
    assert layout.datatypes["step_no"] == DATATYPES["int32"]


@pytest.mark.parametrize("name", [None, "", "a\nb", "a\0b", "x" * 201])
def test_a_birth_with_a_name_nobody_can_use_is_refused(name: str | None) -> None:
    with pytest.raises(UnreadableError, match="no usable name"):
        layout_of([plain(name, "double", 1.0)])


def test_a_station_that_never_was_born_waits_for_its_birth() -> None:
    with pytest.raises(UnreadableError) as caught:
        NodeRegister().layout(("g", "n"), "s")
    assert caught.value.reason == WAITING


def test_a_birth_fits_its_contract_when_it_promises_nothing_else() -> None:
    contract = load_station_types()["sinter_furnace"]
    layout = layout_of(decode_payload(Edge().dbirth().payload).metrics)
    assert fits_contract(layout, contract)
    assert not fits_contract(layout, None)
    more = Edge(metrics={"zone_1_temperature_c": "double", "colour": "string"})
    assert not fits_contract(layout_of(decode_payload(more.dbirth().payload).metrics), contract)
    other = Edge(metrics={"zone_1_temperature_c": "int32"})
    assert not fits_contract(layout_of(decode_payload(other.dbirth().payload).metrics), contract)


def test_a_birth_is_sure_when_the_one_before_it_says_the_same() -> None:
    before = Layout(False, {"t": DOUBLE}, {7: "t"})
    other = Layout(False, {"t": DATATYPES["int32"]}, {7: "t"})
    renamed = Layout(False, {"t": DOUBLE}, {8: "t"})
    assert before.following(None).trust == SURE
    assert before.following(before).trust == SURE
    assert other.following(before).trust == CHANGED
    assert other.following(other.following(before)).trust == SURE
    assert renamed.following(before).trust == CHANGED
    assert renamed.following(replace(before, aliases={}, trust=MISSED)).trust == SURE


@pytest.mark.parametrize("said", ["x" * 100_000, "a\nb"])
def test_a_station_type_that_no_page_could_show_is_none(said: str) -> None:
    layout = layout_of([plain(names.STATION_TYPE, "string", said)])
    assert layout.station_type is None
