"""Truths about furnaces: soak, quench, vacuum, heat balance."""

import itertools

import pytest

from tests.firmware.boxes import Bench

FURNACES = [
    ("sinter-1", "sinter_furnace", "sinter", 1065, 6, "quench"),
    ("ageing-1", "ageing_furnace", "age2", 500, 4, "quench2"),
    ("gbd-furnace-1", "gbd_diffusion_furnace", "diffuse", 900, 4, "quench1"),
]
furnaces = pytest.mark.parametrize(
    ("station", "kind", "soak", "target", "zones", "quench"), FURNACES
)


@furnaces
def test_zones_hold_the_soak_within_three_kelvin_and_the_charge_follows(
    station: str, kind: str, soak: str, target: int, zones: int, quench: str
) -> None:
    bench = Bench(station, kind)
    bench.until(soak)
    bench.go(600)  # the end of the ramp rounds off
    for model in bench.during(soak, 60):
        for n in range(1, zones + 1):
            assert abs(bench.number(f"zone_{n}_temperature_c") - target) <= 3
        if model.act.at_s > model.act.of_s * 0.5:
            for n in range(1, 5):
                assert abs(bench.number(f"load_{n}_temperature_c") - target) <= 3


@furnaces
def test_the_charge_lags_behind_the_zones_on_the_way_up(
    station: str, kind: str, soak: str, target: int, zones: int, quench: str
) -> None:
    bench = Bench(station, kind)
    bench.until(soak + "_ramp" if soak != "age2" else "age2_ramp")
    bench.go(2400)
    assert bench.number("load_1_temperature_c") < bench.number("zone_1_temperature_c") - 8


@furnaces
def test_a_quench_cools_the_charge_without_turning_back(
    station: str, kind: str, soak: str, target: int, zones: int, quench: str
) -> None:
    bench = Bench(station, kind)
    bench.until(quench)
    temperatures = [bench.number("load_2_temperature_c") for _ in bench.during(quench, 120)]
    assert all(b <= a + 0.3 for a, b in itertools.pairwise(temperatures))
    assert temperatures[-1] < 85 < target - 200 < temperatures[0]


def test_a_sinter_quench_is_as_fast_as_the_trade_expects() -> None:
    bench = Bench("sinter-1", "sinter_furnace")
    bench.until("quench")
    at = {}
    seconds = 0
    for _ in bench.during("quench", 30):
        t = bench.number("load_3_temperature_c")
        for mark in (900, 500):
            if t < mark:
                at.setdefault(mark, seconds)
        seconds += 30
    rate = 400 / ((at[500] - at[900]) / 60)
    assert 8 <= rate <= 25, f"{rate:.1f} K/min from 900 to 500 °C"


def test_lubricant_and_hydrogen_come_out_as_two_peaks_of_pressure() -> None:
    bench = Bench("sinter-1", "sinter_furnace")
    peaks = {}
    bench.until("degas")
    for phase in (
        "degas",
        "delube_ramp",
        "delube",
        "dehydride_ramp",
        "dehydride",
        "presinter_ramp",
        "presinter",
    ):
        assert bench.model.act.phase == phase
        peaks[phase] = max(bench.number("chamber_pressure_pa") for _ in bench.during(phase, 60))
    assert 2 < max(peaks["delube_ramp"], peaks["delube"]) < 30
    assert 40 < max(peaks["dehydride_ramp"], peaks["dehydride"]) < 120
    assert peaks["presinter"] < 0.5
    assert bench.number("chamber_pressure_pa") < 0.05


def test_zone_power_integrates_to_what_the_energy_meter_adds() -> None:
    bench = Bench("sinter-1", "sinter_furnace")
    bench.until("degas_ramp")
    start = bench.number("energy_kwh")
    heat = 0.0
    hours = 0.0
    while bench.model.act.phase != "slow_cool":
        before = sum(bench.number(f"zone_{n}_power_kw") for n in range(1, 7))
        bench.go(60)
        after = sum(bench.number(f"zone_{n}_power_kw") for n in range(1, 7))
        heat += (before + after) / 2 / 60
        hours += 1 / 60
    pumps = 14.0 * hours
    assert bench.number("energy_kwh") - start == pytest.approx(heat + pumps, rel=0.03)


def test_the_leak_test_finds_the_leak_that_is_there() -> None:
    bench = Bench("ageing-1", "ageing_furnace")
    bench.until("leak_test")
    pressures = [bench.number("chamber_pressure_pa") for _ in bench.during("leak_test", 30)]
    assert pressures[-1] > pressures[0] * 3
    rise = (pressures[-1] - pressures[1]) / (30 * (len(pressures) - 2))
    assert bench.number("leak_rate_pa_l_s") == pytest.approx(rise * 4000, rel=0.1)


def test_the_hip_pressure_falls_with_its_gas_temperature() -> None:
    bench = Bench("hip-1", "hot_isostatic_press")
    bench.until("soak")
    bench.go(3600)
    assert bench.number("vessel_pressure_mpa") == pytest.approx(100, abs=0.5)
    bench.until("cool")
    bench.go(3600)
    kelvin = sum(bench.number(f"zone_{n}_temperature_c") for n in (1, 2, 3)) / 3 + 273.15
    assert bench.number("vessel_pressure_mpa") == pytest.approx(100 * kelvin / 1173.15, rel=0.05)
