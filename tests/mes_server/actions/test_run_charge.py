"""Runs: what goes in, what comes out, what each lot saw; a mass that does not add up holds the lots."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mes_server.actions.handle_lots import hold_lots
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.domain.amounts import Amount
from mes_server.domain.balance import Balance
from mes_server.domain.genealogy import BACK
from mes_server.domain.routes import Operation
from mes_server.store.engine import reading
from mes_server.store.lots import list_edges, lots_in_run
from mes_server.store.runs import (
    load_run,
    lots_of_run,
    open_run_at,
    runs_at,
    runs_of_lot,
    runs_with,
)
from tests.mes_server.actions.lot_floor import Floor, rules

SINTER = Operation("sinter", {}, ("sinter_furnace",), makes="block", tolerance_ppm=5_000)
AGE = replace(SINTER, code="age", makes="")
GREEN = Amount(20, 2_000_000, 0, {"Nd": 600_000})
FACTS = {"recipe": "S-42/C", "resources": {"thermocouple": "TC-9", "getter": "G-1"}}


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def load(floor: Floor, codes: list[str], operation: Operation = SINTER) -> str:
    runs = {
        floor.act(load_lot_into, code, operation, FACTS | {"position": f"T{i}"}, place="sinter-1")
        for i, code in enumerate(codes)
    }
    (run,) = runs
    return str(run)


def test_green_lots_share_a_charge_and_each_becomes_a_block_lot(floor: Floor) -> None:
    codes = [floor.receive(GREEN, "green") for _ in range(3)]
    run = load(floor, codes)
    with reading(floor.engine) as conn:
        assert [lot.code for lot in lots_in_run(conn, run)] == codes
        opened = open_run_at(conn, "sinter-1")
    assert opened is not None
    assert (opened.code, opened.operation) == (run, "sinter")
    product = Amount(19, 1_880_000, 0, {"Nd": 570_000})
    coupon = ("coupon", Amount(1, 99_000, 0, {"Nd": 30_000}))
    outcomes = [Outcome(code, product, (coupon, ("scrap", Amount(0, 15_000)))) for code in codes]
    kept = floor.act(unload, run, SINTER, outcomes, place="sinter-1")
    assert kept == Balance(6_000_000, 5_982_000, 30_000, 6_000_000, 6_000_000)
    blocks = [lot for lot in floor.lots() if lot.kind == "block"]
    assert [(lot.amount, lot.done, lot.holds) for lot in blocks] == [(product, ("sinter",), {})] * 3
    assert {floor.lot(code).status for code in codes} == {"used_up"}
    with reading(floor.engine) as conn:
        assert open_run_at(conn, "sinter-1") is None
        assert [e.parent for e in list_edges(conn, [blocks[0].code], BACK)] == [codes[0]]
        found = load_run(conn, run)
        assert found is not None
        assert [lot for lot, _ in lots_of_run(conn, run)] == codes
        assert runs_of_lot(conn, codes[1])[0][0] == found
        assert runs_with(conn, "TC-9") == [run]
        assert runs_at(conn, "sinter-1", found.opened_ms, found.opened_ms) == [found]
        assert runs_at(conn, "sinter-1", found.closed_ms or 0, 1 << 50) == [found]
        assert runs_at(conn, "sinter-1", 0, found.opened_ms - 1) == []
    floor.check()


def test_what_is_aged_keeps_its_code_and_remembers_the_operation(floor: Floor) -> None:
    code = floor.receive(GREEN)
    run = load(floor, [code], AGE)
    assert floor.lot(code).run == run
    floor.act(unload, run, AGE, [Outcome(code, GREEN)], place="sinter-1")
    assert (floor.lot(code).done, floor.lot(code).amount) == (("age",), GREEN)
    second = load(floor, [code], AGE)
    assert second != run, "a new run"
    floor.check()


@pytest.mark.parametrize("mass_mg", [1_989_999, 2_010_001])
def test_a_mass_that_does_not_add_up_holds_what_came_out(floor: Floor, mass_mg: int) -> None:
    code = floor.receive(GREEN)
    run = load(floor, [code], AGE)
    kept = floor.act(unload, run, AGE, [Outcome(code, replace(GREEN, mass_mg=mass_mg))])
    assert not kept.is_kept
    assert list(floor.lot(code).holds.values()) == ["mass balance"]
    floor.check()


def test_every_lot_of_a_run_must_be_told_of_and_a_run_ends_once(floor: Floor) -> None:
    codes = [floor.receive(GREEN) for _ in range(2)]
    run = load(floor, codes, AGE)
    short = floor.act(unload, run, AGE, [Outcome(codes[0], GREEN)])
    assert rules(short) == ["every_lot_is_told"]
    assert {floor.lot(code).status for code in codes} == {"running"}
    floor.act(unload, run, AGE, [Outcome(code, GREEN) for code in codes])
    assert rules(floor.act(unload, run, AGE, [])) == ["run_is_open"]
    assert rules(floor.act(unload, "CH26-999999-XX", AGE, [])) == ["run_is_open"]


def test_a_lot_that_is_held_in_the_furnace_comes_out_held(floor: Floor) -> None:
    code = floor.receive(GREEN)
    run = load(floor, [code], AGE)
    floor.act(hold_lots, [code], "thermocouple failed")
    floor.act(unload, run, AGE, [Outcome(code, GREEN)])
    assert list(floor.lot(code).holds.values()) == ["thermocouple failed"]
    floor.check()


@pytest.mark.parametrize("mass_mg", [GREEN.mass_mg, 1])
def test_what_is_made_of_a_held_lot_is_held_for_the_same_reasons(
    floor: Floor, mass_mg: int
) -> None:
    held, free = floor.receive(GREEN, "green"), floor.receive(GREEN, "green")
    run = load(floor, [held, free])
    for reason in ("oxygen", "thermocouple failed"):
        floor.act(hold_lots, [held], reason)
    outcomes = [Outcome(code, replace(GREEN, mass_mg=mass_mg)) for code in (held, free)]
    floor.act(unload, run, SINTER, outcomes, place="sinter-1")
    blocks = [lot.code for lot in floor.lots() if lot.kind == "block"]
    with reading(floor.engine) as conn:
        child = {edge.parent: edge.child for edge in list_edges(conn, blocks, BACK)}
    unbalanced = ["mass balance"] if mass_mg == 1 else []
    told = "; ".join([*unbalanced, "oxygen", "thermocouple failed"])
    assert list(floor.lot(child[held]).holds.values()) == [told]
    assert list(floor.lot(child[free]).holds.values()) == unbalanced
    floor.check()
