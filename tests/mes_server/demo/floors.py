"""Floors of a demo for tests: a lot or two in front of the workers, no store behind."""

import random
from typing import Any

from mes_server.demo.door import load_routes
from mes_server.demo.floor import Floor, Memory, Moment, Pace
from mes_server.demo.shift import Shift
from mes_server.demo.simulation import load_routes as contents
from mes_server.demo.simulation import load_simulation, load_stops
from mes_server.domain.amounts import Amount
from mes_server.domain.lots import Lot

ROUTES = load_routes(contents())
STATIONS = {stop.station: stop.type for stop in load_stops()}
NOW = 1_793_491_200_000
SENSOR, MOTOR = "SN-CYL-48/A", "EM-SEG-42SH/A"
BEFORE = ("strip_casting", "hydrogen_decrepitation", "jet_milling", "pressing",
          "cold_isostatic_pressing", "sintering", "ageing", "slicing", "grinding",
          "tumbling")  # fmt: skip


def lot(code: str, kind: str, done: int | tuple[str, ...] = 0, **facts: Any) -> Lot:
    """A lot of the sensor route that has had so many of its operations."""
    had = BEFORE[:done] if isinstance(done, int) else done
    amount = Amount(1000 if kind in ("green", "block", "parts", "finished") else 0, 60_000_000)
    said = {"part": "P", "grade": "N48", "route": SENSOR, "amount": amount} | facts
    return Lot(code, kind, place="", born_ms=NOW, expires_ms=None, done=had, **said)


def floor(*lots: Lot, stations: dict[str, str] | None = None) -> Floor:
    """All stations are ready, unless told which."""
    return Floor(lots, STATIONS if stations is None else stations, ROUTES)


def shift(seed: int = 1, **chances: float) -> Shift:
    """Workers to whom nothing happens but what is told."""
    plan = load_simulation()
    none = dict.fromkeys(plan.chances, 0.0) | chances
    plan = type(plan)(**{n: getattr(plan, n) for n in plan.__slots__} | {"chances": none})
    return Shift("test0000", plan, random.Random(seed), Pace())


def moment(at: Floor, now_ms: int = NOW, **chances: float) -> Moment:
    """One look."""
    plan = shift(**chances).plan
    return Moment(at, now_ms, Memory(), plan, random.Random(1), Pace())
