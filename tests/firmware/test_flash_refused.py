"""What the workshop's tool does not touch, and what it says when it cannot: by a MicroPython that plays the board."""

import json
from typing import Any

import pytest

from firmware.flash import board as board_module
from firmware.flash import install, release
from firmware.flash.board import Who, WorkBoard
from firmware.flash.faults import DIFFERS, DONE, FAILED, NOT_OURS, WRONG_INPUT, Fault
from firmware.flash.image import MPY_VERSION
from firmware.flash.wishes import station_for
from tests.brokers import wait_until
from tests.firmware.workbench import Bench


@pytest.mark.parametrize(
    "files",
    [{"main.py": "print('a greenhouse')\n"}, {"boot.py": "import network\n"}, {"data.txt": "x"}],
)
def test_a_board_with_somebody_elses_files_is_left_alone(
    bench: Bench, files: dict[str, str]
) -> None:
    for name, text in files.items():
        (bench.flash / name).write_text(text)
    said = []
    bench.changes(lambda: said.append(bench.install()))
    assert (
        said[0][0] == NOT_OURS and next(iter(files)) in said[0][1] and "--take-over" in said[0][1]
    )
    wait_until(lambda: bench.board.resets == 1, "what it ran runs again")
    assert bench.tool("update")[0] == NOT_OURS
    assert bench.install("--take-over")[0] == DONE
    assert bench.tool("verify")[0] == DONE


def test_the_boot_py_that_micropython_itself_makes_is_nobodys(bench: Bench) -> None:
    (bench.flash / "boot.py").write_text("# This file is executed on every boot\n#import esp\n\n")
    assert bench.install()[0] == DONE


def test_a_flash_too_small_is_told_before_anything_is_written(bench: Bench) -> None:
    bench.plug("flash=120000")
    code, said = bench.install()
    assert code == FAILED and "too small" in said and "more flash" in said


def test_a_flash_that_gets_full_in_the_middle_is_told_in_words(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.plug("flash=120000")
    monkeypatch.setattr("firmware.flash.install._RESERVE", -900_000)
    code, said = bench.install()
    assert code == FAILED and "The flash of the board is full" in said


def test_a_board_in_a_boot_loop_or_without_micropython_is_told_so(bench: Bench) -> None:
    bench.plug("loops")
    code, said = bench.install()
    assert code == FAILED and "does not answer as MicroPython does" in said and "hold BOOT" in said


def test_another_kind_of_board_than_was_named_is_not_touched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = release.make(release.Identity("esp32_s3", "0.2.0", 2), {"start.py": b""}, None)
    monkeypatch.setattr("firmware.flash.wishes.release_for", lambda *_: made)
    monkeypatch.setattr("firmware.flash.wishes.station_for", lambda *_: b"{}")
    bench.plug("platform=rp2")
    code, said = bench.tool("install", "--board", "esp32_s3", "--station", bench.station)
    assert code == WRONG_INPUT and "says it is 'rp2'" in said and not bench.files()
    (bench.flash / "lodestone.json").write_text(json.dumps({"board": "rp2_w5500"}))
    bench.plug("platform=esp32")
    code, said = bench.tool("install", "--board", "esp32_s3", "--station", bench.station)
    assert code == NOT_OURS and "is a rp2_w5500" in said


@pytest.mark.parametrize(
    ("image", "platform", "machine", "is_taken"),
    [
        ("unix", "esp32", "Generic ESP32 module with ESP32", False),
        ("unix", "rp2", "Raspberry Pi Pico with RP2040", False),
        ("unix", "linux", "linux [GCC 12] version", True),
        ("esp32", "esp32", "Generic ESP32S3 module with Octal-SPIRAM with ESP32S3", False),
        ("esp32", "esp32", "Generic ESP32 module with ESP32", True),
        ("esp32_s3", "esp32", "Generic ESP32 module with ESP32", False),
        ("esp32_s3", "esp32", "Some board with ESP32-S3", True),
        ("esp32_s3", "esp32", "", True),
        ("rp2_w5500", "rp2", "W5500-EVB-Pico2 with RP2350", False),
        ("rp2350", "rp2", "W5500-EVB-Pico with RP2040", False),
        ("rp2350", "rp2", "W5500-EVB-Pico2 with RP2350", True),
    ],
)
def test_an_image_for_another_chip_than_the_boards_is_refused(
    image: str, platform: str, machine: str, is_taken: bool
) -> None:
    who = Who("micropython", (1, 25, 0), MPY_VERSION, platform, "", 0, 0, machine)
    made = release.make(release.Identity(image, "0.2.0", 2), {"start.py": b""}, None)
    if is_taken:
        install._judge(who, made, "PORT")
    else:
        with pytest.raises(Fault, match=f"the image is for {image}"):
            install._judge(who, made, "PORT")


def test_what_somebody_else_left_on_a_board_that_is_taken_over_is_gone(bench: Bench) -> None:
    """A boot.py would open it to its old owner at each start, and of its key others may have a copy."""
    (bench.flash / "lib").mkdir()
    for name in ("boot.py", "webrepl_cfg.py", "key.der", "lib/mip.mpy"):
        (bench.flash / name).write_text("import webrepl\n")
    code, said = bench.install("--take-over", "--dry-run")
    assert code == DONE and "remove boot.py" in said and (bench.flash / "boot.py").exists()
    assert bench.install("--take-over")[0] == DONE
    assert not {"boot.py", "webrepl_cfg.py", "lib/mip.mpy"} & set(bench.files())
    key = (bench.flash / "key.der").read_bytes()
    assert key != b"import webrepl\n" and not (bench.flash / "lib").exists()
    # Once it is ours its key and journal stay, whatever is said.
    (bench.flash / "journal").write_bytes(b"records")
    assert bench.install("--take-over")[0] == DONE
    assert (bench.flash / "key.der").read_bytes() == key and "journal" in bench.files()


def test_what_broke_on_a_board_is_told_in_words(bench: Bench) -> None:
    assert bench.install()[0] == DONE
    (bench.flash / "main.py").unlink()
    code, said = bench.tool("verify")
    assert code == DIFFERS and "main.py is not" in said
    (bench.flash / "a/manifest.json").write_bytes(b'{"files":')
    code, said = bench.tool("verify")
    assert code == DIFFERS and "a/manifest.json is not" in said
    for text in ("", "[]", "{", '{"node": 7, "group": "g"}'):
        (bench.flash / "station.json").write_text(text)
        code, said = bench.tool("enrol", "--mes", "https://mes")
        assert code == NOT_OURS and "--station station.json" in said


def _one(kind: str, driver: str = "modbus_tcp", **more: int) -> dict[str, Any]:
    args = {"host": "h", "register": 1} | more
    return {"stations": [{"station": "m", "type": kind, "driver": driver, "args": args}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"node": "a b"}, "node"),
        (_one("time_machine"), "time_machine"),
        (_one("jet_mill", "crystal_ball"), "drivers/crystal_ball"),
        (_one("jet_mill", prot=502), "args.prot: modbus_tcp knows no such key"),
        (_one("strip_caster"), "stations/strip_caster"),
    ],
)
def test_a_station_that_this_board_cannot_serve_is_refused_before_the_cable_is_used(
    bench: Bench, changes: dict[str, object], words: str
) -> None:
    bench.write_station(**changes)
    code, said = bench.install()
    assert code == WRONG_INPUT and words in said and "Traceback" not in said and not bench.files()


