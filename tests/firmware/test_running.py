"""A whole computer put together: with certificate, with slots, or with neither (CPython runs this)."""

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from firmware.boards.unix.computer import Computer
from firmware.onboard import keys
from firmware.onboard.running import Running
from firmware.onboard.station import load_board
from firmware.onboard.tls import opener
from firmware.onboard.update import PUBLIC
from schemas.journal_metrics import CERT_UNTIL, CERTIFICATE, CSR, UPDATE_OFFER
from tests.firmware.onboard_help import ISSUED_S, NODE, vector
from tests.firmware.releases import PUBLIC as RELEASE_KEY
from tests.firmware.releases import Release
from tests.plant import board

DAY_S = 86_400


@pytest.fixture(autouse=True)
def no_alarm() -> Any:
    """The watchdog of a computer is an alarm of the process: of the tests' own here."""
    yield
    import signal

    signal.alarm(0)


def _running(folder: Path, **changes: object) -> Running:
    file = folder / "station.json"
    raw = {**board(folder, 1, NODE, [("mill-1", "jet_mill")]), "reconnect_s": 0.1, **changes}
    file.write_text(json.dumps(raw))
    loaded = load_board(str(file))
    return Running(Computer(str(file), loaded), loaded, str(file))


def _facts(running: Running) -> dict[str, object]:
    return {name: value for name, _, value in running.agent._machine.facts()}


def _with_keys(folder: Path) -> dict[str, object]:
    for name, of in (("key.der", keys.KEY), ("first.der", keys.CERTIFICATE), ("root.der", keys.CA)):
        (folder / of).write_bytes(vector(name))
    return {"broker": {"host": "localhost", "port": 1, "tls": keys.TLS}}


def test_a_bare_computer_tells_what_it_knows_and_takes_no_command(tmp_path: Path) -> None:
    running = _running(tmp_path)
    told = _facts(running)
    assert told["Node/Boot_Reason"] == "power_on" and told["Node/Link"] == "host"
    assert json.loads(str(told["Node/Buses"])) is not None
    assert CSR not in told and "Update/State" not in told
    assert not running.agent._machine.heard(UPDATE_OFFER, "1.0.0 2 3 4")


def test_with_a_key_it_tells_until_when_and_takes_a_renewed_certificate(tmp_path: Path) -> None:
    running = _running(tmp_path, **_with_keys(tmp_path))
    assert _facts(running)[CERT_UNTIL] == ISSUED_S + 365 * DAY_S
    assert CSR in _facts(running)
    assert running.agent._machine.heard(CERTIFICATE, b"no certificate")
    assert _facts(running)[CERT_UNTIL] == ISSUED_S + 365 * DAY_S


@pytest.mark.parametrize("damaged", [b"\x30\x03abc", b"", b"\x30"])
def test_a_certificate_file_that_is_none_is_said_at_each_connection_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damaged: bytes
) -> None:
    changes = _with_keys(tmp_path)
    (tmp_path / keys.CERTIFICATE).write_bytes(damaged)
    running = _running(tmp_path, **changes)
    assert "cannot be renewed here" in capsys.readouterr().out

    async def work() -> None:
        living = asyncio.create_task(running.run())
        while running.agent.journal.durable < 1:
            await asyncio.sleep(0.02)
        running.agent.stop()
        await living

    asyncio.run(asyncio.wait_for(work(), 60))
    assert running.agent.session.births == 0


def test_with_slots_and_the_release_key_it_takes_updates_and_restarts_in_order(
    tmp_path: Path,
) -> None:
    (tmp_path / PUBLIC).write_bytes(RELEASE_KEY)
    slot = tmp_path / "a"
    slot.mkdir()
    for path, data in Release(3, {"start.py": b"pass"}, board="unix").files.items():
        (slot / path).write_bytes(data)
    running = _running(tmp_path)
    told = _facts(running)
    assert told["Node/Image"] == "0.3.0 a" and told["Update/State"] == "idle"
    assert running.agent._machine.heard(UPDATE_OFFER, "")
    assert len(running.chores) == 3

    async def work() -> None:
        living = asyncio.create_task(running.run())
        while running.agent.journal.durable < 1:
            await asyncio.sleep(0.02)
        running.agent.stop()  # as the updater does when a release is ready
        await living

    asyncio.run(asyncio.wait_for(work(), 60))


def test_a_chore_of_the_board_that_faults_is_said_and_begun_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = _running(tmp_path)
    begun: list[int] = []

    async def network() -> None:
        begun.append(1)
        if len(begun) == 1:
            raise OSError("ethernet enable failed")
        running.agent.stop()

    running.chores.append(network)
    asyncio.run(asyncio.wait_for(running.run(), 60))
    assert len(begun) == 2
    assert "board: OSError: ethernet enable failed; it is restarted" in capsys.readouterr().out


def test_a_folder_for_passing_files_that_is_full_costs_no_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try to connect would cost one more, and in a day the journal could not be opened."""
    opened: list[int] = []

    def full() -> tuple[int, str]:
        opened.append(os.open("/dev/full", os.O_WRONLY))
        (tmp_path / "passing").touch()
        return opened[0], str(tmp_path / "passing")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(OSError, match="No space"):
        opener(vector("root.der"), [vector("first.der")], vector("key.der"))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])
    assert not (tmp_path / "passing").exists()
