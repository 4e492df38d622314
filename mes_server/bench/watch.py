"""Looks at the store from outside while ingest works: when is a live record durable, when is it shown?"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from mes_server.bench.payloads import GROUP
from mes_server.domain.watermarks import restored
from mes_server.settings import read_settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.tables import run

LOOK_S = 0.05
_DURABLE = """
SELECT n.node_id, w.ranges, w.floor, w.stated FROM watermark w JOIN node n ON n.id = w.node
"""
_SHOWN = """
SELECT n.node_id, w.at_ms FROM series_now w
JOIN series r ON r.id = w.series JOIN station s ON s.id = r.station JOIN node n ON n.id = s.node
WHERE r.metric = ? AND NOT w.historical
"""
Seen = list[tuple[int, int]]  # when, and up to which record or time


@dataclass
class Watch:
    """By node: up to which record everything sent live is durable, and up to which time shown."""

    metric: str
    durable: dict[str, Seen] = field(default_factory=dict)
    shown: dict[str, Seen] = field(default_factory=dict)

    def look(self, conn: Connection) -> None:
        """Note what is new."""
        for row in run(conn, _DURABLE):
            stored = restored(row.ranges, row.floor, row.stated).stored
            _note(self.durable, row.node_id, stored[-1][1] if stored else 0)
        for row in run(conn, _SHOWN, (self.metric,)):
            _note(self.shown, row.node_id, row.at_ms)


def _note(seen: dict[str, Seen], node: str, upto: int) -> None:
    known = seen.setdefault(node, [])
    if not known or known[-1][1] < upto:
        known.append((time.time_ns() // 1_000_000, upto))


@contextmanager
def watching(data: Path, metric: str) -> Iterator[Watch]:
    """Look every LOOK_S while the block runs."""
    watch, stop = Watch(metric), threading.Event()
    engine = open_engine(read_settings({"MES_DATA_DIR": str(data)}).url)

    def look() -> None:
        while not stop.wait(LOOK_S):
            with reading(engine) as conn:
                watch.look(conn)

    thread = threading.Thread(target=look, name=f"watch-{GROUP}")
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()
        with reading(engine) as conn:
            watch.look(conn)
        engine.dispose()


def delays_ms(published_ms: list[int], wanted: list[int], seen: Seen) -> npt.NDArray[np.int64]:
    """How long after each record was published its number (or time) `wanted` was seen."""
    when, upto = np.array(seen, np.int64).T
    delays: npt.NDArray[np.int64] = when[np.searchsorted(upto, wanted)] - np.array(published_ms)
    return delays
