"""The line of a lot: the lots it was made of and went into, and the runs all of them came through."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Connection

from mes_server.domain.charges import Run
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import Characteristic, Plan, plan_of
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.lots import HELD, RELEASED, SHIPPED, SHIPPED_OUT, Lot
from mes_server.domain.nonconformance import Nonconformance
from mes_server.domain.recalls import EVER_MS
from mes_server.domain.routes import Operation, Route
from mes_server.domain.seal import Event
from mes_server.store.checks import checks_of_lots, checks_of_runs
from mes_server.store.documents import load_named
from mes_server.store.ledger import load_stream
from mes_server.store.lineage import Work, works_of
from mes_server.store.lots import load_lot, load_lots
from mes_server.store.nonconformances import ncs_of_lots
from mes_server.store.plans import plan_for
from mes_server.store.routes import load_route
from mes_server.store.stations import load_station
from mes_server.store.traces import reach
from schemas.station_types import StationType, load_station_types

WORKS_MAX = 400
ANCESTORS_MAX = 200  # whose own events are read for holds and reworks
_TYPES: dict[str, StationType] = {}


def station_types() -> dict[str, StationType]:
    """The contracts, read once."""
    if not _TYPES:
        _TYPES.update(load_station_types())
    return _TYPES


class Hold(NamedTuple):
    """A lot was held; `released`: how that ended, None while it stands."""

    lot: str
    event: Event
    released: Event | None


@dataclass
class Line:
    """All that the sections of a report ask about again and again, read once. `back`: until when each counts."""

    conn: Connection
    lot: Lot
    now_ms: int
    back: dict[str, int]
    forward: dict[str, int]
    _routes: dict[str, Route | None] = field(default_factory=dict)
    _plans: dict[tuple[str, str, int], Plan | None] = field(default_factory=dict)
    _named: dict[str, Plan | None] = field(default_factory=dict)
    _types: dict[str, StationType | None] = field(default_factory=dict)

    @cached_property
    def lots(self) -> dict[str, Lot]:
        """The lot and all behind it."""
        return load_lots(self.conn, self.back)

    @cached_property
    def works(self) -> list[Work]:
        """By time; the last WORKS_MAX of them."""
        return works_of(self.conn, self.back, WORKS_MAX)

    @cached_property
    def runs(self) -> dict[str, Run]:
        """The runs, by code, in the order of time."""
        return {work.run.code: work.run for work in self.works}

    @cached_property
    def loaded_ms(self) -> dict[str, int]:
        """When the first lot of the line went into each run."""
        first: dict[str, int] = {}
        for work in self.works:
            first[work.run.code] = min(work.loaded_ms, first.get(work.run.code, EVER_MS))
        return first

    @cached_property
    def checks(self) -> list[Check]:
        """Of the lots of the line, and of their runs where they name no other lot; voided ones, too."""
        found = checks_of_runs(self.conn, list(self.runs)) + checks_of_lots(
            self.conn, list(self.back)
        )
        ours = {one.code: one for one in found if not one.lot or one.lot in self.back}
        return sorted(ours.values(), key=lambda one: (one.at_ms, one.code))

    @cached_property
    def events(self) -> list[Event]:
        """The events of the lot itself."""
        return load_stream(self.conn, f"lot:{self.lot.code}")

    @cached_property
    def histories(self) -> dict[str, list[Event]]:
        """The events of the lot and of those behind it, the nearest ANCESTORS_MAX of them."""
        near = sorted(self.back, key=lambda code: (code != self.lot.code, -self.lots[code].born_ms if code in self.lots else 0))  # fmt: skip
        return {code: load_stream(self.conn, f"lot:{code}") for code in near[:ANCESTORS_MAX]}

    @cached_property
    def holds(self) -> list[Hold]:
        """The holds of those lots, as long as they were behind this one."""
        found = []
        for code, events in self.histories.items():
            released = {e.facts()["hold"]: e for e in events if e.kind == RELEASED}
            found += [
                Hold(code, event, released.get(event.action))
                for event in events
                if event.kind == HELD and event.at_ms <= self.back[code]
            ]
        return found

    @cached_property
    def run_events(self) -> dict[str, list[Event]]:
        """The events of each run."""
        return {code: load_stream(self.conn, f"charge:{code}") for code in self.runs}

    @cached_property
    def ncs(self) -> list[Nonconformance]:
        """The nonconformances about any lot of the line, the oldest first."""
        return ncs_of_lots(self.conn, sorted(self.back))

    @cached_property
    def concessions(self) -> list[Nonconformance]:
        """Those of them under which the lot goes on, or left: one that ended since took nothing back."""
        left = [event.at_ms for event in self.events if event.kind == SHIPPED]
        at_ms = left[-1] if left and self.lot.status == SHIPPED_OUT else self.now_ms
        return [one for one in self.ncs if any(one.covers(lot, at_ms) for lot in self.back)]

    @cached_property
    def conceded(self) -> set[str]:
        """The characteristics that the customer agreed to."""
        return {one.characteristic for one in self.concessions if one.characteristic}

    def concession_of(self, about: str, name: str) -> Nonconformance | None:
        """The concession about a run or a bath, if there is one."""
        named = [one for one in self.concessions if (one.about, one.name) == (about, name)]
        return named[0] if named else None

    def plan_at(self, lot: Lot, at_ms: int) -> Plan | None:
        """The control plan that was in force for a lot."""
        key = (lot.part, lot.route, at_ms)
        if key not in self._plans:
            self._plans[key] = plan_for(self.conn, *key)
        return self._plans[key]

    def line_of(self, check: Check) -> Characteristic | None:
        """The line of the plan that a check was made for."""
        if check.plan not in self._named:
            found = load_named(self.conn, "plan", check.plan)
            self._named[check.plan] = None if found is None else plan_of(found)
        plan = self._named[check.plan]
        return None if plan is None else plan.find(check.characteristic)

    def operation(self, code: str) -> Operation | None:
        """An operation of the routes of the line."""
        for lot in (self.lot, *self.lots.values()):
            if lot.route not in self._routes:
                self._routes[lot.route] = load_route(self.conn, lot.route)
            route = self._routes[lot.route]
            if route is not None and code in route.operations:
                return route.operations[code]
        return None

    def title(self, operation: str) -> dict[str, str]:
        """What an operation is called."""
        found = self.operation(operation)
        return both(found.title, operation) if found is not None else both({}, operation)

    def type_of(self, station: str) -> StationType | None:
        """The contract of a station; None: not known."""
        if station not in self._types:
            view = load_station(self.conn, station)
            kind = view.type if view is not None else None
            self._types[station] = station_types().get(kind or "")
        return self._types[station]

    def area(self, station: str) -> str:
        """The area of a station's type; "" when it is not known."""
        kind = self.type_of(station)
        return "" if kind is None else kind.area


def both(titles: object, name: str) -> dict[str, str]:
    """A title in both languages; the name where there is none."""
    said = dict(titles) if isinstance(titles, dict) else {}
    return {"en": said.get("en") or name, "zh": said.get("zh") or name}


def line_of(conn: Connection, code: str, now_ms: int) -> Line | None:
    """The line of a lot; None: there is no such lot."""
    lot = load_lot(conn, code)
    if lot is None:
        return None
    back = reach(conn, {code: EVER_MS}, BACK)
    return Line(conn, lot, now_ms, back, reach(conn, {code: 0}, FORWARD))
