"""What a diffusion run is judged by besides its curves: its target, weight gain and HcJ of each lot in it."""

from decimal import Decimal

from sqlalchemy import Connection

from mes_server.domain.amounts import Amount
from mes_server.domain.charges import Run
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import plan_of
from mes_server.domain.gbd import Gain, Target
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.lots import LOADED, replay
from mes_server.domain.recalls import EVER_MS
from mes_server.domain.recipes import Diffusion
from mes_server.store.checks import checks_of_lots, checks_of_runs
from mes_server.store.documents import load_named
from mes_server.store.ledger import load_stream
from mes_server.store.lots import load_lot
from mes_server.store.runs import lots_of_run, resources_of_run
from mes_server.store.traces import reach

HCJ = "hcj_ka_m"


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
    lot = load_lot(conn, used[-1]) if used else None
    return Target(used[-1] if used else "", lot.amount.elements if lot is not None else {})


def _gain(
    conn: Connection, run: Run, code: str, asked: tuple[Diffusion, list[Check]]
) -> Gain:  # fmt: skip
    line, gains = asked
    mine = [one for one in gains if one.lot in ("", code) and not one.voided]
    readings = tuple(r.value for one in mine for r in one.readings)
    before = after = None
    if line.hcj_min_ka_m is not None:
        past = _magnetic(conn, code, BACK)
        before = next((hcj for at, hcj in reversed(past) if at <= run.opened_ms), None)
        coming = [*past, *_magnetic(conn, code, FORWARD)]
        after = next((hcj for at, hcj in sorted(coming) if at >= (run.closed_ms or EVER_MS)), None)
    return Gain(code, _went_in(conn, run.code, code).mass_mg, readings, before, after)


def _went_in(conn: Connection, run: str, code: str) -> Amount:
    """The lot as it was when it went into the run."""
    history = load_stream(conn, f"lot:{code}")
    loaded = [e for e in history if e.kind == LOADED and e.facts()["run"] == run]
    then = replay([e for e in history if loaded and e.number < loaded[-1].number])
    return Amount(0, 0) if then is None else then.amount


def _magnetic(conn: Connection, code: str, way: str) -> list[tuple[int, Decimal]]:
    """When HcJ was measured of a lot and of what lies in that direction of it, and the mean of the readings."""
    codes = list(reach(conn, {code: EVER_MS if way == BACK else 0}, way))
    found = []
    for one in checks_of_lots(conn, sorted({code, *codes})):
        if one.readings and not one.voided and _quantity(conn, one) == HCJ:
            values = [reading.value for reading in one.readings]
            found.append((one.at_ms, sum(values, Decimal(0)) / len(values)))
    return found


def _quantity(conn: Connection, check: Check) -> str:
    document = load_named(conn, "plan", check.plan)
    line = plan_of(document).find(check.characteristic) if document is not None else None
    return "" if line is None else line.quantity
