"""Nonconforming product: held at once wherever it is, disposed of with approvals, carried out.

The whole of settle_nonconformance, over the rows it follows.
"""

from typing import Any

import pytest
from sqlalchemy import Engine

from mes_server.actions.contain_nonconformance import Opening, contain, open_nonconformance
from mes_server.actions.digests import digest_of
from mes_server.actions.handle_lots import release_lot, ship_lots
from mes_server.actions.make_lots import split_off
from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.settle_nonconformance import close, dispose, needs_of, notify
from mes_server.domain.nonconformance import DISPOSITIONS, Disposition
from mes_server.domain.people import Person
from mes_server.domain.rules import Refusal
from mes_server.store.engine import reading
from mes_server.store.nonconformances import list_ncs, load_nc, ncs_of_lots
from mes_server.store.signatures import list_signatures
from tests.mes_server.actions.lot_floor import rules
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.plan_making import plan
from tests.mes_server.people_help import signer

DONE = ["sinter", "age", "plate", "pack"]
QUALITY, LEAD = signer("Q-1"), signer("L-1", "lead")


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def opened(floor: PlanFloor, *lots: str, title: str = "cracks", **more: str) -> str:
    (code,) = floor.act(open_nonconformance, Opening(title, "inspection", lots, **more))
    return str(code)


def disposed(
    floor: PlanFloor, code: str, kind: str, *signers: Person | Refusal, **more: Any
) -> list[str]:
    given = Disposition(kind, **{"reason": "measured again", **more})
    told = floor.act(dispose, code, given, signers or (QUALITY,))
    return [one.rule for one in told if isinstance(one, Refusal)]


def test_all_that_came_of_a_bad_lot_is_held_and_customers_are_listed(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT, done=DONE)
    (part,) = floor.act(split_off, code, [(4, 0)])
    shipment = floor.act(ship_lots, [part], {"customer": "ACME"})
    other = floor.receive(LIGHT)
    nc = opened(floor, code)
    with reading(floor.engine) as conn:
        found = load_nc(conn, nc)
        assert found is not None
        assert ncs_of_lots(conn, [code]) == list_ncs(conn) == [found]
    assert found.held == (code,)
    assert [(n.customer, n.shipments, n.lots) for n in found.notices] == [
        ("ACME", (shipment,), (part,))
    ]
    assert list(floor.lot(code).holds.values()) == [f"{nc} cracks"]
    assert not floor.lot(other).holds, "the negative control"
    assert rules(floor.act(close, nc, "done")) == [
        "nonconformance_is_disposed",
        "customers_are_told",
    ]
    assert disposed(floor, nc, "scrap", QUALITY, LEAD) == ["nonconformance_is_contained"]
    assert floor.act(contain, nc, "ACME blocks 4 pieces") == []
    assert disposed(floor, nc, "scrap", QUALITY, LEAD) == []
    assert rules(floor.act(notify, nc, "OTHER", "mail")) == ["customer_is_listed"]
    assert floor.act(notify, nc, "ACME", "letter 12") == []
    assert floor.act(close, nc, "all scrapped") == []
    floor.check()


@pytest.mark.parametrize(
    ("kind", "more", "signers", "told"),
    [
        ("use_as_is", {}, (QUALITY,), ["customer_agreed", "concession_is_limited"]),
        ("use_as_is", {"customer_reference": "C-7", "pieces": 9}, (QUALITY,), ["concession_covers"]),
        ("use_as_is", {"customer_reference": "C-7", "until_ms": 1}, (QUALITY,), ["concession_covers"]),
        ("scrap", {}, (QUALITY,), ["approvals_are_there", "second_person_signs"]),
        ("scrap", {}, (LEAD, LEAD), ["approvals_are_there", "second_person_signs"]),
        ("rework", {}, (QUALITY,), ["disposition_says_where"]),
        ("rework", {"to": "age"}, (QUALITY,), ["operation_was_done"]),
        ("regrade", {"to": "N42SH"}, (QUALITY,), ["grade_is_another"]),
        ("repair", {"to": "sinter"}, (QUALITY,), ["customer_agreed"]),
        ("scrap", {"reason": ""}, (QUALITY, LEAD), ["reason_is_given"]),
        ("wish", {}, (QUALITY,), ["disposition_is_known"]),
        ("scrap", {}, (signer("W-1", "operator"),), ["signer_may", "approvals_are_there", "second_person_signs"]),
    ],
)  # fmt: skip
def test_a_disposition_without_what_it_takes_is_refused_and_changes_nothing(
    floor: PlanFloor, kind: str, more: dict[str, Any], signers: tuple[Person, ...], told: list[str]
) -> None:
    code = floor.receive(LIGHT, done=["sinter"])
    nc = opened(floor, code)
    before = floor.lot(code)
    assert disposed(floor, nc, kind, *signers, **more) == told
    assert floor.lot(code) == before
    with reading(floor.engine) as conn:
        assert load_nc(conn, nc).state == "open"  # type: ignore[union-attr]
        assert list_signatures(conn, f"nc:{nc}") == []


