"""The workshop's tool puts Lodestone on a board: a real MicroPython that plays one at the end of a pseudo-terminal.

No chip took part: what a chip's own USB and flash do otherwise is not shown here.
"""

import base64

import pytest

from firmware.flash import board as board_module
from firmware.flash import repl as repl_module
from firmware.flash.board import WorkBoard
from firmware.flash.faults import DIFFERS, DONE, FAILED
from tests.brokers import Process, wait_until
from tests.firmware.workbench import Bench, compiled_image


def _starts(bench: Bench) -> bool:
    """Whether what was installed runs for real: launcher, slot, agent, until it has a journal."""
    bench.unplug()
    log = bench.work / "log"
    process = Process([bench.interpreter, "main.py", str(bench.flash)], log)
    process.folder = bench.flash
    process.start()
    try:
        wait_until((bench.flash / "journal" / "state").exists, "a journal of the installed agent")
    finally:
        process.kill()
    return "Traceback" not in process.said()


@pytest.mark.whole
@pytest.mark.parametrize("how", [(), ("plain",)], ids=["raw paste", "plain raw mode"])
def test_a_bare_board_gets_launcher_slot_station_and_a_key_of_its_own_and_starts(
    bench: Bench, how: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled_image(monkeypatch)
    bench.plug(*how)
    code, said = bench.install()
    assert code == DONE, said
    files = bench.files()
    assert {"main.py", "station.json", "lodestone.json", "a/manifest.json", "key.der"} <= set(files)
    assert files["station.json"] == bench.station.read_bytes()
    assert not [path for path in files if path.startswith("b/") or path.endswith(".new")]
    assert bench.record()[1:] == (0, 0, 0, 0, 0)
    assert "Fingerprint" in said and "bench-1" in said and "100 %" in said
    wait_until(lambda: bench.board.resets == 1, "the reset after an install")
    assert _starts(bench)


def test_the_private_key_leaves_the_board_by_no_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = bytearray()
    real = WorkBoard._run
    monkeypatch.setattr(
        WorkBoard, "_run", lambda self, code, wait_s=0.0: _noted(came, real(self, code, wait_s))
    )
    assert bench.install()[0] == DONE
    key = (bench.flash / "key.der").read_bytes()
    secret = key[7 + 27 : 7 + 27 + 32] if len(key) > 66 else key
    for form in (secret.hex().encode(), base64.b64encode(key)[:40], repr(secret).encode()):
        assert form not in came
    assert bench.tool("verify")[0] == DONE and base64.b64encode(key)[:40] not in came


def _noted(came: bytearray, text: str) -> str:
    came.extend(text.encode())
    return text


def test_an_update_goes_into_the_other_slot_on_trial_and_keeps_station_and_key(
    bench: Bench,
) -> None:
    assert bench.install()[0] == DONE
    before = bench.files()
    code, said = bench.tool("update", "--types", "jet_mill,strip_caster")
    assert code == DONE, said
    after = bench.files()
    assert {
        path: data for path, data in after.items() if path in before and path[:5] != "boot."
    } == {path: data for path, data in before.items() if path[:5] != "boot."}
    assert "b/schemas/stations/strip_caster.json" in after and "b/manifest.json" in after
    assert bench.record()[1:4] == (1, 1, 0)
    assert bench.tool("verify")[0] == DONE
    # A second one before the first was proven takes its place: the slot that was good stays.
    assert bench.tool("update", "--types", "jet_mill")[0] == DONE
    assert bench.record()[1:4] == (1, 1, 0)
    assert "b/schemas/stations/strip_caster.json" not in bench.files()
    assert bench.tool("verify")[0] == DONE


def test_a_dry_run_says_everything_and_writes_nothing(bench: Bench) -> None:
    code, said = bench.install("--dry-run")
    assert code == DONE and not bench.files()
    assert "write  main.py" in said and "as the only one" in said and "Nothing was written" in said
    assert bench.install()[0] == DONE
    bench.changes(lambda: bench.tool("update", "--dry-run"))


def test_a_pulled_cable_is_told_and_the_next_try_goes_on_where_it_stopped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = WorkBoard.write, []

    def write(self: WorkBoard, path: str, data: bytes, progress: object = None) -> None:
        if len(written) == 12:
            bench.board.pull()
        written.append(path)
        real(self, path, data, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkBoard, "write", write)
    code, said = bench.install()
    assert code == FAILED and "went away in the middle" in said and "cable" in said
    assert "a/manifest.json" not in bench.files() and "lodestone.json" in bench.files()
    before = list(written[:11])
    written.clear()
    bench.plug()
    written += [""] * 13
    assert bench.install()[0] == DONE
    assert not set(before) & set(written[13:]), "what was there and right was not written again"
    assert bench.tool("verify")[0] == DONE


def test_a_cable_pulled_in_the_first_file_of_all_leaves_a_board_that_is_nobodys(
    bench: Bench,
) -> None:
    (bench.flash / "lodestone.json.new").write_bytes(b'{"boa')
    assert bench.install()[0] == DONE
    assert "lodestone.json.new" not in bench.files()


def test_a_brown_out_in_the_middle_is_told_and_the_next_try_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "_WAIT_S", 2.0)
    monkeypatch.setattr(repl_module, "_ANSWER_S", 2.0)
    real, written = WorkBoard.write, []

    def write(self: WorkBoard, path: str, data: bytes, progress: object = None) -> None:
        written.append(path)
        if len(written) == 12:
            bench.board.brown_out()
        real(self, path, data, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkBoard, "write", write)
    code, said = bench.install()
    assert code == FAILED
    assert "stopped answering in the middle" in said and "power" in said
    assert "a/manifest.json" not in bench.files()
    assert bench.install()[0] == DONE
    assert not set(written[:11]) & set(written[12:]), "what was there was not written again"
    assert bench.tool("verify")[0] == DONE


