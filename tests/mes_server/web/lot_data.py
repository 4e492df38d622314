"""A route and lots at the furnace of the small plant, made through the actions themselves."""

from typing import Any

from mes_server.actions.handle_lots import hold_lots
from mes_server.actions.make_lots import receive_lot
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_route import release_route
from mes_server.domain.amounts import Amount
from mes_server.store.engine import reading
from mes_server.store.ledger import iter_events
from mes_server.store.transaction import writing
from tests.mes_server.web.plant_data import Plant

GREEN = Amount(20, 2_000_000, 0, {"Nd": 600_000})


def route_content(**more: Any) -> dict[str, Any]:
    """Sintering in the furnace, then milling: what the stations of the small plant can do."""
    sintering = {"title": {"en": "Sintering", "zh": "烧结"}, "station_types": ["sinter_furnace"]}
    milling = {"title": {"en": "Milling", "zh": "气流磨"}, "station_types": ["jet_mill"]}
    return {
        "code": "R1",
        "revision": "B",
        "title": {"en": "Motor magnet", "zh": "电机磁体"},
        "operations": {"sinter": sintering | more, "mill": milling},
        "steps": [{"choices": ["sinter"]}, {"choices": ["mill"]}],
    }


class Shop:
    """Acts on lots in the plant's store; every method is one action."""

    def __init__(self, plant: Plant, **operation: Any) -> None:
        self.plant = plant
        self.count = 0
        assert self.act(release_route, route_content(**operation)) == []

    def act(self, acting: Any, *args: Any, place: str = "stock", **more: Any) -> Any:
        self.count += 1
        at_ms = self.plant.now_ms - 3_600_000 + self.count
        with writing(self.plant.engine) as conn:
            book = Book(conn, Act(f"made-{self.count}", "OFFICE", place, at_ms, at_ms))
            answer = acting(book, *args, **more)
            book.close()
        return answer

    def lot(self, **more: Any) -> str:
        """A green lot that waits for sintering: its code."""
        facts = {"part": "P-1", "grade": "N42SH", "route": "R1/B"} | more
        amount = facts.pop("amount", GREEN)
        return str(self.act(receive_lot, "green", amount, **facts))

    def hold(self, code: str, reason: str) -> None:
        assert self.act(hold_lots, [code], reason) == []

    def events(self, kind: str) -> list[Any]:
        """The facts of all events of a kind, in order, with their action and person."""
        with reading(self.plant.engine) as conn:
            found = [event for event in iter_events(conn) if event.kind == kind]
        return [event.facts() | {"action": event.action, "person": event.person} for event in found]
