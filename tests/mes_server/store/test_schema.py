"""mes_server.store.schema: migrations make what the code expects, all of it or nothing."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from mes_server.store.engine import open_engine, reading
from mes_server.store.faults import SchemaTooNew
from mes_server.store.positions import Journal, load_watermarks
from mes_server.store.quarantine import list_quarantine
from mes_server.store.schema import metadata, upgrade
from mes_server.store.tables import run
from mes_server.store.transaction import writing


def tables(engine: Engine) -> set[str]:
    with reading(engine) as conn:
        return set(inspect(conn).get_table_names())


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    with reading(engine) as conn:
        context = MigrationContext.configure(conn, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata()) == []
    assert tables(engine) == set(metadata().tables) | {"alembic_version"}


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.execute(text("INSERT INTO change (id, number) VALUES (1, 7)"))
    upgrade(engine)
    with reading(engine) as conn:
        assert conn.execute(text("SELECT number FROM change")).scalar() == 7


def test_a_store_of_the_first_release_keeps_how_far_its_journals_are_stored(
    empty_engine: Engine,
) -> None:
    upgrade(empty_engine, "0001")
    rows = [(1, 7, 5, "7-9,12-12"), (1, 8, 0, "3-4"), (2, 7, 40, ""), (3, 9, 0, "")]
    with writing(empty_engine) as conn:
        for row in rows:
            run(
                conn,
                "INSERT INTO watermark (node, epoch, seq, ahead, begun_ms) VALUES (?, ?, ?, ?, 1)",
                row,
            )
    upgrade(empty_engine)
    journals = [Journal(node, epoch) for node, epoch, *_ in rows]
    with reading(empty_engine) as conn:
        marks = load_watermarks(conn, journals)
    assert [marks[journal].stored for journal in journals] == [
        [(1, 5), (7, 9), (12, 12)],
        [(3, 4)],
        [(1, 40)],
        [],
    ]
    assert [marks[journal].seq for journal in journals] == [5, 0, 40, 0]


def test_a_store_of_the_first_release_keeps_what_is_in_quarantine(empty_engine: Engine) -> None:
    upgrade(empty_engine, "0001")
    insert = (
        "INSERT INTO quarantine (received_ms, topic, payload, reason, detail, attempts)"
        " VALUES (5, 't', 'x', 'payload', 'cut off', 0)"
    )
    with writing(empty_engine) as conn:
        conn.execute(text(insert))
    upgrade(empty_engine)
    with reading(empty_engine) as conn:
        (kept,) = list_quarantine(conn)
    assert (kept.reason, kept.size, kept.discarded) == ("payload", None, None)


def test_a_newer_schema_is_refused_with_what_to_do(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match=r"schema 9999.*newer version, or restore a backup"):
        upgrade(engine)


@pytest.mark.parametrize("statement", [0, 1, 5, 20])
def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(
    empty_engine: Engine, monkeypatch: pytest.MonkeyPatch, statement: int
) -> None:
    made: list[str] = []
    original = Operations.create_table

    def create_table(self: Any, name: str, *columns: Any, **more: Any) -> Any:
        if len(made) == statement:
            raise OSError("the power went")
        made.append(name)
        return original(self, name, *columns, **more)

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_table", lambda *a, **k: create_table(_proxy(), *a, **k))
        if statement < len(metadata().tables):
            with pytest.raises(OSError, match="power"):
                upgrade(empty_engine)
            assert tables(empty_engine) == set()
    upgrade(empty_engine)
    assert tables(empty_engine) >= set(metadata().tables)


def _proxy() -> Any:
    from alembic import op

    return op._proxy


def upgrade_there(database_url: str) -> None:
    """In a process of its own: Alembic's context is one for each process."""
    engine = open_engine(database_url)
    upgrade(engine)
    engine.dispose()


def test_three_processes_may_upgrade_at_once(database_url: str) -> None:
    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        assert list(pool.map(upgrade_there, [database_url] * 3)) == [None] * 3
    engine = open_engine(database_url)
    assert tables(engine) >= set(metadata().tables)
    engine.dispose()
