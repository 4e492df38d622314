"""What a diffusion run is judged by besides its curves: its target, weight gain and HcJ of each lot in it.

HcJ is measured on coupons, which it takes out of the lot: one that was taken before the run, and went through the very
same runs until then, tells what the lot had before, whenever it was measured.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from sqlalchemy import Connection

from mes_server.actions.loaded_lots import went_in
from mes_server.domain.amounts import amount_from
from mes_server.domain.charges import Run
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import plan_of
from mes_server.domain.gbd import Gain, Target
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.lots import CREATED
from mes_server.domain.recalls import EVER_MS
from mes_server.domain.recipes import Diffusion
from mes_server.store.checks import checks_of_lots, checks_of_runs
from mes_server.store.documents import load_named
from mes_server.store.ledger import load_stream
from mes_server.store.lots import list_edges, load_lot
from mes_server.store.runs import lots_of_run, resources_of_run, runs_of_lot
from mes_server.store.traces import reach

HCJ = "hcj_ka_m"
TAKEN_OFF = ("coupon", "split")


def gather_diffusion(
    conn: Connection, run: Run, asked: Diffusion
) -> tuple[Target | None, list[Gain]]:
    """The target, None where the recipe names no role; and each lot that went in."""
    gains = [one for one in checks_of_runs(conn, [run.code]) if one.characteristic == asked.gain]
    return _target(conn, run, asked), [
        _gain(conn, run, code, (asked, gains)) for code, _ in lots_of_run(conn, run.code)
    ]


def _target(conn: Connection, run: Run, asked: Diffusion) -> Target | None:
    if not asked.target:
        return None
    used = [what for role, what in resources_of_run(conn, run.code) if role == asked.target]
    found = [Target(code, _elements(conn, code)) for code in used]
    wrong = (one for one in found if one.element != asked.element)
    return next(wrong, found[-1] if found else Target("", {}))


def _elements(conn: Connection, code: str) -> Mapping[str, int]:
    """What a target or slurry holds; of one that was used up since, what it held when it came."""
    lot = load_lot(conn, code)
    if lot is None or lot.amount.elements:
        return {} if lot is None else lot.amount.elements
    born = next((e for e in load_stream(conn, f"lot:{code}") if e.kind == CREATED), None)
    return {} if born is None else amount_from(born.facts()["amount"]).elements


def _gain(
    conn: Connection, run: Run, code: str, asked: tuple[Diffusion, list[Check]]
) -> Gain:  # fmt: skip
    line, gains = asked
    mine = [one for one in gains if one.lot in ("", code) and not one.voided]
    readings = tuple(r.value for one in mine for r in one.readings)
    before = after = None
    if line.hcj_min_ka_m is not None:
        before = _before(conn, run, code)
        after = _after(conn, run, code)
    return Gain(code, went_in(conn, run.code, code).mass_mg, readings, before, after)


def _before(conn: Connection, run: Run, code: str) -> Decimal | None:
    """What was measured last: of the lot or what it was made of before it went in, or of a coupon as it then was."""
    begun = run.opened_ms
    lots = {code, *reach(conn, {code: begun}, BACK)}
    known = [(at, hcj) for at, hcj in _magnetic(conn, lots) if at <= begun]
    known += [(min(at, begun), hcj) for at, hcj in _magnetic(conn, _coupons(conn, run, code))]
    return max(known, key=lambda one: one[0])[1] if known else None


def _after(conn: Connection, run: Run, code: str) -> Decimal | None:
    """What was measured first of the lot, or of what was taken from it, behind the run."""
    end_ms = EVER_MS if run.closed_ms is None else run.closed_ms
    known = _magnetic(conn, {code, *reach(conn, {code: end_ms}, FORWARD)})
    return next((hcj for at, hcj in known if at >= end_ms), None)


def _coupons(conn: Connection, run: Run, code: str) -> set[str]:
    """What was taken before a run from the lot, or from a lot that it was split from itself, and was in no other runs
    than the lot until then."""
    line, found = [code], set()
    while line:
        here = line.pop()
        taken = [e for e in list_edges(conn, [here], FORWARD) if e.why in TAKEN_OFF and e.at_ms <= run.opened_ms]  # fmt: skip
        found |= {e.child for e in taken if _same_runs(conn, run, (code, e.child), e.at_ms)}
        line += [e.parent for e in list_edges(conn, [here], BACK) if e.why == "split"]
    return found - {code}


def _same_runs(conn: Connection, run: Run, lots: tuple[str, str], since_ms: int) -> bool:
    mine, other = ({r.code for r, at in runs_of_lot(conn, lot) if at >= since_ms} for lot in lots)
    earlier = {r.code for r, at in runs_of_lot(conn, lots[0]) if since_ms <= at < run.opened_ms}
    return other == earlier - {run.code} and run.code in mine


def _magnetic(conn: Connection, lots: Iterable[str]) -> list[tuple[int, Decimal]]:
    """When HcJ was measured of these lots, in the order of time, and the mean of the readings."""
    found = []
    for one in checks_of_lots(conn, sorted(lots)):
        if one.readings and not one.voided and _quantity(conn, one) == HCJ:
            values = [reading.value for reading in one.readings]
            found.append((one.at_ms, sum(values, Decimal(0)) / len(values)))
    return found


def _quantity(conn: Connection, check: Check) -> str:
    document = load_named(conn, "plan", check.plan)
    line = plan_of(document).find(check.characteristic) if document is not None else None
    return "" if line is None else line.quantity
