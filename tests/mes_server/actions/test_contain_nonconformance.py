"""Containing what does not conform: found through runs, resources and shipments, held until it is decided on.

The whole of contain_nonconformance, and the holds it places as handle_lots releases and takes them back.
"""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from mes_server.actions.contain_nonconformance import Opening, contain, open_nonconformance
from mes_server.actions.digests import digest_of
from mes_server.actions.handle_lots import (
    correct_action,
    hold_lots,
    release_lot,
    ship_lots,
)
from mes_server.actions.make_lots import split_off
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.run_charge import Outcome, unload
from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.nonconformance import Nonconformance, named_in
from mes_server.domain.route_content import route_from
from mes_server.store.engine import reading
from mes_server.store.lots import list_edges
from mes_server.store.nonconformances import load_nc, ncs_of_lots
from mes_server.store.signatures import list_signatures
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.actions.test_settle_nonconformance import (
    DONE,
    LEAD,
    QUALITY,
    disposed,
    opened,
)
from tests.mes_server.domain.test_routes import content as route_content


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def about(floor: PlanFloor, kind: str, name: str = "", found: str = "") -> str:
    (code,) = floor.act(
        open_nonconformance, Opening("oil", "process", about=kind, name=name, found=found)
    )
    return str(code)


def loaded(floor: PlanFloor, code: str) -> Nonconformance:
    with reading(floor.engine) as conn:
        found = load_nc(conn, code)
    assert found is not None
    return found


def test_what_came_out_of_a_run_is_found_by_the_run(floor: PlanFloor) -> None:
    inside, beside = floor.receive(LIGHT), floor.receive(LIGHT)
    run = floor.run(inside)
    found = loaded(floor, about(floor, "run", run))
    assert (found.lots, found.held, found.stage) == ((inside,), (inside,), "contained")
    assert not floor.lot(beside).holds, "the negative control"
    told = floor.act(open_nonconformance, Opening("oil", "process", about="run", name="CH26-9"))
    assert [(one.rule, one.facts["name"]) for one in told] == [("subject_is_found", "CH26-9")]
    told = floor.act(open_nonconformance, Opening("oil", "process", about="moon"))
    assert rules(told) == ["subject_is_known"]


def test_a_complaint_about_a_shipment_is_contained_when_it_is_said_what_was_done(
    floor: PlanFloor,
) -> None:
    code = floor.receive(LIGHT, done=DONE)
    (part,) = floor.act(split_off, code, [(4, 0)])
    shipment = floor.act(ship_lots, [part], {"customer": "ACME"})
    nc = about(floor, "shipment", str(shipment))
    found = loaded(floor, nc)
    assert (found.stage, found.held, found.lots) == ("open", (), (part,))
    assert [one.customer for one in found.notices] == ["ACME"]
    assert not floor.lot(code).holds, "what stayed here is another lot"
    assert rules(floor.act(contain, nc, "")) == ["reason_is_given"]
    assert floor.act(contain, nc, "ACME sorts 100 %") == []
    found = loaded(floor, nc)
    assert (found.stage, found.contained_how, len(found.notices)) == (
        "contained", "ACME sorts 100 %", 1,
    )  # fmt: skip
    assert rules(floor.act(contain, nc, "again")) == ["nonconformance_is_open"]
    assert rules(floor.act(contain, "NC26-9", "x")) == ["nonconformance_is_known"]


def test_what_nobody_can_identify_is_nonconforming(floor: PlanFloor) -> None:
    told = floor.act(open_nonconformance, Opening("no label", "process", about="unidentified"))
    assert rules(told) == ["amount_is_said"]
    nc = about(floor, "unidentified", found="1 box, 40 pieces")
    assert disposed(floor, nc, "scrap", QUALITY, LEAD) == ["nonconformance_is_contained"]
    assert floor.act(contain, nc, "red box in the cage") == []
    assert disposed(floor, nc, "rework", to="sinter") == ["lots_are_named"]
    assert disposed(floor, nc, "scrap", QUALITY, LEAD) == []
    assert loaded(floor, nc).found == "1 box, 40 pieces"


