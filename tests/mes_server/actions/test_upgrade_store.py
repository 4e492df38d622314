"""mes_server.actions.upgrade_store: a store comes into being, and stays what it is."""

from pathlib import Path

from sqlalchemy import text

from mes_server.actions.upgrade_store import upgrade_store
from mes_server.store.engine import open_engine, reading


def test_a_store_is_made_with_the_folder_it_lies_in_and_made_only_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'lodestone.db'}"
    assert "this version" in upgrade_store(url)
    engine = open_engine(url)
    with reading(engine) as conn:
        before = conn.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all()
    upgrade_store(url)
    with reading(engine) as conn:
        assert (
            conn.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all() == before
        )
        assert conn.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
    engine.dispose()
