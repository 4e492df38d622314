"""Problem solving by 8 disciplines: who does what until when, and whether it helped (IATF 16949:2016 10.2.3).

D1 team, D2 problem, D3 containment, D4 root causes (of occurring, of escaping), D5 chosen actions, D6 carried out,
D7 prevention (FMEA, control plan, other products), D8 closing; after it the check that it was effective.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mes_server.domain.attempts import Refusal
from mes_server.domain.seal import Event

OPENED, WRITTEN, CLOSED, CHECKED = (
    "problem_opened", "problem_written", "problem_closed", "problem_checked",
)  # fmt: skip
STEPS = ("D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8")
OPEN, SHUT, EFFECTIVE = STATES = ("open", "closed", "effective")
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Step:
    """What a discipline says. `due_ms`: until when; `done_ms`: None while it is not done."""

    text: str = ""
    owner: str = ""
    due_ms: int | None = None
    done_ms: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """`linked`: numbers of nonconformances and lots. `check_ms`: when it is to be looked at whether it helped.
    `reopened`: how often it had not."""

    code: str
    title: str
    opened_ms: int
    opened_by: str
    linked: tuple[str, ...]
    steps: Mapping[str, Step] = field(default_factory=dict)
    state: str = OPEN
    closed_ms: int | None = None
    check_ms: int | None = None
    result: str = ""
    reopened: int = 0

    def overdue(self, now_ms: int) -> list[str]:
        """The disciplines whose time is over, "check" for the check of effectiveness."""
        late = [
            name for name, step in self.steps.items()
            if step.done_ms is None and step.due_ms is not None and now_ms > step.due_ms
        ]  # fmt: skip
        if self.state == SHUT and self.check_ms is not None and now_ms > self.check_ms:
            late.append("check")
        return late


def stream_of(code: str) -> str:
    """The stream of a problem."""
    return f"8d:{code}"


def replay_problem(history: Sequence[Event]) -> Problem | None:
    """The problem its events (the oldest first) make; None: there is none."""
    found: Problem | None = None
    for event in history:
        facts = event.facts()
        if event.kind == OPENED:
            code = event.stream.removeprefix("8d:")
            found = Problem(
                code, facts["title"], event.noted_ms, event.person, tuple(facts["linked"])
            )
        elif found is None:
            continue
        elif event.kind == WRITTEN:
            step = Step(
                facts["text"], facts["owner"], facts["due_ms"],
                event.noted_ms if facts["done"] else None, event.person,
            )  # fmt: skip
            found = replace(found, steps={**found.steps, facts["step"]: step})
        elif event.kind == CLOSED:
            found = replace(found, state=SHUT, closed_ms=event.noted_ms, check_ms=facts["check_ms"])
        elif event.kind == CHECKED:
            found = _checked(found, event)
    return found


def _checked(found: Problem, event: Event) -> Problem:
    if event.facts()["effective"]:
        return replace(found, state=EFFECTIVE, result=event.reason)
    again = {name: replace(step, done_ms=None, due_ms=None) for name, step in found.steps.items()
             if name in ("D4", "D5", "D6", "D7", "D8")}  # fmt: skip
    return replace(
        found, state=OPEN, result=event.reason, reopened=found.reopened + 1, closed_ms=None,
        check_ms=None, steps={**found.steps, **again},
    )  # fmt: skip


def as_record(found: Problem) -> dict[str, Any]:
    """What the signature of its closing is bound to: whoever opens it again and writes on makes it fall."""
    steps = {
        name: {"text": one.text, "owner": one.owner, "done_ms": one.done_ms}
        for name, one in sorted(found.steps.items())
    }
    return {"code": found.code, "title": found.title, "linked": list(found.linked), "steps": steps}


def unfinished(found: Problem) -> list[Refusal]:
    """Why it cannot be closed: disciplines that are not done."""
    missing = [name for name in STEPS if (s := found.steps.get(name)) is None or s.done_ms is None]
    if not missing:
        return []
    return [Refusal("disciplines_are_done", {"problem": found.code, "steps": ", ".join(missing)})]
