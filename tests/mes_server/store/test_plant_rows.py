"""mes_server.store: nodes, stations, births, series: who is there and what they are."""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.domain.nodes import NodeBirth
from mes_server.store.alarms import raise_alarm
from mes_server.store.births import load_births, save_birth
from mes_server.store.engine import reading
from mes_server.store.nodes import (
    NodeView,
    ensure_node,
    list_nodes,
    load_node_keys,
    node_name,
    note_node,
    note_seen,
    set_all_nodes_offline,
    set_node_born,
    set_node_dead,
)
from mes_server.store.quarantine import Unread, quarantine
from mes_server.store.series import TooManySeries, ensure_series, list_series
from mes_server.store.stations import (
    StationView,
    ensure_station,
    list_stations,
    load_station,
    note_station,
    set_station_online,
    station_key,
)
from mes_server.store.transaction import writing
from tests.mes_server.store.making import T0, append, column, make_series

BORN = NodeBirth(
    bd_seq=3, first=(7 << 32) | 5, next=(7 << 32) | 9, lost=2, used_pct=12.5, clock=2,
    interpreter="micropython", version="1.25", serial="a1", boot=4, heap=61_000,
)  # fmt: skip


def node_of(engine: Engine, node: str) -> NodeView:
    with reading(engine) as conn:
        return next(view for view in list_nodes(conn) if view.node == node)


def station_of(engine: Engine, station: str) -> StationView:
    with reading(engine) as conn:
        view = load_station(conn, station)
        assert view is not None
        assert view in list_stations(conn)
        return view


def test_a_node_is_made_once(engine: Engine) -> None:
    with writing(engine) as conn:
        key = ensure_node(conn, "sintering", "ctl-1")
        assert ensure_node(conn, "sintering", "ctl-1") == key
        assert ensure_node(conn, "coating", "ctl-1") != key
        assert load_node_keys(conn)["sintering", "ctl-1"] == key


def test_what_a_node_said_at_birth_is_shown(engine: Engine) -> None:
    with writing(engine) as conn:
        key = ensure_node(conn, "sintering", "ctl-1")
        set_node_born(conn, key, BORN, T0, own=True)
    view = node_of(engine, "ctl-1")
    assert (view.online, view.own, view.born_ms, view.seen_ms) == (True, True, T0, T0)
    assert (view.epoch, view.first, view.next, view.lost) == (7, 5, 9, 2)
    assert (view.interpreter, view.serial, view.boot, view.heap) == ("micropython", "a1", 4, 61_000)
    with writing(engine) as conn:
        set_node_dead(conn, key, T0 + 5)
        note_node(conn, key, used_pct=50.0, next=(7 << 32) | 12)
        note_seen(conn, [(T0 + 9, key)])
        note_seen(conn, [])
    view = node_of(engine, "ctl-1")
    assert (view.online, view.dead_ms, view.seen_ms) == (False, T0 + 5, T0 + 9)
    assert (view.used_pct, view.next) == (50.0, 12)


def test_what_a_hostile_node_says_can_be_stored(engine: Engine) -> None:
    most = (1 << 64) - 1
    birth = NodeBirth(
        bd_seq=most, first=most, next=most, lost=most, clock=most, boot=most, heap=most,
        interpreter="x" * 10_000, version="a\0b",
    )  # fmt: skip
    with writing(engine) as conn:
        set_node_born(conn, ensure_node(conn, "g", "hostile"), birth, T0, own=False)
    view = node_of(engine, "hostile")
    assert (view.version, len(view.interpreter or "")) == ("ab", 200)
    assert (view.lost, view.next) == ((1 << 63) - 1, 0xFFFFFFFF)


def test_all_nodes_can_be_said_to_be_away(engine: Engine) -> None:
    with writing(engine) as conn:
        set_node_born(conn, ensure_node(conn, "g", "n"), BORN, T0, own=True)
        set_all_nodes_offline(conn)
    assert not node_of(engine, "n").online


def test_a_node_shows_what_stands_open_against_it(engine: Engine) -> None:
    with writing(engine) as conn:
        key = ensure_node(conn, "g", "n")
        ensure_node(conn, "g", "other")
        raise_alarm(conn, "clone", node_name("g", "n"), {}, T0)
        quarantine(conn, Unread(T0, "topic", b"", "reason", "detail", node=key))
    assert (node_of(engine, "n").alarms, node_of(engine, "n").quarantined) == (["clone"], 1)
    assert (node_of(engine, "other").alarms, node_of(engine, "other").quarantined) == ([], 0)


def test_a_station_keeps_its_address_whoever_comes_later(engine: Engine) -> None:
    with writing(engine) as conn:
        nodes = [ensure_node(conn, *names) for names in (("a", "n"), ("a", "m"), ("b", "m"))]
        for node in nodes:
            ensure_station(conn, node, "press", None, None)
        ensure_station(conn, ensure_node(conn, "b", "a"), "b-m-press", None, None)
        assert ensure_station(conn, nodes[0], "press", None, None) == station_key(conn, "press")
    with reading(engine) as conn:
        ids = {(view.group, view.node, view.device): view.id for view in list_stations(conn)}
    assert ids == {
        ("a", "n", "press"): "press",
        ("a", "m", "press"): "m-press",
        ("b", "m", "press"): "b-m-press",
        ("b", "a", "b-m-press"): "a-b-m-press",
    }


