"""The ground for random stories: every act is sent twice, and what it changed is looked at each time."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, initialize
from sqlalchemy import Connection, Engine

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED, Answer
from mes_server.actions.record_events import Act, Book
from mes_server.domain.amounts import total
from mes_server.domain.lots import Lot
from mes_server.domain.rules import Worker
from mes_server.store.engine import reading
from mes_server.store.ledger import head, list_action
from mes_server.store.lots import list_lots
from tests.mes_server.actions.lot_floor import now_tables
from tests.stories.plant import DAY_1_MS, OPERATIONS, open_works

ANNA = Worker("ANNA", frozenset({"operator", "lead", "quality"}), {"press": 1 << 50})
MINUTE_MS = 60_000
PLANNED = [code for code, said in OPERATIONS.items() if not said.get("unplanned")]


@dataclass
class Works:
    """A store of its own. `gained`: what there was more of after each accepted action, by its id."""

    engine: Engine
    now_ms: int = DAY_1_MS
    numbers: Any = field(default_factory=itertools.count)
    moments: Any = field(default_factory=itertools.count)
    accepted: list[tuple[str, str, int]] = field(default_factory=list)  # what, id, when
    gained: dict[str, Counter[str]] = field(default_factory=dict)

    def lots(self) -> list[Lot]:
        """All there are."""
        with reading(self.engine) as conn:
            return list_lots(conn, limit=10_000)

    def seen(self) -> tuple[Any, int, Counter[str]]:
        """All that is computed, how many events there are, and how much of everything."""
        with reading(self.engine) as conn:
            return now_tables(conn), head(conn, 0).number, counted(conn)


def counted(conn: Connection) -> Counter[str]:
    """Everything there is, whoever has it: pieces, mass, area, each rare earth."""
    whole = total(lot.amount for lot in list_lots(conn, limit=10_000))
    plain = {"pieces": whole.pieces, "mass_mg": whole.mass_mg, "area_mm2": whole.area_mm2}
    return Counter({name: value for name, value in (plain | dict(whole.elements)).items() if value})


class Doer(RuleBasedStateMachine):
    """Does things, each of them twice under one id. `fresh` makes an empty store; the test sets it."""

    fresh: Callable[[], Engine]

    @initialize()
    def open(self) -> None:
        """Nothing happened yet but that some of everything is in stock."""
        self.works = Works(type(self).fresh())
        open_works(self.works.engine)
        self.stock()

    def stock(self) -> None:
        """What there is before anything is done."""

    def done(self, what: str, at_ms: int, send: Callable[[str], Answer]) -> Answer:
        """Once, and again with the same id, which does nothing; a refusal leaves its record and no more."""
        works = self.works
        action = f"act-{next(works.numbers)}"
        before = works.seen()
        answer = send(action)
        after = works.seen()
        again = send(action)
        assert (again.again, again.outcome, again.made) == (True, answer.outcome, answer.made)
        assert works.seen() == after
        if answer.outcome != ACCEPTED:
            assert after[:2] == (before[0], before[1] + 1), "only the record of a refusal"
            return answer
        works.accepted.append((what, action, at_ms))
        works.gained[action] = Counter(after[2])
        works.gained[action].subtract(before[2])
        self.judge(what, works.gained[action], action)
        return answer

    def judge(self, what: str, gained: Counter[str], action: str) -> None:
        """What may become more or less by an action; of corrections the sum of all is looked at."""
        changed = {name: by for name, by in gained.items() if by}
        if what in ("receive", "correct", "undo"):
            return
        if what != "unload":
            assert changed == {}, what
            return
        with reading(self.works.engine) as conn:
            closed = next(e.facts() for e in list_action(conn, action) if e.kind == "run_closed")
        assert gained["mass_mg"] == closed["out_mg"] - closed["in_mg"], "a loss that was told"
        for name, by in changed.items():
            if name not in ("pieces", "mass_mg", "area_mm2"):
                added = max(0, gained["mass_mg"]) if name == "Tb" else 0
                assert by <= added, f"{name} from nowhere"

    def moment(self) -> int:
        """A minute on; now and then by a clock that is behind, or two hours ago from an offline tablet."""
        self.works.now_ms += MINUTE_MS
        number = next(self.works.moments)
        behind = 3 if number % 7 == 3 else 120 if number % 23 == 22 else 0
        return self.works.now_ms - behind * MINUTE_MS

    def act(self, what: str, acting: Callable[[Book, list[str]], Any], *lots: str) -> Answer:
        """As the doors do it."""
        works, at_ms = self.works, self.moment()

        def send(action: str) -> Answer:
            act = Act(action, "ANNA", "", at_ms, works.now_ms)
            return act_once(works.engine, act, Ask(what, lots, "", "because"), ANNA, acting)

        return self.done(what, at_ms, send)

    def pick(self, number: int, *kinds: str) -> Lot:
        """A lot, mostly one of which something is left, and of these kinds where there is one."""
        lots = self.works.lots()
        if number % 9:
            lots = [lot for lot in lots if lot.status == "active"] or lots
            lots = [lot for lot in lots if lot.kind in kinds] or lots
        return lots[number // 9 % len(lots)]


def part_of(lot: Lot, of_12: int) -> tuple[int, int]:
    """So many twelfths of a lot, as counted and weighed."""
    return lot.amount.pieces * of_12 // 12, lot.amount.mass_mg * of_12 // 12
