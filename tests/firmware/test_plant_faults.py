"""Faults: sensors lie or die, physics leaves its band; and nothing else changes."""

import json
from pathlib import Path

import pytest

from firmware.drivers.bus_fault import BusFault
from firmware.drivers.simulated import open_channel
from firmware.plant.box import PlantBox
from tests.firmware.boxes import ORIGIN_MS, SEED, Bench, write_faults


def fault(station: str, metric: str | None, kind: str, **more: object) -> dict[str, object]:
    return {"station": station, "metric": metric, "fault": kind, **more}


@pytest.fixture
def faults(tmp_path: Path) -> Path:
    file = tmp_path / "faults.json"
    write_faults(file)
    return file


def test_an_open_sensor_raises_and_its_neighbours_go_on(faults: Path) -> None:
    bench = Bench("sinter-1", "sinter_furnace", faults)
    broken = open_channel({}, "sinter-1", "zone_1_temperature_c", bench.box)
    neighbour = open_channel({}, "sinter-1", "zone_2_temperature_c", bench.box)
    assert broken.read() > 0  # type: ignore[operator]
    write_faults(faults, fault("sinter-1", "zone_1_temperature_c", "sensor_open"))
    bench.go(60)
    with pytest.raises(BusFault, match="zone_1_temperature_c") as raised:
        broken.read()
    assert raised.value.kind == "sensor"
    assert neighbour.read() > 0  # type: ignore[operator]
    write_faults(faults)
    bench.go(60)
    assert broken.read() > 0  # type: ignore[operator]


def test_a_drifting_sensor_leaves_its_twin_by_its_rate(faults: Path) -> None:
    bench = Bench("sinter-1", "sinter_furnace", faults)
    healthy = Bench("sinter-1", "sinter_furnace")
    write_faults(
        faults,
        fault("sinter-1", "load_1_temperature_c", "drift", amount=3.0, from_ms=bench.now_ms),
    )
    for _ in range(120):
        bench.go(60)
        healthy.go(60)
    away = bench.number("load_1_temperature_c") - healthy.number("load_1_temperature_c")
    assert away == pytest.approx(6.0, abs=0.2)
    assert bench.number("load_2_temperature_c") == healthy.number("load_2_temperature_c")


def test_a_stuck_sensor_keeps_the_value_it_had(faults: Path) -> None:
    bench = Bench("sinter-1", "sinter_furnace", faults)
    bench.until("delube_ramp")
    write_faults(faults, fault("sinter-1", "zone_3_temperature_c", "stuck", from_ms=bench.now_ms))
    bench.go(60)
    stuck = bench.number("zone_3_temperature_c")
    bench.go(1200)
    assert bench.number("zone_3_temperature_c") == stuck
    assert bench.number("zone_2_temperature_c") > stuck + 20


def test_a_leak_worsens_the_vacuum_and_is_found_by_the_next_test(faults: Path) -> None:
    bench = Bench("sinter-1", "sinter_furnace", faults)
    bench.until("presinter")
    good = bench.number("chamber_pressure_pa")
    write_faults(faults, fault("sinter-1", None, "leak", from_ms=bench.now_ms))
    bench.go(600)
    assert bench.number("chamber_pressure_pa") > 3 * good
    assert bench.number("argon_oxygen_ppm") > 10
    bench.until("leak_test")
    bench.until("degas_ramp")
    assert bench.number("leak_rate_pa_l_s") > 0.6


def test_a_bath_leaks_faster_than_it_is_topped_up(faults: Path) -> None:
    bench = Bench("plating-1", "electroplating_line", faults)
    write_faults(faults, fault("plating-1", "ni_base_level_pct", "leak", from_ms=bench.now_ms))
    for _ in range(24):
        bench.go(300)
    assert bench.number("ni_base_level_pct") < 90
    assert bench.number("cu_level_pct") > 95


def test_without_mains_a_furnace_cools_its_vacuum_fails_and_it_says_so(faults: Path) -> None:
    bench = Bench("sinter-1", "sinter_furnace", faults)
    bench.until("sinter")
    bench.go(6000)
    vacuum = bench.number("chamber_pressure_pa")
    energy = bench.number("energy_kwh")
    end = bench.now_ms + 1200 * 1000 // 30
    write_faults(faults, fault("sinter-1", None, "power_dip", from_ms=bench.now_ms, to_ms=end))
    bench.go(600)
    assert bench.model.value("state") == "alarm"
    assert bench.number("alarm_count") == 1
    assert bench.number("supply_voltage_v") < 342
    assert bench.number("zone_1_power_kw") == 0
    assert bench.number("chamber_pressure_pa") > 10 * vacuum
    assert bench.number("zone_1_temperature_c") < 1040
    used = bench.number("energy_kwh")
    bench.go(300)
    assert bench.number("energy_kwh") == used
    bench.go(3600)
    assert bench.model.value("state") == "run"
    assert bench.number("zone_1_temperature_c") == pytest.approx(1065, abs=3)
    assert bench.number("energy_kwh") > used >= energy


