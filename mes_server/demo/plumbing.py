"""The water of a past that is made up: what its runs drag out, rinsed, collected, treated, discharged. Mass is kept.

Every minute each rinse takes fresh water and what the parts carry over; a stream collects rinses, a train treats
streams; what a train does not let pass is in its sludge. Live stations of the demo compute theirs from physics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

POLLUTANTS = ("ni", "cu", "zn", "tp", "cod", "nh3_n", "tn", "f")
MINUTE_MS = 60_000
_FEED_MIN = (
    60.0  # a pump follows the level of its tank: a volume of flow × this time stands above low
)
_STILL_M3_H = 0.004  # below that the pump stands
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Busy:
    """A run of a line. `area_m2`: of all that is in it; `to_ms`: when it ends, or is to end."""

    station: str
    from_ms: int
    to_ms: int
    area_m2: float


@dataclass(frozen=True, slots=True)
class Slip:
    """A train lets more pass than it should: `factor` times as much."""

    train: str
    from_ms: int
    to_ms: int
    factor: float


@dataclass(slots=True)
class Traces:
    """What was, minute by minute from `from_ms` on. m³/h and mg/L; `area`: m² for each minute and line, `fresh`: litres.

    By the code of a stream or train: `flow`, `strength` (pollutants across). `kept_g`: in the sludge of a train.
    """

    from_ms: int
    flow: dict[str, Floats]
    strength: dict[str, Floats]
    fresh: dict[str, Floats]
    area: dict[str, Floats]
    kept_g: dict[str, Floats]

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """Unix ms of every minute."""
        size = len(next(iter(self.flow.values())))
        return self.from_ms + MINUTE_MS * np.arange(size, dtype=np.int64)

    def mixed(self, codes: Sequence[str]) -> tuple[Floats, Floats]:
        """Flow and strength of several together."""
        flows = np.array([self.flow[code] for code in codes])
        grams = sum(self.strength[code] * self.flow[code][:, None] for code in codes)
        total = flows.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mixed = np.where(total[:, None] > 0, grams / total[:, None], self.strength[codes[-1]])
        return total, mixed


@dataclass(slots=True)
class _Tank:
    """A stirred tank: m³ above its low level, and what it holds."""

    low_m3: float
    above_m3: float = 0.0
    strength: Floats = field(default_factory=lambda: np.zeros(len(POLLUTANTS)))

    def step(self, m3: float, grams: Floats) -> float:
        """Take in a minute's water; the m³ that the pump sends on."""
        volume = self.low_m3 + self.above_m3
        self.strength = (self.strength * volume + grams) / (volume + m3)
        self.above_m3 += m3
        gone = self.above_m3 / _FEED_MIN
        if gone * 60 < _STILL_M3_H:
            return 0.0
        self.above_m3 -= gone
        return gone


def _vector(said: Mapping[str, float]) -> Floats:
    return np.array([float(said.get(name, 0.0)) for name in POLLUTANTS])


