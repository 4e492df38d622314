"""Judge what waits for it every so often, beside the pages: runs whose data came late, and exceedances of outlets."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from mes_server.actions.beside import beside
from mes_server.actions.prove_run import prove_due
from mes_server.actions.watch_exceedances import watch
from mes_server.store.faults import StoreFault

EVERY_S = 300.0
_log = logging.getLogger(__name__)


@contextmanager
def proving(engine: Engine, zone: str, every_s: float = EVERY_S) -> Iterator[None]:
    """As long as the block lasts; `zone`: of the plant. What fails is logged and tried again."""

    def work(stop: threading.Event) -> None:
        while not stop.wait(every_s):
            try:
                prove_due(engine, time.time_ns() // 1_000_000)
                watch(engine, zone, time.time_ns() // 1_000_000)
            except StoreFault as fault:
                _log.warning("runs and outlets are not judged now: %s", fault)

    with beside("proofs", work):
        yield
