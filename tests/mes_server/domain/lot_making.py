"""Lots of a test, from events as an action would make them."""

from typing import Any

from mes_server.domain import lots
from mes_server.domain.amounts import Amount
from mes_server.domain.seal import GENESIS, Draft, Event, seal

T0 = 1_795_500_000_000
CODE = "B26-000001-XX"


class History:
    """The stream of one lot; every method is an event of an action of its own unless it is named."""

    def __init__(self, code: str = CODE) -> None:
        self.code = code
        self.events: list[Event] = []

    def add(
        self, what: str, /, action: str = "", place: str = "", reason: str = "", **facts: Any
    ) -> "History":
        number = len(self.events) + 1
        previous = self.events[-1].hash if self.events else GENESIS
        draft = Draft(
            f"lot:{self.code}",
            number,
            what,
            action or f"a{number}",
            T0 + number,
            "P1",
            place,
            reason,
            facts,
        )
        self.events.append(seal(previous, number, T0 + number, draft))
        return self

    def created(self, amount: Amount = Amount(10, 1000), **more: Any) -> "History":  # noqa: B008
        facts = {"kind": "block", "part": "P-1", "grade": "N42SH", "route": "R1/A"}
        facts |= {"amount": amount.as_content(), **more}
        return self.add(lots.CREATED, place="stock", **facts)

    def ran(self, operation: str, amount: Amount = Amount(10, 1000)) -> "History":  # noqa: B008
        """Through a run of an operation, whole."""
        run = f"CH-{len(self.events)}"
        self.add(lots.LOADED, place="f-1", run=run, operation=operation)
        return self.add(lots.UNLOADED, place="f-1", run=run, amount=amount.as_content())

    @property
    def lot(self) -> lots.Lot:
        """What it is now."""
        lot = lots.replay(self.events)
        assert lot is not None
        return lot
