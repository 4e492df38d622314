"""The past that the tests of the demo share."""

from collections.abc import Iterator

import pytest

from mes_server.demo import history as made
from mes_server.demo.history import make_history
from mes_server.store.engine import open_engine
from tests.mes_server.demo.past import DAYS, NOW, SEED, Told, eventful
from tests.mes_server.web.plant_data import make_settings


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    settings = make_settings(tmp_path_factory.mktemp("history"))
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made, "load_simulation", eventful)
        history = make_history(settings, DAYS, SEED, NOW, said.append)
    assert history is not None
    engine = open_engine(settings.url)
    yield Told(settings, engine, history, said)
    engine.dispose()
