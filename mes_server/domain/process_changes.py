"""Changes of a process: for a time (an approved alternate control), and for good (with its break-point lot).

IATF 16949:2016 8.5.6.1 and 8.5.6.1.1. A temporary change ends by itself at its end: nothing has to be done for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mes_server.domain.seal import Event

BEGUN, REVIEWED, ENDED = "temporary_begun", "temporary_reviewed", "temporary_ended"
TAGGED = "temporary_tagged"  # a lot went into a run under it
REQUESTED, DECIDED, EFFECTIVE = "change_requested", "change_decided", "change_effective"
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Temporary:
    """`station`, `operation`: where; `primary` is replaced by `alternate`. `until_ms`: when it ends at the latest.
    `reviews`: when it was reviewed (daily). `verified`: how the return to normal was verified, "" not yet.
    `plan`: the one that approved the alternate."""

    code: str
    station: str
    operation: str
    primary: str
    alternate: str
    reason: str
    from_ms: int
    until_ms: int
    begun_by: str
    reviews: tuple[int, ...] = ()
    ended_ms: int | None = None
    verified: str = ""
    plan: str = ""

    def replaces(self, station: str, operation: str) -> bool:
        """Whether it is about that operation at that station."""
        return (self.station, self.operation) == (station, operation)

    def end_ms(self) -> int:
        """When it ended, or will."""
        return self.until_ms if self.ended_ms is None else min(self.ended_ms, self.until_ms)

    def is_active(self, at_ms: int) -> bool:
        """Whether the alternate control is used at that time."""
        return self.from_ms <= at_ms < self.end_ms()

    def review_is_due(self, now_ms: int) -> bool:
        """Whether a day has gone by since it was last looked at."""
        return self.is_active(now_ms) and now_ms - max((self.from_ms, *self.reviews)) > DAY_MS


def stream_of(code: str) -> str:
    """The stream of a temporary change, or of a change for good."""
    return f"change:{code}"


def replay_temporary(history: Sequence[Event]) -> Temporary | None:
    """The temporary change its events (the oldest first) make; None: there is none."""
    found: Temporary | None = None
    for event in history:
        facts = event.facts()
        if event.kind == BEGUN:
            code = event.stream.removeprefix("change:")
            found = Temporary(
                code, facts["station"], facts["operation"], facts["primary"], facts["alternate"],
                event.reason, event.noted_ms, facts["until_ms"], event.person, plan=facts.get("plan", ""),
            )  # fmt: skip
        elif found is None:
            continue
        elif event.kind == REVIEWED:
            found = replace(found, reviews=(*found.reviews, event.noted_ms))
        elif event.kind == ENDED:
            found = replace(found, ended_ms=event.noted_ms, verified=event.reason)
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """A change request. `state`: requested, approved, refused or effective. `customer_reference`: the customer's
    approval where it takes one. `first_lot`: the first lot behind the change (break point)."""

    code: str
    title: str
    what: str
    risk: str
    verification: str
    requested_ms: int
    requested_by: str
    takes_customer: bool
    state: str = "requested"
    decided_why: str = ""
    customer_reference: str = ""
    signed: tuple[str, ...] = ()
    effective_ms: int | None = None
    first_lot: str = ""


def replay_change(history: Sequence[Event]) -> Change | None:
    """The change its events (the oldest first) make; None: there is none."""
    found: Change | None = None
    for event in history:
        facts = event.facts()
        if event.kind == REQUESTED:
            code = event.stream.removeprefix("change:")
            found = Change(
                code, facts["title"], facts["what"], facts["risk"], facts["verification"],
                event.noted_ms, event.person, facts["takes_customer"],
            )  # fmt: skip
        elif found is None:
            continue
        elif event.kind == DECIDED:
            found = replace(
                found, state="approved" if facts["approved"] else "refused", signed=tuple(facts["signed"]),
                decided_why=event.reason, customer_reference=facts["customer_reference"],
            )  # fmt: skip
        elif event.kind == EFFECTIVE:
            found = replace(
                found, state="effective", effective_ms=event.noted_ms, first_lot=facts["first_lot"]
            )
    return found
