"""apsw behind the interface SQLAlchemy expects of `sqlite3`, so that the store runs on a PowerDisk.

Only what the store uses. Transactions are those the store begins itself.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import apsw

from tests.faults.power_disk import NAME

paramstyle = "qmark"
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))
PARSE_DECLTYPES, PARSE_COLNAMES = 1, 2
Binary = bytes


class Error(Exception):
    """As in PEP 249, with SQLite's extended code as the standard driver gives it."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.sqlite_errorcode = code


class DatabaseError(Error): ...


class OperationalError(DatabaseError): ...


class IntegrityError(DatabaseError): ...


class InterfaceError(Error): ...


class DataError(DatabaseError): ...


class InternalError(DatabaseError): ...


class ProgrammingError(DatabaseError): ...


class NotSupportedError(DatabaseError): ...


# The negative control: pragmas to be weakened on the way, {"synchronous=FULL": "synchronous=OFF"}.
weaken: dict[str, str] = {}


class Cursor:
    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self._rows: list[tuple[Any, ...]] = []

    @property
    def lastrowid(self) -> int:
        return self.connection.db.last_insert_rowid()

    def _run(self, call: Callable[[apsw.Cursor], Iterable[Any]]) -> None:
        self.description = None

        def trace(cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
            names = cursor.get_description()
            self.description = [(c[0], *[None] * 6) for c in names] if names else None
            return True

        cursor = self.connection.db.cursor()
        cursor.exec_trace = trace
        before = self.connection.db.total_changes()
        try:
            self._rows = [tuple(row) for row in call(cursor)]
        except apsw.ConstraintError as error:
            raise IntegrityError(str(error), error.extendedresult) from error
        except apsw.Error as error:
            code = getattr(error, "extendedresult", 10)
            raise OperationalError(str(error), code) from error
        changed = self.connection.db.total_changes() - before
        self.rowcount = -1 if self.description else changed

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Cursor":
        for strong, weak in weaken.items():
            sql = sql.replace(strong, weak)
        self._run(lambda cursor: cursor.execute(sql, parameters))
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> "Cursor":
        self._run(lambda cursor: cursor.executemany(sql, rows))
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def __iter__(self) -> Any:
        return iter(self.fetchall())

    def close(self) -> None:
        self._rows = []


class Connection:
    isolation_level: str | None = None

    def __init__(self, path: str) -> None:
        self.db = apsw.Connection(path, vfs=NAME)
        self.db.execute("PRAGMA locking_mode=EXCLUSIVE")  # a log without shared memory

    def cursor(self) -> Cursor:
        return Cursor(self)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        return self.cursor().execute(sql, parameters)

    def create_function(self, name: str, count: int, call: Any, **_options: object) -> None:
        self.db.create_scalar_function(name, call, count)

    def set_progress_handler(self, call: Any, steps: int) -> None:
        self.db.set_progress_handler(call, steps)

    def commit(self) -> None:
        if self.db.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.db.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        with suppress(apsw.Error):  # closing on a disk without power cannot tidy up
            self.db.close(True)


def connect(path: str, **_options: object) -> Connection:
    """A connection to `path` on the PowerDisk that is there now."""
    try:
        return Connection(path)
    except apsw.Error as error:
        raise OperationalError(str(error), getattr(error, "extendedresult", 10)) from error