@pytest.mark.whole
def test_a_cable_pulled_during_an_update_leaves_the_old_slot_to_start(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bench.install()[0] == DONE
    real = WorkBoard.write

    def write(self: WorkBoard, path: str, data: bytes, progress: object = None) -> None:
        if path == "b/manifest.json":
            bench.board.pull()
        real(self, path, data, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkBoard, "write", write)
    assert bench.tool("update")[0] == FAILED
    assert bench.record()[1:3] == (0, 0) and "b/manifest.json" not in bench.files()
    assert _starts(bench)


@pytest.mark.parametrize(
    "words", [("verify",), ("update",), ("enrol", "--mes", "https://mes")], ids=lambda words: words[0]
)  # fmt: skip
def test_a_running_boards_watchdog_does_not_bite_in_the_middle_and_the_board_runs_again(
    bench: Bench, words: tuple[str, ...]
) -> None:
    assert bench.install()[0] == DONE
    bench.plug("dog=8")
    code, said = bench.tool(*words)
    assert code == DONE, said
    wait_until(lambda: bench.board.resets == 2, "one reset to hold it, one to start it")


def test_a_board_that_takes_not_even_the_file_to_hold_it_is_read_all_the_same(
    bench: Bench,
) -> None:
    assert bench.install()[0] == DONE
    (bench.flash / "hold").mkdir()
    assert bench.tool("verify")[0] == DONE


@pytest.mark.parametrize("at", [40, 41])
def test_who_presses_ctrl_c_is_told_how_it_goes_on_and_leaves_a_board_that_starts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    real, calls = repl_module.Repl._until, []

    def until(self: repl_module.Repl, ending: bytes, wait_s: float) -> bytes:
        calls.append(ending)
        if len(calls) == at:
            raise KeyboardInterrupt
        return real(self, ending, wait_s)

    monkeypatch.setattr(repl_module.Repl, "_until", until)
    code, said = bench.install()
    assert code == FAILED and "Stopped by you" in said
    wait_until(lambda: bench.board.resets == 1, "the board starts again")
    assert bench.install()[0] == DONE and bench.tool("verify")[0] == DONE


def test_a_flash_that_gives_back_something_else_is_found_at_once(bench: Bench) -> None:
    bench.plug("spoil=agent.py.new")
    code, said = bench.install()
    assert code == FAILED and "edge_agent/agent.py came back" in said and "worn" in said
    assert "a/manifest.json" not in bench.files()


def test_verify_reads_all_back_and_names_what_differs(bench: Bench) -> None:
    assert bench.tool("verify")[0] == DIFFERS
    assert bench.install()[0] == DONE
    (bench.flash / "a" / "edge_agent" / "clock.py").write_bytes(b"# changed\n")
    (bench.flash / "a" / "edge_agent" / "link.py").unlink()
    (bench.flash / "a" / "intruder.py").write_bytes(b"")
    (bench.flash / "main.py").write_bytes(b"# another launcher\n")
    code, said = bench.tool("verify")
    assert code == DIFFERS
    for words in (
        "clock.py is not what",
        "link.py is missing",
        "intruder.py is not of",
        "main.py is not the",
    ):
        assert words in said
    assert bench.tool("update")[0] == DONE and bench.tool("verify")[0] == DONE
