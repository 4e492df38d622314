"""Settle what came late and could not be: carry it out after all, or set it aside; either with a reason.

Carrying out takes three steps, so that whatever dies on the way is gone on with, and nothing is done twice:
it is decided, under an id made here; it is done under that id; what became of it is noted.
"""

import uuid

from sqlalchemy import Engine

from mes_server.actions.answer_scan import ACCEPTED, Answer, first_answer
from mes_server.actions.record_events import Act, Book
from mes_server.domain.reviews import (
    ASKED,
    CARRIED_OUT,
    DECIDED,
    SET_ASIDE,
    SETTLED,
    Review,
    stream_of,
    stream_of_try,
)
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.store.ledger import list_action, load_stream
from mes_server.store.reviews import load_review
from mes_server.store.transaction import writing


def keep_request(engine: Engine, act: Act, scan: str, path: str, body: str) -> None:
    """What was asked for, word for word, so that it can be carried out later. `scan`: its id; again: no harm."""
    with writing(engine) as conn:
        if load_stream(conn, stream_of(scan)):
            return
        book = Book(conn, act)
        book.note(stream_of(scan), ASKED, path=path, body=body)
        book.close()


def decide(engine: Engine, act: Act, scan: str, reason: str) -> str | list[Refusal]:
    """It is to be carried out: the id to do it under. The one before, where that was not answered."""
    with writing(engine) as conn:
        book = Book(conn, act)
        review = load_review(conn, scan)
        refused = _reasons(review, scan, reason)
        if review is not None and not review.path:
            refused.append(Refusal("review_is_whole", {"scan": scan}))
        if refused or review is None:
            return refused
        if review.tries and _unanswered(book, review):
            return review.tries[-1]
        made = uuid.uuid4().hex
        book.note(stream_of(scan), DECIDED, reason, **{"as": made})
        book.note(stream_of_try(made), DECIDED, reason, reviews=scan)
        book.close()
        return made


def conclude(engine: Engine, act: Act, scan: str, reason: str) -> list[Refusal]:
    """After it was done: settled when the last try was accepted, open as before when not."""
    with writing(engine) as conn:
        book = Book(conn, act)
        review = load_review(conn, scan)
        if review is None or not review.tries:
            return [Refusal("review_is_known", {"scan": scan})]
        answer = _answer(book, review)
        if answer is None or answer.outcome != ACCEPTED:
            return list(answer.refusals) if answer is not None else []
        if review.settled is None:
            _settle(book, scan, CARRIED_OUT, reason, review.tries[-1])
        return []


def set_aside(engine: Engine, act: Act, scan: str, reason: str) -> list[Refusal]:
    """Nothing is done: it was not so, or was put right otherwise."""
    with writing(engine) as conn:
        book = Book(conn, act)
        review = load_review(conn, scan)
        refused = _reasons(review, scan, reason)
        if review is not None and review.tries and not refused:
            answer = _answer(book, review)
            if answer is None or answer.outcome == ACCEPTED:
                refused.append(Refusal("review_is_not_begun", {"scan": scan}))
        if not refused:
            _settle(book, scan, SET_ASIDE, reason, "")
        return refused


def _reasons(review: Review | None, scan: str, reason: str) -> list[Refusal]:
    if review is None:
        return [Refusal("review_is_known", {"scan": scan})]
    if review.settled is not None:
        by, at_ms = review.settled.person, str(review.settled.at_ms)
        return [Refusal("review_is_open", {"scan": scan, "by": by, "at_ms": at_ms})]
    missing = [] if reason.strip() else [Refusal("reason_is_given", {})]
    return missing + text_is_no_script({"reason": reason})


def _answer(book: Book, review: Review) -> Answer | None:
    return first_answer(list_action(book.conn, review.tries[-1]))


def _unanswered(book: Book, review: Review) -> bool:
    return _answer(book, review) is None


def _settle(book: Book, scan: str, outcome: str, reason: str, tried: str) -> None:
    book.note(stream_of(scan), SETTLED, reason, outcome=outcome, **{"as": tried})
    book.close()
