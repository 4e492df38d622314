"""mes_server.store.engine: how the database is opened, and what a reader may do."""

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from mes_server.store.engine import open_engine, reading, sqlite_affected, sqlite_version, writer_of
from mes_server.store.faults import StoreFault
from mes_server.store.transaction import writing

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as conn:
        return conn.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize("part", ["readers", "writer"])
def test_every_sqlite_connection_is_as_durable_as_can_be(sqlite_engine: Engine, part: str) -> None:
    engine = sqlite_engine if part == "readers" else writer_of(sqlite_engine)
    assert pragma(engine, "journal_mode") == "wal"
    assert pragma(engine, "synchronous") == 2
    assert pragma(engine, "foreign_keys") == 1
    assert pragma(engine, "busy_timeout") == 5000
    assert pragma(engine, "mmap_size") == 0
    assert pragma(engine, "page_size") == 32768


def test_only_the_writer_writes_and_only_it_checkpoints(sqlite_engine: Engine) -> None:
    writer = writer_of(sqlite_engine)
    assert (pragma(sqlite_engine, "query_only"), pragma(writer, "query_only")) == (1, 0)
    assert pragma(sqlite_engine, "wal_autocheckpoint") == 0
    assert pragma(writer, "wal_autocheckpoint") == 1000


def test_every_postgresql_connection_waits_for_the_disk(postgres_engine: Engine) -> None:
    for part in (postgres_engine, writer_of(postgres_engine)):
        with part.connect() as conn:
            assert conn.execute(text("SHOW synchronous_commit")).scalar() == "on"
            assert conn.execute(text("SHOW fsync")).scalar() == "on"


def test_a_postgresql_that_falls_silent_is_not_waited_for_as_long_as_tcp_would(
    postgres_engine: Engine,
) -> None:
    for part in (postgres_engine, writer_of(postgres_engine)):
        with part.connect() as conn:
            driver: Any = conn.connection.driver_connection
            asked = driver.info.get_parameters()
            assert asked["connect_timeout"] == "5"
            assert asked["tcp_user_timeout"] == "20000"
            assert (asked["keepalives_idle"], asked["keepalives_interval"]) == ("10", "5")


def test_a_reader_cannot_write(engine: Engine) -> None:
    with pytest.raises((DBAPIError, StoreFault)), reading(engine) as conn:
        conn.execute(text("DELETE FROM alarm"))


def test_a_reader_sees_one_state_of_the_store_throughout(engine: Engine) -> None:
    count = text("SELECT count(*) FROM change")
    with reading(engine) as conn:
        assert conn.execute(count).scalar() == 0
        with writing(engine) as writer:
            writer.execute(text("INSERT INTO change (id, number) VALUES (1, 1)"))
        assert conn.execute(count).scalar() == 0
    with reading(engine) as conn:
        assert conn.execute(count).scalar() == 1


def test_a_reader_that_takes_too_long_is_stopped_and_the_next_is_not(sqlite_engine: Engine) -> None:
    with pytest.raises(StoreFault) as caught, reading(sqlite_engine, limit_s=0.1) as conn:
        conn.exec_driver_sql(ENDLESS).all()
    assert caught.value.kind == "too slow"
    with reading(sqlite_engine, limit_s=30) as conn:
        assert conn.exec_driver_sql("SELECT 1").scalar() == 1


def test_readers_do_not_wait_for_the_writer(engine: Engine) -> None:
    with writing(engine) as writer:
        writer.execute(text("INSERT INTO change (id, number) VALUES (1, 1)"))
        with reading(engine) as conn:
            assert conn.execute(text("SELECT count(*) FROM change")).scalar() == 0


def test_a_connection_may_be_used_by_the_thread_that_gets_it(engine: Engine) -> None:
    seen: list[object] = []

    def read() -> None:
        with reading(engine) as conn:
            seen.append(conn.execute(text("SELECT 1")).scalar())

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 8


def test_disposing_of_the_engine_leaves_one_file(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with writing(engine) as conn:
        conn.exec_driver_sql("CREATE TABLE t (a INTEGER)")
    with reading(engine) as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
    engine.dispose()
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("3.6.23", False), ("3.7.0", True), ("3.40.1", True), ("3.51.2", True),
        ("3.51.3", False), ("3.53.4", False), ("4.0.0", False),
    ],
)  # fmt: skip
def test_the_versions_that_may_corrupt_a_file_are_known(version: str, affected: bool) -> None:
    assert sqlite_affected(version) is affected


def test_the_sqlite_that_comes_with_the_installation_is_sound() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", sqlite_version())
    assert not sqlite_affected(sqlite_version())
