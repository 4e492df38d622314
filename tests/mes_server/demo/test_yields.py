"""mes_server.demo.yields: what comes out of a simulated run adds up, whatever is drawn."""

import random

import pytest

from mes_server.demo.simulation import load_simulation
from mes_server.demo.yields import PPM, outcome
from mes_server.domain.amounts import Amount
from tests.mes_server.demo.floors import ROUTES, SENSOR, lot

PLAN = load_simulation()
PARTS = ("product", "scrap", "coupons", "swarf")


@pytest.mark.parametrize("code", sorted(PLAN.operations))
@pytest.mark.parametrize("amount", [Amount(1, 7), Amount(2, 800_001), Amount(5_003, 61_234_567)])
def test_what_comes_out_is_what_went_in_and_the_gain_of_the_route(
    code: str, amount: Amount
) -> None:
    said = PLAN.operations[code]
    operation = next(r.operations[code] for r in ROUTES.values() if code in r.operations)
    powder = said.get("pieces") == "press" or code in list(PLAN.operations)[:3]
    stuff = Amount(0, amount.mass_mg) if powder else amount
    product = PLAN.products[SENSOR.partition("/")[0]]
    for seed in range(40):
        told = outcome(lot("L1", "parts", amount=stuff), said, product, random.Random(seed))
        out_mg = sum(told.get(name, {"mass_mg": 0})["mass_mg"] for name in PARTS)
        change = out_mg - stuff.mass_mg
        assert stuff.mass_mg * operation.gain_min_ppm - PPM <= change * PPM
        assert change * PPM <= stuff.mass_mg * operation.gain_max_ppm + PPM
        pieces = sum(told.get(name, {"pieces": 0})["pieces"] for name in PARTS)
        if said.get("pieces") is None:
            assert pieces == stuff.pieces
            assert stuff.pieces == 0 or told["product"]["pieces"] > 0
        assert all(value >= 0 for name in PARTS for value in told.get(name, {}).values())