@pytest.mark.parametrize(
    ("kind", "driver", "timeout_ms", "words"),
    [
        ("rp2_w5500", "modbus_rtu", 2000, "waited for 8000 ms"),
        ("rp2350", "modbus_tcp", 4000, "waited for 8000 ms"),
        ("unix", "modbus_rtu", 15_000, "waited for 60000 ms"),
        ("rp2_w5500", "modbus_rtu", 1900, ""),
        ("rp2350", "modbus_tcp", 3900, ""),
        ("esp32_s3", "modbus_rtu", 14_900, ""),
    ],
)
def test_an_instrument_that_is_waited_for_longer_than_the_watchdog_waits_is_refused(
    bench: Bench, kind: str, driver: str, timeout_ms: int, words: str
) -> None:
    """Such a board would boot anew whenever the instrument is silent."""
    place = {"host": "h"} if driver == "modbus_tcp" else {"uart": 1, "unit": 1}
    args = {**place, "register": 1, "timeout_ms": timeout_ms}
    station = {"station": "m", "type": "jet_mill", "driver": driver, "args": args}
    bench.write_station(stations=[station])
    files = {f"firmware/drivers/{driver}.mpy": b"", "schemas/stations/jet_mill.json": b""}
    made = release.make(release.Identity(kind, "0.1.0", 1), files, None)
    if words:
        with pytest.raises(Fault, match=words):
            station_for(bench.station, made)
    else:
        assert station_for(bench.station, made) == bench.station.read_bytes()


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe{\x00", b"[" * 100_000, b"null", b"7", b'"x"', b"\xef\xbb\xbf{}", "{“node”: 1}".encode(),
     b'{"stations": {}}', b'{"broker": []}', b'{"journal": 1, "stations": [[]]}', b'{"group": null, "node": 1e999}'],
)  # fmt: skip
def test_whatever_is_in_a_station_file_is_told_in_words(bench: Bench, data: bytes) -> None:
    bench.station.write_bytes(data)
    code, said = bench.install("--dry-run")
    assert code == WRONG_INPUT and "station.json" in said and "What to do" in said


def test_an_update_that_could_not_serve_the_boards_own_stations_is_refused(bench: Bench) -> None:
    """It would start three times in vain, and the MES would be told of a release that failed."""
    assert bench.install()[0] == DONE
    code, said = bench.tool("update", "--types", "strip_caster")
    assert code == WRONG_INPUT and "on the board asks for" in said and "jet_mill" in said
    assert bench.record().slot == 0
    code, said = bench.tool("update", "--types", "jet_mill", "--release", bench.work)
    assert code == WRONG_INPUT and "leave --types out" in said


def test_a_port_that_is_not_there_or_in_use_says_what_to_do(bench: Bench) -> None:
    with pytest.raises(Fault) as gone:
        WorkBoard("/dev/ttyNOWHERE0")
    assert "is not there" in gone.value.what and "find" in gone.value.todo
    held = WorkBoard(bench.board.port)
    code, said = bench.tool("verify")
    assert code == FAILED and "in use by another program" in said
    held.close()


def test_a_board_that_does_not_come_back_after_a_reset_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bench.install()[0] == DONE
    monkeypatch.setattr(board_module, "_BACK_S", 0.1)
    real = WorkBoard.reset

    def reset(self: WorkBoard) -> None:
        real(self)
        bench.board.pull()

    monkeypatch.setattr(WorkBoard, "reset", reset)
    code, said = bench.tool("update")
    assert code == FAILED and "did not come back after a reset" in said
