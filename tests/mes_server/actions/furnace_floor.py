"""A shop floor with a furnace whose curves are there: runs that a recipe judges."""

from typing import Any

import numpy as np

from mes_server.actions.make_lots import split_off
from mes_server.actions.release_route import release_route
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.domain.lots import Lot
from mes_server.domain.proofs import ProofRecord
from mes_server.domain.route_content import route_from
from mes_server.domain.routes import Operation
from mes_server.store.engine import reading
from mes_server.store.nodes import ensure_node
from mes_server.store.proofs import list_proofs
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.telemetry import Column, append_samples, ensure_series
from mes_server.store.transaction import writing
from schemas.sparkplug import DATATYPES
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.simulated import T0, Samples, recipe_content, recorded
from tests.mes_server.domain.test_routes import content as route_content

DOUBLE = DATATYPES["double"]
CYCLE_MIN = 1380


def routed() -> dict[str, Any]:
    """The usual route, with a recipe for sintering and ageing."""
    route = route_content()
    route["operations"]["sinter"] |= {"station_types": ["sinter_furnace"], "recipe": "R-1"}
    route["operations"]["age"] |= {"station_types": ["ageing_furnace"], "recipe": "A-1"}
    return route


class FurnaceFloor(PlanFloor):
    """`sinter-1` is a sintering furnace of the contract; nothing is released but the route."""

    def build(self, begun_ms: int = T0) -> "FurnaceFloor":
        """The stations and the route. The clock stands at the moment at which the simulated run begins."""
        self.now_ms = begun_ms - 3_600_000
        assert self.act(release_route, routed()) == []
        with writing(self.engine) as conn:
            node = ensure_node(conn, "g", "n")
            for name, kind in (("sinter-1", "sinter_furnace"), ("age-1", "ageing_furnace")):
                key = ensure_station(conn, node, name, kind, "a")
                set_station_online(conn, key, True, self.now_ms)
        return self

    def receive_light(self) -> str:
        """A lot that waits for sintering."""
        return self.receive(LIGHT)

    def run_over(self, code: str) -> str:
        """A lot that is in a run comes out of it; the code of the run."""
        lot = self.lot(code)
        outcome = [Outcome(code, lot.amount)]
        self.act(unload, lot.run, self.operation(), outcome, place="sinter-1")
        return str(lot.run)

    def split(self, code: str) -> str:
        """Some of a lot becomes another; its code."""
        return str(self.act(split_off, code, [(4, 400_000)])[0])

    def operation(self, code: str = "sinter") -> Operation:
        return route_from(routed()).operations[code]

    def charge(self, begun_ms: int, *lots: str, operation: str = "sinter", **facts: Any) -> str:
        """A run as long as the simulated one; its code. The lots, or one that is new, are in it."""
        codes = lots or (self.receive(LIGHT),)
        self.now_ms = begun_ms - 60_000
        place = "sinter-1" if operation == "sinter" else "age-1"
        known = self.operation(operation)
        for code in codes:
            run = self.act(load_lot_into, code, known, facts, place=place)
            self.now_ms -= 60_000
        self.now_ms = begun_ms + (CYCLE_MIN - 1) * 60_000
        outcomes = [Outcome(code, self.lot(code).amount) for code in codes]
        self.act(unload, run, known, outcomes, place=place)
        return str(run)

    def record(self, begun_ms: int, lost: tuple[float, float] | None = None, faults: Any = (),
                only: tuple[float, float] | None = None, clock: int = 2) -> None:  # fmt: skip
        """The curves of a simulated run arrive, but for some minutes, or only those."""
        moved = begun_ms - T0
        with writing(self.engine) as conn:
            node = ensure_node(conn, "g", "n")
            station = ensure_station(conn, node, "sinter-1", "sinter_furnace", "a")
            run = recorded("sinter_furnace", tuple(faults))
            keys = ensure_series(conn, station, [(name, DOUBLE) for name in run])
            columns = [
                column
                for name, samples in run.items()
                if (column := column_of(keys[name], samples, moved, (lost, only), clock))
                is not None
            ]
            append_samples(conn, columns)

    def recipe(self, **more: Any) -> None:
        """The recipe of the sintering furnace is released."""
        content = recipe_content("sinter_furnace", **{"code": "R-1", **more})
        assert self.release("recipe", content) == []

    def proofs(self, run: str) -> list[ProofRecord]:
        with reading(self.engine) as conn:
            return list_proofs(conn, run)

    def holds(self, code: str) -> list[str]:
        lot: Lot = self.lot(code)
        return sorted(lot.holds.values())


def column_of(key: int, samples: Samples, moved: int, cut: Any, clock: int = 2) -> Column | None:
    """Samples of a simulated run, moved in time. `cut`: the minutes that are lost, those that alone are there."""
    lost, only = cut
    kept = [
        (at + moved, value, quality)
        for at, value, quality in samples
        if not (lost and lost[0] < (at - T0) / 60_000 < lost[1])
        and not (only and not only[0] <= (at - T0) / 60_000 <= only[1])
    ]
    if not kept:
        return None
    times = np.array([at for at, _, _ in kept], np.int64)
    values = np.array([np.nan if value is None else value for _, value, _ in kept])
    return Column(key, times, values, int(times[-1]), clock=clock)
