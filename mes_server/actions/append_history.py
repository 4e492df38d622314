"""Store samples that did not come over the wire: filling a store for a benchmark or a demo."""

from collections.abc import Sequence

from sqlalchemy import Engine

from mes_server.store.nodes import ensure_node
from mes_server.store.stations import (
    ensure_station,
    set_all_stations_offline,
    set_station_online,
)
from mes_server.store.telemetry import Column, append_samples, ensure_series, merge_due
from mes_server.store.transaction import writing
from schemas.sparkplug import DATATYPES
from schemas.station_types import load_station_types

DOUBLE = 10  # Sparkplug's code
_MERGES = 256


def add_stations(
    engine: Engine, group: str, station_type: str, count: int, metrics: Sequence[str]
) -> dict[str, dict[str, int]]:
    """`count` stations with a series for each metric: {station: {metric: series number}}."""
    found = {}
    with writing(engine) as conn:
        node = ensure_node(conn, group, f"{group}-node")
        for i in range(count):
            device = f"{group}-{i:04d}"
            station = ensure_station(conn, node, device, station_type, group)
            found[device] = ensure_series(conn, station, [(name, DOUBLE) for name in metrics])
    return found


def open_stations(
    engine: Engine, stops: Sequence[tuple[str, str, str, str]], at_ms: int
) -> dict[str, dict[str, int]]:
    """Stations that are there since `at_ms`, with a series for each metric of their contracts.

    `stops`: group, node, device and station type of each. Answers as add_stations.
    """
    types = load_station_types()
    found = {}
    with writing(engine) as conn:
        for group, node, device, kind in stops:
            station = ensure_station(conn, ensure_node(conn, group, node), device, kind, None)
            set_station_online(conn, station, True, at_ms)
            metrics = [(m.name, DATATYPES[m.datatype]) for m in types[kind].metrics]
            found[device] = ensure_series(conn, station, metrics)
    return found


def close_stations(engine: Engine, at_ms: int) -> None:
    """Nobody vouches for any station from now on."""
    with writing(engine) as conn:
        set_all_stations_offline(conn, at_ms)


def append_history(engine: Engine, columns: Sequence[Column]) -> None:
    """Store the columns in one commit."""
    with writing(engine) as conn:
        append_samples(conn, columns)


def merge_all(engine: Engine, now_ms: int) -> int:
    """Merge whatever is due at `now_ms`; how much was done."""
    total = 0
    while True:
        with writing(engine) as conn:
            done = merge_due(conn, now_ms, _MERGES)
        total += done
        if not done:
            return total
