"""The workshop's tool on a Linux controller: a folder of this computer, with the same acts as a board at a cable."""

import configparser
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware.flash.__main__ import main
from firmware.flash.controller import SERVICE, Controller
from firmware.flash.faults import DIFFERS, DONE, FAILED, NOT_OURS, WRONG_INPUT, Fault
from firmware.onboard import launcher
from tests.plant import PYTHON

STATION = {
    "group": "sintering", "node": "furnace-9", "broker": {"host": "127.0.0.1", "port": 1},
    "journal": {"path": "journal", "bytes": 2_000_000, "segment_bytes": 65536},
    "stations": [{"station": "sinter-9", "type": "sinter_furnace", "driver": "modbus_rtu",
                  "args": {"port": "/dev/ttyUSB0", "unit": 1, "register": 0}}],
}  # fmt: skip


class Bench:
    """A computer with a station.json, and the tool."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.station = folder / "lodestone", folder / "station.json"
        self.station.write_text(json.dumps(STATION))
        self._capsys = capsys

    def tool(self, verb: str, *more: str) -> tuple[int, str]:
        code = main([verb, str(self.home), *more])
        told = self._capsys.readouterr()
        return code, told.out + told.err

    def install(self, *more: str) -> tuple[int, str]:
        wanted = ("--board", "unix", "--station", str(self.station), "--types", "sinter_furnace")
        return self.tool("install", *wanted, *more)

    def record(self) -> launcher.Record:
        return launcher.load(launcher.Root(str(self.home)).read)


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def test_one_command_puts_it_there_with_a_key_and_what_starts_it(bench: Bench) -> None:
    code, said = bench.install()
    assert code == DONE, said
    assert "Fingerprint" in said
    assert "as node furnace-9" in said
    assert "sudo systemctl enable --now lodestone-agent" in said
    key = bench.home / "key.der"
    assert key.stat().st_mode & 0o777 == 0o600
    unit = (bench.home / SERVICE).read_text()
    assert f'/main.py" "{bench.home}"\n' in unit
    assert f"\nUser={bench.home.owner()}\n" in unit, "as root whoever may write here could do all"
    assert bench.tool("verify")[0] == DONE
    # The same again is the same: the key stays, and what runs is not touched.
    before = key.read_bytes()
    assert bench.install()[0] == DONE
    assert key.read_bytes() == before
    assert (bench.record().slot, bench.record().trying) == (1, 1)


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not here: make testbed"
)
def test_systemd_reads_the_service_of_a_folder_with_spaces_signs_and_chinese(bench: Bench) -> None:
    bench.home = bench.home.parent / "炉 1 50% $HOME"
    bench.install()
    unit = bench.home / SERVICE
    ran = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0 and SERVICE not in ran.stderr, ran.stderr
    told = configparser.RawConfigParser()
    told.read(unit, encoding="utf-8")
    assert told["Service"]["WorkingDirectory"] == str(bench.home).replace("%", "%%")


def test_two_tools_at_one_folder_do_not_write_into_each_others_slot(bench: Bench) -> None:
    bench.install()
    other = Controller(bench.home)
    code, said = bench.tool("update")
    assert code == FAILED and "in use by another" in said and bench.record().slot == 0
    other.close()
    assert bench.tool("update")[0] == DONE


def test_a_journal_that_goes_on_while_files_are_listed_is_no_fault(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.install()
    (bench.home / "journal").mkdir()
    (bench.home / "journal/1.seg").touch()
    (bench.home / "away").symlink_to("nowhere")
    real = Path.lstat

    def lstat(self: Path) -> os.stat_result:
        if self.name == "1.seg":
            self.unlink(missing_ok=True)
        return real(self)

    monkeypatch.setattr(Path, "lstat", lstat)
    assert "journal/1.seg" not in Controller(bench.home).files()


def test_what_was_installed_starts_and_journals_without_a_broker(bench: Bench) -> None:
    bench.install()
    running = subprocess.Popen(
        [PYTHON, "main.py", str(bench.home)], cwd=bench.home, text=True, stdout=subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        said = running.stdout.readline()
        assert said.startswith("link:"), said
        assert list((bench.home / "journal").glob("*.seg"))
    finally:
        running.terminate()
        running.wait(20)


def test_a_dry_run_writes_nothing(bench: Bench) -> None:
    code, said = bench.install("--dry-run")
    assert code == DONE
    assert "Nothing was written" in said
    assert not bench.home.exists()


@pytest.mark.parametrize(
    ("path", "data", "code"),
    [("letters.txt", b"dear", NOT_OURS), ("station.json", b"{}", NOT_OURS), ("station.json", None, DONE)],
)  # fmt: skip
def test_a_folder_with_somebody_elses_files_is_left_alone(
    bench: Bench, path: str, data: bytes | None, code: int
) -> None:
    bench.home.mkdir()
    (bench.home / path).write_bytes(bench.station.read_bytes() if data is None else data)
    assert bench.install()[0] == code
    assert (bench.home / "main.py").exists() is (code == DONE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda home: (home / "a/edge_agent/agent.py").write_bytes(b"# other\n"), "agent.py is not what"),
        (lambda home: (home / "a/start.py").unlink(), "start.py is missing"),
        (lambda home: (home / "a/more.py").write_bytes(b""), "more.py is not of this release"),
        (lambda home: (home / "main.py").write_bytes(b""), "main.py is not the launcher"),
        (lambda home: None, ""),
    ],
)  # fmt: skip
def test_what_was_changed_since_is_found_and_put_right(
    bench: Bench, change: object, words: str
) -> None:
    bench.install()
    change(bench.home)  # type: ignore[operator]
    code, said = bench.tool("verify")
    assert (code, words in said) == (DIFFERS if words else DONE, True)
    assert bench.tool("update")[0] == DONE
    assert bench.record().slot == 1


def test_an_update_goes_into_the_other_slot_and_says_how_it_is_started(bench: Bench) -> None:
    assert bench.tool("update")[0] != DONE, "nothing is there yet"
    bench.install()
    code, said = bench.tool("update")
    assert code == DONE
    assert "sudo systemctl restart lodestone-agent" in said
    assert (bench.record().slot, bench.record().trying) == (1, 1)
    assert (bench.home / "a/manifest.json").exists()


def test_a_password_that_nobody_can_say_and_the_image_of_a_chip_are_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", nobody)
    code, said = bench.install("--wifi", "Plant-IoT")
    assert code == WRONG_INPUT and "Nobody is there" in said and not bench.home.exists()
    bench.home.mkdir()
    code, said = bench.tool("install", "--board", "esp32_s3", "--station", str(bench.station))
    assert code != DONE and "write --board unix" in said, said


def test_what_stands_in_the_way_is_said(bench: Bench, tmp_path: Path) -> None:
    code = main(["install", str(tmp_path / "no/such"), "--board", "unix", "--station", str(bench.station)])  # fmt: skip
    assert code == WRONG_INPUT
    at = Controller(tmp_path)
    with pytest.raises(Fault, match="No such file"):
        at.read("nothing")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").touch()
    with pytest.raises(Fault, match="not empty"):
        at.remove("a/")
    with pytest.raises(Fault, match="a directory"):
        at.write("a", b"")
    with pytest.raises(Fault, match="ValueError: no"):
        at.run("raise ValueError('no')")
