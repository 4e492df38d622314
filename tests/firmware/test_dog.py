"""The watchdog of a computer is a real one: the kernel ends what hangs, on both interpreters (CPython runs this)."""

import json
import signal
import sys
import time
from pathlib import Path

import pytest

from firmware.boards.unix.dog import Life
from tests.brokers import Process, wait_until
from tests.conftest import ROOT
from tests.plant import board

# A driver that never returns, as with a line whose library waits for ever; the dog waits a second.
RUN = """
import sys
sys.path[0] = {root!r}
from firmware.boards.unix import dog, main
from firmware.boards.unix.plant_drivers import PlantDrivers
from firmware.onboard import watchdog
dog.HUNGRY_S = 2
watchdog.KEEPER_MS = watchdog.SESSION_MS = watchdog.SAMPLER_MS = {patience}
watchdog.FEED_S = 0.1

class Hanging:
    def __init__(self):
        self.reads = 0
    def read(self):
        self.reads += 1
        while {hangs} and self.reads > 3:
            pass
        return 1.0

PlantDrivers.open = lambda *_: Hanging()
{more}
sys.exit(main.main([{file!r}]))
"""


@pytest.fixture(params=["cpython", "micropython"])
def interpreter(request: pytest.FixtureRequest) -> str:
    return (
        sys.executable
        if request.param == "cpython"
        else str(request.getfixturevalue("micropython"))
    )


def _start(folder: Path, interpreter: str, hangs: bool, patience: int, more: str = "") -> Process:
    file = folder / "station.json"
    file.write_text(
        json.dumps({**board(folder, 1, "ctl-1", [("mill-1", "jet_mill")]), "reconnect_s": 0.2})
    )
    program = folder / "run.py"
    program.write_text(
        RUN.format(root=str(ROOT), hangs=hangs, patience=patience, file=str(file), more=more)
    )
    process = Process([interpreter, str(program)], folder / "log")
    process.folder = ROOT
    process.start()
    return process


def _bitten(process: Process) -> bool:
    assert process.running is not None
    # The wrapper of an unpacked MicroPython is replaced by it (exec): the signal is seen as it is.
    return process.running.wait(60) == -signal.SIGALRM


def test_a_driver_that_never_returns_is_ended_by_the_kernel(
    interpreter: str, tmp_path: Path
) -> None:
    assert _bitten(_start(tmp_path, interpreter, True, 60_000))
    assert Life(str(tmp_path / "ctl-1.journal.life")).reason == "reset"


def test_a_session_that_stands_still_is_ended_and_the_next_start_says_so(
    interpreter: str, tmp_path: Path
) -> None:
    more = (
        "import asyncio\n"
        "from edge_agent.session import Session\n"
        "async def never(self): await asyncio.sleep(3600)\n"
        "Session._live_once = never\n"
    )
    process = _start(tmp_path, interpreter, False, 1000, more)
    assert _bitten(process)
    assert "watchdog: no progress of session" in process.said()
    assert Life(str(tmp_path / "ctl-1.journal.life")).reason == "watchdog"


def test_without_a_network_it_is_fed_for_longer_than_it_would_starve(
    interpreter: str, tmp_path: Path
) -> None:
    process = _start(tmp_path, interpreter, False, 60_000)
    journal = tmp_path / "ctl-1.journal"
    wait_until(lambda: any(journal.glob("*.seg")), "a journal")
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() > begun + 5, "twice the time it would starve in")
    assert process.running is not None
    assert process.running.poll() is None and "watchdog" not in process.said()
    assert "link: " in process.said()
    process.kill()


def test_an_end_in_order_leaves_no_alarm_and_no_reason_to_worry(tmp_path: Path) -> None:
    process = _start(tmp_path, sys.executable, False, 60_000)
    wait_until(lambda: "link: " in process.said(), "a first attempt to connect")
    assert process.stop(signal.SIGTERM) == 0
    assert Life(str(tmp_path / "ctl-1.journal.life")).reason == "soft"
    assert Life(str(tmp_path / "nothing" / "life")).reason == "power_on"
