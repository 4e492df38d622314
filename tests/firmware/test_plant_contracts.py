"""Every simulated station supplies what its contract promises, and stays healthy."""

import itertools
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from firmware.drivers.simulated import open_channel
from firmware.plant.box import PlantBox
from firmware.plant.layout import CONTROLLERS, STREAMS
from firmware.plant.programs import PROGRAMS
from tests.firmware.boxes import ORIGIN_MS

FOLDER = Path(__file__).parents[2] / "schemas" / "stations"
TYPES = sorted(file.stem for file in FOLDER.glob("*.json"))
PYTHON_TYPE: dict[str, type] = {
    "double": float,
    "int32": int,
    "int64": int,
    "uint32": int,
    "uint64": int,
    "boolean": bool,
    "string": str,
}
TICKS = 500
CYCLES = 1.3


@cache
def contract(station_type: str) -> dict[str, dict[str, Any]]:
    found = json.loads((FOLDER / f"{station_type}.json").read_text(encoding="utf-8"))
    return {metric["name"]: metric for metric in found["metrics"]}


def station_of(station_type: str) -> str:
    for _, _, stations in CONTROLLERS:
        for station, known in stations:
            if known == station_type:
                return station
    raise AssertionError(f"the demo plant has no {station_type}")


@cache
def watched(station_type: str) -> list[dict[str, Any]]:
    """What the station reads over more than a cycle, through its driver's channels."""
    now = ORIGIN_MS + 3_000_000_000
    box = PlantBox(7, 30, ORIGIN_MS, None, now)
    station = station_of(station_type)
    model = box.station(station, station_type)
    channels = {name: open_channel({}, station, name, box) for name in contract(station_type)}
    pause_ms = int(model.schedule.cycle_s * CYCLES / TICKS * 1000 / 30)
    found = []
    for _ in range(TICKS):
        now += pause_ms
        box.advance(now)
        found.append({name: channel.read() for name, channel in channels.items()})
    return found


def test_contracts_and_programs_know_the_same_types() -> None:
    assert set(TYPES) == set(PROGRAMS)


@pytest.mark.parametrize("station_type", TYPES)
def test_every_reading_has_the_type_its_datatype_asks_for(station_type: str) -> None:
    for name, metric in contract(station_type).items():
        kinds = {type(reading[name]) for reading in watched(station_type)}
        assert kinds == {PYTHON_TYPE[metric["datatype"]]}, name


@pytest.mark.parametrize("station_type", TYPES)
def test_a_word_is_one_of_those_the_contract_lists(station_type: str) -> None:
    for name, metric in contract(station_type).items():
        if metric.get("values"):
            words = {reading[name] for reading in watched(station_type)}
            assert words <= set(metric["values"]), name


def outside(value: float, band: list[float | None] | None) -> bool:
    low, high = band or (None, None)
    return (low is not None and value < low) or (high is not None and value > high)


@pytest.mark.parametrize("station_type", TYPES)
def test_a_healthy_station_stays_inside_its_alarm_limits(station_type: str) -> None:
    for name, metric in contract(station_type).items():
        if metric["alarm"]:
            worst = [r[name] for r in watched(station_type) if outside(r[name], metric["alarm"])]
            assert not worst, f"{name} {worst[:5]} is outside {metric['alarm']}"


@pytest.mark.parametrize("station_type", TYPES)
def test_a_running_station_is_nearly_always_inside_its_normal_band(station_type: str) -> None:
    readings = [r for r in watched(station_type) if r.get("state", "run") == "run"]
    assert len(readings) > TICKS / 3
    for name, metric in contract(station_type).items():
        if metric["normal"]:
            off = sum(outside(reading[name], metric["normal"]) for reading in readings)
            assert off <= 0.02 * len(readings), f"{name} is outside {metric['normal']}"


@pytest.mark.parametrize("station_type", TYPES)
def test_counters_only_grow_and_the_busy_ones_do(station_type: str) -> None:
    readings = watched(station_type)
    for name, metric in contract(station_type).items():
        if metric["kind"] != "counter":
            continue
        values = [reading[name] for reading in readings]
        assert all(a <= b for a, b in itertools.pairwise(values)), name
        if metric["datatype"] == "double":
            assert values[-1] > values[0] >= 0, name


@pytest.mark.parametrize("station_type", TYPES)
def test_noise_stays_within_the_deadband(station_type: str) -> None:
    """Report by exception is worth nothing when a standing value is reported again and again."""
    now = ORIGIN_MS + 3_000_000_000
    box = PlantBox(7, 1, ORIGIN_MS, None, now)
    model = box.station(station_of(station_type), station_type)
    analog = [m for m in contract(station_type).values() if m["kind"] == "analog"]
    ups = dict.fromkeys((metric["name"] for metric in analog), 0)
    downs = dict(ups)
    for _ in range(20):
        last = dict(model.values)
        now += 100
        box.advance(now)
        for metric in analog:
            name, band = metric["name"], metric["deadband"]
            value, before = model.value(name), last[name]
            assert isinstance(value, float)
            assert isinstance(before, float)
            share = float(band[:-1]) / 100 * abs(before) if isinstance(band, str) else band
            ups[name] += value - before > share
            downs[name] += before - value > share
    # A ramp moves one way; noise would go both ways.
    assert sum(min(ups[name], downs[name]) for name in ups) <= 0.02 * 20 * len(analog)


def test_the_demo_plant_has_every_type_on_twelve_controllers_and_no_name_twice() -> None:
    stations = [station for _, _, found in CONTROLLERS for station in found]
    assert {station_type for _, station_type in stations} == set(TYPES)
    assert len({name for name, _ in stations}) == len(stations)
    assert len({node for _, node, _ in CONTROLLERS}) == len(CONTROLLERS) == 12
    known = dict(stations)
    for feeds in STREAMS.values():
        for line, line_type, _ in feeds:
            assert known[line] == line_type
