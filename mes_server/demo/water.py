"""The water of a made-up past as its stations would have told it: streams, treatment, outlets, the lines' own meters.

Drawn up to where no line is running, so that every run is known whole; what was dragged out of its baths is exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection

from mes_server.actions.loaded_lots import went_in
from mes_server.demo.plumbing import MINUTE_MS, POLLUTANTS, Busy, Floats, Plumbing, Slip, Traces
from mes_server.demo.simulation import load_quality
from mes_server.domain.charges import Run
from mes_server.store.runs import lots_of_run, runs_at
from mes_server.store.telemetry import Column

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_SELDOM = 10  # minutes between samples of what changes slowly
_MM2 = 1_000_000
_STILL = 0.01  # m³/h: less is no water that anybody could draw
# What an analyser of an outlet is called by, by pollutant.
_ANALYSERS = {
    "outlet-workshop": {"ni": "nickel_mg_l", "cu": "copper_mg_l"},
    "outlet-plant": {
        "cu": "copper_mg_l", "zn": "zinc_mg_l", "tp": "total_phosphorus_mg_l", "cod": "cod_mg_l",
        "nh3_n": "ammonia_n_mg_l", "tn": "total_nitrogen_mg_l", "f": "fluoride_mg_l",
    },
}  # fmt: skip
_TRAINS = {"outlet-workshop": ("treatment-nickel",), "outlet-plant": ("treatment-nickel", "treatment-general")}  # fmt: skip


@dataclass(slots=True)
class Water:
    """`series`: the numbers of the metrics of each station. `until_ms`: what was drawn so far ends there."""

    series: Mapping[str, Mapping[str, int]]
    seed: int
    from_ms: int
    plan: Mapping[str, Any] = field(default_factory=lambda: load_quality("water"))
    until_ms: int = 0
    slips: list[Slip] = field(default_factory=list)
    fault: tuple[int, int] = (0, 0)
    past: list[Traces] = field(default_factory=list)
    _site: Plumbing | None = None
    _totals: dict[tuple[str, str], float] = field(default_factory=dict)
    _plated: int = 0

    def __post_init__(self) -> None:
        self.until_ms = -(-self.from_ms // MINUTE_MS) * MINUTE_MS
        self._site = Plumbing(self.plan)
        story = self.plan["story"]
        began = self.from_ms + story["fault"]["day"] * DAY_MS
        self.fault = (int(began), int(began + story["fault"]["hours"] * HOUR_MS))

    def draw(self, conn: Connection, now_ms: int, whole: bool = False) -> list[Column]:
        """What flowed since; nothing while a line is still running. `whole`: runs that go on end now."""
        stations = sorted({one["station"] for one in self.plan["rinses"]})
        runs = [run for name in stations for run in runs_at(conn, name, self.until_ms, now_ms)]
        going = [run.opened_ms for run in runs if run.closed_ms is None]
        end_ms = min([now_ms, *([] if whole else going)]) // MINUTE_MS * MINUTE_MS
        if end_ms - self.until_ms < _SELDOM * MINUTE_MS or self._site is None:
            return []
        runs = [run for run in runs if run.opened_ms < end_ms]
        self._slip(runs)
        busy = [_busy(conn, run, now_ms) for run in runs]
        found = self._site.run(self.until_ms, end_ms, busy, self.slips)
        self.until_ms = end_ms
        self.past.append(found)
        return [*self._streams(found), *self._treatment(found), *self._outlets(found), *self._lines(found)]  # fmt: skip

    def strength(self, place: str, pollutant: str, drawn: tuple[int, int]) -> float | None:
        """mg/L that really was at a stream or outlet between Unix ms, by flow; None: no water, or not known."""
        flows, grams = 0.0, 0.0
        codes = _TRAINS.get(place, (place,))
        for one in self.past:
            inside = (one.times >= drawn[0] // MINUTE_MS * MINUTE_MS) & (one.times <= drawn[1])
            if inside.any():
                flow, strength = one.mixed(codes)
                held = strength[:, POLLUTANTS.index(pollutant)] if pollutant in POLLUTANTS else 0.0
                flows += float(flow[inside].sum())
                grams += float((flow * held)[inside].sum())
        if flows <= _STILL:
            return None
        steady = float(self.plan["laboratory"]["steady_mg_l"].get(pollutant, 0.0))
        return grams / flows + steady

    def reading(self, station: str, metric: str) -> float:
        """What a counter reads now; 0 for one that is drawn elsewhere."""
        return self._totals.get((station, metric), 0.0)

    def runs(self, place: str, drawn: tuple[int, int]) -> bool:
        """Whether water is seen to run there: in the span as far as it is known, or in the last minute that is known."""
        codes = _TRAINS.get(place, (place,))
        last = False
        for one in self.past:
            before = one.times <= drawn[1]
            if before.any():
                flow = one.mixed(codes)[0][before] > _STILL
                if flow[one.times[before] >= drawn[0]].any():
                    return True
                last = bool(flow[-1])
        return last

    def _slip(self, runs: Sequence[Run]) -> None:
        """The caustic pump of the nickel treatment fails in one of the plating runs."""
        story = self.plan["story"]["slip"]
        for run in sorted(runs, key=lambda one: one.opened_ms):
            if run.operation == "electroplating" and run.opened_ms >= self.until_ms:
                self._plated += 1
                if self._plated == story["run"]:
                    begin = run.opened_ms + int(story["after_h"] * HOUR_MS)
                    end = begin + int(story["hours"] * HOUR_MS)
                    self.slips.append(Slip("treatment-nickel", begin, end, story["factor"]))

    def _noisy(self, values: Floats, share: float, key: int) -> Floats:
        noise = np.random.default_rng((self.seed, key, self.until_ms // MINUTE_MS))
        drawn: Floats = values * (1.0 + noise.normal(0.0, share, len(values)))
        return drawn

    def _column(
        self, found: Traces, of: tuple[str, str], values: Floats, digits: int, every: int = 1
    ) -> Column:
        times = found.times[::every]
        rounded = np.round(values[::every], digits)
        return Column(self.series[of[0]][of[1]], times, rounded, self.until_ms)

    def _counter(
        self, found: Traces, of: tuple[str, str], steps: Floats, digits: int, every: int = 1
    ) -> Column:
        """A counter that goes on by these steps."""
        values = self._totals.get(of, 0.0) + np.cumsum(steps)
        self._totals[of] = float(values[-1])
        if every == 1:
            return self._column(found, of, values, digits)
        kept = np.zeros(len(values), bool)
        kept[[0, -1]] = True
        kept[every::every] = (
            np.diff(values[::every]) > 0
        )  # while it stands still it says nothing new
        kept[:-every] |= kept[every:]
        rounded = np.round(values[kept], digits)
        return Column(self.series[of[0]][of[1]], found.times[kept], rounded, self.until_ms)

    def _flow(self, found: Traces, station: str, flow: Floats) -> list[Column]:
        key = self.series[station]["flow_m3_h"]
        return [
            self._column(found, (station, "flow_m3_h"), self._noisy(flow, 0.004, key), 4),
            self._counter(found, (station, "total_m3"), flow / 60, 4),
        ]

    def _streams(self, found: Traces) -> list[Column]:
        names = sorted({one["stream"] for one in self.plan["rinses"]})
        return [one for name in names for one in self._flow(found, name, found.flow[name])]

    def _water(self, found: Traces, station: str, looks: tuple[Floats, Floats]) -> list[Column]:
        key = self.series[station]["ph"]
        return [
            self._column(found, (station, "ph"), self._noisy(looks[0], 0.003, key), 2),
            self._column(
                found, (station, "conductivity_us_cm"), self._noisy(looks[1], 0.006, key + 1), 0, _SELDOM,
            ),
        ]  # fmt: skip

    def _treatment(self, found: Traces) -> list[Column]:
        said = self.plan["treatment"]
        station = said["station"]
        m3 = sum(found.flow[one] for one in self.plan["trains"]) / 60
        kept_kg = sum(found.kept_g[one].sum(axis=1) for one in self.plan["trains"]) / 1000
        steps = {name: m3 * per_m3 for name, per_m3 in said["per_m3"].items()}
        steps["sludge_kg"] = kept_kg * said["sludge_kg_per_kg"]
        return [self._counter(found, (station, name), one, 3, _SELDOM) for name, one in steps.items()]  # fmt: skip

    def _outlets(self, found: Traces) -> list[Column]:
        columns = []
        for station, trains in _TRAINS.items():
            flow, strength = found.mixed(trains)
            ph, us_cm = self.plan["looks"][station]
            columns += self._flow(found, station, flow)
            still = np.ones(len(flow))
            columns += self._water(found, station, (ph * still, us_cm * still))
            for name, metric in _ANALYSERS[station].items():
                columns.append(self._analysed(found, (station, metric), strength[:, POLLUTANTS.index(name)]))  # fmt: skip
            columns.append(self._state(found, station))
        nothing = np.zeros(len(found.times))
        for metric in ("total_chromium_mg_l", "chromium_6_mg_l"):
            columns.append(self._analysed(found, ("outlet-workshop", metric), nothing))
        solids = np.full(len(found.times), 9.0)
        columns.append(self._analysed(found, ("outlet-plant", "suspended_solids_mg_l"), solids))
        return columns

    def _analysed(self, found: Traces, of: tuple[str, str], strength: Floats) -> Column:
        """As an analyser reads it: the same reading again and again while it is at fault."""
        base = float(self.plan["bases"].get(of[1], 0.0))  # what an analyser reads of clean water
        values = self._noisy(strength + base, 0.015, self.series[of[0]][of[1]])
        bad = self._faulty(found) if of[0] == "outlet-plant" else np.zeros(len(values), bool)
        if bad.any():
            first = int(np.argmax(bad))
            values = np.where(bad, values[max(first - 1, 0)], values)
        return self._column(found, of, values, 5, _SELDOM)

    def _faulty(self, found: Traces) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        return (found.times >= self.fault[0]) & (found.times < self.fault[1])

    def _state(self, found: Traces, station: str) -> Column:
        """Measuring, calibrating for a while each day, at fault once."""
        times = found.times[::_SELDOM]
        minute = (times // MINUTE_MS + 37 * len(station)) % 1440
        state = np.where(minute < 30, "calibrating", "measuring")
        if station == "outlet-plant":
            state = np.where(self._faulty(found)[::_SELDOM], "fault", state)
        series = self.series[station]["analyser_state"]
        return Column(series, times, [str(one) for one in state], self.until_ms)

    def _lines(self, found: Traces) -> list[Column]:
        columns = []
        for station, litres in sorted(found.fresh.items()):
            if "rinse_water_l" in self.series[station]:
                columns.append(self._counter(found, (station, "rinse_water_l"), litres, 1, _SELDOM))
            if "water_m3" in self.series[station]:
                columns.append(
                    self._counter(found, (station, "water_m3"), litres / 1000, 4, _SELDOM)
                )
            for metric, per_m2 in self.plan["chemicals"].get(station, {}).items():
                steps = found.area[station] * per_m2
                columns.append(self._counter(found, (station, metric), steps, 4, _SELDOM))
        return columns


def _busy(conn: Connection, run: Run, now_ms: int) -> Busy:
    """A run with the area of all that went into it."""
    area = sum(went_in(conn, run.code, code).area_mm2 for code, _ in lots_of_run(conn, run.code))
    end_ms = now_ms if run.closed_ms is None else run.closed_ms
    return Busy(run.station, run.opened_ms, end_ms, area / _MM2)
