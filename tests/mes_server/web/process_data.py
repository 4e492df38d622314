"""Processes in the small plant of the web tests: a stable one, one that runs away, and one that is counted."""

from random import Random
from typing import Any

from mes_server.actions.record_check import Checking, record_check
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_document import release_document
from mes_server.store.transaction import writing
from tests.mes_server.domain.plan_making import attribute, line, plan
from tests.mes_server.people_help import signer
from tests.mes_server.web.plant_data import Plant

CHECKS = 32


def checked_often(plant: Plant) -> None:
    """Of part P-7: oil (four readings an hour, stable), wear (one reading, drifts), marks (counted)."""
    told = iter(range(10_000))

    def act(acting: Any, *args: Any) -> None:
        at_ms = plant.now_ms - 40_000_000 + 100_000 * (number := next(told))
        with writing(plant.engine) as conn:
            book = Book(conn, Act(f"often-{number}", "A-1", "sinter-1", at_ms, at_ms))
            answer = acting(book, *args)
            book.close()
        assert not answer or isinstance(answer[0], str), answer

    timed: dict[str, Any] = {"every": {"each": "hours"}, "reactions": ["remeasure"], "symbol": ""}
    lines = (
        line("oil", sample=4, **timed),
        line("wear", sample=1, **timed),
        attribute("marks", **timed),
    )
    content = plan(*lines, code="CP-7", parts=["P-7"], owner="quality")
    act(release_document, "plan", content, signer())
    draw = Random(1)
    for i in range(CHECKS):
        readings = [{"value": f"{draw.gauss(5, 0.008):.4f}"} for _ in range(4)]
        act(record_check, Checking("oil", plan="CP-7/A", readings=readings))
        drift = f"{4.97 + 0.003 * i + draw.gauss(0, 0.002):.4f}"
        act(record_check, Checking("wear", plan="CP-7/A", readings=[{"value": drift}]))
        act(record_check, Checking("marks", plan="CP-7/A", sample=50 + i % 3, rejected=i % 4))
