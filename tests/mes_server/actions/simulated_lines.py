"""A plating and a phosphating line as firmware/plant simulates them, with their past in a store.

The truth is known minute by minute; meters and the laboratory err as their certificates allow.
"""

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import Engine

from firmware.plant import electroplating, phosphating
from firmware.plant.sewer import POLLUTANTS, Feed
from mes_server.actions.close_days import close_days
from tests.mes_server.actions.coating_floor import COAT, DAY0_MS, DAY_MS, MIN, PLATE, CoatingFloor

DAYS = 14
PASSES, SLUDGE, TREATS = 0.004, 14.0, 2.4  # of nickel; kg wet for a kg of it; kWh/m³
SIM0_MS = 3 * DAY_MS
LINES = {
    "pl-1": ("electroplating_line", electroplating.ElectroplatingLine, 22.0, PLATE, "s-ni"),
    "ph-1": ("phosphating_line", phosphating.PhosphatingLine, 38.0, COAT, "s-ph"),
}  # fmt: skip
RINSES = {
    "pl-1": ("ni_rinse", "cu_rinse", "zn_rinse"),
    "ph-1": ("degrease_rinse", "pickle_rinse", "phosphate_rinse", "di_rinse"),
}


@dataclass(frozen=True)
class Truth:
    """Minute by minute: litres, grams (pollutants across), kW, m² coated, whether it runs; and `spans` of the runs."""

    litres: Any
    grams: Any
    kw: Any
    area: Any
    spans: list[tuple[int, int]]

    def per_m2(self, values: Any) -> float:
        return float(values.sum() / self.area.sum())


@cache
def simulated(name: str) -> Truth:
    """The name as its schedule has it, with its rinses followed."""
    kind, station, rated_kg, _, _ = LINES[name]
    feeds = [Feed(7, name, kind, rinse) for rinse in RINSES[name]]
    for feed in feeds:
        feed.reset(SIM0_MS)
    size = DAYS * 1440
    litres, kw, area = np.zeros(size), np.zeros(size), np.zeros(size)
    grams, on = np.zeros((size, len(POLLUTANTS))), np.zeros(size, bool)
    schedule = feeds[0].schedule
    done = schedule.loads_before(feeds[0].act.piece)
    for n in range(size):
        for feed in feeds:
            part = feed.step(60.0, SIM0_MS + (n + 1) * MIN, False)
            litres[n] += part
            grams[n] += part * feed.tank.x * np.array(feed.strength)
        now = schedule.loads_before(feeds[0].act.piece)
        area[n], done = (now - done) * rated_kg * 0.128, now
        on[n] = feeds[0].act.state == "run"
        kw[n] = station.POWER_KW["run"] if on[n] else station.OTHER_KW * 0.3
    edges = np.flatnonzero(np.diff(np.concatenate(([0], on.astype(int), [0]))))
    return Truth(litres, grams, kw, area, list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)))  # fmt: skip


def built(
    engine: Engine, factor: str = "1", dice_seed: int = 11, days: int = DAYS, zone: str = "UTC"
) -> CoatingFloor:
    """Its past in the store. What meters and the laboratory get wrong on all days is drawn within their certificates."""
    dice = random.Random(dice_seed)
    floor = CoatingFloor(engine).open(factor)
    laboratory = 1 + dice.gauss(0, 0.05)
    size = days * 1440
    whole = np.zeros(size)
    for name, (_, _, _, _, stream) in LINES.items():
        truth = simulated(name)
        m3 = truth.litres[:size] / 1000
        floor.flow(name, "water_m3", m3 * (1 + dice.gauss(0, 0.01)))
        floor.flow(name, "energy_kwh", truth.kw[:size] / 60 * (1 + dice.gauss(0, 0.005)))
        floor.flow(stream, "total_m3", m3 * (1 + dice.gauss(0, 0.02)))
        whole += m3
        _work(floor, name, size)
        _sample(floor, name, days, (laboratory, dice))
    nickel = simulated("pl-1")
    floor.flow("t-ni", "sludge_kg", nickel.grams[:size, 0] / 1000 * (1 - PASSES) * SLUDGE)
    floor.flow("t-ni", "energy_kwh", whole * TREATS)
    floor.flow("o-shop", "total_m3", nickel.litres[:size] / 1000)
    floor.flow("o-plant", "total_m3", whole)
    floor.now_ms = DAY0_MS + days * DAY_MS + 60 * MIN
    close_days(engine, zone, floor.now_ms)
    return floor


def _work(floor: CoatingFloor, name: str, size: int) -> None:
    """A run for each span in which the line ran."""
    truth, before = simulated(name), 0
    for begun, ended in truth.spans:
        area = int(truth.area[before:ended].sum() * 1_000_000)  # one basket is let down early
        before = ended
        if ended <= size and area and ended - begun > 3:
            floor.coat(name, LINES[name][3], (begun, ended), area)


def _sample(floor: CoatingFloor, name: str, days: int, of: tuple[float, random.Random]) -> None:
    """A composite of each day of the stream; of nickel after treatment, too."""
    laboratory, dice = of
    truth, stream = simulated(name), LINES[name][4]
    for day in range(days):
        of_day = slice(day * 1440, day * 1440 + 1440)
        strength = truth.grams[of_day].sum(axis=0) / truth.litres[of_day].sum() * 1000
        told = {
            {"p": "tp", "n": "tn"}.get(pollutant, pollutant): value
            * laboratory
            * (1 + dice.gauss(0, 0.05))
            for pollutant, value in zip(POLLUTANTS, strength, strict=True)
        }
        at_ms = DAY0_MS + day * DAY_MS + 700 * MIN
        floor.sample(stream, at_ms, **told)
        if stream == "s-ni":
            passed = strength[0] * PASSES * laboratory * (1 + dice.gauss(0, 0.05))
            floor.sample("o-shop", at_ms, ni=passed)


TRUE = {
    "fresh_water": lambda t: t.per_m2(t.litres),
    "drained_water": lambda t: t.per_m2(t.litres),
    "electricity": lambda t: t.per_m2(t.kw / 60 + t.litres / 1000 * TREATS),
    **{
        f"before-{name}": (lambda t, n=n: t.per_m2(t.grams[:, n]))
        for name, n in (("ni", 0), ("cu", 1), ("zn", 2), ("tp", 3), ("cod", 4), ("tn", 6))
    },
}
