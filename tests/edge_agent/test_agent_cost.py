"""The agent fits a board: heap and time of a record on a real MicroPython (CPython runs this)."""

import json
import subprocess

from tests.conftest import ROOT

HEAP_MAX = 65_536
US_MAX = 1000  # the aim is 100 on a quiet machine; a test machine may be busy


def test_a_board_can_afford_the_agent(micropython: str) -> None:
    command = [micropython, "-m", "firmware.boards.unix.cost"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    cost = json.loads(ran.stdout.splitlines()[-1])
    assert cost["interpreter"] == "micropython"
    assert 0 < cost["heap_bytes"] <= HEAP_MAX
    assert 0 < cost["us_per_record"] <= US_MAX and 0 < cost["us_to_sample"] <= US_MAX
