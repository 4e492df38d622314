"""Nodes, stations, series and samples for the tests of the store."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, text

from mes_server.store.engine import reading
from mes_server.store.nodes import ensure_node
from mes_server.store.stations import ensure_station
from mes_server.store.telemetry import (
    Column,
    append_samples,
    ensure_series,
    iter_samples,
    merge_due,
)
from mes_server.store.transaction import writing
from schemas.sparkplug import DATATYPES

HOUR = 3_600_000
T0 = 1_795_000_000_000 // HOUR * HOUR
WIDE = (T0 - 10**12, T0 + 10**12)
_NUMBERS = itertools.count(1)


def make_series(
    conn: Connection, datatype: str = "double", metric: str = "value"
) -> tuple[str, int]:
    """A station of its own with one series: the station's id and the series' number."""
    name = f"station-{next(_NUMBERS)}"
    station = ensure_station(conn, ensure_node(conn, "sintering", "ctl-1"), name, None, None)
    return name, ensure_series(conn, station, [(metric, DATATYPES[datatype])])[metric]


def column(series: int, times: Any, values: Any, **more: Any) -> Column:
    """A Column that came when its last sample was taken."""
    times = np.asarray(times, np.int64)
    if isinstance(values, list) and any(isinstance(value, float) for value in values):
        values = np.array(values)
    received = more.pop("received_ms", int(times.max()) if len(times) else 0)
    return Column(series, times, values, received, **more)


def append(engine: Engine, *columns: Column) -> int:
    """Append in a transaction of its own."""
    with writing(engine) as conn:
        return append_samples(conn, columns)


def merge_all(engine: Engine) -> int:
    """Merge until nothing is left to merge; how much was done."""
    done = 0
    with writing(engine) as conn:
        while more := merge_due(conn, T0 + 10**12, 1000):
            done += more
    return done


def furnace(seconds: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Times and temperatures of a zone: a ramp, a soak, noise, a tenth of a degree, a clock that jitters."""
    rng = np.random.default_rng(seed)
    at = np.arange(seconds)
    target = np.minimum(20 + at / 12, 1060 + 3 * np.sin(at / 700))
    values = np.round(target + rng.normal(0, 0.3, seconds), 1)
    return T0 + at * 1000 + rng.integers(0, 4, seconds), values


def listed(samples: Sequence[Any]) -> list[tuple[int, Any, int]]:
    """Samples as plain tuples."""
    return [(sample.at_ms, sample.value, sample.quality) for sample in samples]


def series_of(engine: Engine, datatype: str = "double") -> tuple[str, int]:
    with writing(engine) as conn:
        return make_series(conn, datatype)


def stored(engine: Engine, series: int, span: tuple[int, int] = WIDE) -> list[tuple[int, Any, int]]:
    with reading(engine) as conn:
        return listed(list(iter_samples(conn, series, *span)))


def count_rows(engine: Engine, table: str, where: str = "1 = 1") -> int:
    with reading(engine) as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())
