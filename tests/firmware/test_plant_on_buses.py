"""The plant in a box on pseudo-terminals, read by a master that is not ours: pymodbus."""

import json
import math
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import ModbusSerialClient

from firmware.boards.unix.buses import Plant
from firmware.boards.unix.wiring import ports_of, wire
from firmware.onboard.storage import FileStorage
from schemas.samples import GOOD
from schemas.station_types import StationType, load_station_types
from tests.brokers import Process, wait_until
from tests.conftest import ROOT
from tests.faults.edge_records import read_journal
from tests.plant import board

TYPES = load_station_types()
NAMED = {"uint16": "UINT16", "int32": "INT32", "uint32": "UINT32", "uint64": "UINT64",
         "float64": "FLOAT64", "text": "STRING"}  # fmt: skip
STATIONS = (("sinter-1", "sinter_furnace"), ("gauge-1", "flux_gauge"))
LONG_S = 90
# One of every way that a sensor is told to be open.
BROKEN = (
    "zone_2_temperature_c",
    "load_1_temperature_c",
    "door_closed",
    "step_no",
    "alarm_count",
    "recipe_id",
)


def board_file(folder: Path, *stations: tuple[str, str]) -> Path:
    """A station.json of stations on buses; the plant stands still at its beginning."""
    plant = {"seed": 7, "speed": 1, "origin_ms": time.time_ns() // 1_000_000 + 3_600_000,
             "faults": str(folder / "faults.json")}  # fmt: skip
    wired = [wire(name, TYPES[kind], n, folder) for n, (name, kind) in enumerate(stations, 1)]
    file = folder / "station.json"
    file.write_text(json.dumps(board(folder, 1, "ctl-1", [], plant=plant, stations=wired)))
    return file


class Buses:
    """The lines of one station.json, served by a process of their own."""

    def __init__(self, folder: Path) -> None:
        self.file = board_file(folder, *STATIONS)
        self.board: dict[str, Any] = json.loads(self.file.read_text())
        self.ports = ports_of(self.board)
        command = [sys.executable, "-m", "firmware.boards.unix.buses", str(self.file)]
        self.process = Process(command, folder / "buses.log")
        self.process.folder = ROOT

    def start(self) -> None:
        for port in self.ports:
            port.unlink(missing_ok=True)
        self.process.start()
        wait_until(lambda: all(port.exists() for port in self.ports), "the lines")

    def break_sensors(self, *metrics: str) -> None:
        """Of the first station these and no others are open."""
        faults = [
            {"station": STATIONS[0][0], "metric": metric, "fault": "sensor_open"}
            for metric in metrics
        ]
        file = Path(self.board["plant"]["faults"])
        file.with_suffix(".new").write_text(json.dumps({"faults": faults}))
        file.with_suffix(".new").replace(file)

    def args(self, station: int, metric: str) -> dict[str, Any]:
        found: dict[str, Any] = self.board["stations"][station]["metrics"][metric]["args"]
        return found


@pytest.fixture
def buses(tmp_path: Path) -> Iterator[Buses]:
    buses = Buses(tmp_path)
    try:
        buses.start()
        yield buses
    finally:
        buses.process.stop()


def master(buses: Buses) -> ModbusSerialClient:
    port = next(port for port in buses.ports if port.name == "rs485")
    client = ModbusSerialClient(str(port), baudrate=115200, timeout=3, retries=0)
    assert client.connect()
    return client


def registers(client: ModbusSerialClient, args: dict[str, Any], count: int) -> Any:
    return client.read_holding_registers(args["register"], count=count, device_id=args["unit"])


def number(client: ModbusSerialClient, args: dict[str, Any]) -> Any:
    """The value of a channel as pymodbus understands it."""
    kind = getattr(client.DATATYPE, NAMED[args["format"]])
    count = args["registers"] if args["format"] == "text" else kind.value[1]
    return client.convert_from_registers(registers(client, args, count).registers, kind)


def test_a_foreign_master_reads_every_register_as_the_plant_has_it(buses: Buses) -> None:
    model = Plant(buses.board)
    client = master(buses)
    read = 0
    for n, (station, kind) in enumerate(STATIONS):
        values = model.station(station, kind).values
        for name, metric in buses.board["stations"][n]["metrics"].items():
            if "driver" not in metric:
                assert number(client, metric["args"]) == values[name], (station, name)
                read += 1
    client.close()
    assert read == len(TYPES["sinter_furnace"].metrics) - 6 + len(TYPES["flux_gauge"].metrics)


def test_a_foreign_master_is_refused_what_is_not_there(buses: Buses) -> None:
    client = master(buses)
    here = buses.args(0, "state")
    assert registers(client, here | {"register": 60_000}, 2).exception_code == 2
    assert client.write_register(here["register"], 1, device_id=1).exception_code == 1
    assert not registers(client, here, here["registers"]).isError()
    client.close()


def test_an_open_sensor_is_no_number_in_its_own_registers_and_comes_back(buses: Buses) -> None:
    client = master(buses)
    broken, whole = (buses.args(0, f"load_{n}_temperature_c") for n in (1, 2))
    before = number(client, broken)
    assert not math.isnan(before)
    buses.break_sensors("load_1_temperature_c")
    wait_until(lambda: math.isnan(number(client, broken)), "the sensor to open")
    assert not math.isnan(number(client, whole))
    buses.break_sensors()
    wait_until(lambda: number(client, broken) == before, "the sensor to be mended")
    client.close()


