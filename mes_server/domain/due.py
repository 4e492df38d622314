"""Which checks of the control plan are due at a station, which were missed, and what stands in the way.

Pure: what was checked, what runs and what time it is come in as values.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mes_server.domain.checks import OUT, Check
from mes_server.domain.control_plan import (
    CHALLENGE,
    CHARGE,
    DAY,
    DURING,
    FIRST_OFF,
    HOURS,
    LAST_OFF,
    LOT,
    RESTART,
    SETUP,
    SHIFT,
    Characteristic,
    Plan,
)
from mes_server.domain.evidence import Evidence

DUE, MISSED, DONE, FAILED = "due", "missed", "done", "out"
CONCEDED = "conceded"  # missing or out, and the customer agreed to it
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Due:
    """A check that the plan asks for. `why`: lot, charge, setup, restart, challenge, or the frequency of a timed
    one. `due_ms`: since when or until when it is to be made. `state`: DUE, MISSED, DONE or FAILED (it was made
    and is out)."""

    plan: str
    line: Characteristic
    why: str
    state: str
    due_ms: int
    lot: str = ""
    run: str = ""
    last: Check | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody has to make it."""
        return self.state not in (DONE, CONCEDED)


@dataclass(frozen=True, slots=True)
class Place:
    """A station as far as checks go. `changed_ms`: when another part last ran there; `stopped_ms`: when it was
    last stopped or locked, or its controller came back; 0: never. `checks`: made there, the newest last."""

    station: str
    part: str
    now_ms: int
    changed_ms: int = 0
    stopped_ms: int = 0
    checks: Sequence[Check] = field(default_factory=tuple)


def newest(checks: Iterable[Check], *tests: Callable[[Check], bool]) -> Check | None:
    """The newest check that counts and for which all of this holds."""
    standing = [one for one in checks if not one.voided and all(test(one) for test in tests)]
    return max(standing, key=lambda one: (one.at_ms, one.noted_ms, one.code), default=None)


def _of(line: Characteristic) -> Callable[[Check], bool]:
    return lambda one: (one.characteristic, one.operation) == (line.id, line.operation)


def of_work(
    plan: Plan, operation: str, run: str, lot: tuple[str, frozenset[str]], checks: Sequence[Check]
) -> list[Due]:
    """The checks of a lot and of its run at an operation. `lot`: its code, and the codes it had since."""
    code, alike = lot
    found = []
    for line in plan.at(operation):
        if line.moment not in (DURING, LAST_OFF) or line.each not in (LOT, CHARGE):
            continue
        of_lot = line.each == LOT
        last = newest(
            checks, _of(line), lambda one: one.run == run,
            lambda one, of_lot=of_lot: not of_lot or one.lot in alike,  # type: ignore[misc]
        )  # fmt: skip
        found.append(
            Due(plan.name, line, line.each, _state(last), 0, code if of_lot else "", run, last)
        )
    return found


def _state(last: Check | None) -> str:
    if last is None:
        return DUE
    return FAILED if last.verdict == OUT else DONE


def of_place(plan: Plan, operation: str, place: Place) -> list[Due]:
    """The checks of a station: at times, after a set-up, after a stop, of its error-proofing."""
    found = []
    for line in plan.at(operation):
        since_ms = _asked_since(plan, line, place)
        if since_ms is None:
            continue
        same_part = line.moment == FIRST_OFF or line.each == SETUP
        last = newest(
            place.checks, _of(line),
            lambda one, same_part=same_part: not same_part or one.part == place.part,  # type: ignore[misc]
        )  # fmt: skip
        found.append(_of_place(plan, line, since_ms, last))
    return found


def _of_place(plan: Plan, line: Characteristic, since_ms: int, last: Check | None) -> Due:
    why = line.moment if line.moment in (FIRST_OFF, RESTART, CHALLENGE) else line.each
    if last is None:
        return Due(plan.name, line, why, MISSED, since_ms)
    if last.at_ms < since_ms:
        return Due(plan.name, line, why, MISSED, since_ms, last=last)
    if last.verdict == OUT:
        return Due(plan.name, line, why, FAILED, last.at_ms, last=last)
    return Due(plan.name, line, why, DONE, _next_ms(plan, line, last), last=last)


def _asked_since(plan: Plan, line: Characteristic, place: Place) -> int | None:
    """No check of it from before that time counts; None: it is not asked for now."""
    if line.moment == RESTART or line.each == RESTART:
        return place.stopped_ms or None
    if line.moment == FIRST_OFF or line.each == SETUP:
        return place.changed_ms
    if not line.is_timed:
        return None
    if line.each == SHIFT:
        return shift_start(plan.shifts, place.now_ms)
    return place.now_ms - _span_ms(line)


def _span_ms(line: Characteristic) -> int:
    one_ms = {HOURS: HOUR_MS, DAY: DAY_MS}.get(line.each, 7 * DAY_MS)
    return line.count * one_ms


def _next_ms(plan: Plan, line: Characteristic, last: Check) -> int:
    """When a timed check is to be made again; 0 for others."""
    if not line.is_timed:
        return 0
    if line.each == SHIFT:
        return shift_start(plan.shifts, last.at_ms, 1)
    return last.at_ms + _span_ms(line)


def shift_start(starts: Sequence[int], at_ms: int, ahead: int = 0) -> int:
    """When the shift of that time began; `ahead` 1: when the next one begins. `starts`: minutes of the UTC day."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    day_ms = int(midnight.timestamp()) * 1000
    all_starts = sorted(
        day_ms + day * DAY_MS + minutes * 60_000 for day in (-1, 0, 1) for minutes in starts
    )
    begun = [start for start in all_starts if start <= at_ms]
    return begun[-1] if not ahead else all_starts[len(begun)]


def evidence_of(
    plan: Plan, work: Sequence[Due], place: Sequence[Due], unread: Sequence[str]
) -> Evidence:
    """What is open of these, sorted by the rule it concerns."""
    still = [one for one in place if one.is_open]

    def named(test: Callable[[Due], bool]) -> tuple[str, ...]:
        return tuple(one.line.id for one in still if test(one))

    special = (FIRST_OFF, RESTART, CHALLENGE)
    return Evidence(
        tuple(one.line.id for one in work if one.is_open),
        named(lambda one: one.why not in (*special, SETUP)),
        named(lambda one: one.why in (FIRST_OFF, SETUP)),
        named(lambda one: one.why == RESTART),
        named(lambda one: one.why == CHALLENGE),
        tuple(unread),
        plan.name,
    )