def test_even_a_contrived_clash_of_addresses_has_an_end(engine: Engine) -> None:
    with writing(engine) as conn:
        for group, node, device in (
            ("x", "y", "d"), ("x", "y", "n-d"), ("x", "y", "g-n-d"), ("g", "n", "d"), ("g", "n-d", "x"),
        ):  # fmt: skip
            ensure_station(conn, ensure_node(conn, group, node), device, None, None)
    with reading(engine) as conn:
        views = list_stations(conn)
    assert len({view.id for view in views}) == 5
    assert next(v.id for v in views if (v.group, v.node) == ("g", "n")) == "g-n-d-2"


def test_a_station_has_the_area_and_type_it_was_told(engine: Engine) -> None:
    with writing(engine) as conn:
        node = ensure_node(conn, "sintering", "ctl-1")
        key = ensure_station(conn, node, "sinter-1", None, None)
    assert (station_of(engine, "sinter-1").type, station_of(engine, "sinter-1").area) == (
        None,
        "sintering",
    )
    with writing(engine) as conn:
        assert ensure_station(conn, node, "sinter-1", "sinter_furnace", "hall 2") == key
        note_station(conn, key, contract_fits=True, revision="1")
        assert ensure_station(conn, node, "sinter-1", None, None) == key
    view = station_of(engine, "sinter-1")
    assert (view.type, view.area, view.contract_fits) == ("sinter_furnace", "hall 2", True)
    assert view.revision == "1"


def test_a_station_comes_and_goes_at_a_moment(engine: Engine) -> None:
    with writing(engine) as conn:
        key = ensure_station(conn, ensure_node(conn, "g", "n"), "s", None, None)
        set_station_online(conn, key, True, T0)
        set_station_online(conn, key, True, T0 + 1)
    assert (station_of(engine, "s").online, station_of(engine, "s").online_since_ms) == (True, T0)
    with writing(engine) as conn:
        set_station_online(conn, key, False, T0 + 2)
    assert station_of(engine, "s").online_since_ms == T0 + 2
    with reading(engine) as conn:
        assert load_station(conn, "nobody") is None
        assert station_key(conn, "nobody") is None


def test_a_station_shows_its_state_and_when_it_was_last_heard(engine: Engine) -> None:
    with writing(engine) as conn:
        station, series = make_series(conn)
        key = station_key(conn, station)
        assert key is not None
        state = ensure_series(conn, key, [("state", 12)])["state"]
    assert station_of(engine, station).state is None
    append(
        engine,
        column(series, [T0], [1.0], received_ms=T0 + 50),
        column(state, [T0 + 7], ["run"], received_ms=T0 + 40),
    )
    view = station_of(engine, station)
    assert (view.state, view.last_sample_ms, view.last_received_ms) == ("run", T0 + 7, T0 + 50)


def test_births_are_remembered_one_a_station(engine: Engine) -> None:
    metrics: list[Any] = [("a", 10, 1.5), ("b", 8, 2**64 - 1), ("c", 12, "a\0b"), ("d", 11, None)]
    with writing(engine) as conn:
        node = ensure_node(conn, "g", "n")
        save_birth(conn, node, None, T0, [("bdSeq", 4, 1)])
        save_birth(conn, node, "s", T0, metrics[:1])
        save_birth(conn, node, "s", T0 + 1, metrics)
        births = load_births(conn)
    assert [(b.node, b.device, b.born_ms) for b in births] == [
        (node, None, T0),
        (node, "s", T0 + 1),
    ]
    assert births[1].metrics == metrics


def test_a_series_keeps_its_number_and_takes_a_new_datatype(engine: Engine) -> None:
    with writing(engine) as conn:
        station, series = make_series(conn)
        key = station_key(conn, station)
        assert key is not None
        numbers = ensure_series(conn, key, [("b", 10), ("value", 4), ("a", 11), ("b", 10)])
        assert numbers["value"] == series
        assert numbers == ensure_series(conn, key, [("b", 10), ("value", 4), ("a", 11)])
        listed = [(view.metric, view.datatype) for view in list_series(conn, station)]
    assert listed == [("value", 4), ("b", 10), ("a", 11)]
    assert {number // 65536 for number in numbers.values()} == {key}


def test_a_station_has_room_for_so_many_series_and_no_more(engine: Engine) -> None:
    with writing(engine) as conn:
        key = ensure_station(conn, ensure_node(conn, "g", "n"), "s", None, None)
        ensure_series(conn, key, [(f"m{n}", 10) for n in range(65536)])
        with pytest.raises(TooManySeries):
            ensure_series(conn, key, [("one more", 10)])


def test_a_new_series_is_numbered_after_all_others_also_those_not_named(engine: Engine) -> None:
    with writing(engine) as conn:
        node = ensure_node(conn, "g", "n")
        keys = [ensure_station(conn, node, name, None, None) for name in ("s", "t")]
        many = {key: ensure_series(conn, key, [(f"m{n}", 10) for n in range(700)]) for key in keys}
        one = ensure_series(conn, keys[0], [("late", 10), ("m699", 10), ("m3", 10)])
    known = many[keys[0]]
    assert one == {"late": max(known.values()) + 1, "m699": known["m699"], "m3": known["m3"]}
