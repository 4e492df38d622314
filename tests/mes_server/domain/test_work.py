"""The one thing to do next at a station."""

from dataclasses import replace

import pytest

from mes_server.domain.lots import Lot
from mes_server.domain.work import (
    LOAD,
    LOAD_MORE,
    NOTHING,
    SIGN_IN,
    UNLOAD,
    WAIT,
    NextStep,
    Waiting,
    next_step,
    operations_here,
)
from tests.mes_server.domain.lot_making import History
from tests.mes_server.domain.test_routes import ROUTE

SINTERING = replace(ROUTE.operations["sinter"], mix_max=2)


def lot(code: str, **changes: object) -> Lot:
    return replace(History(code).created().lot, route="R1/B", **changes)


FREE, HELD = lot("B1"), lot("B2", holds={"h": "crack"})
INSIDE = lot("B3", run="CH1", operation="sinter")


def waiting(*lots: Lot) -> list[Waiting]:
    return [Waiting(ROUTE, SINTERING, lots, len(lots))]


@pytest.mark.parametrize(
    ("signed_in", "inside", "there", "running", "step"),
    [
        (False, [INSIDE], waiting(FREE), True, NextStep(SIGN_IN)),
        (True, [], waiting(HELD, FREE), False, NextStep(LOAD, "B1")),
        (True, [], waiting(HELD), False, NextStep(NOTHING)),
        (True, [INSIDE], waiting(FREE), False, NextStep(LOAD_MORE, "B1")),
        (True, [INSIDE], waiting(lot("B4", grade="N52")), False, NextStep(UNLOAD)),
        (True, [INSIDE, INSIDE], waiting(FREE), False, NextStep(UNLOAD)),
        (True, [replace(INSIDE, operation="age")], waiting(FREE), False, NextStep(UNLOAD)),
        (True, [INSIDE], waiting(FREE), True, NextStep(WAIT)),
        (True, [], waiting(FREE), True, NextStep(LOAD, "B1")),
    ],
)
def test_the_next_step(
    signed_in: bool, inside: list[Lot], there: list[Waiting], running: bool, step: NextStep
) -> None:
    assert next_step(signed_in, inside, there, running) == step


def test_a_lot_waits_where_one_of_its_next_operations_is_done() -> None:
    found = operations_here(ROUTE, ["sinter", "age"], "", "plateer")
    assert [operation.code for operation in found] == ["plate"]
    assert operations_here(ROUTE, ["sinter"], "", "plateer") == []
    assert operations_here(ROUTE, ["sinter", "age"], "sinter", "plateer") == [], "first of all"
    assert operations_here(None, [], "", "sinterer") == []
