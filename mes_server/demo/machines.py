"""Work at the machines: unload what is due, make a station ready, load what waits for it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from mes_server.demo.floor import Ask, Moment
from mes_server.demo.story import recipe_for
from mes_server.demo.yields import PPM, outcome
from mes_server.domain.lots import RUNNING, Lot
from mes_server.domain.routes import Operation

_FULL_PPM = 1_400_000  # a lot so much larger than a batch is loaded in parts
_TRAY = 4
_LONG_MIN = 3 * 24 * 60
_LATEST = 1.1  # a run lasts a little longer than planned


def unload_due(at: Moment) -> Iterator[Ask]:
    """Everything comes out of the runs that are over."""
    runs: dict[str, list[Lot]] = {}
    for lot in at.floor.lots:
        if lot.status == RUNNING:
            runs.setdefault(lot.run, []).append(lot)
    for run, lots in sorted(runs.items()):
        station, operation = lots[0].place, lots[0].operation
        at.taken.add(station)
        said = at.plan.operations[operation]
        due_ms = at.memory.due_ms.setdefault(run, at.now_ms + at.pace.run_ms(said["minutes"]))
        if due_ms > at.now_ms or station not in at.floor.stations:
            continue
        told = [outcome(lot, said, _product(at, lot), at.chance) for lot in lots]
        yield Ask("unload", f"/runs/{run}/unload", {"lots": told}, at.operator(), station, lot=run)


def _product(at: Moment, lot: Lot) -> dict[str, int]:
    return dict(at.plan.products[lot.route.partition("/")[0]])


def load_idle(at: Moment) -> Iterator[Ask]:
    """What may begin at the stations that stand still."""
    waiting: dict[str, list[tuple[Operation, Lot]]] = {}
    for lot in at.free(("raw", "alloy", "coarse_powder", "powder", "green", "block", "parts")):
        operation = at.wanted(lot) if lot.route else None
        if operation is not None and not waits_for_barrels(at, lot):
            for kind in operation.station_types:
                waiting.setdefault(kind, []).append((operation, lot))
    for station, kind in sorted(at.floor.stations.items()):
        if station not in at.taken and station not in at.memory.locked:
            left = [(o, lot) for o, lot in waiting.get(kind, []) if lot.code not in at.taken]
            if left:
                yield from _load(at, station, left)


def waits_for_barrels(at: Moment, lot: Lot) -> bool:
    """Whether a lot came out of one of several barrels, and has not met the others yet."""
    if not lot.done or lot.first or lot.code in at.memory.whole:
        return False
    return lot.kind == "parts" and "batch_mg" in at.plan.operations[lot.done[-1]]


def _load(at: Moment, station: str, left: Sequence[tuple[Operation, Lot]]) -> Iterator[Ask]:
    """The oldest lot, or the one with most company, and those that go with it."""
    operation, first = _first_of(at, left)
    alike = [
        lot for o, lot in left
        if (o.code, lot.grade, lot.route) == (operation.code, first.grade, first.route)
    ]  # fmt: skip
    said = at.plan.operations[operation.code]
    lots = _fitting(operation, alike[: said.get("lots", 1)])
    if len(lots) < said.get("lots", 1) and not _waited(at, station, said.get("wait_min", 0)):
        return
    at.taken.add(station)
    ready = list(_make_ready(at, station, operation, first.grade))
    if ready:
        yield from ready
        return
    if at.happens("mistake"):
        yield from _mistake(at, station)
    at.memory.since_ms.pop(station, None)
    at.memory.last[station] = first.grade
    for place, lot in enumerate(lots):
        at.taken.add(lot.code)
        facts: dict[str, object] = {"position": f"T{place // _TRAY + 1}-{place % _TRAY + 1}"}
        facts |= _recipe(at, operation.code, said["minutes"])
        if len(lots) == 1:
            facts |= _part(lot, said.get("batch_mg", 0))
        body = {"code": lot.code, "operation": operation.code, "facts": facts}
        yield Ask("load", "/scans", body, at.operator(), station, lot=lot.code)


def _recipe(at: Moment, operation: str, minutes: float) -> dict[str, str]:
    """The recipe of the run, in a past where it will be over in time: no live run of a demo lasts as long as one."""
    recipe = recipe_for(operation)
    if not recipe or at.now_ms + at.pace.run_ms(minutes * _LATEST) > at.memory.recipes_ms:
        return {}
    return {"recipe": str(recipe["code"])}


def _first_of(at: Moment, left: Sequence[tuple[Operation, Lot]]) -> tuple[Operation, Lot]:
    """Nothing waits for days; else a fuller furnace goes before an older lot."""
    if at.now_ms - left[0][1].born_ms > at.pace.wait_ms(_LONG_MIN):
        return left[0]
    sizes = Counter((o.code, lot.grade, lot.route) for o, lot in left)
    return max(left, key=lambda one: sizes[one[0].code, one[1].grade, one[1].route])


def _fitting(operation: Operation, lots: Sequence[Lot]) -> list[Lot]:
    """As many as the operation bears in one run; one at least."""
    kept: list[Lot] = []
    for lot in lots:
        mass_mg = sum(one.amount.mass_mg for one in kept) + lot.amount.mass_mg
        full = operation.charge_mass_mg_max and mass_mg > operation.charge_mass_mg_max
        if kept and (full or (operation.mix_max and len(kept) >= operation.mix_max)):
            break
        kept.append(lot)
    return kept


def _waited(at: Moment, station: str, minutes: float) -> bool:
    since_ms = at.memory.since_ms.setdefault(station, at.now_ms)
    return at.now_ms - since_ms >= at.pace.company_ms(minutes)


def _part(lot: Lot, batch_mg: int) -> dict[str, object]:
    mass_mg, pieces = lot.amount.mass_mg, lot.amount.pieces
    if not batch_mg or mass_mg * PPM <= batch_mg * _FULL_PPM:
        return {}
    if not pieces:
        return {"part": {"pieces": 0, "mass_mg": batch_mg}}
    count = max(pieces * batch_mg // mass_mg, 1)
    return {"part": {"pieces": count, "mass_mg": mass_mg * count // pieces}}


def _make_ready(at: Moment, station: str, operation: Operation, grade: str) -> Iterator[Ask]:
    """Clear the line after another grade; mount what is missing or has served its time."""
    if operation.line_clearance and at.memory.last.get(station) != grade:
        at.memory.last[station] = grade
        reason = "swept and purged 已清扫置换"
        yield Ask("clear", f"/stations/{station}/clear", {"reason": reason}, at.operator(), station)
    for role in operation.resources:
        what, runs = at.memory.mounted.get((station, role), ("", 0))
        if what and runs > 0:
            continue
        said = at.plan.resources[role]
        code = what if what and runs < 0 else ""  # received for here, not mounted yet
        if said["kind"] and not code:
            yield _receive(at, station, role)
            continue
        name = code or f"{said['label']}-{station.upper()}-{at.chance.randint(100, 999)}"
        body = {"role": role, "resource": name}
        yield Ask("mount", f"/stations/{station}/resources", body, at.operator(), station, lot=name)


def _receive(at: Moment, station: str, role: str) -> Ask:
    """A bath is made up, a target comes out of its box."""
    said = at.plan.resources[role]
    mass = said["mass_mg"]
    elements = {name: mass * ppm // PPM for name, ppm in said["elements_ppm"].items()}
    amount = {"pieces": 0, "mass_mg": mass, "area_mm2": 0, "elements": elements}
    body = {"kind": said["kind"], "amount": amount, "part": said["part"], "supplier": "own",
            "supplier_lot": f"{said['label']}-{at.now_ms // 1000}", "origin": "P"}  # fmt: skip
    return Ask("receive", "/lots", body, at.operator(), station, lot=f"for {station} {role}")


def _mistake(at: Moment, station: str) -> Iterator[Ask]:
    """Somebody scans what belongs elsewhere, by any choice that its route leaves."""
    kind = at.floor.stations[station]
    for lot in at.free(("alloy", "powder", "green", "block", "parts")):
        following = at.following(lot)
        if not following or any(kind in operation.station_types for operation in following):
            continue
        yield Ask("mistake", "/scans", {"code": lot.code}, at.operator(), station, mistake=True)
        return
