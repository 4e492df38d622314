"""Runs tests.firmware.read_channels on either interpreter, for tests of buses."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT, find_micropython

INTERPRETERS = ("cpython", "micropython")


def read(interpreter: str, channels: list[Any], rounds: int = 1, pause_ms: int = 0) -> Any:
    """Rounds of readings, how long each took, statistics of the buses: what the drivers say there."""
    program = sys.executable if interpreter == "cpython" else find_micropython()
    if program is None:
        pytest.skip("no MicroPython on this machine (make setup says why)")
    wanted = {"channels": channels, "rounds": rounds, "pause_ms": pause_ms}
    done = subprocess.run(
        [program, "-m", "tests.firmware.read_channels"],
        cwd=ROOT,
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr + done.stdout[-500:]
    return json.loads(done.stdout)
