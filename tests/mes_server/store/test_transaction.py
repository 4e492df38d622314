"""mes_server.store.transaction and faults: all or nothing, and what the database does to us has a name."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from mes_server.store.engine import open_engine, reading, writer_of
from mes_server.store.faults import (
    CORRUPT,
    DISK_FULL,
    IO,
    LOCKED,
    READ_ONLY,
    UNREACHABLE,
    StoreFault,
)
from mes_server.store.numbering import next_change
from mes_server.store.quarantine import Unread, quarantine
from mes_server.store.transaction import writing
from tests.postgres import Cluster

INSERT = text("INSERT INTO change (id, number) VALUES (:id, 1)")
COUNT = text("SELECT count(*) FROM change")


def count(engine: Engine) -> int:
    with reading(engine) as conn:
        return int(conn.execute(COUNT).scalar_one())


def test_what_was_written_is_there_when_the_block_ends(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.execute(INSERT, {"id": 1})
    assert count(engine) == 1


def test_nothing_is_written_when_the_block_raises(engine: Engine) -> None:
    def write() -> None:
        with writing(engine) as conn:
            conn.execute(INSERT, {"id": 1})
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        write()
    assert count(engine) == 0
    with writing(engine) as conn:
        conn.execute(INSERT, {"id": 1})
    assert count(engine) == 1


def test_a_bug_in_a_statement_is_no_fault_of_the_database(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as conn:
        conn.execute(INSERT, [{"id": 1}, {"id": 1}])
    with pytest.raises(DBAPIError, match="nothing"), writing(engine) as conn:
        conn.execute(text("INSERT INTO change (nothing) VALUES (1)"))
    assert count(engine) == 0


def test_writers_stand_in_line_and_none_is_lost(engine: Engine) -> None:
    def write() -> None:
        for _ in range(10):
            with writing(engine) as conn:
                next_change(conn)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as conn:
        assert conn.execute(text("SELECT number FROM change")).scalar() == 40


def test_a_full_disk_is_said_and_takes_nothing_back(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        conn.execute(INSERT, {"id": 1})
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    message = Unread(1, "topic", bytes(10_000_000), "reason", "detail")
    with pytest.raises(StoreFault) as caught, writing(sqlite_engine) as conn:
        quarantine(conn, message)
    assert caught.value.kind == DISK_FULL
    assert count(sqlite_engine) == 1


def test_a_database_locked_by_another_process_is_said(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mes_server.store.engine.BUSY_MS", 50)
    other = open_engine(str(sqlite_engine.url))
    with (
        writing(sqlite_engine),
        pytest.raises(StoreFault) as caught,
        writing(other),
    ):
        pass
    assert caught.value.kind == LOCKED
    other.dispose()


def test_a_lock_that_is_not_given_is_said(postgres_engine: Engine) -> None:
    def write_quickly() -> None:
        with writing(postgres_engine) as second:
            second.execute(text("SET lock_timeout = '50ms'"))
            next_change(second)

    with writing(postgres_engine) as conn:
        next_change(conn)
    with writing(postgres_engine) as conn:
        next_change(conn)
        with pytest.raises(StoreFault) as caught:
            write_quickly()
    assert caught.value.kind == LOCKED


def test_a_broken_file_is_said(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    file.write_bytes(b"this was a database once" * 10_000)
    engine = open_engine(f"sqlite:///{file}")
    with pytest.raises(StoreFault) as caught, reading(engine) as conn:
        conn.execute(COUNT)
    assert caught.value.kind == CORRUPT
    engine.dispose()


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'nowhere' / 'a.db'}")
    with pytest.raises(StoreFault) as caught, writing(engine):
        pass
    assert caught.value.kind == IO


def test_a_reader_that_writes_is_told_so(engine: Engine) -> None:
    with pytest.raises(StoreFault) as caught, reading(engine) as conn:
        conn.execute(INSERT, {"id": 1})
    assert caught.value.kind == READ_ONLY


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql+psycopg://nobody@/none?host={tmp_path}")
    for opened in (reading, writing):
        with pytest.raises(StoreFault) as caught, opened(engine):
            pass
        assert caught.value.kind == UNREACHABLE


def test_a_connection_that_is_cut_is_said_and_the_next_one_works(postgres: Cluster) -> None:
    engine = open_engine(postgres.make_database())

    def write_while_cut() -> None:
        with writing(engine) as conn:
            conn.execute(text("CREATE TABLE t (a int)"))
            pid = conn.execute(text("SELECT pg_backend_pid()")).scalar()
            with postgres.connect() as other:
                other.execute("SELECT pg_terminate_backend(%s)", (pid,))
            conn.execute(text("SELECT 1"))

    with pytest.raises(StoreFault) as caught:
        write_while_cut()
    assert caught.value.kind == UNREACHABLE
    with writing(engine) as conn:
        assert conn.execute(text("SELECT to_regclass('t')")).scalar() is None
    engine.dispose()


def test_the_writer_after_a_fault_is_a_new_connection(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        before = conn.connection.driver_connection
    with pytest.raises(KeyError), writing(sqlite_engine):
        raise KeyError
    with writing(sqlite_engine) as conn:
        assert conn.connection.driver_connection is not before
    assert writer_of(sqlite_engine).pool.checkedout() == 0  # type: ignore[attr-defined]
