"""A shift of the demo: what its workers do next, given what lies where. No clock, no store, no network.

The same floor, moment and seed give the same asks; what is forgotten (a restart) is found out again.
"""

import random
from dataclasses import dataclass, field
from itertools import count

from mes_server.demo import machines, mishaps, story, tanks, yard
from mes_server.demo.checking import missing, release_product, waits_for_care
from mes_server.demo.floor import Ask, Floor, Heard, Memory, Moment, Pace
from mes_server.demo.gear import renewed
from mes_server.demo.simulation import Simulation

_REST_MIN = 20


@dataclass(slots=True)
class Shift:
    """The workers of a plant. `name`: begins the ids of all they do; never the same twice for one store."""

    name: str
    plan: Simulation
    chance: random.Random
    pace: Pace = field(default_factory=Pace)
    memory: Memory = field(default_factory=Memory)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def _moment(self, floor: Floor, now_ms: int) -> Moment:
        return Moment(floor, now_ms, self.memory, self.plan, self.chance, self.pace)

    def asks(self, floor: Floor, now_ms: int) -> list[Ask]:
        """What to do now, in this order; nothing of it stands in the way of anything else of it."""
        at = self._moment(floor, now_ms)
        yard.look_after_holds(at)
        found = self._thought_of(at)
        found += machines.unload_due(at)
        for work in (yard.pack_finished, yard.ship_packs, yard.ship_waste, yard.merge_barrels,
                     machines.load_idle, yard.make_charge):  # fmt: skip
            found += work(at)
        rested = [ask for ask in found if self.memory.rest_ms.get(ask.path, 0) <= now_ms]
        return [self._named(ask) for ask in rested]

    def _named(self, ask: Ask) -> Ask:
        number = next(self._numbers)
        return Ask(ask.about, ask.path, ask.body, ask.badge, ask.station, ask.mistake,
                   f"demo-{self.name}-{number:06d}", ask.lot)  # fmt: skip

    def _thought_of(self, at: Moment) -> list[Ask]:
        due = [act for due_ms, act in self.memory.later if due_ms <= at.now_ms]
        self.memory.later = [one for one in self.memory.later if one[0] > at.now_ms]
        asks = [act(at) for act in due]
        return [ask for ask in asks if ask is not None]

    def hear(self, ask: Ask, heard: Heard, floor: Floor, now_ms: int) -> list[Ask]:
        """Take an answer in; what is to be done at once because of it. `floor`: as the ask saw it."""
        at = self._moment(floor, now_ms)
        if not heard.done:
            self._refused(at, ask, heard)
            again = [*self._sign_again(ask, heard), *renewed(ask, heard, self.memory.pin),
                     *tanks.titrate_asks(ask, heard, at)]  # fmt: skip
            return [self._named(one) for one in again]
        if ask.about == "load":
            self._loaded(at, ask, heard)
        elif ask.about == "merge":
            self.memory.whole.update(heard.made)
        elif ask.about == "product_release":
            self.memory.released.add(ask.lot)
        elif ask.about == "unlock":
            self.memory.locked.discard(ask.station)
        elif ask.about in ("mount", "receive"):
            self._equipped(ask, heard)
        mishaps.after(at, ask, heard)
        tanks.put_right(at, ask, heard)
        tanks.look_after(at, ask, heard)
        story.follow(at, ask, heard)
        following = [*mishaps.undo_at_once(at, ask), *tanks.make_up(ask, heard, floor.stations)]
        return [self._named(one) for one in following]

    def _sign_again(self, ask: Ask, heard: Heard) -> list[Ask]:
        """What was packed changed since it was signed (another grade): quality signs each pack."""
        if "lot_is_released" not in heard.rules or not self.memory.pin:
            return []
        return [release_product(str(code), self.memory.pin) for code in ask.body["lots"]]

    def _loaded(self, at: Moment, ask: Ask, heard: Heard) -> None:
        minutes = self.plan.operations[heard.operation]["minutes"]
        minutes *= self.chance.uniform(0.96, 1.04)
        self.memory.due_ms[heard.run] = at.now_ms + self.pace.run_ms(minutes)
        for key, (what, runs) in self.memory.mounted.items():
            if key[0] == ask.station:
                self.memory.mounted[key] = (what, max(runs - 1, 0))

    def _equipped(self, ask: Ask, heard: Heard) -> None:
        """A resource was received for a station (it serves no run yet: -1), or mounted there."""
        if ask.about == "mount":
            role = str(ask.body["role"])
            self.memory.mounted[ask.station, role] = (ask.lot, self.plan.resources[role]["runs"])
        elif ask.lot.startswith("for "):
            _, station, role = ask.lot.split(" ")
            self.memory.mounted[station, role] = (heard.made[0], -1)

    def _refused(self, at: Moment, ask: Ask, heard: Heard) -> None:
        """Leave it alone for a while, and look again at what was believed to be so."""
        if ask.mistake:
            return
        about = ask.lot or ask.path
        if waits_for_care(ask, heard):
            return  # it is done now; then it is tried again
        if (missing(ask, heard) and ask.station) or "lot_is_released" in heard.rules:
            return  # somebody makes the checks, or signs, now; then it is tried again
        self.memory.rest_ms[about] = at.now_ms + self.pace.wait_ms(_REST_MIN)
        if "line_is_clear" in heard.rules:
            self.memory.last.pop(ask.station, None)
        if {"resources_are_mounted", "resources_are_good"} & set(heard.rules):
            kept = {k: v for k, v in self.memory.mounted.items() if k[0] != ask.station}
            self.memory.mounted = kept
        if "station_is_unlocked" in heard.rules:
            mishaps.after(at, Ask("lock", "", {}, "", ask.station), heard)

    def next_ms(self, now_ms: int, most_ms: int) -> int:
        """When something is due at the latest; at most so much later."""
        due = [*self.memory.due_ms.values(), *(due_ms for due_ms, _ in self.memory.later)]
        ahead = [due_ms for due_ms in due if due_ms > now_ms]
        return min([*ahead, now_ms + most_ms])

    def forget(self, floor: Floor, now_ms: int) -> None:
        """Keep in mind only what is still on the floor."""
        runs = {lot.run for lot in floor.lots if lot.run}
        self.memory.due_ms = {r: due for r, due in self.memory.due_ms.items() if r in runs}
        codes = {lot.code for lot in floor.lots}
        self.memory.whole &= codes
        self.memory.released &= codes
        self.memory.rest_ms = {c: t for c, t in self.memory.rest_ms.items() if t > now_ms}
