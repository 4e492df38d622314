"""From a suspicion to every lot it concerns, where each is now, and the mass that adds up."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mes_server.actions.handle_lots import correct_action as correct
from mes_server.actions.handle_lots import hold_lots, merge_lots, scrap, ship_lots, split_lot
from mes_server.actions.make_lots import Wanted, blend_lots
from mes_server.actions.ready_station import mount
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.actions.trace_lots import trace
from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.recalls import Recall, Suspicion
from mes_server.domain.routes import Operation
from mes_server.store.engine import reading
from mes_server.store.exposures import exposures_of
from mes_server.store.nodes import ensure_node
from mes_server.store.stations import ensure_station
from mes_server.store.transaction import writing
from tests.mes_server.actions.lot_floor import Floor

SINTER = Operation("sinter", {}, ("sinter_furnace",), makes="block", tolerance_ppm=50_000)
AGE = replace(SINTER, code="age", makes="")
GREEN = Amount(20, 2_000_000)
BLOCK = Amount(20, 1_950_000)
TC = {"resources": {"thermocouple": "TC-9"}}


@pytest.fixture
def floor(engine: Engine) -> Floor:
    return Floor(engine)


def ask(floor: Floor, suspicion: Suspicion, direction: str = FORWARD) -> Recall:
    with reading(floor.engine) as conn:
        return trace(conn, suspicion, direction)


def fired(amount: Amount) -> Amount:
    """What is left of it behind the furnace."""
    return replace(amount, mass_mg=amount.mass_mg * 975 // 1000)


def run(
    floor: Floor, codes: list[str], station: str = "sinter-1", facts: object = TC
) -> tuple[str, list[str]]:
    """A charge of these lots, each of which becomes a block lot: its code and theirs."""
    for code in codes:
        charge = floor.act(load_lot_into, code, SINTER, facts, place=station)
    before = {lot.code for lot in floor.lots()}
    outcomes = [Outcome(code, fired(floor.lot(code).amount)) for code in codes]
    floor.act(unload, charge, SINTER, outcomes, place=station)
    return charge, sorted({lot.code for lot in floor.lots()} - before)


def codes(recall: Recall) -> set[str]:
    return {lot.code for lot in recall.lots}


@pytest.fixture
def story(floor: Floor) -> dict[str, str]:
    """A green lot is divided, one part sintered with another lot, the blocks shipped, scrapped, kept."""
    green, other = floor.receive(GREEN, "green"), floor.receive(GREEN, "green")
    (early,) = floor.act(split_lot, green, [Amount(4, 400_000)])
    charge, (one, two) = run(floor, [green, other])
    (gone,) = floor.act(split_lot, one, [Amount(8, 780_000)])
    shipment = floor.act(ship_lots, [gone], {"customer": "Motorenwerk"})
    (waste,) = floor.act(scrap, one, Amount(2, 195_000), "chipped")
    stranger = floor.receive(BLOCK, done=["sinter"])
    (mixed,) = floor.act(merge_lots, [two, stranger])
    return {
        "green": green, "other": other, "early": early, "charge": charge, "one": one, "two": two,
        "gone": gone, "shipment": shipment, "waste": waste, "stranger": stranger, "mixed": mixed,
    }  # fmt: skip


def test_a_bad_thermocouple_leads_to_all_lots_it_saw_and_to_nothing_before(
    floor: Floor, story: dict[str, str]
) -> None:
    found = ask(floor, Suspicion("resource", "TC-9"))
    concerned = {story[name] for name in ("green", "other", "one", "two", "gone", "waste", "mixed")}
    assert codes(found) == concerned, "not what was split off before the run, nor the stranger"
    assert set(found.starts) == {story["green"], story["other"]}
    where = {lot.code: lot.where for lot in found.lots}
    assert where[story["gone"]] == "shipped"
    assert where[story["waste"]] == "scrapped"
    assert where[story["green"]] == "used_up"
    assert where[story["mixed"]] == "in_process"
    assert found.customers == {story["shipment"]: "Motorenwerk"}
    assert codes(ask(floor, Suspicion("run", story["charge"]))) == concerned
    same = ask(floor, Suspicion("station", "sinter-1", 0, floor.now_ms))
    assert codes(same) == concerned
    assert ask(floor, Suspicion("station", "sinter-1", 0, 5)).lots == ()


def test_the_mass_of_the_answer_adds_up(floor: Floor, story: dict[str, str]) -> None:
    balance = ask(floor, Suspicion("run", story["charge"])).account
    assert balance is not None
    assert balance.start_mg == 1_600_000 + 2_000_000, "what went into the furnace"
    assert balance.joined_mg == 1_950_000, "the stranger was mixed in"
    assert dict(balance.now_mg) == {
        "shipped": 780_000, "scrapped": 195_000, "used_up": 0,
        "in_process": 1_560_000 + 2 * 1_950_000 - 780_000 - 195_000,
    }  # fmt: skip
    assert balance.missing_mg == 90_000, "what the furnace took"
    whole = ask(floor, Suspicion("lot", story["green"])).account
    assert whole is not None
    assert whole.start_mg == 2_000_000
    assert ask(floor, Suspicion("lot", story["green"]), BACK).account is None


def test_causes_of_a_shipped_lot_go_back_to_what_was_received(
    floor: Floor, story: dict[str, str]
) -> None:
    back = ask(floor, Suspicion("lot", story["gone"]), BACK)
    assert codes(back) == {story["gone"], story["one"], story["green"]}
    assert codes(ask(floor, Suspicion("lot", story["mixed"]), BACK)) == {
        story[name] for name in ("mixed", "two", "stranger", "other")
    }


def test_what_a_person_did_leads_to_the_lots_and_to_those_of_the_runs(floor: Floor) -> None:
    code = floor.receive(GREEN, "green")
    _, (block,) = run(floor, [code])
    with floor.book("stock", "P9") as book:
        hold_lots(book, [block], "looked odd")
    assert codes(ask(floor, Suspicion("person", "P9"))) == {block}
    assert codes(ask(floor, Suspicion("person", "P1"))) == {code, block}
    assert ask(floor, Suspicion("person", "P1", 0, 5)).lots == ()
    (held,) = ask(floor, Suspicion("lot", block)).lots
    assert held.held


def test_one_start_that_became_another_counts_once(floor: Floor) -> None:
    code = floor.receive(GREEN, "green")
    _, (block,) = run(floor, [code])
    floor.act(load_lot_into, block, AGE, TC, place="sinter-1")
    found = ask(floor, Suspicion("resource", "TC-9"))
    assert set(found.starts) == {code, block}
    assert found.account is not None
    assert found.account.start_mg == GREEN.mass_mg
    assert dict(found.account.now_mg) == {"used_up": 0, "in_process": BLOCK.mass_mg}
    early = ask(floor, Suspicion("resource", "TC-9", 0, floor.now_ms - 60_000))
    assert set(early.starts) == {code}


def test_a_split_that_was_taken_back_leads_nowhere_and_its_mass_is_back(floor: Floor) -> None:
    code = floor.receive(GREEN, "green")
    floor.act(split_lot, code, [Amount(4, 400_000)])
    floor.act(correct, floor.actions[-1], "wrong lot")
    run(floor, [code])
    found = ask(floor, Suspicion("resource", "TC-9"))
    assert len(found.lots) == 2
    assert found.account is not None
    assert found.account.start_mg == GREEN.mass_mg


def test_a_lot_has_a_window_for_each_run_and_an_open_one_lasts_until_now(floor: Floor) -> None:
    code = floor.receive(GREEN, "green")
    charge, (block,) = run(floor, [code])
    floor.act(load_lot_into, block, AGE, {}, place="age-1")
    with reading(floor.engine) as conn:
        (first,) = exposures_of(conn, code, floor.now_ms)
        (second,) = exposures_of(conn, block, floor.now_ms + 5)
    assert (first.run, first.station, first.span_ms, first.is_over) == (
        charge,
        "sinter-1",
        60_000,
        True,
    )
    assert (second.station, second.operation, second.span_ms, second.is_over) == (
        "age-1",
        "age",
        5,
        False,
    )


def test_what_nobody_knows_finds_nothing(floor: Floor) -> None:
    for kind in ("lot", "run", "resource", "person", "station"):
        found = ask(floor, Suspicion(kind, "nobody"))
        assert (found.lots, found.starts, found.counts()) == ((), (), {})


def test_a_suppliers_lot_leads_to_all_that_was_made_of_it(floor: Floor) -> None:
    told = {"part": "NdPr", "grade": "", "route": "", "supplier": "S", "supplier_lot": "NP-77"}
    one, two = (floor.receive(GREEN, "raw", **told) for _ in range(2))
    other = floor.receive(GREEN, "raw", **told | {"supplier_lot": "NP-78"})
    (child,) = floor.act(split_lot, one, [Amount(0, 1_000)])
    mixed = floor.act(merge_lots, [two, other])
    found = ask(floor, Suspicion("supplier_lot", "NP-77"))
    assert codes(found) == {one, two, child, *_list(mixed)}
    assert set(found.starts) == {one, two, child}
    assert ask(floor, Suspicion("supplier_lot", "NP-7")).lots == ()


def _list(made: object) -> list[str]:
    return made if isinstance(made, list) else [str(made)]


def test_a_bath_that_is_a_lot_leads_to_the_lots_it_served(floor: Floor) -> None:
    bath = floor.receive(Amount(0, 900_000), "slurry")
    lot, free = floor.receive(GREEN, "green"), floor.receive(GREEN, "green")
    _, (block,) = run(floor, [lot], facts={"resources": {"bath": bath}})
    run(floor, [free], facts={"resources": {"bath": "another"}})
    assert codes(ask(floor, Suspicion("lot", bath))) == {bath, lot, block}
    assert codes(ask(floor, Suspicion("lot", bath), BACK)) == {bath}


def test_a_chemical_leads_to_the_lots_of_the_baths_it_went_into(floor: Floor) -> None:
    acid, water = (
        floor.receive(Amount(0, 5_000), "raw", supplier_lot=n, route="") for n in ("S-7", "S-8")
    )
    (bath,) = floor.act(blend_lots, [(acid, 1_000), (water, 1_000)], Wanted("bath"))
    before, seen = floor.receive(BLOCK), floor.receive(BLOCK)
    for code, facts in ((before, {}), (seen, {"resources": {"bath": bath}})):
        charge = floor.act(load_lot_into, code, AGE, facts, place="line-1")
        floor.act(unload, charge, AGE, [Outcome(code, BLOCK)], place="line-1")
    (child,) = floor.act(split_lot, seen, [Amount(3, 300_000)])
    for suspicion in (Suspicion("lot", acid), Suspicion("supplier_lot", "S-7")):
        found = ask(floor, suspicion)
        assert codes(found) == {acid, bath, seen, child}
        assert len(found.starts) == 2, "the acid, and what its bath served"
    assert codes(ask(floor, Suspicion("lot", acid), BACK)) == {acid}
    (late,) = floor.act(blend_lots, [(bath, 500), (water, 500)], Wanted("bath"))
    assert codes(ask(floor, Suspicion("lot", late))) == {late}, "it served no run"


def test_the_lots_of_a_mounted_target_are_found_by_its_suppliers_number(floor: Floor) -> None:
    target = floor.receive(Amount(1, 5_000), "target", supplier_lot="T-77")
    code = floor.receive(BLOCK)
    facts = {"resources": {"target": target}}
    charge = floor.act(load_lot_into, code, AGE, facts, place="coat-1")
    floor.act(unload, charge, AGE, [Outcome(code, BLOCK)], place="coat-1")
    assert codes(ask(floor, Suspicion("supplier_lot", "T-77"))) == {target, code}


def test_who_mounted_a_target_is_answered_for_by_the_runs_it_was_used_in_since(
    floor: Floor,
) -> None:
    with writing(floor.engine) as conn:
        ensure_station(conn, ensure_node(conn, "g", "n"), "coat-1", "coater", "a")
    seen: dict[str, str] = {}
    for target in ("T-1", "T-2", "T-1"):
        with floor.book("coat-1", "W-9" if "T-1" not in seen else "W-8") as book:
            assert mount(book, "coat-1", "target", target) == []
        code = seen[target] = seen.get(target) or floor.receive(BLOCK)
        charge = floor.act(load_lot_into, code, AGE, {}, place="coat-1")
        floor.act(unload, charge, AGE, [Outcome(code, BLOCK)], place="coat-1")
    assert codes(ask(floor, Suspicion("person", "W-9"))) == {seen["T-1"]}
    assert codes(ask(floor, Suspicion("person", "W-8"))) == {seen["T-1"], seen["T-2"]}
    late = Suspicion("person", "W-8", from_ms=floor.now_ms)
    assert codes(ask(floor, late)) == set()
