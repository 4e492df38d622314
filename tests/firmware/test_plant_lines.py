"""Truths about the wet lines, the powder shop and the small machines."""

import itertools

import pytest

from firmware.plant.electroplating import AREA_M2_KG, CELLS, RATED_KG
from firmware.plant.hydrogen import absorbed
from tests.firmware.boxes import Bench

NICKEL_G_M2_UM = 8.91


def test_ampere_hours_are_the_integral_of_the_current() -> None:
    bench = Bench("plating-1", "electroplating_line")
    bench.until("run")
    for cell in ("ni_base", "cu", "ni_bright", "zn"):
        begun = bench.number(f"{cell}_ah")
        summed = 0.0
        before = bench.number(f"{cell}_current_a")
        for _ in range(720):
            bench.go(10)
            now = bench.number(f"{cell}_current_a")
            summed += (before + now) / 2 * 10 / 3600
            before = now
        assert bench.number(f"{cell}_ah") - begun == pytest.approx(summed, rel=0.005)


def test_the_nickel_of_one_barrel_agrees_with_faraday() -> None:
    """96485 C/mol, 58.69 g/mol, two electrons: 1.095 g per Ah; a layer of some micrometres."""
    bench = Bench("plating-1", "electroplating_line")
    bench.until("run")
    while bench.model.act.piece_s > 60 or bench.model.act.at_s < 60:
        bench.go(20)
    begun = bench.number("ni_bright_ah")
    piece = bench.model.act.piece
    while bench.model.act.piece == piece:
        bench.go(20)
    charge = bench.number("ni_bright_ah") - begun
    cell = next(cell for cell in CELLS if cell.name == "ni_bright")
    assert cell.equivalent == pytest.approx(58.6934 / 2 / 96485.33 * 3600, rel=1e-3)
    grams = charge * cell.equivalent * cell.efficiency
    load = bench.model.schedule.mix[(piece - cell.behind) % 8]
    micrometres = grams / (load * RATED_KG * AREA_M2_KG) / NICKEL_G_M2_UM
    assert 3 < micrometres < 8


def test_brightener_follows_the_charge() -> None:
    bench = Bench("plating-1", "electroplating_line")
    bench.until("run")
    charge, dose = bench.number("ni_bright_ah"), bench.number("ni_bright_brightener_ml")
    bench.go(6 * 3600)
    per_kah = (
        (bench.number("ni_bright_brightener_ml") - dose)
        / (bench.number("ni_bright_ah") - charge)
        * 1000
    )
    assert 100 < per_kah < 180


def test_a_rinse_jumps_with_each_barrel_and_is_diluted_until_the_next() -> None:
    bench = Bench("plating-1", "electroplating_line")
    bench.until("run")
    bench.go(5 * 3600)
    readings = []
    for _ in range(180):
        bench.go(60)
        readings.append(bench.number("ni_rinse_conductivity_us_cm"))
    steps = [b - a for a, b in itertools.pairwise(readings)]
    jumps = [step for step in steps if step > 100]
    assert len(jumps) == 3, "three barrels in three hours"
    assert sum(step < 0 for step in steps) > 150


def test_the_phosphating_line_doses_by_area() -> None:
    bench = Bench("phosphate-1", "phosphating_line")
    bench.until("run")
    area, litres = bench.number("processed_area_m2"), bench.number("replenisher_l")
    bench.go(8 * 3600)
    grown = bench.number("processed_area_m2") - area
    assert grown > 100
    assert (bench.number("replenisher_l") - litres) / grown == pytest.approx(0.16, rel=0.02)


def test_a_rack_closes_its_film_and_the_current_decays() -> None:
    bench = Bench("ecoat-1", "ecoat_line", speed=1)
    bench.until("run", 20)
    while not 130 < bench.model.act.piece_s < 140:
        bench.go(5)
    bench.go(15)
    early = bench.number("rectifier_current_a")
    bench.go(90)
    late = bench.number("rectifier_current_a")
    assert bench.number("rectifier_voltage_v") == pytest.approx(210, abs=1)
    assert early > 40 > 10 > late > 1


def test_the_alloy_heats_itself_while_it_drinks_hydrogen() -> None:
    bench = Bench("hd-1", "hydrogen_decrepitation")
    bench.until("absorb")
    begun = bench.number("hydrogen_total_m3")
    hottest = flow = heater = 0.0
    for _ in bench.during("absorb", 60):
        hottest = max(hottest, bench.number("load_temperature_c"))
        flow = max(flow, bench.number("hydrogen_flow_m3_h"))
        heater = max(heater, bench.number("heater_power_kw"))
    taken = bench.number("hydrogen_total_m3") - begun
    assert heater == 0
    assert 90 < hottest < 300
    assert flow > 20
    weight_pct = taken * 0.08988 / bench.number("charge_mass_kg") * 100
    assert weight_pct == pytest.approx(0.40, rel=0.03)
    assert absorbed(7200) > 0.99


def test_a_worn_target_needs_less_voltage_for_the_same_power() -> None:
    bench = Bench("gbd-coater-1", "gbd_sputter_coater")
    pairs = []
    for _ in range(9):
        bench.until("coat_front")
        bench.go(900)
        power = bench.number("target_1_power_kw")
        volts, amps = bench.number("target_1_voltage_v"), bench.number("target_1_current_a")
        assert volts * amps / 1000 == pytest.approx(power, rel=0.01)
        pairs.append((bench.number("target_1_energy_kwh") % 900, volts))
        bench.until("cool")
    pairs.sort()
    assert pairs[0][1] > pairs[-1][1]


def test_target_energy_is_power_times_time() -> None:
    bench = Bench("gbd-coater-1", "gbd_sputter_coater")
    bench.until("coat_front")
    begun = bench.number("target_2_energy_kwh")
    bench.go(1800)
    assert bench.number("target_2_energy_kwh") - begun == pytest.approx(7.0, rel=0.02)


def test_every_stroke_of_the_press_has_values_of_its_own() -> None:
    bench = Bench("press-1", "align_press")
    bench.until("run")
    masses = []
    for _ in range(12):
        count = bench.number("stroke_count")
        bench.go(60)
        assert bench.number("stroke_count") == count + 1
        masses.append(bench.number("compact_g"))
    assert len(set(masses)) > 8
    assert all(abs(mass - 312) < 0.01 * 312 for mass in masses)


def test_a_warm_magnetizer_coil_gives_less_field() -> None:
    bench = Bench("magnetizer-1", "magnetizer")
    bench.until("wait", 10)
    bench.until("run", 10)
    bench.go(40)
    cold = bench.number("coil_temperature_c"), bench.number("peak_field_t")
    bench.go(1800)
    warm = bench.number("coil_temperature_c"), bench.number("peak_field_t")
    assert warm[0] > cold[0] + 2
    assert warm[1] < cold[1]


def test_flux_counts_add_up_to_the_parts_gauged() -> None:
    bench = Bench("flux-1", "flux_gauge")
    bench.until("run", 10)
    ok, bad = bench.number("ok_count"), bench.number("nok_count")
    bench.go(6 * 1000)
    gained = bench.number("ok_count") - ok + bench.number("nok_count") - bad
    assert gained == 1000
    assert bench.number("nok_count") - bad <= 10
