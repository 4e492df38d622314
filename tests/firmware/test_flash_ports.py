"""Ports and what is at them, and esptool's command lines: no board needed."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware.flash import chip, ports
from firmware.flash.__main__ import main
from firmware.flash.faults import DONE, FAILED, WRONG_INPUT, cannot_open


def _tool(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    capsys.readouterr()
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out + said.err


def _port(device: str, vid: int | None, pid: int) -> SimpleNamespace:
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number="")


def test_boards_are_found_by_their_usb_identity_and_other_ports_are_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = [
        _port("/dev/ttyACM0", 0x303A, 0x4001), _port("/dev/ttyUSB0", 0x10C4, 0xEA60),
        _port("/dev/ttyACM1", 0x2E8A, 0x0005), _port("/dev/ttyS0", None, 0),
        _port("/dev/ttyUSB9", 0x1234, 0x0001), _port("/dev/ttyACM2", 0x303A, 0x8123),
        _port("/dev/ttyUSB1", 0x1A86, 0x7523),
    ]  # fmt: skip
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: there)
    code, said = _tool(capsys, "find")
    assert code == DONE
    assert [line.split()[0] for line in said.splitlines()] == [
        "/dev/ttyACM0", "/dev/ttyACM1", "/dev/ttyACM2", "/dev/ttyUSB0", "/dev/ttyUSB1",
    ]  # fmt: skip
    assert "with MicroPython" in said and "CP2102" in said and "CH340" in said
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    code, said = _tool(capsys, "find")
    assert code == FAILED and "carries data" in said


def test_every_identity_says_where_it_is_from_and_is_there_once() -> None:
    rows = ports.known()
    assert len({(row["vid"], row["pid"]) for row in rows}) == len(rows) >= 12
    for row in rows:
        assert row["source"] and row["what"] and row["certainty"] in ("high", "medium", "low")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (OSError(13, "Permission denied"), "dialout"),
        (OSError(16, "busy"), "in use by another program"),
        (OSError("Could not exclusively lock port"), "in use by another program"),
        (OSError(2, "No such file"), "is not there"),
        (OSError(5, "odd"), "does not open"),
        (OSError("Could not configure port: (25, 'Inappropriate ioctl for device')"), "no serial"),
    ],
)
def test_a_port_that_does_not_open_is_told_with_what_to_do(fault: OSError, words: str) -> None:
    assert words in str(cannot_open("/dev/ttyUSB0", fault))


# -- MicroPython itself ------------------------------------------------------------------------


def test_esptool_gets_the_right_chip_and_offset_and_a_failure_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # An esptool that is not one: nothing here has ever run on a chip.
    ran: list[list[str]] = []

    def run(command: list[str], check: bool) -> subprocess.CompletedProcess[bytes]:
        ran.append(command)
        return subprocess.CompletedProcess(command, code_of_esptool)

    monkeypatch.setattr(chip.subprocess, "run", run)
    file = tmp_path / "micropython.bin"
    file.write_bytes(bytes(200_000))
    words = ("firmware", "/dev/ttyUSB0", "--board", "esp32", "--image", file)
    code_of_esptool = 0
    code, said = _tool(capsys, *words, "--dry-run")
    assert code == DONE and not ran and "write-flash 0x1000" in said
    assert _tool(capsys, *words)[0] == DONE
    assert [command[7] for command in ran] == ["erase-flash", "--baud"]
    assert ran[1][-3:] == ["write-flash", "0x1000", str(file)]
    assert (
        "esp32s3" in chip.commands("p", "esp32_s3", file)[0]
        and "0x0" in chip.commands("p", "esp32_s3", file)[1]
    )
    code_of_esptool = 2
    code, said = _tool(capsys, *words)
    assert code == FAILED and "hold BOOT" in said
    assert _tool(capsys, *words[:-1], tmp_path / "none.bin")[0] == WRONG_INPUT
    code, said = _tool(capsys, "firmware", "p", "--board", "rp2_w5500", "--image", file)
    assert code == WRONG_INPUT and "BOOTSEL" in said


def test_the_real_esptool_knows_these_words(tmp_path: Path) -> None:
    file = tmp_path / "micropython.bin"
    file.write_bytes(bytes(200_000))
    for command in chip.commands("/dev/null", "esp32_s3", file):
        verb = next(word for word in command if word.endswith("-flash"))
        helped = subprocess.run(
            [*command[:3], verb, "--help"], capture_output=True, text=True, check=False, timeout=120
        )
        assert helped.returncode == 0 and verb in helped.stdout
