"""CPython and MicroPython simulate the same plant, and a board can afford it."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT


def run(interpreter: str, module: str, *arguments: str) -> str:
    command = [interpreter, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout[-500:]
    return done.stdout


def test_both_interpreters_read_the_same_values(micropython: str) -> None:
    here = run(sys.executable, "tests.firmware.plant_values").splitlines()
    there = run(micropython, "tests.firmware.plant_values").splitlines()
    assert len(here) == len(there) > 100
    compared = 0
    for line, other in zip(here, there, strict=True):
        station, at_ms, values = json.loads(line)
        same_station, same_ms, others = json.loads(other)
        assert (station, at_ms) == (same_station, same_ms)
        assert values.keys() == others.keys()
        for metric, value in values.items():
            compared += 1
            if isinstance(value, float):
                # Two mathematical libraries, two ways to round: the last digit may differ.
                assert others[metric] == pytest.approx(value, rel=1e-3, abs=2e-5), (station, metric)
            else:
                assert others[metric] == value, (station, metric)
    assert compared > 3000


def test_a_second_of_any_station_costs_a_board_less_than_five_milliseconds(
    micropython: str,
) -> None:
    costs = json.loads(run(micropython, "tests.firmware.plant_cost"))
    assert len(costs) == 23
    assert max(costs.values()) < 5.0, costs


@pytest.mark.parametrize(
    "module",
    [
        "test_drivers",
        "test_modbus",
        "test_aibus",
        "test_instruments",
        "test_open_drivers",
        "test_line_serial",
        "test_sensors",
        "test_serial_line",
        "test_long_pauses",
    ],
)
def test_the_drivers_pass_their_tests_on_micropython(micropython: str, module: str) -> None:
    answer = run(micropython, "tests.device_runner", f"tests.firmware.{module}")
    assert ", 0 failed on micropython" in answer
    assert not answer.startswith("0 passed")
