"""The one staircase for writing: the only commit in the house. Actions alone may import it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from mes_server.store.engine import writer_of
from mes_server.store.faults import StoreFault, told_apart

__all__ = ["StoreFault", "writing"]


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed, durably, when the block ends; rolled back when it raises.

    Raises StoreFault when the database fails. A failed commit is not tried again: after a failed
    fsync nobody knows what is on the disk, so the process above stops and starts afresh.
    """
    with told_apart(), writer_of(engine).connect() as connection:
        sound = False
        try:
            with connection.begin():
                yield connection
            sound = True
        finally:
            if not sound:
                connection.invalidate()
