"""A shop floor with lines, streams and outlets whose true water, energy and drag-out are known to the gram.

Two plating lines' rinses and a phosphating line's are those of firmware/plant; every run takes its water, current and
drag-out as told, meters and totalisers go on by it, the laboratory draws from it with an error of its own.
"""

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mes_server.actions.release_document import release_document
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.domain.amounts import Amount
from mes_server.domain.routes import Operation
from mes_server.domain.water_samples import sample_stream
from mes_server.store.nodes import ensure_node
from mes_server.store.series import ensure_series
from mes_server.store.stations import ensure_station
from mes_server.store.telemetry import Column, append_samples
from mes_server.store.transaction import writing
from schemas.sparkplug import DATATYPES
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.domain.water_making import works_content
from tests.mes_server.people_help import signer

MIN, DAY_MS = 60_000, 86_400_000
DAY0_MS = 20_500 * DAY_MS  # midnight UTC
PLATE = Operation("electroplating", {}, ("electroplating_line",))
COAT = Operation("phosphating", {}, ("phosphating_line",))
STRIP = Operation("stripping", {}, ("electroplating_line",))
STATIONS = {
    "pl-1": "electroplating_line", "ph-1": "phosphating_line", "s-ni": "effluent_stream", "s-ph": "effluent_stream",
    "t-ni": "effluent_treatment", "o-shop": "workshop_outlet", "o-plant": "plant_outlet",
}  # fmt: skip


def meters() -> list[dict[str, Any]]:
    """Water and current of each line, current of treatment by volume, sludge by the load of nickel."""
    own = [
        {"code": f"{kind[0]}-{line}", "kind": kind, "station": line, "metric": metric, "serves": [line]}
        for line in ("pl-1", "ph-1")
        for kind, metric in (("water", "water_m3"), ("electricity", "energy_kwh"))
    ]  # fmt: skip
    both = ["pl-1", "ph-1"]
    shared = [
        {"code": "e-t", "kind": "electricity", "station": "t-ni", "metric": "energy_kwh", "serves": both, "share": "volume"},
        {"code": "sludge", "kind": "sludge", "station": "t-ni", "metric": "sludge_kg", "serves": both, "share": "load", "by": "ni"},
    ]  # fmt: skip
    return own + shared


@dataclass
class CoatingFloor(Floor):
    """`rates`: what goes on by station and metric; they are written out with `record`."""

    counters: dict[tuple[str, str], list[tuple[int, float]]] = field(default_factory=dict)
    samples: int = 0

    def open(self, factor: str = "1", at_ms: int = DAY0_MS - DAY_MS) -> "CoatingFloor":
        """The waterworks, in force; `factor`: of the fresh water meters."""
        self.now_ms = at_ms
        said = [one | ({"factor": factor} if one["kind"] == "water" else {}) for one in meters()]
        content = works_content(meters=said)
        assert self.act(release_document, "waterworks", content, signer("E-1", "environment")) == []
        return self

    def coat(
        self, station: str, operation: Operation, span_min: tuple[int, int], area_mm2: int, lot: str = "", **facts: Any
    ) -> tuple[str, str]:  # fmt: skip
        """A run in minutes since DAY0_MS, of a new lot or of one that there is: run and lot."""
        from_ms, to_ms = (DAY0_MS + at * MIN for at in span_min)
        self.now_ms = from_ms - 2 * MIN
        amount = Amount(area_mm2 // 1000, area_mm2 * 8, area_mm2)
        code = lot or self.receive(amount, "parts", **facts)
        self.now_ms = from_ms - MIN
        run = self.act(load_lot_into, code, operation, {}, place=station)
        self.now_ms = to_ms - MIN
        self.act(unload, run, operation, [Outcome(code, self.lot(code).amount)], place=station)
        return str(run), code

    def flow(self, station: str, metric: str, per_minute: Any, from_ms: int = DAY0_MS) -> None:
        """A counter that goes on by so much each minute."""
        totals = 1000 + np.concatenate(([0.0], np.cumsum(per_minute)))
        times = from_ms + MIN * np.arange(len(totals), dtype=np.int64)
        self.write(station, metric, times, totals)

    def write(self, station: str, metric: str, times: Any, values: Any) -> None:
        """Readings as they came."""
        with writing(self.engine) as conn:
            node = ensure_node(conn, "g", "n")
            key = ensure_station(conn, node, station, STATIONS[station], "a")
            series = ensure_series(conn, key, [(metric, DATATYPES["double"])])[metric]
            column = Column(series, np.asarray(times, np.int64), np.asarray(values), int(times[-1]))
            append_samples(conn, [column])

    def sample(self, place: str, at_ms: int, **values: float) -> str:
        """A grab sample with its results in mg/L."""
        self.samples += 1
        code, facts = f"WS-{self.samples}", {"at_ms": at_ms, "person": "E-2"}
        results = [
            {"pollutant": name, "value": f"{value:.6f}", "unit": "mg/L", "qualifier": "", "method": "HJ 776", "lod": "0.001"}
            for name, value in values.items()
        ]  # fmt: skip
        with self.book("lab") as book:
            book.note(sample_stream(code), "sample_taken", place=place, kind="grab", from_ms=at_ms, to_ms=at_ms, lab="", note="", **facts)  # fmt: skip
            book.note(sample_stream(code), "sample_reported", report="R", results=results, **facts)
        return code


def noisy(dice: random.Random, value: float, share: float) -> float:
    """A figure with an error of its own."""
    return max(0.0, value * (1 + dice.gauss(0, share)))