@pytest.mark.parametrize(
    ("kind", "more", "signers"),
    [
        ("conforms", {}, (QUALITY,)),
        ("use_as_is", {"customer_reference": "C-7", "pieces": 10}, (QUALITY,)),
        ("rework", {"to": "sinter"}, (QUALITY,)),
        ("repair", {"to": "sinter", "customer_reference": "A-3"}, (QUALITY,)),
        ("regrade", {"to": "N40"}, (QUALITY,)),
        ("scrap", {}, (QUALITY, LEAD)),
        ("return", {}, (QUALITY,)),
    ],
)
def test_what_was_decided_is_carried_out_signed_and_rebuilt(
    floor: PlanFloor, kind: str, more: dict[str, Any], signers: tuple[Person, ...]
) -> None:
    code = floor.receive(LIGHT, done=["sinter"])
    nc = opened(floor, code)
    assert disposed(floor, nc, kind, *signers, **more) == []
    lot = floor.lot(code)
    assert {
        "conforms": not lot.holds and lot.status == "active",
        "use_as_is": not lot.holds and lot.status == "active",
        "rework": lot.done == () and lot.reworks == {"sinter": 1} and not lot.holds,
        "repair": lot.done == () and not lot.holds,
        "regrade": lot.grade == "N40" and not lot.holds,
        "scrap": lot.amount.is_nothing and lot.status == "used_up",
        "return": lot.place == "return-to-supplier" and bool(lot.holds),
    }[kind]
    assert disposed(floor, nc, kind, *signers, **more) == ["nonconformance_is_open"]
    rebuild_lots(floor.engine)
    with reading(floor.engine) as conn:
        found = load_nc(conn, nc)
        assert [one.code for one in list_ncs(conn, state="disposed")] == [nc]
        signed = list_signatures(conn, f"nc:{nc}")
        assert all(one.stands(digest_of(conn, f"nc:{nc}")) for one in signed)
    assert found is not None
    assert found.signed == tuple(one.badge for one in signers)
    assert [one.badge for one in signed] == [one.badge for one in signers]
    floor.check()


def test_a_concession_lets_a_lot_go_on_without_the_check_and_only_that_lot(
    floor: PlanFloor,
) -> None:
    floor.release("plan", plan())
    code, other = floor.receive(LIGHT), floor.receive(LIGHT)
    floor.run(code)
    floor.run(other)
    floor.measure("thickness", "5.00", "5.08", lot=code)
    hold = next(iter(floor.lot(code).holds))
    nc = opened(floor, code, characteristic="thickness")
    until_ms = floor.now_ms + 3_600_000
    assert (
        disposed(floor, nc, "use_as_is", customer_reference="C-7", pieces=10, until_ms=until_ms)
        == []
    )
    floor.act(release_lot, code, hold, nc)
    assert floor.told(code, "age-1") == []
    assert floor.told(other, "age-1") == ["checks_are_done"], "the negative control"


def test_a_concession_that_ran_out_lets_nothing_go_on(floor: PlanFloor) -> None:
    floor.release("plan", plan())
    code = floor.receive(LIGHT)
    floor.run(code)
    nc = opened(floor, code, characteristic="thickness")
    until_ms = floor.now_ms + 3_600_000
    assert disposed(floor, nc, "use_as_is", customer_reference="C-7", until_ms=until_ms) == []
    floor.now_ms = until_ms + 1
    assert floor.told(code, "age-1") == ["checks_are_done"]


def test_a_nonconformance_says_what_it_is_about(floor: PlanFloor) -> None:
    code = floor.receive(LIGHT)
    for opening, told in (
        (Opening("", "inspection", (code,)), ["reason_is_given"]),
        (Opening("x", "gossip", (code,)), ["source_is_known"]),
        (Opening("x", "inspection", ("B26-000099-XX",)), ["lot_is_known"]),
        (Opening("x", "inspection", ()), ["lots_are_named"]),
        (Opening("=1+1", "inspection", (code,)), ["text_is_no_script"]),
    ):
        assert rules(floor.act(open_nonconformance, opening)) == told
    assert rules(floor.act(dispose, "NC26-1", Disposition("scrap"), (QUALITY,))) == [
        "nonconformance_is_known"
    ]
    assert rules(floor.act(notify, "NC26-1", "ACME", "mail")) == ["nonconformance_is_known"]
    assert rules(floor.act(close, "NC26-1", "x")) == ["nonconformance_is_known"]
    assert all(needs_of(kind, floor.now_ms) for kind in DISPOSITIONS)
    assert needs_of("scrap", 0) is None, "no row was in force then"
