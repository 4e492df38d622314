"""A past of ten days, made up once for all tests that look at it: more goes wrong in it than usual."""

from dataclasses import dataclass, fields

from sqlalchemy import Engine

from mes_server.demo.history import History
from mes_server.demo.simulation import Simulation, load_simulation
from mes_server.domain.lots import Lot
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.lots import list_lots

NOW = 1_793_491_200_000
DAYS = 10
SEED = 6


@dataclass
class Told:
    """A store with a history in it."""

    settings: Settings
    engine: Engine
    history: History
    said: list[str]


def eventful() -> Simulation:
    """A plant where more goes wrong than usual."""
    plan = load_simulation()
    said = {field.name: getattr(plan, field.name) for field in fields(plan)}
    said["chances"] = {name: min(chance * 3, 0.4) for name, chance in plan.chances.items()}
    said["chances"] |= {"return": 1.0, "regrade": 1.0, "lock": 0.1}
    said["skip"] = dict.fromkeys(plan.skip, 0.2)
    return Simulation(**said)


def all_lots(engine: Engine) -> list[Lot]:
    with reading(engine) as conn:
        return list_lots(conn, limit=100_000)
