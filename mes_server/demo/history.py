"""Months of a demo plant in minutes: the same workers at the same API, in this process, with a clock of their own.

All of it is made up, and the ledger says so in its first event. Only for a store without lots and without
people of a plant.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field
from typing import Any

from sqlalchemy import Engine

from mes_server.actions.anchor_ledger import anchor_ledger
from mes_server.actions.append_history import (
    append_history,
    close_stations,
    merge_all,
    open_stations,
)
from mes_server.actions.gather_waterworks import day_of, working_day
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, Book
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.demo import people, story
from mes_server.demo.checking import (
    check_asks,
    checks_follow,
    is_planned,
    is_surprise,
    release_asks,
)
from mes_server.demo.curves import Painter
from mes_server.demo.door import API, due_at, iso, load_routes, send
from mes_server.demo.environment import ENVIRONMENT, Environment
from mes_server.demo.floor import QUALITY, Ask, Floor, Heard, named_in
from mes_server.demo.gear import gear_asks
from mes_server.demo.own_door import OwnDoor, exceeded
from mes_server.demo.shift import Shift
from mes_server.demo.simulation import load_routes as contents
from mes_server.demo.simulation import load_simulation, load_stops
from mes_server.demo.water import Water
from mes_server.demo.workers import pin_of
from mes_server.domain.lots import ACTIVE, RUNNING, SHIPPED_OUT, Lot
from mes_server.domain.routes import Route
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import list_kind
from mes_server.store.lot_search import Sought, find_lots
from mes_server.store.lots import load_lots
from mes_server.store.stations import list_stations

DAY_MS = 86_400_000
DAYS_MAX = 300
MADE_UP = "history_made_up"
_STEP_MS = 30 * 60_000
_ALL_MS = 12 * 3_600_000
_FAR = ("undo", "correct", "return")  # what they touch is told by nobody
_SCAN_MS = (4_000, 25_000)
_UNDO_MS = 3_000
_PAINT_COLUMNS = 100
_WATER_MS = 4 * 3_600_000
_LOTS_MAX = 5_000


class NoHistory(RuntimeError):
    """A history cannot be made here; the message says why."""


@dataclass(slots=True)
class History:
    """One history being made. `opened_ms` of each run; `counts`: how often each kind of thing was done."""

    door: OwnDoor
    shift: Shift
    painter: Painter
    water: Water
    environment: Environment
    routes: Mapping[str, Route]
    stations: Mapping[str, str]
    chance: random.Random
    counts: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    _opened: dict[str, tuple[str, int]] = field(default_factory=dict)
    _closed: dict[str, int] = field(default_factory=dict)
    _columns: list[Any] = field(default_factory=list)
    _lots: dict[str, Lot] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)
    _all_until_ms: int = 0

    def live(self, to_ms: int) -> None:
        """Work until then."""
        self.release_routes()
        floor = self.look()
        while self.door.now_ms < to_ms:
            asks = self.shift.asks(floor, self.door.now_ms)
            for ask in asks:
                self._do(ask, floor)
            if asks:
                floor = self.look()
                self.shift.forget(floor, self.door.now_ms)
            else:  # nobody touched anything: only time goes on
                self.door.now_ms = min(self.shift.next_ms(self.door.now_ms, _STEP_MS), to_ms)
            if self.door.now_ms - self.water.until_ms >= _WATER_MS:
                self._flow()
            self.environment.work(self.door.now_ms, self._chore)
        self._flow(whole=True)
        self.environment.handed_over(self._chore)
        self._paint()
        self._tell()

    def _tell(self) -> None:
        """The papers of the last shipment under a control plan: of one of its packs, and its certificate."""
        with reading(self.door.engine) as conn:
            gone = find_lots(conn, Sought(same={"status": SHIPPED_OUT, "kind": "pack"}), _LOTS_MAX)
        planned = [lot for lot in gone if is_planned(lot.route) and lot.shipment]
        if not planned:
            return
        pack = max(planned, key=lambda lot: ("phosphating" in lot.done, lot.shipment, lot.code))
        for about, path in (("report", f"/lots/{pack.code}/report"),
                            ("certificate", f"/shipments/{pack.shipment}/certificate")):  # fmt: skip
            body = {"language": "en"}
            ask = Ask(about, path, body, QUALITY, id=f"demo-{about}-{pack.shipment}".lower())
            self._do(ask, Floor((), {}, {}))

    def release_routes(self) -> None:
        """The routes and documents of the demo, as quality releases them."""
        for content in contents():
            name = f"{content['code']}-{content['revision']}".lower()
            body = {"content": content, "act_id": f"demo-route-{name}",
                    "at": iso(self.door.now_ms), "badge": QUALITY}  # fmt: skip
            self.door.call("POST", f"{API}/routes", body)
        pin = self.shift.memory.pin
        for ask in (*release_asks(pin), *gear_asks(pin, self.door.now_ms)):
            heard = send(self.door, ask, self.door.now_ms)
            if heard.rules:
                self.refused.append(f"{ask.about} {ask.path}: {', '.join(heard.rules)}")

    def look(self) -> Floor:
        """What lies where, read from the store: only what was touched, and all of it now and then."""
        with reading(self.door.engine) as conn:
            if self._all_until_ms <= self.door.now_ms:
                self._lots = {lot.code: lot for status in (ACTIVE, RUNNING)
                              for lot in find_lots(conn, Sought(same={"status": status}), _LOTS_MAX)}  # fmt: skip
                self._all_until_ms = self.door.now_ms + _ALL_MS
            else:
                found = load_lots(conn, self._touched)
                self._lots |= found
                gone = [code for code in self._touched if not _is_there(found.get(code))]
                for code in gone:
                    self._lots.pop(code, None)
        self._touched.clear()
        return Floor(tuple(self._lots.values()), self.stations, self.routes)

    def _do(self, ask: Ask, floor: Floor) -> None:
        quick = ask.about == "undo"
        self.door.now_ms += _UNDO_MS if quick else self.chance.randint(*_SCAN_MS)
        golden = self._draw(ask, floor)
        heard = send(self.door, ask, self.door.now_ms)
        self.counts[ask.about] = self.counts.get(ask.about, 0) + 1
        if is_surprise(ask, heard):
            self.refused.append(f"{ask.about} {ask.path} {ask.body}: {', '.join(heard.rules)}")
        if ask.about == "load" and heard.done:
            self._opened.setdefault(heard.run, (ask.station, self.door.now_ms))
        self._touched |= named_in(ask) | {heard.lot, *heard.made, *heard.held}
        if golden is not None and heard.done:
            self._do(golden, floor)
        if ask.about in _FAR or story.is_told(ask):
            self._all_until_ms = 0
        for follow in self.shift.hear(ask, heard, floor, self.door.now_ms):
            self._do(follow, floor)
        if checks_follow(ask, heard):
            for check in check_asks(ask, due_at(self.door, ask.station), self.chance):
                self._do(check, floor)

    def _draw(self, ask: Ask, floor: Floor) -> Ask | None:
        """Runs get their curves when they are over; before they are judged, where they go by a recipe. What is to be
        released when the run is a golden one."""
        if ask.about != "unload" or ask.lot not in self._opened:
            return None
        station, from_ms = self._opened.pop(ask.lot)
        operation = next(one.operation for one in floor.lots if one.run == ask.lot)
        proven = (
            bool(story.recipe_for(operation)) and self.door.now_ms <= self.shift.memory.recipes_ms
        )
        number = self._closed[operation] = self._closed.get(operation, 0) + 1
        trouble = story.wrong_with(operation, number)
        if trouble is not None:
            self.shift.memory.troubled[ask.lot] = trouble["name"]
        self._columns += self.painter.run(station, from_ms, self.door.now_ms, trouble)
        if proven or len(self._columns) >= _PAINT_COLUMNS:
            self._paint()
        return story.golden_ask(operation, number, ask.lot, self.shift.memory.pin)

    def _chore(self, ask: Ask) -> Heard:
        """Something that environment does, beside what the workers do: their clock does not wait for it."""
        heard = send(self.door, ask, self.door.now_ms)
        self.counts[ask.about] = self.counts.get(ask.about, 0) + 1
        if not heard.done:
            self.refused.append(f"{ask.about} {ask.path} {ask.body}: {', '.join(heard.rules)}")
        return heard

    def _flow(self, whole: bool = False) -> None:
        """Let the water flow until now."""
        with reading(self.door.engine) as conn:
            self._columns += self.water.draw(conn, self.door.now_ms, whole)
        running = {station for station, _ in self._opened.values()}
        self._columns += self.painter.still(self.door.now_ms, running)
        self._paint()

    def _paint(self) -> None:
        append_history(self.door.engine, self._columns)
        self._columns.clear()


def _is_there(lot: Lot | None) -> bool:
    return lot is not None and lot.status in (ACTIVE, RUNNING)


def make_history(
    settings: Settings, days: int, seed: int, now_ms: int, say: Callable[[str], None]
) -> History | None:
    """Fill an empty store with so many days that end now. None: something is there already, and said.

    Raises NoHistory.
    """
    if not 1 <= days <= DAYS_MAX:
        raise NoHistory(f"A history has 1 to {DAYS_MAX} days.")
    from_ms = now_ms - days * DAY_MS
    upgrade_store(settings.url)
    engine = open_engine(settings.url)
    try:
        if _has_past(engine, say):
            return None
        staff = people.hire(settings, from_ms)
        token = staff["token"]
        if token is None:
            raise NoHistory("People were added here by hand: this is no demo's own store.")
        series = open_stations(engine, [astuple(stop) for stop in load_stops()], from_ms)
        carry_out(engine, Act(f"demo-history-{from_ms}", people.BY, "", now_ms, now_ms), _confess,
                  from_ms, now_ms, seed)  # fmt: skip
        history = _begin(settings, token, series, (seed, from_ms, now_ms),
                         pin_of(staff["people"], ENVIRONMENT))  # fmt: skip
        memory = history.shift.memory
        memory.pin, memory.eventful = pin_of(staff["people"]), True
        memory.began_ms, memory.recipes_ms = from_ms, now_ms
        history.live(now_ms)
        close_stations(engine, now_ms)
        merge_all(engine, now_ms)
        anchor_ledger(engine, settings.data_dir)
        return history
    finally:
        engine.dispose()


def _begin(
    settings: Settings,
    token: str,
    series: dict[str, dict[str, int]],
    start: tuple[int, int, int],
    pin: str,
) -> History:
    seed, from_ms, to_ms = start
    types = {stop.station: stop.type for stop in load_stops()}
    chance = random.Random(seed)  # noqa: S311  # no secret
    shift = Shift(f"h{from_ms:x}", load_simulation(), random.Random(seed + 1))  # noqa: S311
    painter = Painter(series, types, seed)
    water = Water(series, seed, from_ms)
    zone = settings.zone.key
    midnight_ms = working_day(day_of(from_ms, zone), zone)[1]
    door = OwnDoor(settings, token, from_ms)
    environment = Environment(
        water, random.Random(seed + 2), midnight_ms, to_ms, pin,  # noqa: S311
        lambda at_ms: day_of(at_ms, zone), lambda: exceeded(door, zone),
    )  # fmt: skip
    return History(door, shift, painter, water, environment, load_routes(contents()), types, chance)


def _confess(book: Book, from_ms: int, to_ms: int, seed: int) -> None:
    """What follows was made up by the demo, in one go."""
    book.note("demo:history", MADE_UP, "", from_ms=from_ms, to_ms=to_ms, seed=seed)


def _has_past(engine: Engine, say: Callable[[str], None]) -> bool:
    """Whether there is a history, or lots, already. Raises NoHistory for a plant that is no demo."""
    nodes = {(stop.group, stop.node) for stop in load_stops()}
    with reading(engine) as conn:
        strangers = [s.id for s in list_stations(conn) if (s.group, s.node) not in nodes]
        lots = find_lots(conn, Sought(), 1)
        made = list_kind(conn, MADE_UP, 1)
    if strangers:
        raise NoHistory(
            f"There are stations of a plant here ({strangers[0]} …): no history is made up."
        )
    if made:
        facts = made[0].facts()
        say(f"There is a history from {iso(facts['from_ms'])} to {iso(facts['to_ms'])} already.")
    elif lots:
        say(f"There are lots here already, the newest {lots[0].code}: no history is made up.")
    return bool(made or lots)