def test_nobody_gets_around_the_decision_by_releasing_or_correcting(floor: PlanFloor) -> None:
    code, other = floor.receive(LIGHT, done=DONE), floor.receive(LIGHT)
    nc = opened(floor, code)
    opening, hold = floor.actions[-1], next(iter(floor.lot(code).holds))
    assert rules(floor.act(release_lot, code, hold, "I say so")) == ["nonconformance_is_disposed"]
    assert rules(floor.act(correct_action, opening, "never was")) == ["decision_stays"]
    assert floor.lot(code).holds
    floor.act(hold_lots, [other], f"looks like {nc}")
    hold = next(iter(floor.lot(other).holds))
    assert floor.act(release_lot, other, hold, "does not") == [], "the negative control"
    assert disposed(floor, nc, "conforms") == []
    assert rules(floor.act(correct_action, floor.actions[-1], "oh")) == ["decision_stays"]
    assert not floor.lot(code).holds
    floor.check()


CRUSH = replace(route_from(route_content()).operations["sinter"], makes="parts")


def crushed(floor: PlanFloor, code: str, run: str, amount: Amount = LIGHT) -> str:
    """The lot comes out of its run as another one; its code."""
    floor.act(unload, run, CRUSH, [Outcome(code, amount)], place="sinter-1")
    with reading(floor.engine) as conn:
        return next(edge.child for edge in list_edges(conn, [code], FORWARD) if edge.why == "run")


def test_what_comes_out_of_a_run_afterwards_is_decided_on_with_the_rest(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    run = floor.scan(code).run
    nc = opened(floor, code)
    child = crushed(floor, code, run)
    assert list(floor.lot(child).holds.values()) == [f"{nc} cracks"]
    hold = next(iter(floor.lot(child).holds))
    assert rules(floor.act(release_lot, child, hold, "x")) == ["nonconformance_is_disposed"]
    assert disposed(floor, nc, "regrade", to="N40") == []
    assert (floor.lot(child).grade, dict(floor.lot(child).holds)) == ("N40", {})
    rebuild_lots(floor.engine)
    with reading(floor.engine) as conn:
        assert [one.code for one in ncs_of_lots(conn, [child])] == [nc]
        (signed,) = list_signatures(conn, f"nc:{nc}")
        assert signed.stands(digest_of(conn, f"nc:{nc}"))


def test_a_hold_for_two_reasons_goes_on_for_the_other(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    run = floor.scan(code).run
    nc = opened(floor, code)
    child = crushed(floor, code, run, LIGHT.share(1, 2))
    ((hold, text),) = floor.lot(child).holds.items()
    assert text == f"mass balance; {nc} cracks"
    assert floor.act(release_lot, child, hold, "weighed again") == []
    assert list(floor.lot(child).holds.values()) == [f"{nc} cracks"]
    assert disposed(floor, nc, "conforms") == []
    assert not floor.lot(child).holds


def test_what_a_lot_is_held_for_besides_goes_on_after_the_decision(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    run = floor.scan(code).run
    nc = opened(floor, code)
    child = crushed(floor, code, run, LIGHT.share(1, 2))
    assert disposed(floor, nc, "rework", to="sinter") == ["lot_is_free"]
    assert disposed(floor, nc, "conforms") == []
    assert list(floor.lot(child).holds.values()) == ["mass balance"]


def test_only_the_holds_of_a_nonconformance_name_it() -> None:
    assert named_in("NC26-000001-XX cracks") == ["NC26-000001-XX"]
    assert named_in("mass balance; NC26-000001-XX cracks") == ["NC26-000001-XX"]
    assert named_in("see NC26-000001-XX cracks") == [], "it is only spoken of"