class Plumbing:
    """One site. `plan`: rinses, streams and trains of quality/water.json."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.rinses = plan["rinses"]
        self.trains = plan["trains"]
        self._bath = np.array([_vector(one["bath_g_l"]) for one in self.rinses]) * 1000  # mg/L
        self._held = np.zeros((len(self.rinses), len(POLLUTANTS)))  # mg in the water of each rinse
        streams = sorted({one["stream"] for one in self.rinses})
        self._sumps = {code: _Tank(0.15) for code in streams}
        self._tanks = {code: _Tank(one["low_m3"]) for code, one in self.trains.items()}

    def held_g(self) -> Floats:
        """Grams of each pollutant that stand in rinses and tanks now."""
        tanks = [*self._sumps.values(), *self._tanks.values()]
        stands = sum(
            (one.strength * (one.low_m3 + one.above_m3) for one in tanks), np.zeros(len(POLLUTANTS))
        )
        held: Floats = self._held.sum(axis=0) / 1000 + stands
        return held

    def run(
        self, from_ms: int, to_ms: int, busy: Sequence[Busy], slips: Sequence[Slip] = ()
    ) -> Traces:
        """Let it flow from where it was. Both ends are whole minutes; `to_ms` is not included."""
        size = (to_ms - from_ms) // MINUTE_MS
        stations = sorted({one["station"] for one in self.rinses} | {one.station for one in busy})
        running, area = _work(stations, (from_ms, size), busy)
        on = np.array([running[one["station"]] for one in self.rinses])
        idle, rate = (np.array([one[name] for one in self.rinses]) for name in ("idle_l_h", "l_h"))
        litres = (idle[:, None] + (rate - idle)[:, None] * on) / 60
        drag = np.array([one["drag_ml_m2"] for one in self.rinses]) / 1000
        carried = np.array([area[one["station"]] for one in self.rinses]) * drag[:, None]
        fresh = {
            name: sum(
                (litres[n] for n, one in enumerate(self.rinses) if one["station"] == name),
                np.zeros(size),
            )
            for name in stations
        }
        codes = [*self._sumps, *self.trains]
        found = Traces(
            from_ms,
            {code: np.zeros(size) for code in codes},
            {code: np.zeros((size, len(POLLUTANTS))) for code in codes},
            fresh,
            area,
            {code: np.zeros((size, len(POLLUTANTS))) for code in self.trains},
        )
        for n in range(size):
            self._minute(n, (litres[:, n], carried[:, n]), found, slips)
        return found

    def _minute(
        self, n: int, water: tuple[Floats, Floats], found: Traces, slips: Sequence[Slip]
    ) -> None:
        litres, carried = water
        volume = np.array([one["volume_l"] for one in self.rinses])
        self._held += self._bath * carried[:, None]
        rinsed = self._held * (litres / (volume + litres))[:, None]
        self._held -= rinsed
        for code, sump in self._sumps.items():
            mine = [i for i, one in enumerate(self.rinses) if one["stream"] == code]
            m3 = sump.step(litres[mine].sum() / 1000, rinsed[mine].sum(axis=0) / 1000)
            found.flow[code][n] = m3 * 60
            found.strength[code][n] = sump.strength
        for code, train in self.trains.items():
            self._treat(n, (code, train), found, slips)

    def _treat(
        self, n: int, of: tuple[str, Mapping[str, Any]], found: Traces, slips: Sequence[Slip]
    ) -> None:
        code, train = of
        flows = [found.flow[one][n] / 60 for one in train["streams"]]
        grams = sum(
            (found.strength[one][n] * m3 for one, m3 in zip(train["streams"], flows, strict=True)),
            np.zeros(len(POLLUTANTS)),
        )
        tank = self._tanks[code]
        m3 = tank.step(sum(flows), grams)
        at_ms = found.from_ms + n * MINUTE_MS
        factor = max([1.0, *(s.factor for s in slips if s.train == code and s.from_ms <= at_ms < s.to_ms)])  # fmt: skip
        passed = _vector(train["floor_mg_l"]) + tank.strength * _vector(train["passes"]) * factor
        out = np.minimum(tank.strength, passed)
        found.flow[code][n] = m3 * 60
        found.strength[code][n] = out
        found.kept_g[code][n] = (tank.strength - out) * m3


def _work(
    stations: Sequence[str], span: tuple[int, int], busy: Sequence[Busy]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """For each minute and station: whether it runs, and the m² that come out of its baths."""
    from_ms, size = span
    running = {one: np.zeros(size) for one in stations}
    area = {one: np.zeros(size) for one in stations}
    for one in busy:
        first = (one.from_ms - from_ms) // MINUTE_MS
        last = max((one.to_ms - from_ms) // MINUTE_MS, first + 1)
        inside = slice(max(first, 0), max(min(last, size), 0))
        running[one.station][inside] = 1.0
        area[one.station][inside] += one.area_m2 / (last - first)
    return running, area
