"""Undo a scan within ten seconds, by whoever made it: its events are corrected, none is edited.

Later than that a correction is a matter of its own, with a reason (handle_lots.correct_action).
"""

from dataclasses import dataclass

from sqlalchemy import Engine

from mes_server.actions.answer_scan import (
    ACCEPTED,
    LATE_MS,
    LOAD,
    UNDO,
    UNLOAD,
    Answer,
    answer_event,
    answer_once,
    nobody,
    tell,
)
from mes_server.actions.handle_lots import correct_action
from mes_server.actions.record_events import Act, Book
from mes_server.domain.lots import corrected_actions
from mes_server.domain.rules import Refusal, Worker
from mes_server.domain.seal import Event
from mes_server.store.engine import reading
from mes_server.store.ledger import list_action, load_stream

UNDO_MS = 10_000
# What can be undone as a whole: it happened to lots and runs alone.
UNDOABLE = (LOAD, UNLOAD, "split", "merge", "scrap", "hold")
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Undo:
    """`id`: made on the tablet, of the undoing itself; `scan`: what is undone."""

    id: str
    scan: str
    at_ms: int


def undo_scan(engine: Engine, undo: Undo, worker: Worker, now_ms: int) -> Answer:
    """Answer it, and record the answer. Raises StoreFault: nothing happened, send it again."""
    with reading(engine) as conn:  # what was answered once never changes
        done = answer_event(list_action(conn, undo.scan))
    place = "" if done is None else done.place
    act = Act(undo.id, worker.badge, place, undo.at_ms, now_ms)
    return answer_once(
        engine,
        act,
        lambda book: _answer(book, undo, done, worker),
        lambda _, facts: facts.get("undoes") == undo.scan,
    )


def _answer(book: Book, undo: Undo, done: Event | None, worker: Worker) -> Answer:
    said = {"what": UNDO, "undoes": undo.scan, "sent_by": worker.sent_by}
    refused = nobody(worker)
    facts = {} if done is None else done.facts()
    if done is None or facts.get("what", LOAD) not in UNDOABLE:
        return tell(book, [*refused, Refusal("scan_is_known", {"scan": undo.scan})], **said)
    said |= {name: facts[name] for name in ("lot", "run", "operation")}
    refused += _reasons(book, done, undo, worker)
    if not refused:
        refused = correct_action(book, done.action, UNDONE)
    return tell(book, refused, **said)


def _reasons(book: Book, done: Event, undo: Undo, worker: Worker) -> list[Refusal]:
    if done.kind != ACCEPTED:
        return [Refusal("scan_was_accepted", {"scan": undo.scan})]
    refused = []
    if worker.badge and worker.badge != done.person:
        refused.append(Refusal("undo_is_by_same_person", {"by": done.person}))
    # A hold stands for others, too: whatever the tablet's clock says, its maker does not end it hours later.
    stands = done.facts().get("what") == "hold" and book.act.now_ms - done.noted_ms > LATE_MS
    if stands or not 0 <= undo.at_ms - done.at_ms <= UNDO_MS:
        seconds = str(UNDO_MS // 1000)
        refused.append(Refusal("undo_is_in_time", {"at_ms": str(done.at_ms), "seconds": seconds}))
    touched = {e.stream for e in list_action(book.conn, undo.scan)}
    for stream in (s for s in touched if s.startswith(("lot:", "charge:"))):
        if undo.scan in corrected_actions(load_stream(book.conn, stream)):
            return [*refused, Refusal("scan_is_not_undone", {"scan": undo.scan})]
    return refused
