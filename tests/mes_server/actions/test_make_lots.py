"""Lots come into being: received, blended, split off, sampled, packed, returned; what may not be is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from mes_server.actions import make_lots as make
from mes_server.actions.handle_lots import hold_lots, ship_lots
from mes_server.actions.release_route import release_route
from mes_server.domain.amounts import Amount, total
from mes_server.domain.genealogy import BACK
from mes_server.domain.lots import Lot
from mes_server.store.engine import reading
from mes_server.store.lots import list_edges, list_lots
from tests.mes_server.actions.lot_floor import Floor, rules
from tests.mes_server.domain.test_routes import content

TEN = Amount(10, 10_000, 500, {"Nd": 3_000, "Pr": 700})
NDPR = Amount(0, 200_000, elements={"Nd": 150_000, "Pr": 49_000})
IRON = Amount(0, 400_000)
DONE = ["sinter", "age", "plate", "pack"]


@pytest.fixture
def floor(engine: Engine) -> Floor:
    floor = Floor(engine)
    assert floor.act(release_route, content()) == []
    return floor


def test_a_lot_is_received_with_the_number_of_its_supplier(floor: Floor) -> None:
    facts = {"part": "NdPr", "supplier": "Baotou", "supplier_lot": "BT-77", "origin": "P"}
    (code,) = floor.act(make.receive, "raw", NDPR, facts)
    assert (floor.lot(code).supplier_lot, floor.lot(code).amount) == ("BT-77", NDPR)
    with reading(floor.engine) as conn:
        assert [lot.code for lot in list_lots(conn, supplier_lot="BT-77")] == [code]
    floor.check()


@pytest.mark.parametrize(
    ("kind", "amount", "facts", "refused"),
    [
        ("barrel", NDPR, {}, ["lot_kind_is_known"]),
        ("charge", NDPR, {}, ["lot_kind_is_known"]),
        ("raw", Amount(), {}, ["amount_is_something"]),
        ("raw", NDPR, {"route": "R9/Z"}, ["route_is_released"]),
        ("raw", Amount(0, 10, 0, {"Nd": 11}), {}, ["elements_fit_the_mass"]),
        ("raw", Amount(0, 10, 0, {"dy": 1, "Tb": 1}), {}, ["elements_are_rare_earths"]),
    ],
)
def test_what_cannot_be_is_not_received(
    floor: Floor, kind: str, amount: Amount, facts: dict[str, Any], refused: list[str]
) -> None:
    assert rules(floor.act(make.receive, kind, amount, facts)) == refused
    assert floor.lots() == []


def test_a_charge_is_made_up_of_some_of_each_metal(floor: Floor) -> None:
    metal, iron = floor.receive(NDPR, "raw", route=""), floor.receive(IRON, "raw", route="")
    wanted = make.Wanted("raw", "charge", "N42SH", "R1/B")
    (blend,) = floor.act(make.blend_lots, [(metal, 100_000), (iron, 250_000)], wanted)
    lot = floor.lot(blend)
    assert (lot.amount.mass_mg, lot.amount.elements) == (350_000, {"Nd": 75_000, "Pr": 24_500})
    assert (lot.grade, lot.route, lot.done) == ("N42SH", "R1/B", ())
    assert floor.lot(metal).amount.mass_mg == 100_000
    with reading(floor.engine) as conn:
        assert {e.parent: e.amount.mass_mg for e in list_edges(conn, [blend], BACK)} == {
            metal: 100_000, iron: 250_000,
        }  # fmt: skip
    floor.check()


def test_a_blend_of_too_much_of_one_or_of_held_lots_is_refused_whole(floor: Floor) -> None:
    metal, iron = floor.receive(NDPR, "raw"), floor.receive(IRON, "raw")
    floor.act(hold_lots, [iron], "oxygen")
    parts = [(metal, 200_001), (iron, 5)]
    told = rules(floor.act(make.blend_lots, parts, make.Wanted("raw")))
    assert told == ["lot_is_free", "amount_is_there"]
    assert floor.lot(metal).amount == NDPR


def test_parts_are_split_off_by_counting_or_weighing(floor: Floor) -> None:
    code = floor.receive(TEN)
    one, two = floor.act(make.split_off, code, [(3, 0), (2, 1_900)])
    assert floor.lot(one).amount == Amount(3, 3_000, 150, {"Nd": 900, "Pr": 210})
    assert floor.lot(two).amount.mass_mg == 1_900
    assert floor.lot(code).amount.pieces == 5
    told = floor.act(make.split_off, code, [(5, 1), (1, 0)])
    assert "last_piece_takes_the_rest" in rules(told)
    assert rules(floor.act(make.split_off, code, [(0, 0)])) == ["amount_is_something"]
    floor.check()


def test_a_coupon_is_a_lot_of_its_own_and_of_no_route(floor: Floor) -> None:
    code = floor.receive(TEN)
    (coupon,) = floor.act(make.take_coupons, code, 2, 0)
    lot = floor.lot(coupon)
    assert (lot.kind, lot.route, lot.amount.pieces, lot.grade) == ("coupon", "", 2, "N42SH")
    floor.check()


def test_scrap_and_swarf_are_waste_lots_that_say_which(floor: Floor) -> None:
    code = floor.receive(TEN)
    (waste,) = floor.act(make.scrap_some, code, (1, 0), ("cracked", "scrap"))
    (swarf,) = floor.act(make.scrap_some, code, (0, 500), ("ground off", "swarf"))
    with reading(floor.engine) as conn:
        assert [e.why for e in list_edges(conn, [waste, swarf], BACK)] == ["scrap", "swarf"]
    assert floor.lot(code).amount.mass_mg == 8_500
    assert rules(floor.act(make.scrap_some, code, (1, 0), (" ", "scrap"))) == ["reason_is_given"]
    floor.check()


def test_a_lot_is_packed_at_the_end_of_its_route_and_not_before(floor: Floor) -> None:
    raw, ready = floor.receive(TEN), floor.receive(TEN, done=DONE)
    assert rules(floor.act(make.pack_lot, raw, 4)) == ["route_is_finished"]
    assert rules(floor.act(make.pack_lot, ready, 11)) == ["amount_is_there"]
    packs = floor.act(make.pack_lot, ready, 4)
    assert [floor.lot(code).amount.pieces for code in packs] == [4, 4, 2]
    assert total(floor.lot(code).amount for code in packs) == TEN
    assert floor.lot(ready).status == "used_up"
    floor.check()


def test_what_a_customer_sends_back_is_held_and_knows_where_it_was(floor: Floor) -> None:
    ready = floor.receive(TEN, done=DONE)
    assert rules(floor.act(make.return_lot, ready, (2, 0), "rust")) == ["lot_was_shipped"]
    shipment = floor.act(ship_lots, [ready], {"customer": "Motorenwerk"})
    (back,) = floor.act(make.return_lot, ready, (2, 0), "rust")
    assert list(floor.lot(back).holds.values()) == ["returned by the customer: rust"]
    assert (floor.lot(ready).shipment, floor.lot(ready).amount.pieces) == (shipment, 8)
    assert rules(floor.act(make.return_lot, ready, (9, 0), "rust")) == ["amount_is_there"]
    floor.check()


@given(st.integers(0, 12), st.integers(0, 12_000))
def test_some_of_a_lot_is_never_more_than_it(pieces: int, mass_mg: int) -> None:
    lot = Lot("L1", "parts", "", "", "", TEN, "", 0, None)
    amount, refused = make.some_of(lot, pieces, mass_mg)
    if not refused:
        left = TEN - amount
        assert left + amount == TEN
        assert bool(left.pieces) or left.is_nothing or not TEN.pieces or amount.pieces < TEN.pieces


def test_coupons_and_waste_are_not_packed_for_customers(floor: Floor) -> None:
    unfinished, held = floor.receive(TEN), floor.receive(TEN)
    floor.act(hold_lots, [held], "crack")
    (coupon,) = floor.act(make.take_coupons, unfinished, 10, 0)
    (waste,) = floor.act(make.scrap_some, held, (10, 0), ("rusty", "scrap"))
    for code in (coupon, waste):
        assert rules(floor.act(make.pack_lot, code, 5)) == ["lot_is_goods"]
    assert isinstance(floor.act(ship_lots, [coupon, waste], {"customer": "recycler"}), str)
    floor.check()


def test_a_lot_does_not_become_more_packs_at_once_than_others_can_wait_for(floor: Floor) -> None:
    code = floor.receive(Amount(make.PACKS_MAX + 1, 10**6), done=DONE)
    assert rules(floor.act(make.pack_lot, code, 1)) == ["packs_are_few"]
    packs = floor.act(make.pack_lot, code, 100)
    assert len(packs) == make.PACKS_MAX // 100 + 1
    assert total(floor.lot(pack).amount for pack in packs) == Amount(make.PACKS_MAX + 1, 10**6)
    assert floor.lot(code).length == 2, "what it gave is told once"
    floor.check()
