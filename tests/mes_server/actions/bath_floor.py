"""A shop floor with a phosphating line, its bath made up under a released spec, and lots that go through it."""

from typing import Any

from sqlalchemy import Engine

from mes_server.actions.keep_baths import make_up
from mes_server.actions.ready_station import mount
from mes_server.actions.release_document import release_document
from mes_server.actions.titrate import Titrating, titrate
from mes_server.domain.amounts import Amount
from mes_server.domain.baths import Titration
from mes_server.domain.rules import Refusal
from mes_server.domain.titration import Taken
from mes_server.store.baths import load_titration
from mes_server.store.engine import reading
from mes_server.store.nodes import ensure_node
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.transaction import writing
from tests.mes_server.actions.plan_floor import LIGHT, PlanFloor
from tests.mes_server.domain.bath_making import nickel, phosphating
from tests.mes_server.people_help import signer

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class BathFloor(PlanFloor):
    """`sinter-1` is any station with a tank: what counts is the bath that is mounted there."""

    bath = ""

    def open(self) -> "BathFloor":
        """Stations, route, specs; a make-up of 1000 L in the tank."""
        self.build()
        for content in (phosphating(), nickel()):
            assert self.act(release_document, "bath", content, signer()) == []
        self.bath = self.make_up()
        assert self.act(mount, "sinter-1", "bath", self.bath) == []
        return self

    def make_up(self, spec: str = "PH-ZN", volume_l: str = "1000") -> str:
        """A bath lot, made up."""
        lot = self.receive(Amount(0, 1_000_000_000), "bath", part="", grade="", route="")
        assert self.act(make_up, lot, spec, volume_l) == [lot]
        return lot

    def titrate(self, lot: str = "", /, **values: str) -> Any:
        """A titration of these volumes (mL; accelerator and pH: values); the rules that refused it, or its number."""
        direct = ("accelerator_points", "ph")
        taken = [
            Taken(name, {"value" if name in direct else "volume_ml": text})
            for name, text in values.items()
        ]
        told = self.act(titrate, lot or self.bath, Titrating(taken), place="lab")
        if any(isinstance(one, Refusal) for one in told):
            return [one.rule for one in told]
        return told[0]

    def good(self) -> str:
        """A titration within the spec."""
        code = self.titrate(fa_points="1.20", ta_points="24.0")
        assert isinstance(code, str), code
        return code

    def load(self, code: str) -> Titration:
        """A titration as the store has it."""
        with reading(self.engine) as conn:
            found = load_titration(conn, code)
        assert found is not None
        return found

    def through(self) -> str:
        """A lot that went through the bath."""
        code = self.receive(LIGHT)
        self.run(code)
        return code

    def holds(self, code: str) -> list[str]:
        """Why a lot is held."""
        return sorted(self.lot(code).holds.values())


def plating_station(engine: Engine, now_ms: int, name: str = "plate-1") -> int:
    """A plating line that is on line."""
    with writing(engine) as conn:
        key = ensure_station(conn, ensure_node(conn, "g", "n"), name, "electroplating_line", "a")
        set_station_online(conn, key, True, now_ms)
    return key
