"""Carry out what somebody asked to be done to lots or stations: once, answered and recorded like a scan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Engine

from mes_server.actions.answer_scan import LATE_MS, Answer, answer_once, nobody, tell
from mes_server.actions.own_time import moved_on
from mes_server.actions.read_code import read_code
from mes_server.actions.record_events import Act, Book
from mes_server.domain.rules import Refusal, Worker
from mes_server.domain.scan_codes import BATH, LOT, Scanner, expected
from mes_server.domain.texts import text_is_no_script
from mes_server.store.ledger import Overtaken

TRIES = 5
TIMELESS = ("hold", "release", "regrade")  # they are right, whatever was done since


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: `what` in a word, of which lots (as scanned) or which station, and why.

    `fields`: all that was written into the fields of the request.
    """

    what: str
    lots: tuple[str, ...] = ()
    about: str = ""
    reason: str = ""
    scanner: Scanner = field(default_factory=Scanner)
    fields: Mapping[str, Any] = field(default_factory=dict)


def act_once(
    engine: Engine, act: Act, ask: Ask, worker: Worker, acting: Callable[[Book, list[str]], Any]
) -> Answer:
    """`acting(book, codes)` answers with refusals, with the codes of what it made, or with one code.

    The first answer to an id is the answer for ever. Raises StoreFault: nothing happened, send it again.
    """

    def decide(book: Book) -> Answer:
        codes, refused = _read(book, ask)
        refused += text_is_no_script({"reason": ask.reason, **ask.fields})
        refused += nobody(worker) + _as_it_was(book, ask, codes)
        done = refused or acting(book, codes)
        refused = (
            [one for one in done if isinstance(one, Refusal)] if isinstance(done, list) else []
        )
        about = ask.about[:100] or (codes[0] if codes else "")
        said = {"what": ask.what, "lot": about, "sent_by": worker.sent_by}
        if refused:
            return tell(book, refused, ask.reason, **said)
        made = _codes(done)
        held = [code for code in made if (lot := book.lot(code)) is not None and lot.holds]
        return tell(book, [], ask.reason, **said, made=made, held=held)

    for left in range(TRIES, 0, -1):
        try:
            return answer_once(engine, act, decide, lambda book, f: _is_same(book, ask, f))
        except Overtaken:  # what was decided upon has moved on: decide again
            if left == 1:
                raise
    raise AssertionError("the loop returns or raises")


def _read(book: Book, ask: Ask) -> tuple[list[str], list[Refusal]]:
    """The codes of the lots that were scanned, and why some are none."""
    codes, refused = [], []
    for text in ask.lots:
        read = read_code(book.conn, text, ask.scanner)
        other = read if isinstance(read, Refusal) else expected(read, (LOT, BATH))
        if isinstance(read, Refusal) or other is not None:
            refused.append(other or read)
        else:
            codes.append(read.value)
    return codes, [one for one in refused if isinstance(one, Refusal)]


def _is_same(book: Book, ask: Ask, facts: Mapping[str, Any]) -> bool:
    """Whether the same was asked before: of the same lot, as far as it can still be read."""
    codes, _ = _read(book, replace(ask, lots=ask.lots[:1]))
    about = ask.about[:100] or (codes[0] if codes else facts["lot"])
    return (facts.get("what"), facts["lot"] or about) == (ask.what, about)


def _as_it_was(book: Book, ask: Ask, codes: Sequence[str]) -> list[Refusal]:
    """Why what was asked long ago does not apply any more."""
    act = book.act
    if act.now_ms - act.at_ms <= LATE_MS or ask.what in TIMELESS:
        return []
    return [refusal for code in codes for refusal in moved_on(book.conn, code, act.at_ms)]


def _codes(done: object) -> Sequence[str]:
    if isinstance(done, str):
        return [done]
    return [str(code) for code in done] if isinstance(done, list) else []
