"""Days computed by hand from real and benchmark data, and the order in which samples come."""

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from mes_server.actions.assess_discharge import assess_day, assess_month
from mes_server.actions.gather_waterworks import working_day
from mes_server.domain.discharge import OutletDay, PollutantDay
from mes_server.store.engine import reading
from tests.mes_server.actions.outlet_floor import (
    DAY,
    DAY_MIN,
    FROM_MS,
    HOUR_MS,
    ZONE,
    OutletFloor,
)
from tests.mes_server.actions.test_outlet_sources import note
from tests.mes_server.domain.water_making import permit_content

QUARTERS = 96  # of an hour, in a day
# Columns of the BSM2 influent; its flow is 100 times that of a plating shop, and m³ a day.
SNH, TSS, FLOW = 10, 14, 15
SEWER = [{"set": "gb8978_t4_1"}]


def rows_of(file: Path) -> list[list[float]]:
    """The rows of an influent file; one of the rain file has two figures run together, and is left out."""
    with file.open() as text:
        rows = [row for row in csv.reader(text) if row and not any(c.count(".") > 1 for c in row)]
    return [[float(cell) for cell in row] for row in rows]


def pollutant(day: OutletDay, code: str) -> PollutantDay:
    return next(one for one in day.pollutants if one.pollutant == code)


@pytest.mark.parametrize(
    ("name", "number", "per_day"),
    [("dry_influent.csv", 0, 1.0), ("dry_influent.csv", 6, 1.0), ("rain_influent.csv", 9, 1000.0)],
)
def test_a_day_of_the_benchmark_influent_is_what_a_hand_computes(
    engine: Engine, shared_data: Path, name: str, number: int, per_day: float
) -> None:
    rows = rows_of(shared_data / "bsm2" / name)[number * QUARTERS : (number + 1) * QUARTERS]
    flows = [row[FLOW] * per_day / 24 / 100 for row in rows]
    floor = OutletFloor(engine).build(permit_content("o-plant", sets=SEWER))
    spread = np.repeat(np.arange(QUARTERS), 15)
    floor.record(
        "o-plant",
        {
            "flow_m3_h": np.array(flows)[spread],
            "ammonia_n_mg_l": np.array([row[SNH] for row in rows])[spread],
            "suspended_solids_mg_l": np.array([row[TSS] for row in rows])[spread],
        },
    )
    day = floor.day("o-plant")
    for code, column in (("nh3_n", SNH), ("ss", TSS)):
        found = pollutant(day, code)
        load = sum(row[column] * q for row, q in zip(rows, flows, strict=True))
        assert found.mean == pytest.approx(load / sum(flows))
        assert found.low == min(row[column] for row in rows)
        assert found.high == max(row[column] for row in rows)
        assert (found.covered, found.valid_h) == (1.0, 24)
        first = rows[:4]
        mean = sum(r[column] * r[FLOW] for r in first) / sum(r[FLOW] for r in first)
        assert found.hours[0].mean == pytest.approx(mean)
        assert found.load_kg == pytest.approx(load / 4 / 1000)  # a quarter of an hour each
    assert day.volume_m3 == pytest.approx(sum(flows) / 4)
    assert pollutant(day, "nh3_n").status == "exceed"  # raw sewage against 15 mg/L


def test_a_month_of_a_real_plant_counts_what_was_measured_and_fills_nothing(
    engine: Engine, shared_data: Path
) -> None:
    with (shared_data / "uci_water" / "water_treatment.csv").open() as text:
        rows = [
            row for row in csv.DictReader(text) if row["Date"] and row["Date"].endswith("/3/90")
        ]
    told = {int(row["Date"][2:].split("/")[0]): row["DQO-S"] for row in rows}
    known = {day: float(value) for day, value in told.items() if value != "?"}
    assert len(known) < 31, "some days were not measured"
    OutletFloor(engine).build(permit_content("o-plant", sets=SEWER))
    for day, value in known.items():
        at_ms = working_day(f"2026-12-{day:02}", ZONE)[0]
        code = f"WS-{day}"
        note(engine, f"water_sample:{code}", "sample_taken", place="o-plant", kind="composite", from_ms=at_ms,
             to_ms=at_ms + 23 * HOUR_MS, lab="", note="", at_ms=at_ms, person="E-2")  # fmt: skip
        result = {"pollutant": "cod", "value": f"{value:g}", "unit": "mg/L", "qualifier": "", "method": "HJ 828", "lod": None}  # fmt: skip
        note(engine, f"water_sample:{code}", "sample_reported", report="R", at_ms=at_ms, person="lab", results=[result])  # fmt: skip
    now_ms = working_day("2027-01-05", ZONE)[0]
    with reading(engine) as conn:
        month = assess_month(conn, "o-plant", "2026-12", ZONE, now_ms)
    assert month is not None
    (cod,) = month.pollutants
    assert len(cod.values) == len(known)
    assert cod.mean == pytest.approx(sum(known.values()) / len(known))
    statuses = {int(day.day[-2:]): day.pollutants[0].status for day in month.days if day.pollutants}
    assert statuses == {
        day: "exceed" if value > 100 else "warn" if value >= 80 else "ok"
        for day, value in known.items()
    }
    assert month.over


PARTS = 6
orders = st.permutations(range(PARTS))
merges = st.sets(st.integers(0, PARTS - 1), max_size=2)


@given(orders, merges, st.integers(0, 1000))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_order_in_which_samples_come_does_not_change_a_day(
    arrival: "OutletFloor", order: list[int], merged: set[int], seed: int
) -> None:
    floor, name = arrival, next_day(arrival)
    from_ms = working_day(name, ZONE)[0]
    noise = np.random.default_rng(seed)
    times = from_ms + np.sort(noise.choice(DAY_MIN * 60, 3000, replace=False)) * 1000
    values = {
        "flow_m3_h": np.round(noise.uniform(0.5, 3, 3000), 2),
        "copper_mg_l": np.where(noise.random(3000) < 0.02, np.nan, np.round(noise.uniform(0.1, 0.4, 3000), 3)),
        "total_m3": np.round(np.linspace(5, 40, 3000), 3),
    }  # fmt: skip
    floor.record("o-shop", values, times.tolist())
    parts = np.array_split(np.arange(3000), PARTS)
    for n in order:
        part = {metric: told[parts[n]] for metric, told in values.items()}
        floor.record("o-plant", part, times[parts[n]].tolist(), late=True)
        if n in merged:
            floor.merge(from_ms + 99 * HOUR_MS)
    now_ms = from_ms + 30 * HOUR_MS
    with reading(floor.engine) as conn:
        at_once = assess_day(conn, "o-shop", name, ZONE, now_ms)
        in_parts = assess_day(conn, "o-plant", name, ZONE, now_ms)
    assert at_once is not None
    assert in_parts is not None
    assert pollutant(in_parts, "cu") == pollutant(at_once, "cu")
    assert in_parts.volume_m3 == at_once.volume_m3
    assert pollutant(at_once, "cu").mean is not None


@pytest.fixture
def arrival(engine: Engine) -> OutletFloor:
    """Two outlets without a permit that hear the same."""
    return OutletFloor(engine).build(permit_content("o-none-yet"))


def next_day(floor: OutletFloor) -> str:
    """A day that nothing was recorded in yet."""
    floor.now_ms += 72 * HOUR_MS
    begun = date.fromisoformat(DAY)
    return (begun + timedelta(days=(floor.now_ms - FROM_MS) // (24 * HOUR_MS))).isoformat()
