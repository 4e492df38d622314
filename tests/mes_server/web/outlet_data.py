"""A workshop outlet in the small plant: waterworks and permit released, a day of water until now."""

from typing import Any

import numpy as np

from mes_server.actions.gather_waterworks import working_day
from mes_server.actions.make_lots import receive_lot
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_document import release_document
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.domain.amounts import Amount
from mes_server.domain.routes import Operation
from mes_server.store.nodes import ensure_node
from mes_server.store.transaction import writing
from tests.mes_server.domain.water_making import permit_content, works_content
from tests.mes_server.people_help import signer
from tests.mes_server.web.plant_data import Plant

DAY, ZONE = "2026-11-23", "Asia/Shanghai"
FROM_MS = working_day(DAY, ZONE)[0]
MINUTE_MS = 60_000
OUTLET, NI = "o-shop", "nickel_mg_l"


def released(plant: Plant, *documents: tuple[str, dict[str, Any]]) -> None:
    """Documents that hold since the day before; by default waterworks and the permit of the workshop outlet."""
    told = documents or (("waterworks", works_content()), ("permit", permit_content()))
    for kind, content in told:
        at_ms = FROM_MS - 86_400_000
        with writing(plant.engine) as conn:
            act = Act(f"water-{kind}-{content['code']}", "E-1", "", at_ms, at_ms)
            book = Book(conn, act)
            assert release_document(book, kind, content, signer()) == []
            book.close()


def flowing(plant: Plant, nickel: float = 0.2, minutes: int = 0) -> int:
    """Water since midnight, as long as the plant's clock says or for so many minutes; the key of the station."""
    with writing(plant.engine) as conn:
        node = ensure_node(conn, "effluent", "ctl-water")
    key = plant.station(node, OUTLET, "workshop_outlet")
    count = minutes or (plant.now_ms - FROM_MS) // MINUTE_MS
    times = FROM_MS + np.arange(count) * MINUTE_MS + 20_000
    wave = 0.001 * (-1.0) ** np.arange(count)
    plant.samples(key, "flow_m3_h", times, 2 + wave)
    plant.samples(key, "total_m3", times, np.round(100 + np.arange(count) / 30, 4))
    plant.samples(key, NI, times, nickel + wave)
    plant.samples(key, "ph", times, 7.5 + wave)
    states = ["measuring"] * count
    states[200:260] = ["calibrating"] * len(states[200:260])
    plant.samples(key, "analyser_state", times, states, "string")
    return key


def coated(plant: Plant, area_m2: int) -> str:
    """A lot of this area that came out of the plating line this morning; its code."""
    amount = Amount(1000, 6_000_000, area_m2 * 1_000_000)
    operation = Operation("electroplating", {}, ("electroplating_line",))

    def act(name: str, acting: Any, *args: Any, place: str = "pl-1") -> Any:
        at_ms = FROM_MS + 6 * 60 * MINUTE_MS
        with writing(plant.engine) as conn:
            book = Book(conn, Act(f"coat-{name}", "W-1", place, at_ms, at_ms))
            answer = acting(book, *args)
            book.close()
        return answer

    code = act("in", receive_lot, "parts", amount, place="stock")
    run = act("load", load_lot_into, code, operation, {})
    act("out", unload, run, operation, [Outcome(code, amount)])
    return str(code)


def with_outlets(plant: Plant) -> None:
    """All of it."""
    released(plant)
    flowing(plant)
    coated(plant, 120)
