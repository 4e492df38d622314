"""Work beside the machines: receive metal, make up charges, merge barrels, pack, ship."""

from collections.abc import Iterator, Sequence

from mes_server.demo import machines
from mes_server.demo.checking import is_planned, release_product
from mes_server.demo.floor import QUALITY, Ask, Later, Moment
from mes_server.demo.story import reason_of
from mes_server.demo.yields import PPM
from mes_server.domain.lots import RUNNING, Lot
from mes_server.domain.routes import is_finished

_DAY_MS = 86_400_000
_IN_PROCESS_MAX = 60
_MELTED_MAX = 5
_PACKS_MAX = 8
_PACKS_WAIT_MIN = 600
_WASTE_LOTS, _WASTE_MOST = 60, 90
_TESTED_MIN = 24 * 60
_MELTED = ("alloy", "coarse_powder", "powder")


def make_charge(at: Moment) -> Iterator[Ask]:
    """A charge for the caster, as long as not too much is on its way; metal is ordered for it first."""
    work = [lot for lot in at.floor.lots if lot.route and lot.kind not in ("finished", "pack")]
    melted = [lot for lot in work if lot.kind in (*_MELTED, "raw")]
    if len(work) >= _IN_PROCESS_MAX or len(melted) >= _MELTED_MAX:
        return
    if any(lot.kind == "raw" for lot in melted):
        return
    route = _next_product(at, work)
    if route is None:
        return
    product = at.plan.products[route.partition("/")[0]]
    parts: list[dict[str, object]] = []
    for material, ppm in product["recipe"].items():
        taken = _from_stock(at, material, at.plan.heat_mg * ppm // PPM)
        if not taken:
            yield _order(at, material)
            return
        parts += taken
    body = {"parts": parts, "kind": "raw", "part": product["part"], "grade": product["grade"],
            "route": route}  # fmt: skip
    at.taken.update(str(part["lot"]) for part in parts)
    yield Ask("blend", "/lots/blend", body, at.operator())


def _next_product(at: Moment, work: Sequence[Lot]) -> str | None:
    """The route that has least on the floor for its weight."""
    names = {name.partition("/")[0]: name for name in sorted(at.floor.routes)}
    known = [code for code in at.plan.products if code in names]
    if not known:
        return None

    def share(code: str) -> float:
        masses = sum(lot.amount.mass_mg for lot in work if lot.route == names[code])
        weight: int = at.plan.products[code]["weight"]
        return (masses + at.plan.heat_mg * at.chance.random() / 2) / weight

    return names[min(known, key=share)]


def _from_stock(at: Moment, material: str, mass_mg: int) -> list[dict[str, object]]:
    """So much of a material, the oldest lots first; nothing where there is not enough."""
    kind = at.plan.materials[material]["kind"]
    found: list[dict[str, object]] = []
    for lot in at.free((kind,)):
        if lot.part != material or lot.route or mass_mg <= 0:
            continue
        some = min(lot.amount.mass_mg, mass_mg)
        found.append({"lot": lot.code, "mass_mg": some})
        mass_mg -= some
    return found if mass_mg <= 0 else []


def _order(at: Moment, material: str) -> Ask:
    said = at.plan.materials[material]
    mass = said["lot_mg"]
    elements = {name: mass * ppm // PPM for name, ppm in said["elements_ppm"].items()}
    body = {
        "kind": said["kind"],
        "amount": {"pieces": 0, "mass_mg": mass, "area_mm2": 0, "elements": elements},
        "part": material,
        "supplier": said["supplier"],
        "supplier_lot": f"{material}-{at.now_ms // 1000}",
        "origin": "P" if said["kind"] == "raw" else "E",
    }
    return Ask("receive", "/lots", body, at.operator())


def merge_barrels(at: Moment) -> Iterator[Ask]:
    """Barrels of one lot come together again: as many as the route allows, when none is left behind."""
    groups: dict[tuple[object, ...], list[Lot]] = {}
    for lot in at.free(("parts",)):
        if machines.waits_for_barrels(at, lot):
            groups.setdefault((lot.part, lot.grade, lot.route, lot.done), []).append(lot)
    for lots in groups.values():
        route = at.floor.routes[lots[0].route]
        most = route.parents_max or len(lots)
        soon_ms = lots[0].born_ms + (route.days_max or 7) * _DAY_MS
        together = [lot for lot in lots[:most] if lot.born_ms <= soon_ms]
        if len(together) < most and _more_to_come(at, lots[0]):
            continue
        at.taken.update(lot.code for lot in together)
        if len(together) == 1:
            at.memory.whole.add(together[0].code)
            continue
        body = {"lots": [lot.code for lot in together]}
        yield Ask("merge", "/lots/merge", body, at.operator())


def _more_to_come(at: Moment, lot: Lot) -> bool:
    """Whether others of its grade are in such a bath, or wait for it."""
    last = lot.done[-1]
    for other in at.floor.lots:
        if (other.kind, other.grade, other.route) != ("parts", lot.grade, lot.route):
            continue
        wanted = at.wanted(other)
        waits = wanted is not None and wanted.code == last and not other.holds
        if (other.status == RUNNING and other.operation == last) or waits:
            return True
    return False


def pack_finished(at: Moment) -> Iterator[Ask]:
    """What is at the end of its route goes into packs."""
    for lot in at.free(("finished",)):
        route = at.floor.routes.get(lot.route)
        if route is None or not is_finished(route, lot.done, lot.first):
            continue
        at.taken.add(lot.code)
        if at.memory.pin and is_planned(lot.route) and lot.code not in at.memory.released:
            yield release_product(lot.code, at.memory.pin)
            continue
        most = at.plan.products[route.code]["pack"]
        body = {"pieces_each": min(most, lot.amount.pieces)}
        yield Ask("pack", f"/lots/{lot.code}/pack", body, at.operator(), lot=lot.code)


def ship_packs(at: Moment) -> Iterator[Ask]:
    """Packs leave when there are enough, or when the oldest has stood long enough."""
    groups: dict[tuple[str, str], list[Lot]] = {}
    for lot in at.free(("pack",)):
        groups.setdefault((lot.route, lot.grade), []).append(lot)
    for (route, _), packs in sorted(groups.items()):
        waited_ms = at.now_ms - packs[0].born_ms
        product = at.plan.products.get(route.partition("/")[0])
        enough = len(packs) >= _PACKS_MAX or waited_ms > at.pace.company_ms(_PACKS_WAIT_MIN)
        if product is None or not enough:
            continue
        lots = [lot.code for lot in packs[:_PACKS_MAX]]
        at.taken.update(lots)
        number = at.now_ms // 60_000 % 1_000_000
        body = {"lots": lots, "customer": at.chance.choice(product["customers"]),
                "order": f"PO-{number}", "delivery_note": f"DN-{number}"}  # fmt: skip
        yield Ask("ship", "/shipments", body, at.operator(), lot=lots[0])


def ship_waste(at: Moment) -> Iterator[Ask]:
    """Swarf, scrap and coupons that were tested go to a refiner, who sends back metal one day."""
    tested_ms = at.now_ms - at.pace.wait_ms(_TESTED_MIN)
    lots = [lot.code for lot in at.free(("waste", "coupon")) if lot.born_ms < tested_ms]
    if len(lots) < _WASTE_LOTS:
        return
    lots = lots[:_WASTE_MOST]
    at.taken.update(lots)
    number = at.now_ms // 60_000 % 1_000_000
    body = {"lots": lots, "customer": "Rare Earth Refiners 稀土精炼", "order": f"RF-{number}",
            "delivery_note": f"DN-{number}"}  # fmt: skip
    yield Ask("ship_waste", "/shipments", body, at.operator())


def look_after_holds(at: Moment) -> None:
    """Every hold that nobody has a plan for, such as one that a mass balance put, is looked at in time."""
    for lot in at.floor.lots:
        for hold in lot.holds:
            if (key := f"{lot.code} {hold}") not in at.memory.known_holds:
                at.memory.known_holds.add(key)
                minutes, said = at.chance.randint(60, 600), reason_of(lot.holds[hold])
                if said is not None and lot.kind != "bath":
                    reason, late = said
                    at.later(minutes + late * _TESTED_MIN, _release(lot.code, hold, reason))


def _release(code: str, hold: str, reason: str) -> Later:
    def act(at: Moment) -> Ask | None:
        lot = at.floor.lot(code)
        if lot is None or hold not in lot.holds:
            return None
        body = {"hold": hold, "reason": reason}
        return Ask("release", f"/lots/{code}/release", body, QUALITY, lot=code)

    return act
