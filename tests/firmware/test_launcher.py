"""The launcher as it lies on a board: main.py in a folder, on both interpreters, whatever a slot does."""

import subprocess
import sys
from pathlib import Path

import pytest

from firmware.onboard import launcher
from firmware.onboard.launcher import HOLD, Record, load, store
from tests.conftest import ROOT

START = "def main(folder):\n    print('runs', __file__.split('/')[-2], folder)\n    return 7\n"
BROKEN = {
    "cannot be read": "def main(folder:\n",
    "cannot be imported": "import no_such_module\ndef main(folder):\n    pass\n",
    "has a bug": "def main(folder):\n    return 1 / 0\n",
    "has no main": "",
}


@pytest.fixture(params=["cpython", "micropython"])
def interpreter(request: pytest.FixtureRequest) -> str:
    found: str = sys.executable
    if request.param == "micropython":
        found = request.getfixturevalue("micropython")
    return found


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """The folder of a board with two whole slots."""
    source = Path(launcher.__file__).read_text(encoding="utf-8")
    (tmp_path / "main.py").write_text(source, encoding="utf-8")
    for slot in launcher.SLOTS:
        (tmp_path / slot).mkdir()
        (tmp_path / slot / "start.py").write_text(START)
        (tmp_path / slot / "manifest.json").write_text("{}")
    return tmp_path


def _record(board: Path) -> Record:
    return load(lambda name: (board / name).read_bytes())


def _write(board: Path, *record: int) -> None:
    store(lambda name, data: (board / name).write_bytes(data) and None, Record(*record))


def _boot(interpreter: str, board: Path) -> subprocess.CompletedProcess[str]:
    command = [interpreter, str(board / "main.py"), str(board)]
    return subprocess.run(
        command, cwd=board, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_new_board_starts_slot_a_and_passes_its_exit_code_on(
    interpreter: str, board: Path
) -> None:
    ran = _boot(interpreter, board)
    assert ran.returncode == 7, ran.stderr
    assert ran.stdout == f"runs a {board}\n"
    assert not (board / "boot.1").exists(), "a boot of a good slot writes nothing"


@pytest.mark.parametrize("how", BROKEN)
def test_a_new_slot_that_cannot_run_has_three_bad_boots_and_the_old_one_runs_again(
    interpreter: str, board: Path, how: str
) -> None:
    (board / "b" / "start.py").write_text(BROKEN[how])
    _write(board, 0, 1, 1, 0, 2, 0)
    for n in range(3):
        ran = _boot(interpreter, board)
        assert ran.returncode == 1 and "Error" in ran.stdout + ran.stderr
        assert _record(board)[1:4] == (1, 1, n + 1)
    ran = _boot(interpreter, board)
    assert ran.returncode == 7 and ran.stdout.startswith("runs a ")
    assert _record(board)[1:] == (0, 0, 0, 2, 2)


def test_a_slot_on_trial_that_lost_its_manifest_is_not_run_at_all(
    interpreter: str, board: Path
) -> None:
    """The cable was pulled while the workshop put another release in its place: half of it is of each."""
    (board / "b" / "manifest.json").unlink()
    _write(board, 0, 1, 1, 1, 2, 0)
    assert _boot(interpreter, board).stdout.startswith("runs a ")
    assert _record(board)[1:] == (0, 0, 0, 2, 0)


def test_a_good_slot_that_breaks_later_leaves_its_place_after_three_boots(
    interpreter: str, board: Path
) -> None:
    (board / "a" / "start.py").write_text(BROKEN["has a bug"])
    _write(board, 0, 0, 0, 0, 2, 0)
    for _ in range(3):
        assert _boot(interpreter, board).returncode == 1
    assert _boot(interpreter, board).stdout.startswith("runs b ")


@pytest.mark.parametrize("how", ["runs", "has a bug"])
def test_a_flash_that_takes_no_boot_record_any_more_keeps_no_board_from_its_start(
    interpreter: str, board: Path, how: str
) -> None:
    (board / "b" / "start.py").write_text(BROKEN.get(how, START))
    _write(board, 0, 1, 1, 0, 2, 0)
    (board / "boot.0").mkdir()  # what the next record would be written to
    ran = _boot(interpreter, board)
    assert "boot record cannot be written" in ran.stdout
    assert ran.returncode == (7 if how == "runs" else 1), ran.stderr
    assert "runs b " in ran.stdout or "ZeroDivisionError" in ran.stdout + ran.stderr


@pytest.mark.parametrize(("code", "seconds"), [(0, 0), (1, 10), (2, 10)])
def test_a_board_that_cannot_run_what_it_is_told_leaves_a_person_time_to_stop_it(
    board: Path, monkeypatch: pytest.MonkeyPatch, code: int, seconds: int
) -> None:
    """A station.json with a fault ends the slot at once: anew and anew, nobody would get in by the cable."""
    (board / "a" / "start.py").write_text(f"def main(folder):\n    return {code}\n")
    pauses: list[int] = []
    monkeypatch.setattr(launcher, "_restart", pauses.append)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert launcher.launch(str(board)) == code and pauses == [seconds]
    del sys.modules["start"]


def test_code_of_the_slot_comes_before_that_of_the_interpreter_and_of_the_root(
    interpreter: str, board: Path
) -> None:
    for place in (board, board / "a", board / "b"):
        (place / "who.py").write_text(f"NAME = {place.name!r}\n")
    (board / "a" / "start.py").write_text("import who\ndef main(_):\n    print(who.NAME)\n")
    assert _boot(interpreter, board).stdout == "a\n"


def test_a_board_is_held_once_for_the_workshop_and_then_starts_by_itself(
    interpreter: str, board: Path
) -> None:
    (board / HOLD).write_bytes(b"")
    ran = _boot(interpreter, board)
    assert ran.returncode == 0 and "held for the workshop" in ran.stdout
    assert _boot(interpreter, board).stdout.startswith("runs a ")


def test_it_stands_alone_and_is_small() -> None:
    source = Path(launcher.__file__).read_text(encoding="utf-8")
    assert "import firmware" not in source and "from firmware" not in source
    assert len(source.encode()) < 8192
    assert (ROOT / "firmware" / "onboard" / "launcher.py").samefile(launcher.__file__)
