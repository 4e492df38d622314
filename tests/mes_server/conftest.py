"""Stores for the tests of the server: files of SQLite, and databases of a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

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


@pytest.fixture(scope="session")
def upgraded_database(postgres: Cluster) -> str:
    """The name of a database of PostgreSQL with all tables, for others to be like."""
    url = postgres.make_database()
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    name = make_url(url).database
    assert name
    return name


@pytest.fixture
def postgres_engine(postgres: Cluster, upgraded_database: str) -> Iterator[Engine]:
    """A store on PostgreSQL alone, for what is about its ways."""
    engine = open_engine(postgres.like(upgraded_database))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The engine of a store without rows, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'lodestone.db'}")
        upgrade(engine)
    else:
        engine = request.getfixturevalue("postgres_engine")
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """A store on SQLite alone, for what is about its files."""
    engine = open_engine(f"sqlite:///{tmp_path / 'lodestone.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()
