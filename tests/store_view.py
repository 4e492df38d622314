"""What pages would show of the store, for tests that look while ingest writes."""

import time
from collections.abc import Callable
from typing import Any

from mes_server.store.curves import Series, load_series
from mes_server.store.engine import open_engine, reading
from mes_server.store.faults import StoreFault
from mes_server.store.nodes import NodeView, list_nodes
from mes_server.store.series import list_series
from mes_server.store.series_now import list_now
from mes_server.store.stations import StationView, list_stations
from mes_server.store.telemetry import iter_samples
from mes_server.web.standing import standing_of
from schemas.samples import Sample
from tests.brokers import wait_until

FOREVER_MS = 4_000_000_000_000  # the year 2096


class StoreView:
    """Reads the store at `url` anew with every question."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)

    def close(self) -> None:
        self._engine.dispose()

    def station(self, device: str) -> StationView:
        """A station by its Sparkplug device id; raises LookupError."""
        with reading(self._engine) as conn:
            found = [view for view in list_stations(conn) if view.device == device]
        if not found:
            raise LookupError(device)
        return found[0]

    def node(self, node: str) -> NodeView:
        """A node by its id; raises LookupError."""
        with reading(self._engine) as conn:
            found = [view for view in list_nodes(conn) if view.node == node]
        if not found:
            raise LookupError(node)
        return found[0]

    def ids(self) -> list[tuple[str, str, str]]:
        """Group, node and device of every station."""
        with reading(self._engine) as conn:
            return [(view.group, view.node, view.device) for view in list_stations(conn)]

    def latest(self, device: str, metric: str) -> Any:
        """The latest value of a metric, None before there is one."""
        station = self.station(device).id
        with reading(self._engine) as conn:
            values = {now.metric: now.value for now in list_now(conn, station)}
        return values.get(metric)

    def samples(self, device: str, metric: str) -> list[Sample]:
        """Every sample of a series by time; raises LookupError."""
        station = self.station(device).id
        with reading(self._engine) as conn:
            found = [view for view in list_series(conn, station) if view.metric == metric]
            if not found:
                raise LookupError(metric)
            return list(iter_samples(conn, found[0].series_id, 0, FOREVER_MS))

    def series(self, device: str) -> dict[str, int]:
        """Datatype codes of a station's series by metric."""
        station = self.station(device).id
        with reading(self._engine) as conn:
            return {view.metric: view.datatype for view in list_series(conn, station)}

    def curve(self, device: str, metric: str, from_ms: int, to_ms: int) -> Series:
        """What a chart of this span shows."""
        station = self.station(device).id
        with reading(self._engine) as conn:
            return load_series(conn, station, metric, from_ms, to_ms)

    def known(self, station: StationView) -> bool:
        """Whether pages would show its state as known, or as stale."""
        return standing_of(station, None, (), time.time_ns() // 1_000_000).known

    def until(self, holds: Callable[["StoreView"], bool], what: str) -> None:
        """Wait until the store shows something; what is not there yet, or locked, is looked at again."""

        def looks() -> bool:
            try:
                return holds(self)
            except (LookupError, StoreFault):
                return False

        wait_until(looks, what)
