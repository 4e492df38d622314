"""mes_server.actions.append_history: samples that did not come over the wire."""

from pathlib import Path

import numpy as np

from mes_server.actions.append_history import add_stations, append_history, merge_all
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.store.engine import open_engine, reading
from mes_server.store.telemetry import Column, iter_samples, load_series

HOUR_MS = 3_600_000
START_MS = 1_793_491_200_000


def test_an_hour_is_found_again_before_and_after_it_is_merged(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lodestone.db'}"
    upgrade_store(url)
    engine = open_engine(url)
    stations = add_stations(engine, "bench", "sinter_furnace", 2, ["zone_1_temperature_c"])
    assert len(stations) == 2
    station, series = next(iter(stations.items()))
    number = series["zone_1_temperature_c"]
    times = START_MS + np.arange(3600, dtype=np.int64) * 1000
    values = np.round(np.sin(np.arange(3600) / 300) * 400 + 600, 1)
    append_history(engine, [Column(number, times, values, START_MS + HOUR_MS)])

    def stored() -> list[tuple[int, object]]:
        with reading(engine) as conn:
            return [(s.at_ms, s.value) for s in iter_samples(conn, number, 0, 1 << 60)]

    expected = list(zip(times.tolist(), values.tolist(), strict=True))
    assert stored() == expected
    assert merge_all(engine, START_MS + 3 * HOUR_MS) > 0
    assert stored() == expected
    with reading(engine) as conn:
        span = START_MS, START_MS + HOUR_MS - 1
        found = load_series(conn, station, "zone_1_temperature_c", *span, points_max=200)
    assert found.count == 3600
    assert len(found.times_ms) <= 220
    engine.dispose()