def test_a_zone_is_a_controller_on_the_aibus_line(buses: Buses) -> None:
    pv, sv, flags = zone(buses, 2)
    values = Plant(buses.board).station("sinter-1", "sinter_furnace").values
    assert (pv, sv) == (values["zone_2_temperature_c"], values["setpoint_temperature_c"])
    assert flags == 0
    buses.break_sensors("zone_2_temperature_c")
    wait_until(lambda: zone(buses, 2)[2] & 0x10, "the controller to tell over range")
    assert not zone(buses, 3)[2] & 0x10


def zone(buses: Buses, number: int) -> tuple[float, float, int]:
    """Process value, set point and alarms of a zone of the first station."""
    address = buses.args(0, f"zone_{number}_temperature_c")["address"]
    port = next(port for port in buses.ports if port.name == "aibus")
    line = os.open(port, os.O_RDWR | os.O_NOCTTY)
    head = bytes((0x80 + address, 0x80 + address, 0x52, 0, 0, 0))
    os.write(line, head + struct.pack("<H", 0x52 + address))
    answer = b""
    while len(answer) < 10:
        answer += os.read(line, 10)
    os.close(line)
    pv, sv, _, flags = struct.unpack("<hhbB", answer[:6])
    return pv / 10, sv / 10, flags


def test_after_a_kill_the_same_paths_lead_to_lines_again(buses: Buses) -> None:
    buses.process.kill()
    buses.start()
    client = master(buses)
    assert not registers(client, buses.args(0, "state"), 12).isError()
    client.close()


# -- the agent that reads it ----------------------------------------------------------------------


def last_qualities(folder: Path) -> dict[tuple[str, str], int]:
    """The quality of what an agent recorded last of every metric."""
    records = read_journal(FileStorage(str(folder))).records
    return {
        (station, metric): quality
        for seq in sorted(records)
        for station, metric, _, _, quality in records[seq][1]
    }


@pytest.mark.parametrize("interpreter", ["cpython", "micropython"])
def test_an_agent_reads_every_metric_and_outlives_the_end_of_its_lines(
    buses: Buses, tmp_path: Path, interpreter: str, request: pytest.FixtureRequest
) -> None:
    python = sys.executable if interpreter == "cpython" else request.getfixturevalue(interpreter)
    command = [python, "-m", "firmware.boards.unix.main", str(buses.file)]
    agent = Process(command, tmp_path / "agent.log")
    agent.folder = ROOT
    journal = tmp_path / "ctl-1.journal"
    metrics = sum(len(TYPES[kind].metrics) for _, kind in STATIONS)

    def bad() -> set[tuple[str, str]]:
        """The metrics whose last reading was not good."""
        found = last_qualities(journal) if journal.exists() else {}
        if len(found) < metrics:
            return {("some", "not recorded yet")}
        return {metric for metric, quality in found.items() if quality != GOOD}

    agent.start()
    try:
        wait_until(lambda: not bad(), "every metric to be read", LONG_S)
        recorded = read_journal(FileStorage(str(journal))).records.values()
        qualities = {reading[4] for _, readings in recorded for reading in readings}
        assert qualities == {GOOD}, "a healthy plant has no bad sample"
        buses.break_sensors(*BROKEN)
        broken = {("sinter-1", metric) for metric in BROKEN}
        wait_until(lambda: bad() == broken, "the broken sensors to be bad, and no others", LONG_S)
        buses.break_sensors()
        wait_until(lambda: not bad(), "the sensors to be mended", LONG_S)
        buses.process.kill()
        wait_until(lambda: len(bad()) == metrics, "every metric to be bad without its line", LONG_S)
        buses.start()
        wait_until(lambda: not bad(), "every metric to be read again", LONG_S)
        assert agent.running is not None and agent.running.poll() is None, agent.said()
    finally:
        agent.stop()


# -- the wiring -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_every_metric_of_a_contract_has_a_place_of_its_own(
    kind: StationType, tmp_path: Path
) -> None:
    entry = wire("s-1", kind, 3, tmp_path)
    assert list(entry["metrics"]) == [spec.name for spec in kind.metrics]
    count = {"float64": 4, "uint64": 4, "int32": 2, "uint32": 2, "uint16": 1}
    taken: set[int] = set()
    paces: dict[int, set[int]] = {}
    for spec in kind.metrics:
        metric = entry["metrics"][spec.name]
        args = metric["args"]
        if metric.get("driver") == "aibus":
            assert 30 < args["address"] <= 80
            continue
        place = range(
            args["register"], args["register"] + (args.get("registers") or count[args["format"]])
        )
        assert taken.isdisjoint(place)
        taken.update(place)
        paces.setdefault(spec.every_ms, set()).update(place)
    for held in paces.values():
        assert max(held) - min(held) + 1 == len(held), "what is read at one pace lies together"


def test_the_slaves_pass_their_tests_on_micropython(micropython: str) -> None:
    command = [micropython, "-m", "tests.device_runner", "tests.firmware.test_plant_bus"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ", 0 failed on micropython" in ran.stdout and not ran.stdout.startswith("0 passed")
