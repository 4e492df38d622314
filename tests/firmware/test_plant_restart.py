"""A restarted process resumes where the schedule says it is: no jumps, no counter runs back."""

import json
from pathlib import Path

import pytest

from firmware.plant.box import PlantBox
from firmware.plant.layout import CONTROLLERS
from firmware.plant.schedule import Schedule, Tally, activity
from tests.firmware.boxes import ORIGIN_MS, SEED

FOLDER = Path(__file__).parents[2] / "schemas" / "stations"
STATIONS = sorted({kind: station for _, _, found in CONTROLLERS for station, kind in found}.items())
# A saw-tooth of dosing or topping up may stand at another place of its band.
LOOSE = {"_ph": 0.15, "_level_pct": 3.0}


def close_enough(name: str, metric: dict[str, object], a: float, b: float) -> bool:
    if metric["kind"] == "counter":
        return abs(a - b) <= 0.002 * abs(a) + 0.05
    for ending, loose in LOOSE.items():
        if name.endswith(ending):
            return abs(a - b) <= loose
    if metric.get("scale") == "log" or name.endswith("oxygen_ppm"):
        return 0.75 < (a + 1e-9) / (b + 1e-9) < 1.35
    low, high = metric["alarm"] or (0, abs(a))  # type: ignore[misc]
    return abs(a - b) <= 0.03 * ((high or abs(a)) - (low or 0)) + 0.02 * abs(a)


@pytest.mark.parametrize(("kind", "station"), STATIONS)
def test_a_new_process_reads_what_the_old_one_read(kind: str, station: str) -> None:
    metrics = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))["metrics"]
    now = ORIGIN_MS + 50_000_000
    box = PlantBox(SEED, 30, ORIGIN_MS, None, now)
    old = box.station(station, kind)
    off = []
    compared = 0
    for _ in range(6):
        for _ in range(160 if old.schedule.cycle_s > 20000 else 37):
            now += 1000
            box.advance(now)
        new = PlantBox(SEED, 30, ORIGIN_MS, None, now).station(station, kind)
        for metric in metrics:
            name = metric["name"]
            a, b = old.values[name], new.values[name]
            compared += 1
            if isinstance(a, (bool, str)):
                assert a == b, name
            elif not close_enough(name, metric, float(a), float(b)):
                off.append((name, a, b))
            if metric["kind"] == "counter":
                assert b >= a - 1e-6, f"{name} would run back at a restart"
    assert len(off) <= 0.02 * compared, off


def test_counters_do_not_run_back_even_after_hours_of_silence() -> None:
    now = ORIGIN_MS + 50_000_000
    box = PlantBox(SEED, 30, ORIGIN_MS, None, now)
    model = box.station("plating-1", "electroplating_line")
    before = dict(model.values)
    box.advance(now + 3_600_000)
    grown = {name: model.value(name) - before[name] for name in before if name.endswith("_ah")}  # type: ignore[operator]
    assert len(grown) == 4
    assert all(more > 500 for more in grown.values())


def test_the_activity_is_a_pure_function_of_seed_station_and_time() -> None:
    once = [activity(SEED, "sinter-1", "sinter_furnace", ms) for ms in range(0, 10**9, 10**7)]
    again = [activity(SEED, "sinter-1", "sinter_furnace", ms) for ms in range(0, 10**9, 10**7)]
    other = [activity(SEED + 1, "sinter-1", "sinter_furnace", ms) for ms in range(0, 10**9, 10**7)]
    assert once == again != other
    assert {a.phase for a in once} >= {"sinter", "quench", "delube"}


def test_sums_of_the_schedule_are_the_sums_of_its_pieces() -> None:
    schedule = Schedule(SEED, "plating-1", "electroplating_line")
    for piece in (0, 1, 7, 8, 9, 4001):
        direct = sum(schedule.mix[n % 8] for n in range(piece))
        assert schedule.loads_before(piece) == pytest.approx(direct)
    tally = Tally(schedule, {"run": 2.0}, 0.5)
    summed = 0.0
    for second in range(0, 200_000, 10):
        summed += (2.0 if schedule.at(second * 1000).phase == "run" else 0.5) * 10
    assert tally.until(schedule.at(200_000_000)) == pytest.approx(summed, rel=1e-3)


def test_the_same_moment_reads_the_same_however_often_it_is_asked() -> None:
    now = ORIGIN_MS + 1_000_000
    box = PlantBox(SEED, 30, ORIGIN_MS, None, now)
    model = box.station("sinter-1", "sinter_furnace")
    box.advance(now + 1000)
    first = dict(model.values)
    box.advance(now + 1000)
    assert model.values == first


def test_before_its_origin_the_plant_stands_at_its_beginning() -> None:
    box = PlantBox(SEED, 30, ORIGIN_MS, None, 1000)
    model = box.station("sinter-1", "sinter_furnace")
    first = dict(model.values)
    box.advance(2000)
    assert box.sim_ms(2000) == 0
    assert model.values == first
