"""The answer to what a tablet sends: decided once, recorded under the id it was sent with, then the same.

A scan that comes again, because the network was gone when it was answered, gets its first answer and
does nothing. Refusals are recorded, too: they are the evidence that the gate held.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Engine

from mes_server.actions.record_events import Act, Book
from mes_server.domain.rules import Refusal, Worker
from mes_server.domain.seal import Event
from mes_server.store.ledger import list_action
from mes_server.store.transaction import writing

ACCEPTED, REFUSED, REVIEW = "scan_accepted", "scan_refused", "scan_to_review"
LOAD, UNLOAD, UNDO = "load", "unload", "undo"
LATE_MS = 300_000  # a scan so old was made offline: if refused, a person looks at it


@dataclass(frozen=True, slots=True)
class Answer:
    """`outcome`: ACCEPTED, REFUSED or REVIEW. `made`: lots that came out; `held`: those of them that are
    held. `again`: it was answered before."""

    outcome: str
    lot: str
    run: str = ""
    operation: str = ""
    refusals: tuple[Refusal, ...] = ()
    made: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    again: bool = False


def answer_once(
    engine: Engine,
    act: Act,
    decide: Callable[[Book], Answer],
    is_same: Callable[[Book, Mapping[str, Any]], bool],
) -> Answer:
    """What `decide` answers, the first time. Raises StoreFault: nothing happened, send it again.

    Of two who are at it at once one is quicker; the other hears of it. `is_same`: whether what was recorded
    with the first answer is what is asked now: a program that gives two things one id must not think that
    both were done.
    """
    with writing(engine) as conn:
        book = Book(conn, act)
        before = list_action(conn, act.id)
        if not before:
            return decide(book)
        answered = answer_event(before)
        if answered is not None and is_same(book, answered.facts()):
            return replace(_answer(answered.kind, answered.facts()), again=True)
        # Somebody's action has this id: what was done under it must not be mixed with a scan.
        return tell(book, [Refusal("id_is_new", {"id": act.id})])


def answer_event(events: Iterable[Event]) -> Event | None:
    """The event with the answer among those of an action."""
    return next((e for e in events if e.kind in (ACCEPTED, REFUSED, REVIEW)), None)


def first_answer(events: Iterable[Event]) -> Answer | None:
    """The answer among the events of an action."""
    event = answer_event(events)
    return None if event is None else _answer(event.kind, event.facts())


def _answer(outcome: str, facts: dict[str, Any]) -> Answer:
    return Answer(
        outcome,
        facts["lot"],
        facts["run"],
        facts["operation"],
        tuple(Refusal(r["rule"], r["facts"]) for r in facts["refusals"]),
        tuple(facts.get("made", ())),
        tuple(facts.get("held", ())),
    )


def tell(book: Book, told: Sequence[Refusal], reason: str = "", **said: Any) -> Answer:
    """Record the answer, and all that the book holds besides; `said`: fields of Answer, and more facts."""
    late = book.act.now_ms - book.act.at_ms > LATE_MS
    outcome = ACCEPTED if not told else REVIEW if late else REFUSED
    facts = {"lot": "", "run": "", "operation": "", "refusals": [asdict(r) for r in told]} | said
    book.note(f"scans:{book.act.place}", outcome, reason, **facts)
    book.close()
    return _answer(outcome, facts)


def nobody(worker: Worker) -> list[Refusal]:
    """A refusal when it is nobody who may scan."""
    if worker.badge and worker.roles:
        return []
    return [Refusal("person_is_signed_in", {"badge": worker.badge})]
