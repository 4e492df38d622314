"""The curves that a history draws for its runs: made up, in the shape of the stations' programmes."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mes_server.demo.simulation import FOLDER
from mes_server.store.telemetry import Column
from schemas.station_types import load_station_types

SHAPES = "shapes.json"
_PPM = 1_000_000
_LOADED_MS = 600_000  # a furnace is loaded by then: what its last lot takes begins there


def load_shapes() -> dict[str, dict[str, Any]]:
    """{station type: {metric: points and noise}}."""
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / SHAPES).read_text(encoding="utf-8"))[
        "types"
    ]
    return found


@dataclass(slots=True)
class Painter:
    """Draws runs; `series`: the numbers of the metrics of each station, `types`: what each station is."""

    series: Mapping[str, Mapping[str, int]]
    types: Mapping[str, str]
    seed: int
    shapes: Mapping[str, Mapping[str, Any]] = field(default_factory=load_shapes)
    _every_ms: dict[tuple[str, str], int] = field(default_factory=dict)
    _counted: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        contracts = load_station_types()
        for kind, metrics in self.shapes.items():
            every = {spec.name: spec.report_ms for spec in contracts[kind].metrics}
            self._every_ms |= {(kind, metric): every[metric] for metric in metrics}

    def run(
        self, station: str, from_ms: int, to_ms: int, trouble: Mapping[str, Any] | None = None
    ) -> Sequence[Column]:
        """The columns of a run, sampled as seldom as each metric's contract allows; both ends included. `trouble`:
        a row of troubles.json."""
        kind = self.types[station]
        columns = []
        for metric, shape in self.shapes[kind].items():
            every = self._every_ms[kind, metric]
            times = np.arange(from_ms, to_ms + 1, every, dtype=np.int64)
            if shape.get("ends"):
                loaded = min(from_ms + _LOADED_MS, (from_ms + to_ms) // 2)
                times = np.array([from_ms, loaded, to_ms], dtype=np.int64)
            series = self.series[station][metric]
            noise = np.random.default_rng((self.seed, series, from_ms // every))
            values = self._values(times, shape, noise)
            if shape.get("ends"):  # a counter goes on from run to run
                values += self._counted.get(series, 0.0)
                self._counted[series] = float(values[-1])
            times, values = _wrong(times, values, trouble or {}, metric)
            columns.append(Column(series, times, values, to_ms))
        return columns

    def still(self, at_ms: int, running: Collection[str]) -> Sequence[Column]:
        """What the counters of all stations read that do not run: a meter that stands still is not silent."""
        return [
            Column(series, np.array([at_ms]), np.array([self._counted.get(series, 0.0)]), at_ms)
            for station, kind in sorted(self.types.items())
            if station not in running
            for metric, shape in self.shapes.get(kind, {}).items()
            if shape.get("ends")
            for series in [self.series[station][metric]]
        ]

    @staticmethod
    def _values(
        times: npt.NDArray[np.int64], shape: Mapping[str, Any], noise: np.random.Generator
    ) -> npt.NDArray[np.float64]:
        span = max(int(times[-1] - times[0]), 1)
        shares = (times - times[0]) / span * _PPM
        xs, ys = zip(*shape["points"], strict=True)
        values = np.interp(shares, xs, ys)
        spread = noise.normal(0.0, 1.0, len(times)) * shape["noise"]
        rounded: npt.NDArray[np.float64] = np.round(values + spread, 3)
        return rounded


def _wrong(
    times: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    trouble: Mapping[str, Any],
    metric: str,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """A silence, or a stretch that was too hot."""
    shares = (times - times[0]) / max(int(times[-1] - times[0]), 1) * _PPM
    if "gap" in trouble:
        low, high = trouble["gap"]
        kept = (shares < low) | (shares > high)
        return times[kept], values[kept]
    if "hot" in trouble and metric.endswith("temperature_c"):
        low, high, more = trouble["hot"]
        return times, values + more * ((shares >= low) & (shares <= high))
    return times, values
