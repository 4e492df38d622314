"""A story that is played: each line through the real action, in a real store, at the time it tells."""

import re
from dataclasses import dataclass, field

from sqlalchemy import Engine

from mes_server.actions.answer_scan import ACCEPTED, REFUSED, REVIEW, Answer
from mes_server.actions.trace_lots import trace
from mes_server.domain.lots import Lot
from mes_server.domain.recalls import LOT, Recall, Suspicion
from mes_server.store.engine import reading
from mes_server.store.lots import list_edges, load_lot
from mes_server.store.runs import load_run, resources_of_run, what_is_inside
from tests.mes_server.actions.lot_floor import Floor
from tests.stories.plant import set_online, tell_cycle
from tests.stories.reader import Line, Unreadable, read_story
from tests.stories.scans import scanned
from tests.stories.verbs import Deed, understand

_OUTCOMES = {ACCEPTED: "accepted", REFUSED: "refused", REVIEW: "review"}


@dataclass
class Story:
    """`codes` by the names of the story; `refused`: rules that said no, by lot or station; `runs`: the
    last at each station; `actions`: the last of each kind on each lot or station."""

    engine: Engine
    codes: dict[str, str] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    actions: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    _last: tuple[str, Deed] | None = None

    def play(self, text: str) -> None:
        """Every line in its turn; a line that ends otherwise than it says fails, naming it."""
        for line in read_story(text):
            if line.who == "station":
                self._hear(line)
            else:
                self._judge(line, self._do(line))

    def _hear(self, line: Line) -> None:
        cycle = re.fullmatch(
            r"(\S+) tells its cycle(?: but for minutes (\d+) to (\d+))?", line.what
        )
        if cycle is not None:
            lost = (int(cycle[2] or 0), int(cycle[3] or 0))
            tell_cycle(self.engine, cycle[1], line.at_ms, lost)
            return
        station, _, state = line.what.partition(" is ")
        if state not in ("offline", "online"):
            raise Unreadable(line.text)
        set_online(self.engine, station, state == "online", line.at_ms)

    def _do(self, line: Line) -> Answer:
        if line.what == "sends it again":
            assert self._last is not None
            action, deed = self._last
        else:
            said = scanned(self, line) or understand(self, line)
            if said is None:
                raise Unreadable(line.text)
            deed = said
            action = f"line-{len(self.answers) + 1}"
        self._last = (action, deed)
        answer = deed.send(action)
        self.answers.append(answer)
        if answer.outcome == ACCEPTED and not answer.again:
            self.actions[deed.what, deed.about] = action
            made = (answer.lot,) if deed.what == "load" else answer.made
            self.codes |= zip(deed.made, made, strict=True) if deed.made else ()
        elif not answer.again:
            told = self.refused.setdefault(deed.about, [])
            told += [refusal.rule for refusal in answer.refusals]
        return answer

    def _judge(self, line: Line, answer: Answer) -> None:
        rules = tuple(refusal.rule for refusal in answer.refusals)
        outcome = _OUTCOMES[answer.outcome]
        if answer.outcome == ACCEPTED and answer.held:
            outcome = "held"
        outcome = "again" if answer.again else outcome
        facts = [refusal.facts for refusal in answer.refusals]
        held = [self.lot(code).holds for code in answer.held]
        assert (outcome, rules) == (line.outcome, line.rules or rules), (
            f"{line.text}\n{facts}{held}"
        )

    def code(self, name: str) -> str:
        """The code that a name stands for; what is no name is meant as it is."""
        return self.codes.get(name, name)

    def name(self, code: str) -> str:
        """The name of a code; one without a name stays as it is."""
        return next((name for name, known in self.codes.items() if known == code), code)

    def find(self, name: str) -> Lot | None:
        """A lot as the store has it; None: there is none of that name."""
        with reading(self.engine) as conn:
            return load_lot(conn, self.code(name))

    def lot(self, name: str) -> Lot:
        """A lot that there is."""
        lot = self.find(name)
        assert lot is not None, name
        return lot

    @property
    def edges(self) -> set[tuple[str, str, str]]:
        """Parent, child and why of each, by name."""
        with reading(self.engine) as conn:
            edges = list_edges(conn, sorted(self.codes.values()), "forward")
        return {(self.name(e.parent), self.name(e.child), e.why) for e in edges}

    def trace(self, name: str, direction: str, kind: str = LOT) -> Recall:
        """What a suspicion leads to."""
        with reading(self.engine) as conn:
            return trace(conn, Suspicion(kind, self.code(name)), direction)

    def traced(self, name: str, direction: str, kind: str = LOT) -> set[str]:
        """The names of the lots it leads to, itself left out."""
        found = {self.name(lot.code) for lot in self.trace(name, direction, kind).lots}
        return found - {name}

    def run(self, station: str) -> tuple[dict[str, str], set[tuple[str, str]], bool]:
        """Of the last run of a station: lots with their trays, resources with their roles, is it over."""
        code = self.runs[station]
        with reading(self.engine) as conn:
            run = load_run(conn, code)
            assert run is not None
            inside = {self.name(i.lot): i.position for i in what_is_inside(conn, code)}
            used = {(role, self.name(what)) for role, what in resources_of_run(conn, code)}
        return inside, used, run.closed_ms is not None

    def check(self) -> None:
        """The chain is whole, nothing was made of itself, and a replay makes what is there."""
        Floor(self.engine).check()
