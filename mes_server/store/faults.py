"""What the database can do to us, in words a page can show: one exception with a kind."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

DISK_FULL = "disk full"
LOCKED = "database locked"
IO = "io"
CORRUPT = "corrupt"
READ_ONLY = "read only"
UNREACHABLE = "database unreachable"
TOO_SLOW = "too slow"
NOT_SET_UP = "not set up"  # `mes db upgrade`, or a start of ingest, makes the tables

# The low byte of SQLite's extended result codes (https://www.sqlite.org/rescode.html).
_SQLITE = {
    5: LOCKED,  # SQLITE_BUSY
    6: LOCKED,  # SQLITE_LOCKED
    8: READ_ONLY,  # SQLITE_READONLY
    9: TOO_SLOW,  # SQLITE_INTERRUPT: only the time limit of a reader interrupts
    10: IO,  # SQLITE_IOERR
    11: CORRUPT,  # SQLITE_CORRUPT
    13: DISK_FULL,  # SQLITE_FULL
    14: IO,  # SQLITE_CANTOPEN
    26: CORRUPT,  # SQLITE_NOTADB
}
# SQLSTATE, whole or its class (PostgreSQL manual, appendix A).
_POSTGRES = {
    "08": UNREACHABLE,
    "25006": READ_ONLY,
    "40": LOCKED,
    "42P01": NOT_SET_UP,
    "53": DISK_FULL,
    "53300": UNREACHABLE,
    "55P03": LOCKED,
    "57": UNREACHABLE,
    "57014": TOO_SLOW,
    "58": IO,
    "XX001": CORRUPT,
    "XX002": CORRUPT,
}


class StoreFault(Exception):
    """The store could not do what it was asked; nothing of it was done. Never retried in here."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class SchemaTooNew(Exception):
    """The database was written by a newer Lodestone than this one."""


def _kind_of(error: DBAPIError) -> str | None:
    driver = error.orig
    code = getattr(driver, "sqlite_errorcode", None)
    if code is not None:
        if code == 1 and "no such table" in str(driver):
            return NOT_SET_UP
        return _SQLITE.get(code & 0xFF)
    state = getattr(driver, "sqlstate", None)
    if state is not None:
        return _POSTGRES.get(state) or _POSTGRES.get(state[:2])
    # psycopg has no state to give when no server answered or the connection broke off.
    return UNREACHABLE if error.connection_invalidated or _without_server(driver) else None


def _without_server(driver: BaseException | None) -> bool:
    return (
        type(driver).__module__.startswith("psycopg")
        and type(driver).__name__ == "OperationalError"
    )


def fault_of(error: BaseException) -> StoreFault | None:
    """The StoreFault that an exception of the driver means; None for a bug of ours."""
    if isinstance(error, PoolTimeout):
        return StoreFault(LOCKED, "another thread of this process holds the writer")
    kind = _kind_of(error) if isinstance(error, DBAPIError) else None
    return None if kind is None else StoreFault(kind, str(getattr(error, "orig", error)))


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn what the driver raises into a StoreFault; what is a bug of ours stays what it is."""
    try:
        yield
    except (PoolTimeout, DBAPIError) as error:
        fault = fault_of(error)
        if fault is None:
            raise
        raise fault from error
