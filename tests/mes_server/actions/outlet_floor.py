"""A shop floor with outlets whose analysers can be heard: a day is recorded minute by minute and judged."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.gather_waterworks import working_day
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.domain.amounts import Amount
from mes_server.domain.discharge import OutletDay, PollutantDay
from mes_server.domain.route_content import route_from
from mes_server.store.engine import reading
from mes_server.store.nodes import ensure_node
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.telemetry import Column, append_samples, ensure_series, merge_due
from mes_server.store.transaction import writing
from schemas.sparkplug import DATATYPES
from tests.mes_server.actions.plan_floor import PlanFloor
from tests.mes_server.domain.test_routes import content as route_content
from tests.mes_server.domain.water_making import permit_content, works_content

ZONE = "Asia/Shanghai"
DAY = "2026-11-20"
FROM_MS, TO_MS = working_day(DAY, ZONE)
MINUTE_MS, HOUR_MS, DAY_MIN = 60_000, 3_600_000, 1440
TYPES = {
    "o-shop": "workshop_outlet", "o-plant": "plant_outlet", "s-ni": "effluent_stream",
    "s-ph": "effluent_stream", "pl-1": "electroplating_line", "ph-1": "phosphating_line",
}  # fmt: skip
NI = "nickel_mg_l"


def around(value: float, size: int = DAY_MIN) -> Any:
    """A value that does not stand still, and whose mean it is."""
    return value + 0.001 * (-1.0) ** np.arange(size)


class OutletFloor(PlanFloor):
    """The waterworks of water_making, its stations on line since two days before DAY."""

    def build(self, *permits: dict[str, Any], **works: Any) -> "OutletFloor":
        """Stations and documents; by default the permit of the workshop outlet: GB 21900-2008 table 2."""
        self.now_ms = FROM_MS - 48 * HOUR_MS
        super().build()
        with writing(self.engine) as conn:
            node = ensure_node(conn, "g", "n")
            for name, kind in TYPES.items():
                key = ensure_station(conn, node, name, kind, "effluent")
                set_station_online(conn, key, True, self.now_ms)
        assert self.release("waterworks", works_content(**works)) == []
        for content in permits or (permit_content("o-shop"),):
            assert self.release("permit", content) == []
        self.now_ms = TO_MS + HOUR_MS
        return self

    def record(
        self, station: str, values: Mapping[str, Any], times: Sequence[int] | None = None, **more: Any
    ) -> None:  # fmt: skip
        """Samples of metrics, by default one a minute of DAY, in its middle. A single value stands for all of them."""
        at = (
            np.arange(DAY_MIN) * MINUTE_MS + FROM_MS + 30_000
            if times is None
            else np.array(times, np.int64)
        )
        with writing(self.engine) as conn:
            key = ensure_station(
                conn, ensure_node(conn, "g", "n"), station, TYPES[station], "effluent"
            )
            columns = []
            for name, said in values.items():
                text = isinstance(said, str) or (
                    isinstance(said, list) and isinstance(said[0], str)
                )
                kind = DATATYPES["string" if text else "double"]
                number = ensure_series(conn, key, [(name, kind)])[name]
                told: Any = [said] * len(at) if isinstance(said, str) else said
                if not text:
                    told = np.broadcast_to(np.array(said, float), len(at)).copy()
                columns.append(Column(number, at, told, int(at.max()), **more))
            append_samples(conn, columns)

    def water(
        self, station: str = "o-shop", rate: Any = 2.0, metrics: Any = None, **more: Any
    ) -> None:
        """A day of flow (m³/h) with its totaliser, and other metrics."""
        rates = np.broadcast_to(np.array(rate, float), DAY_MIN)
        total = 100.0 + np.cumsum(rates) / 60 - rates[0] / 120
        self.record(
            station, {"flow_m3_h": rates, "total_m3": np.round(total, 6)} | (metrics or {}), **more
        )

    def merge(self, now_ms: int = TO_MS + 48 * HOUR_MS) -> None:
        """Whatever is due is merged."""
        done = 1
        while done:
            with writing(self.engine) as conn:
                done = merge_due(conn, now_ms, 256)

    def coat(self, area_m2: float, at_ms: int, line: str = "pl-1") -> str:
        """A lot of this area that came out of a line at a time; its code."""
        stood, self.now_ms = self.now_ms, at_ms - 30 * MINUTE_MS
        amount = Amount(100, 1_000_000, round(area_m2 * 1_000_000), {"Nd": 300_000})
        code = self.receive(amount)
        operation = route_from(route_content()).operations["sinter"]
        run = self.act(load_lot_into, code, operation, {}, place=line)
        self.now_ms = at_ms - MINUTE_MS
        self.act(unload, run, operation, [Outcome(code, amount)], place=line)
        self.now_ms = stood
        return code

    def day(self, outlet: str = "o-shop", now_ms: int = 0, day: str = DAY) -> OutletDay:
        """As it is judged, by default when it is over."""
        with reading(self.engine) as conn:
            found = assess_day(conn, outlet, day, ZONE, now_ms or self.now_ms)
        assert found is not None
        return found

    def pollutant(self, code: str = "ni", **more: Any) -> PollutantDay:
        """One pollutant of the day."""
        return next(one for one in self.day(**more).pollutants if one.pollutant == code)
