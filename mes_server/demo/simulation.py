"""What the made-up plant is: routes to release, and how its runs behave. Read from JSON beside this file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_ROUTES = FOLDER / "routes"
_QUALITY = FOLDER / "quality"
_SHARED = "operations.json"


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def load_routes() -> list[dict[str, Any]]:
    """The contents to release: each operation as usual, but for what its route says otherwise."""
    usual = _read(_ROUTES / _SHARED)["operations"]
    found = []
    for file in sorted(_ROUTES.glob("*.json")):
        if file.name == _SHARED:
            continue
        route = _read(file)["route"]
        named = [code for step in route["steps"] for code in step["choices"]]
        said = route["operations"]
        operations = {c: usual[c] | said.get(c, {}) for c in dict.fromkeys([*named, *said])}
        found.append(route | {"operations": operations})
    return found


@cache
def load_quality(name: str) -> dict[str, Any]:
    """One of the files of what quality keeps: plan_motor, furnaces, baths, gauges, troubles."""
    return _read(_QUALITY / f"{name}.json")


@dataclass(frozen=True, slots=True)
class Stop:
    """A station of the demo plant: where it is and who watches it."""

    group: str
    node: str
    station: str
    type: str


def load_stops() -> list[Stop]:
    """The stations of the demo plant, as firmware/plant/layout.py has them, too."""
    return [Stop(*row) for row in _read(FOLDER / "stations.json")["stations"]]


@dataclass(frozen=True, slots=True)
class Simulation:
    """simulation.json as it is written; see its note."""

    operations: Mapping[str, Mapping[str, Any]]
    skip: Mapping[str, float]
    tied: Mapping[str, str]
    resources: Mapping[str, Mapping[str, Any]]
    products: Mapping[str, Mapping[str, Any]]
    materials: Mapping[str, Mapping[str, Any]]
    regrades: Mapping[str, str]
    heat_mg: int
    chances: Mapping[str, float]


@cache
def load_simulation() -> Simulation:
    """How the plant behaves."""
    said = _read(FOLDER / "simulation.json")
    said.pop("note")
    return Simulation(**said)
