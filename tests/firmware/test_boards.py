"""The boards on a fake chip: what each hands to the agent, and a whole one that journals on raw flash."""

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from firmware.onboard.network import Wifi, Wired
from firmware.onboard.station import load_board
from tests.firmware import fake_chip
from tests.firmware.nor import Nor
from tests.plant import board as board_file
from tools.boards import BOARDS

MICROCONTROLLERS = sorted(board for port in BOARDS.values() for board in port)
OURS = (
    "firmware.boards.",
    "firmware.onboard.chip",
    "firmware.onboard.board_chip",
    "firmware.onboard.w5500",
)


@pytest.fixture(autouse=True)
def chip() -> Iterator[dict[str, ModuleType]]:
    """The fake chip's modules in place; ours that imported them are forgotten afterwards."""
    fakes = fake_chip.modules()
    before = {name: sys.modules.get(name) for name in fakes}
    sys.modules.update(fakes)
    fake_chip.Partition.there = []
    yield fakes
    for name, module in before.items():
        sys.modules.pop(name)
        if module is not None:
            sys.modules[name] = module
    for name in [name for name in sys.modules if name.startswith(OURS)]:
        if "boards.unix" not in name:
            sys.modules.pop(name)


def _module(name: str) -> Any:
    return importlib.import_module(name)


def _station(folder: Path, **changes: object) -> Path:
    raw = board_file(folder, 1, "ctl-1", [("mill-1", "jet_mill")])
    raw["plant"] = None
    raw["journal"] = {"path": "journal", "bytes": 4_000_000, "segment_bytes": 16384}
    raw["stations"] = [
        {"station": "mill-1", "type": "jet_mill", "driver": "current_loop", "args": {"ads1115": 1}}
    ]
    file = folder / "station.json"
    file.write_text(json.dumps({**raw, **changes}))
    (folder / "wifi.json").write_text(json.dumps({"ssid": "plant", "password": "long enough"}))
    return file


@pytest.mark.parametrize(
    ("name", "reason"),
    [("PWRON_RESET", "power_on"), ("WDT_RESET", "watchdog"), ("HARD_RESET", "reset"),
     ("SOFT_RESET", "soft"), ("DEEPSLEEP_RESET", "reset"), ("", "unknown")],
)  # fmt: skip
def test_the_chip_tells_why_it_started(chip: dict[str, ModuleType], name: str, reason: str) -> None:
    machine: Any = chip["machine"]
    machine.reset_cause = lambda: getattr(machine, name, 99)
    assert _module("firmware.onboard.chip").reason() == reason


def test_the_chip_tells_who_it_is_and_takes_the_time() -> None:
    found = _module("firmware.onboard.chip")
    assert _module("firmware.onboard.identity").own_serial() == "24dcc3a1b2c3"
    found.set_clock(1_795_000_000)
    assert fake_chip.Rtc.set_to == (2026, 11, 18, 2, 11, 6, 40, 0)
    assert 5000 <= found.dog().timeout <= 8388


@pytest.mark.parametrize("name", MICROCONTROLLERS)
def test_each_board_has_its_network(name: str, tmp_path: Path) -> None:
    file = _station(tmp_path)
    found = _module(f"firmware.boards.{name}.board").connect(str(file), lambda _: None)
    assert isinstance(found, Wifi if name == "esp32_s3" else Wired)
    pins = _module(f"firmware.boards.{name}.board").RS485
    assert len(set(pins.values())) == len(pins)


@pytest.mark.parametrize("name", ["esp32", "esp32_s3"])
def test_an_esp32_journals_on_its_partition_or_else_in_the_file_system(
    name: str, tmp_path: Path
) -> None:
    file = str(_station(tmp_path))
    module = _module(f"firmware.boards.{name}.board")
    chip_of = _module("firmware.onboard.board_chip").BoardChip
    said: list[str] = []
    made = chip_of(module.partition, module.connect)
    made.say = said.append
    storage, fitted = made.storage(load_board(file), file)
    assert type(storage).__name__ == "FileStorage" and "no partition" in said[0]
    assert fitted.journal.bytes == 4_000_000
    fake_chip.Partition.there = [Nor(128, 1)]
    storage, fitted = made.storage(load_board(file), file)
    assert type(storage).__name__ == "RingLog" and "do not fit" in said[-1]
    assert fitted.journal.bytes <= storage.capacity(16384) < 128 * 4096
    assert fitted.stations == load_board(file).stations