@pytest.mark.parametrize(
    ("station", "kind", "metric"),
    [
        ("plating-1", "electroplating_line", "ni_base_ph"),
        ("plating-1", "electroplating_line", "zn_ph"),
        ("plating-1", "electroplating_line", "ni_bright_temperature_c"),
        ("phosphate-1", "phosphating_line", "phosphate_ph"),
        ("phosphate-1", "phosphating_line", "phosphate_temperature_c"),
        ("phosphate-1", "phosphating_line", "pickle_temperature_c"),
        ("ecoat-1", "ecoat_line", "bath_ph"),
        ("ecoat-1", "ecoat_line", "bath_temperature_c"),
        ("slicer-1", "slicer", "coolant_ph"),
        ("tumbler-1", "tumbler", "process_water_ph"),
    ],
)
def test_a_bath_driven_off_leaves_its_alarm_band_slowly_and_comes_back(
    faults: Path, station: str, kind: str, metric: str
) -> None:
    folder = Path(__file__).parents[2] / "schemas" / "stations"
    contract = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
    low, high = next(m["alarm"] for m in contract["metrics"] if m["name"] == metric)
    bench = Bench(station, kind, faults)
    before = bench.number(metric)
    end = bench.now_ms + 14 * 3600 * 1000 // 30
    write_faults(
        faults, fault(station, metric, "bath_out_of_range", from_ms=bench.now_ms, to_ms=end)
    )
    bench.go(60)
    assert abs(bench.number(metric) - before) < 0.25 * (high - low), "a bath does not jump"
    for _ in range(14 * 12 - 2):
        bench.go(300)
    assert not low <= bench.number(metric) <= high
    for _ in range(20 * 12):
        bench.go(300)
    assert low <= bench.number(metric) <= high


def test_a_fault_of_one_station_changes_nothing_in_another(faults: Path) -> None:
    write_faults(faults, fault("sinter-2", None, "power_dip"), fault("sinter-2", None, "leak"))
    touched = Bench("sinter-1", "sinter_furnace", faults)
    healthy = Bench("sinter-1", "sinter_furnace")
    for _ in range(20):
        touched.go(300)
        healthy.go(300)
    assert touched.model.values == healthy.model.values


def test_a_faults_file_that_is_half_written_changes_nothing_and_is_read_when_whole(
    faults: Path,
) -> None:
    write_faults(faults, fault("sinter-1", "zone_1_temperature_c", "sensor_open"))
    bench = Bench("sinter-1", "sinter_furnace", faults)
    faults.write_text('{"faults": [{"station": "sint', encoding="utf-8")
    bench.go(60)
    assert bench.box.fault_problem is not None
    with pytest.raises(OSError, match="open"):
        bench.model.value("zone_1_temperature_c")
    faults.write_text('{"faults": [{"station": "sinter-1", "fault": "fire"}]}', encoding="utf-8")
    bench.go(60)
    assert "faults[0].fault" in (bench.box.fault_problem or "")
    write_faults(faults)
    bench.go(60)
    assert bench.box.fault_problem is None
    assert bench.number("zone_1_temperature_c") > 0


def test_the_file_is_looked_at_no_more_than_once_a_second(faults: Path) -> None:
    now = ORIGIN_MS + 1_000_000
    box = PlantBox(SEED, 1, ORIGIN_MS, str(faults), now)
    model = box.station("sinter-1", "sinter_furnace")
    box.advance(now + 1000)
    write_faults(faults, fault("sinter-1", "zone_1_temperature_c", "sensor_open"))
    box.advance(now + 1500)
    assert model.value("zone_1_temperature_c")
    box.advance(now + 2100)
    with pytest.raises(OSError, match="open"):
        model.value("zone_1_temperature_c")


def test_a_channel_of_something_that_is_not_there_is_refused() -> None:
    box = PlantBox(SEED, 1, ORIGIN_MS, None, ORIGIN_MS)
    with pytest.raises(OSError, match="no station"):
        open_channel({}, "sinter-1", "zone_1_temperature_c", box)
    with pytest.raises(OSError, match="no simulated station type"):
        open_channel({"type": "teapot"}, "sinter-1", "zone_1_temperature_c", box)
    with pytest.raises(OSError, match="no metric"):
        open_channel({"type": "sinter_furnace"}, "sinter-1", "zone_99_temperature_c", box)
