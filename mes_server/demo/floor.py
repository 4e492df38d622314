"""What the workers of the demo see, remember and ask for: values of the shift, nothing of the store."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mes_server.demo.simulation import Simulation
from mes_server.domain.lots import Lot
from mes_server.domain.routes import Operation, Route, next_operations

MINUTE_MS = 60_000
OPERATORS = ("W-101", "W-102")
LEAD, QUALITY = "L-201", "Q-301"


@dataclass(frozen=True, slots=True)
class Floor:
    """The lots that are active or in a run, the stations that are ready (with their types),
    and the released routes by name."""

    lots: tuple[Lot, ...]
    stations: Mapping[str, str]
    routes: Mapping[str, Route]

    def lot(self, code: str) -> Lot | None:
        """One of the lots."""
        return next((lot for lot in self.lots if lot.code == code), None)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing somebody does: a POST of the API. `about`: in a word; `mistake`: it is meant to be refused.

    `lot`: what it is about, lot, run or resource. The sender gives it its id and its time.
    """

    about: str
    path: str
    body: Mapping[str, Any]
    badge: str
    station: str = ""
    mistake: bool = False
    id: str = ""
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """The answer: `rules`: why not, () when it was done. `verdict`, `advice`: of a titration."""

    rules: tuple[str, ...] = ()
    lot: str = ""
    run: str = ""
    operation: str = ""
    made: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    verdict: str = ""
    advice: tuple[tuple[str, str, str], ...] = ()

    @property
    def done(self) -> bool:
        """Whether it was accepted."""
        return not self.rules


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the plan's minutes last. `speed`: how much faster; nothing is longer than `longest_min` of a
    run, `waits_min` of a hold or a second thought, `company_min` of waiting for other lots."""

    speed: float = 1.0
    longest_min: float = 100_000.0
    waits_min: float = 100_000.0
    company_min: float = 100_000.0

    def run_ms(self, minutes: float) -> int:
        """Of a run."""
        return int(min(minutes, self.longest_min) * MINUTE_MS / self.speed)

    def wait_ms(self, minutes: float) -> int:
        """Of holds and second thoughts."""
        return int(min(minutes, self.waits_min) * MINUTE_MS / self.speed)

    def company_ms(self, minutes: float) -> int:
        """Of waiting for other lots."""
        return int(min(minutes, self.company_min) * MINUTE_MS / self.speed)


Later = Callable[["Moment"], Ask | None]


@dataclass(slots=True)
class Memory:
    """What the workers keep in mind. All of it may be forgotten: then they look, and find out again.

    `due_ms` of each run; `mounted`: resource and the runs it still serves, by station and role; `last`: the
    grade that ran at a station; `whole`: lots that need not wait for their barrels; `busy`: lots that
    somebody has a plan with; `rest_ms`: what was refused, until when it is left alone; `released`: lots that
    quality has signed; `pin`: of quality, "" where nobody knows it: then nothing is signed. Of a past that is made up: `eventful`: what troubles.json tells happens, from `began_ms` on; furnaces go
    by recipes until `recipes_ms`; `troubled`: runs with a trouble; `told`, `known`: threads, and what they know.
    """

    due_ms: dict[str, int] = field(default_factory=dict)
    mounted: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    since_ms: dict[str, int] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    known_holds: set[str] = field(default_factory=set)
    rest_ms: dict[str, int] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    pin: str = ""
    eventful: bool = False
    began_ms: int = 0
    recipes_ms: int = 0
    troubled: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    known: dict[str, Mapping[str, str]] = field(default_factory=dict)
    later: list[tuple[int, Later]] = field(default_factory=list)


@dataclass(slots=True)
class Moment:
    """One look at the floor. `taken`: lots and stations that somebody has in hand in this very moment."""

    floor: Floor
    now_ms: int
    memory: Memory
    plan: Simulation
    chance: random.Random
    pace: Pace
    taken: set[str] = field(default_factory=set)

    def happens(self, what: str) -> bool:
        """Whether one of the plan's chances comes true."""
        return self.chance.random() < self.plan.chances[what]

    def later(self, minutes: float, act: Later) -> None:
        """Think of it again in so many minutes."""
        self.memory.later.append((self.now_ms + self.pace.wait_ms(minutes), act))

    def operator(self) -> str:
        """Who is on shift at the machines: two of them, by day and by night."""
        return OPERATORS[self.now_ms // (12 * 60 * MINUTE_MS) % 2]

    def is_free(self, lot: Lot) -> bool:
        """Whether somebody may take it in hand."""
        if lot.run or lot.holds or lot.code in self.taken or lot.code in self.memory.busy:
            return False
        return self.memory.rest_ms.get(lot.code, 0) <= self.now_ms

    def free(self, kinds: Sequence[str]) -> list[Lot]:
        """The lots of these kinds that may be taken in hand, the oldest first."""
        found = [lot for lot in self.floor.lots if lot.kind in kinds and self.is_free(lot)]
        return sorted(found, key=lambda lot: (lot.born_ms, lot.code))

    def following(self, lot: Lot) -> list[Operation]:
        """All that may come next for a lot by its route."""
        route = self.floor.routes.get(lot.route)
        if route is None:
            return []
        return [route.operations[code] for code in next_operations(route, lot.done, lot.first)]

    def wanted(self, lot: Lot) -> Operation | None:
        """The operation that is planned for a lot next: of those its route allows, always the same one."""
        route = self.floor.routes.get(lot.route)
        if route is None:
            return None
        codes = next_operations(route, lot.done, lot.first)
        kept = [code for code in codes if not self._skipped(lot, code)]
        choices = self._choices(route, kept)
        if not choices:
            return None
        return route.operations[choices[int(_share(lot.code, "choice") * len(choices))]]

    def _skipped(self, lot: Lot, code: str) -> bool:
        tied = self.plan.tied.get(code)
        if tied is not None:
            return tied not in lot.done
        return _share(lot.code, code) < self.plan.skip.get(code, 0.0)

    @staticmethod
    def _choices(route: Route, codes: Sequence[str]) -> list[str]:
        """Of the operations that may come next, those of the first step."""
        if not codes:
            return []
        first = next((step.choices for step in route.steps if codes[0] in step.choices), codes)
        return [code for code in codes if code in first]


@lru_cache(maxsize=20_000)
def _share(code: str, what: str) -> float:
    """A number from 0 to 1 that a lot keeps for a question."""
    return random.Random(f"{code} {what}").random()  # noqa: S311  # no secret


def named_in(ask: Ask) -> set[str]:
    """The lots that an ask speaks of."""
    listed = (*ask.body.get("lots", ()), *ask.body.get("parts", ()))
    named = [one if isinstance(one, str) else one.get("lot", "") for one in listed]
    return {str(code) for code in (ask.lot, ask.body.get("code", ""), *named)}
