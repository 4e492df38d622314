"""Opens the database: SQLite as durable as it can be, or PostgreSQL; and the way to read it.

Readers and the writer have connections of their own. A reader cannot write and never checkpoints.
"""

import logging
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from mes_server.store.faults import told_apart

try:  # Debian's own SQLite has the fault that `sqlite_affected` speaks of
    import pysqlite3.dbapi2 as sqlite
except ImportError:
    import sqlite3 as sqlite

BUSY_MS = 5000
READ_LIMIT_S = 30.0
# Sent with every connection: it wins over what server, database and role have set.
POSTGRES_ALWAYS = {"synchronous_commit": "on"}
UNSAFE = (
    "PostgreSQL runs with %s: after a power cut, what was stored and acknowledged may be gone or "
    "broken; set it to on in postgresql.conf and restart the server"
)
PAGE_BYTES = 32768
_CHECKPOINT_PAGES = 1000  # 32 MB of log, then it flows back into the file
_LOG_BYTES_MAX = 64 << 20
_INSTRUCTIONS_BETWEEN_LOOKS = 100_000
_WRITER = "lodestone_writer"
_CONNECT_S = 5
_SILENT_S = 20  # so long a server may not answer at all before it counts as gone
_MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit")
_SETTINGS = f"SELECT name, setting FROM pg_settings WHERE name IN {_MUST_BE_ON} ORDER BY name"  # noqa: S608
_log = logging.getLogger(__name__)


def sqlite_version() -> str:
    """The version of the SQLite library that would be used."""
    version: str = sqlite.sqlite_version
    return version


def sqlite_affected(version: str) -> bool:
    """Whether this SQLite may corrupt a file when its log is reset (3.7.0 to 3.51.2)."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    return (3, 7, 0) <= numbers <= (3, 51, 2)


def _sqlite_engine(url: str, writer: bool) -> Engine:
    pool = {"pool_size": 1, "max_overflow": 0} if writer else {"pool_size": 8, "max_overflow": 24}
    engine = create_engine(
        url,
        module=sqlite,
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
        pool_timeout=BUSY_MS / 1000,
        **pool,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = (
            None  # transactions begin where we say, not where the driver does
        )
        pragmas = [
            f"busy_timeout={BUSY_MS}",
            f"page_size={PAGE_BYTES}",  # counts for a new file only
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "mmap_size=0",  # mapped reads were 15 to 30 times slower when cold
            f"journal_size_limit={_LOG_BYTES_MAX}",
            f"wal_autocheckpoint={_CHECKPOINT_PAGES if writer else 0}",
            f"cache_size={-65536 if writer else -16384}",
            f"query_only={'OFF' if writer else 'ON'}",
        ]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def _postgres_engine(url: str, writer: bool) -> Engine:
    options = POSTGRES_ALWAYS | {
        "lock_timeout": f"{BUSY_MS}ms",
        "statement_timeout": "0" if writer else f"{int(READ_LIMIT_S * 1000)}ms",
        "default_transaction_read_only": "off" if writer else "on",
    }
    engine = create_engine(
        url,
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            "connect_timeout": _CONNECT_S,
            # A server that lost its power says nothing any more: TCP alone would wait a quarter of an hour.
            "tcp_user_timeout": _SILENT_S * 1000,
            "keepalives_idle": _SILENT_S // 2,
            "keepalives_interval": _SILENT_S // 4,
            "keepalives_count": 2,
        },
        isolation_level="READ COMMITTED" if writer else "REPEATABLE READ",
        pool_pre_ping=True,
        pool_size=4 if writer else 8,
        max_overflow=0 if writer else 24,
        pool_timeout=BUSY_MS / 1000,
    )
    if writer:
        event.listen(engine, "connect", _say_what_is_unsafe)
    return engine


def _say_what_is_unsafe(connection: Any, _record: object) -> None:
    found = _unsafe(connection.execute(_SETTINGS).fetchall())
    connection.rollback()
    if found:
        _log.critical(UNSAFE, ", ".join(found))


def _unsafe(rows: Iterable[Any]) -> list[str]:
    return [f"{name}={setting}" for name, setting in rows if setting != "on"]


def unsafe_settings(engine: Engine) -> list[str]:
    """What of a PostgreSQL server's settings lets a power cut take what was stored; raises StoreFault.

    Our connections ask for synchronous_commit themselves; the others only the server can set.
    """
    if engine.dialect.name == "sqlite":
        return []
    with reading(engine) as connection:
        return _unsafe(connection.exec_driver_sql(_SETTINGS))


def open_engine(url: str) -> Engine:
    """The engine for `url` (sqlite:///<file> or postgresql+psycopg://…); connects to nothing yet.

    Use it with `reading` and with `transaction.writing` only. Dispose of it to close all connections.
    """
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    make = _sqlite_engine if is_sqlite else _postgres_engine
    readers, writer = make(url, False), make(url, True)
    readers.update_execution_options(**{_WRITER: writer})

    @event.listens_for(readers, "engine_disposed")
    def dispose_writer(_engine: Engine) -> None:
        writer.dispose()

    return readers


def writer_of(engine: Engine) -> Engine:
    """The engine beside `engine` whose connections may write; for `transaction.writing` alone."""
    writer: Engine = engine.get_execution_options()[_WRITER]
    return writer


@contextmanager
def reading(engine: Engine, limit_s: float = READ_LIMIT_S) -> Iterator[Connection]:
    """A connection that sees one state of the store throughout and cannot change it.

    Raises StoreFault, of kind "too slow" when reading takes longer than `limit_s`: on SQLite counted
    from here, because a reader that stays keeps the log from being emptied; on PostgreSQL each
    statement has READ_LIMIT_S.
    """
    with told_apart(), engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver: Any = connection.connection.driver_connection
        end = time.monotonic() + limit_s
        driver.set_progress_handler(lambda: time.monotonic() > end, _INSTRUCTIONS_BETWEEN_LOOKS)
        try:
            yield connection
        finally:
            driver.set_progress_handler(None, 0)
