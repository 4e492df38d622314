"""Stores for the tests of the server: files of SQLite, and databases of a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.store.engine import open_engine
from mes_server.store.schema import upgrade
from tests.postgres import Cluster, NoPostgres, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL for all tests; they are listed as not run where there is none."""
    running = running_postgres()
    try:
        cluster = running.__enter__()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    yield cluster
    running.__exit__(None, None, None)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'lodestone.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.make_database()


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[Engine]:
    """The engine of a database without tables."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty_engine: Engine) -> Engine:
    """The engine of a store without rows, on SQLite and on PostgreSQL."""
    upgrade(empty_engine)
    return empty_engine


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """A store on SQLite alone, for what is about its files."""
    engine = open_engine(f"sqlite:///{tmp_path / 'lodestone.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()
