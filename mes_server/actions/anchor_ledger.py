"""Remember the head of the ledger outside the store, once an hour and when a process ends."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from mes_server.actions.beside import beside
from mes_server.store.anchors import append_anchor, read_anchors
from mes_server.store.engine import reading
from mes_server.store.faults import StoreFault
from mes_server.store.ledger import head

EVERY_S = 3600.0
_log = logging.getLogger(__name__)


def anchor_ledger(engine: Engine, data_dir: Path) -> bool:
    """Append an anchor if the ledger went on since the last; whether it did. Raises StoreFault, OSError."""
    with reading(engine) as conn:
        now = head(conn, time.time_ns() // 1_000_000)
    last, _ = read_anchors(data_dir)
    if not now.number or (last and (last[-1].number, last[-1].hash) == (now.number, now.hash)):
        return False
    append_anchor(data_dir, now)
    return True


@contextmanager
def anchoring(engine: Engine, data_dir: Path, every_s: float = EVERY_S) -> Iterator[None]:
    """Anchor at once, then every so often, and at the end of the block. What fails is logged and tried again."""

    def anchor() -> None:
        try:
            anchor_ledger(engine, data_dir)
        except (StoreFault, OSError) as fault:
            _log.warning("the ledger's head is not anchored now: %s", fault)

    def work(stop: threading.Event) -> None:
        anchor()
        while not stop.wait(every_s):
            anchor()

    try:
        with beside("anchors", work):
            yield
    finally:
        anchor()
