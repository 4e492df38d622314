"""What tests of access rights share: a broker with its clients, at nats-server and at Mosquitto."""

from collections.abc import Iterator

import pytest

from tests.brokers import KINDS
from tests.security.world import World


@pytest.fixture(scope="module", params=KINDS)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One broker for all tests of a module."""
    made = World(request.param, tmp_path_factory.mktemp(request.param))
    try:
        made.start()
        yield made
    finally:
        made.broker.stop()
