"""What an update costs a board's heap, measured on a real MicroPython; the figure is printed."""

import json
import subprocess
from pathlib import Path

from tests.conftest import ROOT


def test_an_update_of_128_files_stays_within_its_heap(micropython: str, tmp_path: Path) -> None:
    command = [micropython, "-m", "tests.firmware.update_cost", str(tmp_path)]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    print(told)
    assert told["done"]
    assert told["state"] == "ready"
    assert told["manifest_bytes"] > 15_000, "it would not fit beside the agent if it were kept"
    assert told["heap_bytes"] < 32_000
