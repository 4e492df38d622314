"""A small factory's day on the floor of the web tests: from raw metal to a shipped pack, with a hold."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from mes_server.actions.handle_lots import (
    hold_lots,
    merge_lots,
    scrap,
    send_back,
    ship_lots,
    split_lot,
)
from mes_server.actions.make_lots import Wanted, blend_lots
from mes_server.actions.release_route import release_route
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.domain.amounts import Amount
from mes_server.domain.routes import Operation
from mes_server.store.engine import reading
from mes_server.store.runs import last_run_at
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.web.plant_data import NOW_MS

MINUTE = 60_000
SINTER = Operation("sinter", {}, ("sinter_furnace",), makes="block", tolerance_ppm=20_000)
GRIND = Operation("grind", {}, ("grinder",), makes="parts", tolerance_ppm=400_000)
PACK = Operation("pack", {}, (), makes="pack", tolerance_ppm=20_000)
PRESS = Operation("press", {}, (), makes="green")
SHARES = {"sinter": 980_000, "grind": 800_000}
PHOSPHATE = Operation("phosphate", {}, ("phosphating_line",))
AGE = Operation("age", {}, ("ageing_furnace",))
USED = {"recipe": "S-42/C", "resources": {"thermocouple": "TC-9", "getter": "G-1"}}
ROUTE: dict[str, Any] = {
    "code": "R1", "revision": "B", "title": {"en": "Motor magnet", "zh": "电机磁钢"},
    "operations": {
        "sinter": {"title": {"en": "Sintering", "zh": "烧结"}, "station_types": ["sinter_furnace"]},
        "age": {"title": {"en": "Ageing", "zh": "时效"}, "station_types": ["ageing_furnace"]},
        "grind": {"title": {"en": "Grinding", "zh": "磨削"}, "station_types": ["grinder"]},
        "gbd": {"title": {"en": "GBD", "zh": "晶界扩散"}, "station_types": ["gbd_diffusion_furnace"]},
        "phosphate": {"title": {"en": "Phosphating", "zh": "磷化"}, "station_types": ["phosphating_line"]},
        "plate": {"title": {"en": "Plating", "zh": "电镀"}, "station_types": ["electroplating_line"]},
        "pack": {"title": {"en": "Packing", "zh": "包装"}, "station_types": []},
    },
    "steps": [
        {"choices": ["sinter"]}, {"choices": ["age"]}, {"choices": ["grind"]},
        {"choices": ["gbd"], "optional": True}, {"choices": ["phosphate", "plate"]},
        {"choices": ["pack"]},
    ],
}  # fmt: skip


def fired(amount: Amount, ppm: int) -> Amount:
    """What is left of an amount."""
    return Amount(
        amount.pieces,
        amount.mass_mg * ppm // 1_000_000,
        amount.area_mm2,
        {name: mg * ppm // 1_000_000 for name, mg in amount.elements.items()},
    )


def run(
    floor: Floor, codes: list[str], operation: Operation, station: str, **facts: Any
) -> list[str]:
    """A charge of these lots: the codes of what came out."""
    for at, code in enumerate(codes):
        position = {"position": f"T{at + 1}"}
        charge = floor.act(load_lot_into, code, operation, facts | position, place=station)
    floor.now_ms += 8 * MINUTE if station == "sinter-1" else 0
    before = {lot.code for lot in floor.lots()}
    outcomes = []
    for code in codes:
        amount = floor.lot(code).amount
        coupon = Amount(1, amount.mass_mg // 100) if operation is SINTER else None
        product = fired(amount, SHARES.get(operation.code, 1_000_000))
        if operation.makes == "green":
            product = replace(product, pieces=200)
        outcomes.append(Outcome(code, product, [("coupon", coupon)] if coupon else []))
    floor.act(unload, charge, operation, outcomes, place=station)
    return sorted({lot.code for lot in floor.lots()} - before) if operation.makes else codes


def _last_run(floor: Floor) -> str:
    """The packing: the last run that is over."""
    with reading(floor.engine) as conn:
        found = last_run_at(conn, "pack-1")
    assert found is not None
    return found.code


def tell(engine: Engine) -> dict[str, str]:
    """The day; the codes of the lots that tests look at. It ends at NOW_MS, the furnace ran before."""
    floor = Floor(engine, NOW_MS - 44 * MINUTE)
    assert floor.act(release_route, ROUTE) == []
    raw = [
        floor.receive(Amount(0, 200_000_000, elements={"Nd": 60_000_000}), "raw", part="NdPr"),
        floor.receive(Amount(0, 100_000_000), "raw", part="FeB"),
        floor.receive(Amount(0, 6_000_000, elements={"Dy": 6_000_000}), "raw", part="Dy"),
    ]
    with floor.book("caster-1") as book:
        parts = [(code, lot.amount.mass_mg) for code in raw if (lot := book.lot(code))]
        (alloy,) = blend_lots(book, parts, Wanted("alloy", grade="N42SH", route="R1/B"))
    (powder,) = run(floor, [alloy], Operation("mill", {}, (), makes="powder"), "mill-1")
    parts = [Amount(0, 50_000_000, 0, {"Nd": 10_000_000, "Dy": 1_000_000}) for _ in range(4)]
    greens = run(floor, floor.act(split_lot, powder, parts, place="mixer"), PRESS, "press-1")
    born = run(floor, greens[:3], SINTER, "sinter-1", **USED)
    blocks = [code for code in born if code.startswith("B")]
    run(floor, blocks[:2], AGE, "age-1", resources={"thermocouple": "TC-4"})
    floor.act(send_back, blocks[0], "age", "soak too short")
    run(floor, blocks[:1], AGE, "age-1", resources={"thermocouple": "TC-4"})
    ground = run(floor, blocks[:2], GRIND, "grind-1")
    mixed = floor.act(merge_lots, ground, place="grind-1")
    (mixed,) = mixed
    (first,) = floor.act(split_lot, mixed, [Amount(100, 20_000_000)])
    run(floor, [first], PHOSPHATE, "phosphate-1")
    (pack,) = run(floor, [first], PACK, "pack-1")
    shipment = floor.act(ship_lots, [pack], {"customer": "Motorenwerk", "order": "4711"})
    (waste,) = floor.act(scrap, mixed, Amount(20, 4_000_000), "chipped")
    floor.act(hold_lots, [blocks[2], mixed], "thermocouple out of tolerance")
    floor.act(load_lot_into, greens[3], SINTER, USED, place="sinter-1")
    floor.check()
    return {
        "run": _last_run(floor), "raw": raw[0], "alloy": alloy, "powder": powder, "green": greens[0], "running": greens[3],
        "block": blocks[0], "held": blocks[2], "mixed": mixed, "pack": pack, "shipment": shipment,
        "waste": waste, "last": floor.actions[-1], "ended_ms": str(floor.now_ms),
    }  # fmt: skip
