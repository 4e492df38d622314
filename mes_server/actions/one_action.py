"""Carry out one action in a transaction of its own: what doors call that have no book yet."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from mes_server.actions.record_events import Act, Book
from mes_server.store.ledger import Overtaken
from mes_server.store.transaction import writing

TRIES = 5


def carry_out(engine: Engine, act: Act, acting: Callable[..., Any], *args: Any) -> Any:
    """`acting(book, *args)` and its answer; its facts are recorded, or nothing is. Raises StoreFault.

    Who was overtaken by somebody else decides again on what is there then.
    """
    for left in range(TRIES, 0, -1):
        try:
            with writing(engine) as conn:
                book = Book(conn, act)
                answer = acting(book, *args)
                book.close()
                return answer
        except Overtaken:
            if left == 1:
                raise
    raise AssertionError("the loop returns or raises")
