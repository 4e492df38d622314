"""The fixture that plays the docstring of a test, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.mes_server.conftest import (  # noqa: F401  fixtures of the stores
    engine,
    postgres,
    postgres_engine,
    upgraded_database,
)
from tests.stories.plant import open_works
from tests.stories.story import Story


@pytest.fixture
def works(engine: Engine) -> Story:  # noqa: F811
    """The works before anything happened."""
    open_works(engine)
    return Story(engine)


@pytest.fixture
def story(works: Story, request: pytest.FixtureRequest) -> Iterator[Story]:
    """The docstring of the test, played; everything is checked before the test looks, and after."""
    works.play(request.function.__doc__ or "")
    works.check()
    yield works
    works.check()