def _without_partition(folder: Path) -> tuple[str, Any]:
    """station.json and a board whose journal lies in the file system."""
    module = _module("firmware.boards.esp32_s3.board")
    made = _module("firmware.onboard.board_chip").BoardChip(module.partition, module.connect)
    return str(_station(folder)), made


def test_an_update_leaves_a_journal_in_the_file_system_the_room_that_it_starts_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else neither slot could be started any more, far from any cable."""
    file, made = _without_partition(tmp_path)
    made.storage(load_board(file), file)
    status = list(os.statvfs(tmp_path))
    for free, starts in ((made.reserve, True), (made.reserve - 4096, False)):
        status[0], status[3] = 4096, -(-free // 4096)
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(status))
        if starts:
            made.storage(load_board(file), file)
        else:
            with pytest.raises(OSError, match="too large"):
                made.storage(load_board(file), file)


def test_a_file_system_that_filled_up_keeps_no_board_from_the_journal_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is better heard with a journal that is full than not at all."""
    file, made = _without_partition(tmp_path)
    storage, _ = made.storage(load_board(file), file)
    storage.append("x.seg", b"records")
    storage.sync()
    status = list(os.statvfs(tmp_path))
    status[3] = 0
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(status))
    storage, fitted = made.storage(load_board(file), file)
    assert storage.names() == ["x.seg"] and 0 < fitted.journal.bytes < 4_000_000
    storage.remove("x.seg")
    with pytest.raises(OSError, match="too large"):
        made.storage(load_board(file), file)


def test_segments_too_large_for_the_partition_are_refused_with_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_chip.Partition.there = [Nor(128, 1)]
    place = {"path": "journal", "bytes": 4_000_000, "segment_bytes": 131072}
    file = _station(tmp_path, journal=place)
    assert _module("firmware.boards.esp32.main").main([str(file)]) == 1
    assert 'write "segment_bytes": ' in capsys.readouterr().out


def test_nothing_is_opened_while_the_network_is_down() -> None:
    when_up = _module("firmware.onboard.running").WhenUp
    nic = fake_chip.Nic()
    opened = []

    async def opener(host: str, port: int) -> tuple[int, int]:
        opened.append(host)
        return 1, 2

    ask = when_up(Wired(nic, lambda _: None), opener)
    with pytest.raises(OSError, match="network is down"):
        asyncio.run(ask("broker", 1883))
    nic.up = True
    assert asyncio.run(ask("broker", 1883)) == (1, 2) and opened == ["broker"]


def test_an_rp2_journals_beside_a_file_system_that_leaves_it_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [64]
    status = os.statvfs_result((4096, 4096, 0, 0, 0, 0, 0, 0, 0, 0))
    monkeypatch.setattr(
        os, "statvfs", lambda _: os.statvfs_result((4096, 4096, files[0], *status[3:]))
    )
    w5500 = _module("firmware.onboard.w5500")
    assert w5500.partition() is None
    files[0] = 32
    place, unit = w5500.partition()
    assert (place.start, len(place.wear), unit) == (32 * 4096, 32, 256)


def test_a_board_without_its_wifi_says_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _station(tmp_path)
    (tmp_path / "wifi.json").unlink()
    assert _module("firmware.boards.esp32_s3.main").main([str(file)]) == 1
    assert "wifi.json is missing: write" in capsys.readouterr().out


def test_a_wrong_station_file_is_told_with_every_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _station(tmp_path, node="a b", keepalive_s=0)
    assert _module("firmware.boards.esp32.main").main([str(file)]) == 2
    said = capsys.readouterr().out
    assert "node" in said and "keepalive_s" in said


def test_a_whole_board_records_on_raw_flash_and_feeds_its_dog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nor = Nor(64, 1)
    fake_chip.Partition.there = [nor]
    file = str(_station(tmp_path))
    running_of = _module("firmware.onboard.running").Running
    board = _module("firmware.boards.esp32.board")
    made = _module("firmware.onboard.board_chip").BoardChip(board.partition, board.connect)
    running = running_of(made, load_board(file), file)
    told = {name: value for name, _, value in running.agent._machine.facts()}
    assert told["Node/Boot_Reason"] == "watchdog" and told["Node/Link"] == "ethernet"
    assert told["Node/Buses"] == "[]"

    async def work() -> None:
        living = asyncio.create_task(running.run())
        while running.agent.journal.durable < 1 or not running.watchdog._dog.meals:
            await asyncio.sleep(0.02)
        running.agent.stop()
        await living

    asyncio.run(asyncio.wait_for(work(), 60))
    assert sum(nor.wear) >= 2 and "Traceback" not in capsys.readouterr().out
