"""What the store needs per sample, and how long reading takes, while the store grows."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, text

from mes_server.actions.append_history import add_stations, append_history, merge_all
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.bench.line import metric_names
from mes_server.bench.payloads import walk
from mes_server.store.engine import open_engine, reading
from mes_server.store.telemetry import Column, load_series

SERIES_PER_STATION = 12
HOUR_S, DAY_S = 3600, 86_400
DAY0_MS = 1_793_491_200_000  # a midnight; which one does not matter
POINTS = 1000
REPEATS = 15


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """One size. Times are medians in milliseconds; cold: after the file left the page cache."""

    samples: int
    append_per_s: float
    merge_per_s: float
    bytes_per_sample: float
    day_warm_ms: float
    lot_warm_ms: float
    lot_cold_ms: float


def _fill(engine: Engine, stations: dict[str, dict[str, int]]) -> tuple[float, float]:
    """One day of every series, hour by hour as a plant writes it; seconds of appending and merging."""
    appending = merging = 0.0
    for hour in range(24):
        times = DAY0_MS + (hour * HOUR_S + np.arange(HOUR_S, dtype=np.int64)) * 1000
        end_ms = int(times[-1])
        for at, series in enumerate(stations.values()):
            values = walk(HOUR_S, len(series), seed=hour * 10_000 + at)
            columns = [
                Column(number, times, values[:, i], end_ms)
                for i, number in enumerate(series.values())
            ]
            began = time.monotonic()
            append_history(engine, columns)
            appending += time.monotonic() - began
        began = time.monotonic()
        merge_all(engine, end_ms + 2 * HOUR_S * 1000)
        merging += time.monotonic() - began
    began = time.monotonic()
    merge_all(engine, DAY0_MS + 3 * DAY_S * 1000)
    return appending, merging + time.monotonic() - began


def _median_ms(call: Callable[[int], object], before: Callable[[], object] = lambda: None) -> float:
    spent = []
    for i in range(REPEATS):
        before()
        began = time.monotonic()
        call(i)
        spent.append((time.monotonic() - began) * 1000)
    return float(np.median(spent))


def _forget(engine: Engine, file: Path) -> None:
    engine.dispose()
    with file.open("rb") as handle:
        os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _bytes_kept(engine: Engine) -> int:
    """The pages of the file that are in use."""
    with reading(engine) as conn:
        if not conn.execute(text("SELECT sum(length(blob)) FROM chunk")).scalar_one():
            raise RuntimeError("the store holds no merged chunk")
        pages, page_bytes, free = (
            conn.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("page_count", "page_size", "freelist_count")
        )
    return int((pages - free) * page_bytes)


def measure(folder: Path, stations_count: int) -> StoreFigures:
    """Fill a store with a day of `stations_count` stations and read it back."""
    file = folder / f"store-{stations_count}.db"
    url = f"sqlite:///{file}"
    upgrade_store(url)
    engine = open_engine(url)
    names = metric_names(SERIES_PER_STATION)
    stations = add_stations(engine, "bench", "sinter_furnace", stations_count, names)
    samples = stations_count * len(names) * DAY_S
    appending, merging = _fill(engine, stations)
    kept = _bytes_kept(engine)
    ids = list(stations)

    def day(i: int) -> None:
        with reading(engine) as conn:
            found = load_series(conn, ids[i % len(ids)], names[i % len(names)], DAY0_MS,
                                DAY0_MS + DAY_S * 1000 - 1, POINTS)  # fmt: skip
        if found.count != DAY_S:
            raise RuntimeError(f"a day came back with {found.count} samples")

    def lot(i: int) -> None:
        from_ms = DAY0_MS + (i % 16) * HOUR_S * 1000
        with reading(engine) as conn:
            for name in names:
                load_series(
                    conn, ids[i % len(ids)], name, from_ms, from_ms + 8 * HOUR_S * 1000, POINTS
                )

    figures = StoreFigures(
        samples,
        samples / appending,
        samples / merging,
        kept / samples,
        _median_ms(day),
        _median_ms(lot),
        _median_ms(lot, lambda: _forget(engine, file)),
    )
    engine.dispose()
    file.unlink()
    return figures
