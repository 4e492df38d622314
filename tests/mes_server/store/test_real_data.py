"""Real measurements through the store: the temperature of a machine over eleven weeks."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text

from mes_server.store.engine import reading
from mes_server.store.telemetry import iter_samples, load_series
from mes_server.store.transaction import writing
from tests.mes_server.store.making import HOUR, append, column, make_series, merge_all

Measured = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def machine_temperature(shared_data: Path) -> Measured:
    """Times in ms UTC and degrees, every five minutes, of full precision."""
    with (shared_data / "nab" / "machine_temperature.csv").open() as file:
        rows = [(row["timestamp"], float(row["value"])) for row in csv.DictReader(file)]
    times = [datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1000 for at, _ in rows]
    return np.array(times, np.int64), np.array([value for _, value in rows])


def test_real_measurements_come_back_bit_for_bit(
    engine: Engine, machine_temperature: Measured
) -> None:
    times, values = machine_temperature
    with writing(engine) as conn:
        station, series = make_series(conn)
    for start in range(0, len(times), 500):
        append(engine, column(series, times[start : start + 500], values[start : start + 500]))
    merge_all(engine)
    order = np.argsort(times, kind="stable")
    with reading(engine) as conn:
        samples = list(iter_samples(conn, series, int(times.min()), int(times.max())))
        whole = load_series(conn, station, "value", int(times.min()), int(times.max()), 600)
        size = conn.execute(text("SELECT sum(length(blob)) FROM chunk")).scalar_one()
    assert [sample.at_ms for sample in samples] == times[order].tolist()
    assert [sample.value for sample in samples] == values[order].tolist()
    assert len(whole.times_ms) <= 600
    assert sum(whole.counts) == len(times)
    assert (min(whole.lows), max(whole.highs)) == (values.min(), values.max())
    assert size / len(times) < 16


def test_real_measurements_of_a_tenth_of_a_degree_each_second_are_short(
    sqlite_engine: Engine, machine_temperature: Measured
) -> None:
    _, values = machine_temperature
    seconds = np.arange(8 * 3600)
    fine = np.interp(seconds / 60, np.arange(len(values)), values)
    noise = np.random.default_rng(2).normal(0, 0.1, len(seconds))
    with writing(sqlite_engine) as conn:
        _, series = make_series(conn)
    times = 1_386_000_000_000 // HOUR * HOUR + seconds * 1000
    append(sqlite_engine, column(series, times, np.round(fine + noise, 1)))
    merge_all(sqlite_engine)
    with reading(sqlite_engine) as conn:
        chunks = conn.execute(text("SELECT sum(length(blob)), sum(count) FROM chunk")).one()
        rollups = conn.execute(text("SELECT sum(length(blob)) FROM rollup")).scalar_one()
    assert chunks[1] == len(times)
    assert (chunks[0] + rollups) / chunks[1] < 1.5
