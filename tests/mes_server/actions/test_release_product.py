"""Releases of lots: who signs, on what evidence, when a release falls, and what may leave.

The whole of release_product, over the rows it follows.
"""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.digests import digest_of
from mes_server.actions.handle_lots import correct_action, regrade_lot, send_back, ship_lots
from mes_server.actions.make_lots import pack_lot, scrap_some, split_off
from mes_server.actions.release_product import may_leave, release_product, stands
from mes_server.actions.settle_nonconformance import close
from mes_server.store.engine import reading
from mes_server.store.releases import releases_of
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
from tests.mes_server.domain.plan_making import attribute, line, plan
from tests.mes_server.people_help import signer

APPROVED = {"status": "approved", "customer": "ACME"}


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def finished(floor: PlanFloor, **more: Any) -> str:
    """A lot at the end of its route, its checks made."""
    floor.release("plan", plan(line(operation="sinter"), ppap=APPROVED, **more))
    return floor.receive(LIGHT, done=DONE)


def shipped(floor: PlanFloor, *codes: str, customer: str = "ACME") -> list[str]:
    answer = floor.act(ship_lots, list(codes), {"customer": customer})
    return [] if isinstance(answer, str) else rules(answer)


def test_a_lot_of_a_planned_part_leaves_only_when_it_is_released(floor: PlanFloor) -> None:
    code = finished(floor)
    assert shipped(floor, code) == ["lot_is_released"]
    assert rules(floor.act(release_product, code, [])) == ["signature_is_given"]
    assert rules(floor.act(release_product, code, [LEAD])) == ["signer_may"]
    assert floor.act(release_product, code, [QUALITY]) == []
    packs = floor.act(pack_lot, code, 5)
    assert shipped(floor, packs[0], customer="OTHER") == ["ppap_is_approved"]
    assert shipped(floor, *packs) == [], "packs are what they were packed from"
    floor.check()


def test_without_a_plan_lots_leave_as_before(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT, done=DONE)
    assert shipped(floor, code) == []
    with reading(floor.engine) as conn:
        assert may_leave(conn, floor.lot(code), "ACME", floor.now_ms) == []
        assert digest_of(conn, f"release:{code}") is None


def test_what_is_found_afterwards_makes_the_release_fall(floor: PlanFloor) -> None:
    code = finished(floor)
    assert floor.act(release_product, code, [QUALITY]) == []
    with reading(floor.engine) as conn:
        assert stands(conn, code)
        assert releases_of(conn, [code])[code].by == ("Q-1",)
    nc = opened(floor, code)
    assert shipped(floor, code) == ["lot_is_free", "lot_is_released"]
    assert disposed(floor, nc, "use_as_is", customer_reference="C-7", pieces=10) == []
    assert shipped(floor, code) == ["lot_is_released"], (
        "it is another lot now than the one released"
    )
    assert floor.act(release_product, code, [QUALITY]) == []
    assert shipped(floor, code) == []


def test_a_release_that_fell_does_not_stand_again_when_the_matter_is_closed(
    floor: PlanFloor,
) -> None:
    code = finished(floor)
    assert floor.act(release_product, code, [QUALITY]) == []
    nc = opened(floor, code)
    assert disposed(floor, nc, "use_as_is", customer_reference="C-7", pieces=10) == []
    assert floor.act(close, nc, "the customer agreed") == []
    assert shipped(floor, code) == ["lot_is_released"]
    assert floor.act(release_product, code, [QUALITY]) == []
    assert shipped(floor, code) == []


def test_what_is_worked_on_again_or_found_in_a_pack_is_to_be_released_again(
    floor: PlanFloor,
) -> None:
    code = finished(floor)
    (before,) = floor.act(split_off, code, [(2, 0)])
    assert floor.act(release_product, code, [QUALITY]) == []
    (reworked, regraded, bad, good) = floor.act(split_off, code, [(2, 0)] * 4)
    floor.act(regrade_lot, regraded, "N40", "measured")
    floor.act(send_back, reworked, "pack", "wrong label")
    nc = opened(floor, bad)
    assert disposed(floor, nc, "use_as_is", customer_reference="C-7", pieces=2) == []
    assert shipped(floor, before) == ["lot_is_released"], "it was no part of what was released"
    assert shipped(floor, regraded) == ["lot_is_released"]
    assert "lot_is_released" in shipped(floor, reworked)
    assert shipped(floor, bad) == ["lot_is_released"]
    assert shipped(floor, good) == [], "the negative control"
    for again in (before, regraded, bad):
        assert floor.act(release_product, again, [QUALITY]) == []
        assert shipped(floor, again) == []


def test_a_released_lot_takes_no_more_readings(floor: PlanFloor) -> None:
    floor.release("plan", plan(ppap=APPROVED))
    code = floor.receive(LIGHT)
    floor.run(code)
    assert rules(floor.act(release_product, code, [QUALITY])) == ["checks_are_done"]
    floor.measure("thickness", "5.00", "5.00", lot=code)
    assert floor.act(release_product, code, [QUALITY]) == []
    assert floor.measure("thickness", "5.00", "5.00", lot=code) == ["lot_is_not_released"]


def test_a_critical_characteristic_takes_a_second_person(floor: PlanFloor) -> None:
    floor.release("plan", plan(attribute("soak", operation="age", symbol="CC"), ppap=APPROVED))
    code = floor.receive(LIGHT, done=DONE)
    assert rules(floor.act(release_product, code, [QUALITY])) == ["second_person_signs"]
    assert rules(floor.act(release_product, code, [QUALITY, QUALITY])) == ["second_person_signs"]
    assert floor.act(release_product, code, [QUALITY, signer("Q-2")]) == []
    assert shipped(floor, code) == []
    with reading(floor.engine) as conn:
        assert [one.badge for one in list_signatures(conn, f"release:{code}")] == ["Q-1", "Q-2"]


def test_a_release_covers_what_it_saw_and_nothing_that_came_back_into_the_lot(
    floor: PlanFloor,
) -> None:
    code = finished(floor)
    floor.act(split_off, code, [(3, 0)])
    split = floor.actions[-1]
    assert floor.act(release_product, code, [QUALITY]) == []
    (pack,) = floor.act(split_off, code, [(2, 0)])
    floor.act(scrap_some, code, (1, 0), ("chip", "scrap"))
    assert shipped(floor, pack) == [], "what is taken from it since is what it saw"
    with reading(floor.engine) as conn:
        assert stands(conn, code)
    assert floor.act(correct_action, split, "counted wrong") == []
    assert floor.lot(code).amount.pieces == 7
    assert shipped(floor, code) == ["lot_is_released"], "three of them were not there"
    with reading(floor.engine) as conn:
        (signed,) = list_signatures(conn, f"release:{code}")
        assert not signed.stands(digest_of(conn, f"release:{code}")), "shown as void"
