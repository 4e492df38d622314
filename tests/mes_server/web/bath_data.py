"""A nickel bath in the small plant: made up, titrated, plated from, found out of its spec, added to."""

from dataclasses import dataclass, field
from typing import Any

from mes_server.actions.keep_baths import add, make_up
from mes_server.actions.make_lots import receive_lot
from mes_server.actions.ready_station import mount
from mes_server.actions.record_check import Checking, record_check
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_document import release_document
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.actions.titrate import Titrating, titrate
from mes_server.domain.amounts import Amount
from mes_server.domain.routes import Operation
from mes_server.domain.titration import Taken
from mes_server.store.transaction import writing
from tests.mes_server.domain.bath_making import nickel, phosphating
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.people_help import signer
from tests.mes_server.web.plant_data import Plant

PLATE = Operation("plate", {}, ("electroplating_line",))
PARTS = Amount(5000, 6_000_000, 368_000)  # 36.8 dm²; the barrel's media are 40 dm²
HOUR_MS = 3_600_000
BEGUN_MS = 30 * HOUR_MS
LINE = "plate-2"


@dataclass
class Bath:
    """What was made: the bath, a lot and its run, the number of the titration that was out."""

    plant: Plant
    lot: str = ""
    parts: str = ""
    run: str = ""
    out: str = ""
    acts: list[str] = field(default_factory=list)

    def act(self, hours: float, acting: Any, *args: Any, place: str = LINE, **more: Any) -> Any:
        """An action so many hours after the bath was made up."""
        at_ms = int(self.plant.now_ms - BEGUN_MS + hours * HOUR_MS)
        self.acts.append(f"bath-{len(self.acts)}")
        with writing(self.plant.engine) as conn:
            book = Book(conn, Act(self.acts[-1], "W-7", place, at_ms, at_ms))
            answer = acting(book, *args, **more)
            book.close()
        return answer

    def titrated(self, hours: float, **volumes: str) -> str:
        """A titration of nickel, boric acid and pH; its number."""
        taken = [
            Taken(name, {"value" if name == "ph" else "volume_ml": text})
            for name, text in volumes.items()
        ]
        (code,) = self.act(hours, titrate, self.lot, Titrating(taken), place="lab")
        return str(code)


def with_baths(plant: Plant) -> Bath:
    """A bath that was good for a day and is out now; a lot that was plated in it, with XRF."""
    key = plant.station(plant.node("ctl-pl2", "coating"), LINE, "electroplating_line")
    made = Bath(plant)
    plated = line("ni_base", operation="plate", unit="µm", nominal="8", lower="6", upper="10", sample=3,
                  action_lower=None, action_upper=None, quantity="thickness_ni_base_um", every={"each": "charge"})  # fmt: skip
    for kind, content in (("bath", nickel()), ("bath", phosphating()),
                          ("plan", plan(plated, code="CP-NI", parts=["P-NI"]))):  # fmt: skip
        told = made.act(-2, release_document, kind, content, signer())
        assert told == [], told
    made.lot = made.act(-1, receive_lot, "bath", Amount(0, 2_000_000_000))
    made.act(-1, receive_lot, "bath", Amount(0, 900_000_000))
    assert made.act(0, make_up, made.lot, "NI-BASE", "1500") == [made.lot]
    assert made.act(0.1, mount, LINE, "bath", made.lot) == []
    for hours, ni in ((0.5, "11.80"), (6, "11.60"), (12, "11.30"), (18, "10.70")):
        made.titrated(hours, ni_g_l=ni, h3bo3_g_l="6.50", ph="4.6")
    made.parts = made.act(19, receive_lot, "parts", PARTS, part="P-NI", grade="N42SH", route="R1/B")
    made.run = made.act(20, load_lot_into, made.parts, PLATE, {})
    times = [int(plant.now_ms - BEGUN_MS + (20 + n / 6) * HOUR_MS) for n in range(-1, 13)]
    plant.samples(key, "ni_base_ah", times, [1000 + max(n, 0) * 52.615 / 12 for n in range(-1, 13)])
    plant.samples(
        key, "processed_area_m2", times, [200 + max(n, 0) * 0.368 / 12 for n in range(-1, 13)]
    )
    made.act(22, unload, made.run, PLATE, [Outcome(made.parts, PARTS)])
    readings = [{"value": value} for value in ("8.1", "7.9", "8.2")]
    made.act(22.5, record_check, Checking("ni_base", run=made.run, readings=readings))
    made.act(23, add, made.lot, ("wetter", "5", "mL", "WT-331"))
    made.out = made.titrated(28, ni_g_l="9.90", h3bo3_g_l="6.40", ph="4.5")
    return made
