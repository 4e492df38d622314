"""An exceedance of an outlet, as the watch would open it."""

import uuid

from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, Book
from mes_server.domain.exceedances import OPENED, STREAM
from mes_server.store.numbering import next_code
from tests.mes_server.web.plant_data import Plant

HOUR_MS = 3_600_000
LIMIT = {
    "low": None, "high": "0.5", "unit": "mg/L", "origin": "gb21900_t2", "source": "GB 21900-2008 table 2",
    "certainty": "H",
}  # fmt: skip


def with_exceedance(plant: Plant) -> str:
    """Its number."""
    now = plant.now_ms

    def opened(book: Book) -> str:
        code = next_code(book.conn, "exceedance", now)
        book.note(
            f"{STREAM}{code}", OPENED, outlet="o-shop", pollutant="ni", averaging="hourly",
            from_ms=now - 5 * HOUR_MS, to_ms=now - 3 * HOUR_MS, worst="0.83", pieces=2, limit=LIMIT, samples=[],
            lots=[], baths=[], nonconformance="",
        )  # fmt: skip
        return code

    return str(carry_out(plant.engine, Act(uuid.uuid4().hex, "", "", now, now), opened))
