"""A lot is the replay of its events. New facts are made here, checked by replaying them, then recorded.

Every event of one action (a scan, a split, a run) carries the action's id, in the streams of all lots it
touches. A correction never edits: it names the action, whose events then count for nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mes_server.domain.amounts import Amount, amount_from
from mes_server.domain.seal import Event

CREATED = "lot_created"
TAKEN = "lot_taken"  # some or all of it went into something else
ADDED = "lot_added"  # something else went into it
LOADED = "lot_loaded"  # into a run of a station
UNLOADED = "lot_unloaded"  # out of it, the operation done
HELD = "lot_held"
RELEASED = "lot_released"
SCRAPPED = "lot_scrapped"
REGRADED = "lot_regraded"
MOVED = "lot_moved"
SENT_BACK = "lot_sent_back"  # rework: an operation that was done is to be done again
SHIPPED = "lot_shipped"
CORRECTED = "lot_corrected"
CORRECTIONS = frozenset((CORRECTED, "run_corrected"))
# Something of a lot comes, goes or is worked on: no such thing happens before the one before it.
MOVING = frozenset((CREATED, TAKEN, ADDED, LOADED, UNLOADED, SCRAPPED, SENT_BACK, SHIPPED))

ACTIVE, RUNNING, USED_UP, SHIPPED_OUT = "active", "running", "used_up", "shipped"


class Impossible(ValueError):
    """Events that cannot follow one another; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What a lot is now. `done`: operations finished, in order. `run`: the run it is in, or "".

    `holds`: reason by the action that held it. `reworks`: how often each operation was sent back to;
    `first`: what must come before that one, such as stripping. `supplier_lot`: as the supplier calls it.
    `length`: events of its stream.
    """

    code: str
    kind: str
    part: str
    grade: str
    route: str
    amount: Amount
    place: str
    born_ms: int
    expires_ms: int | None
    run: str = ""
    operation: str = ""
    done: tuple[str, ...] = ()
    holds: Mapping[str, str] = field(default_factory=dict)
    reworks: Mapping[str, int] = field(default_factory=dict)
    shipment: str = ""
    first: str = ""
    supplier_lot: str = ""
    length: int = 0

    @property
    def status(self) -> str:
        """In a word: active, running, used_up or shipped; whether it is held stands beside it."""
        if self.shipment:
            return SHIPPED_OUT
        if self.run:
            return RUNNING
        return USED_UP if self.amount.is_nothing else ACTIVE


Facts = Mapping[str, Any]


def _created(facts: Facts, event: Event) -> Lot:
    return Lot(
        event.stream.removeprefix("lot:"),
        facts["kind"],
        facts["part"],
        facts["grade"],
        facts["route"],
        amount_from(facts["amount"]),
        event.place,
        event.at_ms,
        facts.get("expires_ms"),
        done=tuple(facts.get("done", ())),
        reworks=dict(facts.get("reworks", {})),
        first=facts.get("first", ""),
        supplier_lot=facts.get("supplier_lot", ""),
    )


def _taken(lot: Lot, facts: Facts, _event: Event) -> Lot:
    return replace(lot, amount=lot.amount - amount_from(facts["amount"]))


def _added(lot: Lot, facts: Facts, _event: Event) -> Lot:
    return replace(lot, amount=lot.amount + amount_from(facts["amount"]))


def _loaded(lot: Lot, facts: Facts, event: Event) -> Lot:
    if lot.run:
        raise Impossible(f"{lot.code} is in run {lot.run} already")
    return replace(lot, run=facts["run"], operation=facts["operation"], place=event.place)


def _unloaded(lot: Lot, facts: Facts, event: Event) -> Lot:
    if lot.run != facts["run"]:
        raise Impossible(f"{lot.code} is not in run {facts['run']}")
    amount = amount_from(facts["amount"])
    done = (*lot.done, lot.operation)
    first = "" if lot.operation == lot.first else lot.first
    lot = replace(lot, run="", operation="", done=done, amount=amount, first=first)
    return replace(lot, place=event.place)


def _held(lot: Lot, _facts: Facts, event: Event) -> Lot:
    return replace(lot, holds={**lot.holds, event.action: event.reason})


def _released(lot: Lot, facts: Facts, _event: Event) -> Lot:
    if facts["hold"] not in lot.holds:
        raise Impossible(f"{lot.code} has no hold {facts['hold']}")
    return replace(lot, holds={k: v for k, v in lot.holds.items() if k != facts["hold"]})


def _regraded(lot: Lot, facts: Facts, _event: Event) -> Lot:
    return replace(lot, grade=facts["grade"])


def _moved(lot: Lot, facts: Facts, event: Event) -> Lot:
    return replace(lot, place=facts.get("to", event.place))


def _sent_back(lot: Lot, facts: Facts, _event: Event) -> Lot:
    operation = facts["operation"]
    if operation not in lot.done:
        raise Impossible(f"{lot.code} has not had {operation}")
    at = len(lot.done) - 1 - lot.done[::-1].index(operation)
    reworks = {**lot.reworks, operation: lot.reworks.get(operation, 0) + 1}
    return replace(lot, done=lot.done[:at], reworks=reworks, first=facts.get("first", ""))


def _shipped(lot: Lot, facts: Facts, _event: Event) -> Lot:
    if lot.shipment:
        raise Impossible(f"{lot.code} left with {lot.shipment} already")
    return replace(lot, shipment=facts["shipment"])


_APPLY: dict[str, Callable[[Lot, Facts, Event], Lot]] = {
    TAKEN: _taken,
    ADDED: _added,
    LOADED: _loaded,
    UNLOADED: _unloaded,
    HELD: _held,
    RELEASED: _released,
    SCRAPPED: _taken,
    REGRADED: _regraded,
    MOVED: _moved,
    SENT_BACK: _sent_back,
    SHIPPED: _shipped,
}


def corrected_actions(history: Iterable[Event]) -> set[str]:
    """The actions that later ones took back; a correction may be corrected in its turn."""
    taken_back: set[str] = set()
    for event in reversed(list(history)):
        facts = event.facts()
        if event.kind in CORRECTIONS and event.action not in taken_back:
            taken_back.add(facts["corrects"])
    return taken_back


def replay(history: Sequence[Event]) -> Lot | None:
    """The lot these events (of one stream, the oldest first) make; None: it never came to be.

    Raises Impossible and amounts.TooLittle when one of them cannot follow the others.
    """
    return _replay(history, corrected_actions(history))


def _replay(history: Sequence[Event], taken_back: set[str]) -> Lot | None:
    lot: Lot | None = None
    for event in history:
        facts = event.facts()
        if event.kind == CORRECTED or event.action in taken_back:
            continue
        if event.kind == CREATED:
            if lot is not None:
                raise Impossible(f"{event.stream} exists already")
            lot = _created(facts, event)
        elif lot is None:
            raise Impossible(f"{event.stream} does not exist yet")
        else:
            lot = _APPLY[event.kind](lot, facts, event)
    return None if lot is None else replace(lot, length=len(history))


def check_rests(history: Sequence[Event]) -> None:
    """What was done with a lot rests on what it was then, whatever is corrected later. Raises Impossible."""
    taken_back = corrected_actions(history)
    for index, event in enumerate(history):
        if event.kind not in MOVING or event.kind == CREATED or event.action in taken_back:
            continue
        then, now = replay(history[:index]), _replay(history[:index], taken_back)
        if _standing(then, event) != _standing(now, event):
            raise Impossible(f"{event.stream.removeprefix('lot:')}: {event.kind} ({event.action})")


def _standing(lot: Lot | None, event: Event) -> object:
    """What of a lot an event rests on; of how much there was only what takes all of it along."""
    if lot is None:
        return None
    amount = lot.amount if event.kind in (LOADED, UNLOADED, SHIPPED) else None
    first = (lot.run, lot.shipment, lot.done, lot.first)
    return first, dict(lot.reworks), lot.grade, amount


def moved_ms(history: Sequence[Event]) -> int:
    """When something of the lot last came, went or was worked on."""
    taken_back = corrected_actions(history)
    times = (e.at_ms for e in history if e.kind in MOVING and e.action not in taken_back)
    return max(times, default=0)


def born_with(
    like: Lot, amount: Amount, kind: str | None = None, part: str | None = None
) -> dict[str, Any]:
    """The content of the CREATED event of a lot that was split off `like`: it has had what that had."""
    return {
        "kind": kind or like.kind,
        "part": part or like.part,
        "grade": like.grade,
        "route": like.route,
        "amount": amount.as_content(),
        "expires_ms": like.expires_ms,
        "done": list(like.done),
        "reworks": dict(sorted(like.reworks.items())),
        "first": like.first,
        "supplier_lot": like.supplier_lot,
    }
