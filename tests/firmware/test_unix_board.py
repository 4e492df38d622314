"""The agent as a program: wrong files refused at once, an end in order; the demo's launcher."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from edge_agent.clock import Clock
from firmware.boards.unix import demo
from firmware.boards.unix.plant_drivers import PlantDrivers
from firmware.onboard.station import load_board
from firmware.plant.layout import CONTROLLERS
from schemas.contract_check import ContractError
from schemas.driver_args import args_faults
from tests.brokers import Process, wait_until
from tests.conftest import ROOT
from tests.plant import board

STATIONS = [("mill-1", "jet_mill")]


def _write(folder: Path, **changes: object) -> Path:
    raw = {**board(folder, 1, "ctl-1", STATIONS), "reconnect_s": 0.2, **changes}
    file = folder / "station.json"
    file.write_text(json.dumps(raw))
    return file


def _agent(interpreter: str, folder: Path, *arguments: str) -> Process:
    process = Process([interpreter, "-m", "firmware.boards.unix.main", *arguments], folder / "log")
    process.folder = ROOT
    process.start()
    return process


def _named(request: pytest.FixtureRequest) -> str:
    return sys.executable if request.param == "cpython" else request.getfixturevalue("micropython")


@pytest.fixture(params=["cpython", "micropython"])
def interpreter(request: pytest.FixtureRequest) -> str:
    return _named(request)


def test_a_wrong_file_is_refused_with_every_fault_and_nothing_is_started(
    interpreter: str, tmp_path: Path
) -> None:
    stations = [
        {"station": "a b", "type": "jet_mill", "driver": "simulated"},
        {"station": "m", "type": "time_machine", "driver": "simulated"},
    ]
    file = _write(tmp_path, stations=stations, keepalive_s=0)
    agent = _agent(interpreter, tmp_path, str(file))
    assert agent.running is not None
    assert agent.running.wait(30) == 2
    for place in ("stations[0].station", "stations[1].type", "keepalive_s"):
        assert place in agent.said()
    assert "Traceback" not in agent.said() and not (tmp_path / "ctl-1.journal").exists()


@pytest.mark.parametrize("arguments", [[], ["nowhere/station.json"], ["a", "b"]])
def test_without_a_readable_file_it_says_what_it_needs(
    tmp_path: Path, arguments: list[str]
) -> None:
    agent = _agent(sys.executable, tmp_path, *arguments)
    assert agent.running is not None
    assert agent.running.wait(30) == 2
    assert "station.json" in agent.said() and "Traceback" not in agent.said()


def test_a_file_that_is_no_text_is_refused_in_a_sentence(interpreter: str, tmp_path: Path) -> None:
    file = _write(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"mill-1", b"mill-\xff"))
    agent = _agent(interpreter, tmp_path, str(file))
    assert agent.running is not None
    assert agent.running.wait(30) == 2
    assert "UTF-8" in agent.said() and "Traceback" not in agent.said()


def test_a_driver_that_does_not_exist_is_a_fault_of_the_file(
    interpreter: str, tmp_path: Path
) -> None:
    stations = [{"station": "mill-1", "type": "jet_mill", "driver": "crystal_ball"}]
    agent = _agent(interpreter, tmp_path, str(_write(tmp_path, stations=stations)))
    assert agent.running is not None
    assert agent.running.wait(30) == 2
    assert agent.said().count("no driver 'crystal_ball'") > 20


def test_args_that_no_driver_understands_are_told_at_the_start(
    interpreter: str, tmp_path: Path
) -> None:
    args = {"port": "/dev/ttyUSB0", "unit": 3, "register": 7, "word-order": "little", "baud": 0}
    stations = [{"station": "mill-1", "type": "jet_mill", "driver": "modbus_rtu", "args": args}]
    agent = _agent(interpreter, tmp_path, str(_write(tmp_path, stations=stations)))
    assert agent.running is not None
    assert agent.running.wait(30) == 2
    assert agent.said().count("args.word-order: modbus_rtu knows no such key") == 1
    assert "args.baud: 0 is not allowed" in agent.said() and "Traceback" not in agent.said()


def test_without_a_broker_it_records_and_sigterm_ends_it_in_order(tmp_path: Path) -> None:
    agent = _agent(sys.executable, tmp_path, str(_write(tmp_path)))
    journal = tmp_path / "ctl-1.journal"

    def recorded() -> int:
        return sum(file.stat().st_size for file in journal.glob("*.seg")) if journal.exists() else 0

    wait_until(
        lambda: recorded() > 0, "a journal"
    )  # it is there before the agent listens to signals
    begun = recorded()
    wait_until(lambda: recorded() > begun, "records in the journal")
    before = recorded()
    assert agent.stop(signal.SIGTERM) == 0
    assert recorded() >= before and "Traceback" not in agent.said()


def test_the_journal_lies_beside_the_file_unless_its_path_is_absolute(tmp_path: Path) -> None:
    place = {"path": "here/journal", "bytes": 8_000_000}
    agent = _agent(sys.executable, tmp_path, str(_write(tmp_path, journal=place)))
    wait_until((tmp_path / "here" / "journal" / "state").exists, "the journal beside the file")
    agent.stop()


def test_a_simulated_channel_reads_the_plant_and_moves_it(tmp_path: Path) -> None:
    loaded = load_board(str(_write(tmp_path)))
    drivers = PlantDrivers(loaded, Clock())
    assert drivers.faults(loaded) == []
    channel = drivers.open("simulated", {}, "mill-1", "mill_gas_pressure_mpa")
    assert isinstance(channel.read(), float)
    with pytest.raises(OSError, match="no metric nothing"):
        drivers.open("simulated", {}, "mill-1", "nothing")


def test_a_missing_contract_and_a_wrong_file_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as error:
        load_board(str(_write(tmp_path, stations=[{"station": "x", "type": "nope"}], node="a.b")))
    assert len(error.value.faults) == 2


# -- the demo ---------------------------------------------------------------------------------


def _options(folder: Path, *more: str) -> object:
    return demo.parse(["--data-dir", str(folder), "--mqtt-port", "1884", *more])


def test_the_demo_writes_a_good_file_for_every_controller_and_the_same_one_again(
    tmp_path: Path,
) -> None:
    files = demo.write_boards(_options(tmp_path))
    assert len(files) == len(CONTROLLERS) == 12
    texts = [file.read_text(encoding="utf-8") for file in files]
    assert [
        file.read_text(encoding="utf-8") for file in demo.write_boards(_options(tmp_path))
    ] == texts
    for file, (group, node, stations) in zip(files, CONTROLLERS, strict=True):
        loaded = load_board(str(file))
        assert args_faults(loaded, str(file)) == []
        assert (loaded.group, loaded.node) == (group, node) and file.parent.name == node
        assert [(s.station, s.type) for s in loaded.stations] == list(stations)
        assert loaded.broker == ("127.0.0.1", 1884)
    assert len({load_board(str(file)).serial for file in files}) == 12


def test_the_interpreter_is_the_one_asked_for_or_the_best_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LODESTONE_MICROPYTHON", raising=False)
    assert demo.find_interpreter("/some/where") == "/some/where"
    assert demo.find_interpreter("python") == demo.find_interpreter("auto") == sys.executable
    own = tmp_path / ".tools" / "micropython" / "micropython"
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert demo.find_interpreter("auto") == str(own)
    (tmp_path / "named").write_text("")
    monkeypatch.setenv("LODESTONE_MICROPYTHON", "named")
    assert demo.find_interpreter("auto") == str(tmp_path / "named")


def _fake_agent(folder: Path, body: str) -> list[str]:
    """A program that stands for an agent; it notes each start."""
    program = folder / "agent.sh"
    program.write_text(f"#!/bin/sh\necho started >> {folder}/starts\n{body}\n")
    program.chmod(0o755)
    return [str(program)]


def _starts(folder: Path) -> int:
    starts = folder / "starts"
    return len(starts.read_text().splitlines()) if starts.exists() else 0


def test_an_agent_that_ends_is_started_again_and_all_stop_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "_BACK_OFF_S", (0.05, 0.1))
    monkeypatch.setattr(demo.random, "random", lambda: 0.0)
    program = _fake_agent(tmp_path, "exit 1")

    ends: list[int] = []

    async def work() -> None:
        stop = asyncio.Event()
        keeping = asyncio.create_task(
            demo.keep_running("ctl-x", program, stop, lambda: ends.append(_starts(tmp_path)))
        )
        while _starts(tmp_path) < 3:
            await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(keeping, 10)

    asyncio.run(asyncio.wait_for(work(), 60))
    assert _starts(tmp_path) >= 3
    assert ends == list(range(1, len(ends) + 1)), "whoever waits for its end hears of each at once"
    assert len(ends) == _starts(tmp_path)


def test_an_agent_whose_file_is_wrong_is_not_started_again(tmp_path: Path, capsys: object) -> None:
    program = _fake_agent(tmp_path, "exit 2")
    asyncio.run(asyncio.wait_for(demo.keep_running("ctl-x", program, asyncio.Event()), 30))
    assert _starts(tmp_path) == 1
    assert "ctl-x is not started again" in capsys.readouterr().out


def test_a_running_agent_is_ended_when_the_demo_stops(tmp_path: Path) -> None:
    program = _fake_agent(tmp_path, f"echo $$ > {tmp_path}/pid\nexec sleep 600")

    async def work() -> int:
        stop = asyncio.Event()
        keeping = asyncio.create_task(demo.keep_running("ctl-x", program, stop))
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(keeping, 20)
        return int((tmp_path / "pid").read_text())

    number = asyncio.run(asyncio.wait_for(work(), 60))
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
