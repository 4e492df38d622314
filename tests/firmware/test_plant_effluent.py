"""The wastewater follows what the lines do, though another process simulates them."""

from pathlib import Path

import pytest

from firmware.plant.layout import NICKEL_STREAMS, STREAMS
from firmware.plant.schedule import Schedule
from firmware.plant.treatment_train import CU, NI, ZN, dissolved_mg_l
from tests.firmware.boxes import Bench, write_faults

PLATING = [line for line, _, _ in STREAMS[NICKEL_STREAMS[0]]]


def dip(line: str, begin_ms: int, end_ms: int | None) -> dict[str, object]:
    return {
        "station": line,
        "metric": None,
        "fault": "power_dip",
        "from_ms": begin_ms,
        "to_ms": end_ms,
    }


def test_nickel_at_the_workshop_outlet_falls_and_rises_after_the_lines_with_a_lag(
    tmp_path: Path,
) -> None:
    faults = tmp_path / "faults.json"
    write_faults(faults)
    bench = Bench("outlet-workshop", "workshop_outlet", faults)
    bench.go(3600)
    steady = bench.number("nickel_mg_l")
    assert steady > 0.05
    begin = bench.now_ms
    # Six hours in which no barrel is moved: no drag-out, no rinse water.
    write_faults(faults, *(dip(line, begin, begin + 6 * 3600 * 1000 // 30) for line in PLATING))
    bench.go(300)
    assert bench.number("nickel_mg_l") == pytest.approx(steady, rel=0.1), "the lag of two tanks"
    for _ in range(6 * 12 - 1):
        bench.go(300)
    flow_without_lines = bench.number("flow_m3_h")
    assert flow_without_lines < 0.1
    lowest = bench.number("nickel_mg_l")
    readings = []
    for _ in range(12 * 12):
        bench.go(300)
        readings.append(bench.number("nickel_mg_l"))
    assert max(readings) > lowest * 1.05
    peak = readings.index(max(readings))
    assert peak > 12, f"the peak comes {peak * 5} min after the lines began again"
    assert bench.number("flow_m3_h") > 5 * flow_without_lines


def test_a_stream_carries_the_water_of_its_rinses_and_no_more() -> None:
    bench = Bench("stream-nickel", "effluent_stream")
    begun = bench.number("total_m3")
    for _ in range(48):
        bench.go(1800)
    expected = 0.0
    schedule = Schedule(7, PLATING[0], "electroplating_line")
    hours_run = sum(seconds for name, seconds, _ in schedule.program.phases if name == "run") / 3600
    expected = len(PLATING) * (420 * hours_run + 60 * (24 - hours_run)) / 1000
    assert bench.number("total_m3") - begun == pytest.approx(expected / bench.speed, rel=0.03)


@pytest.mark.parametrize("speed", [1.0, 30.0])
def test_the_flow_meter_agrees_with_its_totaliser(speed: float) -> None:
    """In real time, however fast the simulated one runs: a day of an outlet is judged by both."""
    bench = Bench("outlet-plant", "plant_outlet", speed=speed)
    begun = bench.number("total_m3")
    summed = 0.0
    for _ in range(240):
        bench.go(120)
        summed += bench.number("flow_m3_h") * 120 / bench.speed / 3600
    assert bench.number("total_m3") - begun == pytest.approx(summed, rel=0.01)


def test_a_failed_caustic_pump_lets_nickel_through(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    write_faults(faults)
    bench = Bench("outlet-workshop", "workshop_outlet", faults)
    plant = bench.box.station("treatment-1", "effluent_treatment")
    healthy = bench.number("nickel_mg_l")
    write_faults(
        faults,
        {
            "station": "treatment-1",
            "metric": None,
            "fault": "bath_out_of_range",
            "from_ms": bench.now_ms,
        },
    )
    caustic = plant.value("naoh_l")
    for _ in range(40):
        bench.go(300)
    ph = plant.value("reaction_2_ph")
    assert isinstance(ph, float)
    assert ph < 8.5
    assert bench.number("nickel_mg_l") > max(2.0, 8 * healthy)
    grown = plant.value("naoh_l") - caustic  # type: ignore[operator]
    assert grown < 1.0, "what is not dosed is not counted"


def test_hydroxide_solubility_has_the_shape_of_the_textbook() -> None:
    assert dissolved_mg_l(NI, 8.5) == pytest.approx(3.23, rel=0.01)
    assert dissolved_mg_l(NI, 9.5) == pytest.approx(dissolved_mg_l(NI, 8.5) / 100)
    assert dissolved_mg_l(ZN, 9.5) < dissolved_mg_l(ZN, 8.3)
    assert dissolved_mg_l(ZN, 9.5) < dissolved_mg_l(ZN, 12.5), "zinc redissolves"
    assert dissolved_mg_l(CU, 9.0) < dissolved_mg_l(NI, 9.0)


def test_the_sump_fills_while_its_pump_has_no_power(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    write_faults(faults)
    bench = Bench("stream-nickel", "effluent_stream", faults)
    level = bench.number("sump_level_pct")
    write_faults(faults, dip("stream-nickel", bench.now_ms, None))
    for _ in range(20):
        bench.go(300)
    assert bench.number("flow_m3_h") == 0
    assert bench.number("sump_level_pct") > level + 10
    assert bench.model.value("pump_running") is False
