"""Whose word a concession or a rework takes: by what the customer approved, and by whose characteristic it is."""

from typing import Any

import pytest
from sqlalchemy import Engine

from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.actions.test_settle_nonconformance import disposed, opened
from tests.mes_server.domain.plan_making import line, plan

CONCEDED = {"pieces": 10}
REWORKED = {"to": "sinter"}


@pytest.fixture
def floor(engine: Engine) -> PlanFloor:
    return PlanFloor(engine).build()


def told(floor: PlanFloor, kind: str, given: dict[str, Any], **of: Any) -> list[str]:
    """What a disposition of a lot out in thickness lacks, under a plan like this."""
    how = {"symbol": of.pop("symbol", ""), "customer_symbol": of.pop("customer_symbol", "")}
    assert floor.release("plan", plan(line(**how), **of)) == []
    code = floor.receive(LIGHT, done=["sinter"])
    return disposed(floor, opened(floor, code, characteristic="thickness"), kind, **given)


@pytest.mark.parametrize(
    ("of", "lacks"),
    [
        ({"ppap": {"status": "approved", "customer": "ACME"}}, ["customer_agreed"]),
        ({"ppap": {"status": "submitted"}}, ["customer_agreed"]),
        ({}, []),
        ({"phase": "prototype", "ppap": {"status": "submitted"}}, []),
        ({"symbol": "SC"}, ["customer_agreed"]),
        ({"customer_symbol": "<>"}, ["customer_agreed"]),
    ],
)
def test_a_concession_takes_the_customer_where_there_is_something_the_customer_approved(
    floor: PlanFloor, of: dict[str, Any], lacks: list[str]
) -> None:
    assert told(floor, "use_as_is", CONCEDED, **of) == lacks


@pytest.mark.parametrize(
    ("of", "lacks"),
    [
        ({"ppap": {"status": "approved"}}, []),
        ({"symbol": "CC"}, ["customer_agreed"]),
        ({"customer_symbol": "<>"}, ["customer_agreed"]),
    ],
)
def test_a_rework_takes_the_customer_for_a_special_characteristic(
    floor: PlanFloor, of: dict[str, Any], lacks: list[str]
) -> None:
    assert told(floor, "rework", REWORKED, **of) == lacks


def test_of_a_lot_without_a_plan_nobody_can_say_that_no_customer_approved_it(
    floor: PlanFloor,
) -> None:
    code = floor.receive(LIGHT, done=["sinter"])
    assert disposed(floor, opened(floor, code), "use_as_is", **CONCEDED) == ["customer_agreed"]
