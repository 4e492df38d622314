"""Runs the tests of the device rooms once more, on a real MicroPython."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("schemas", "edge_agent")
ENROLMENT = ("p256", "x509", "keys", "renewal")
UPDATES = ("disk", "ed25519", "slots", "update", "update_refused")
ONBOARD = ("contracts", "file_storage", "machine", "network", "ringlog", "watchdog")


def runs_on_a_device(file: Path) -> bool:
    """Whether a test module imports nothing that only CPython has."""
    imports = r"^(?:from|import) (?:pytest|hypothesis|pathlib|littlefs|google|typing|subprocess)\b"
    return re.search(imports, file.read_text(encoding="utf-8"), re.MULTILINE) is None


MODULES = [
    *sorted(
        f"tests.{room}.{file.stem}"
        for room in ROOMS
        for file in (ROOT / "tests" / room).glob("test_*.py")
        if runs_on_a_device(file)
    ),
    *(f"tests.firmware.test_{module}" for module in ENROLMENT),
    *(f"tests.firmware.test_{module}" for module in UPDATES),
    "tests.edge_agent.device_littlefs",
    "tests.firmware.device_ringlog",
    *(f"tests.firmware.test_{module}" for module in ONBOARD),
]


@pytest.mark.parametrize("module", MODULES)
def test_micropython_passes_what_cpython_passes(module: str, micropython: str) -> None:
    # The tests keep far more in memory than the agent: a board's heap is measured elsewhere.
    command = [micropython, "-X", "heapsize=32M", "-m", "tests.device_runner", module]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert re.search(r"^[1-9]\d* passed, 0 failed on micropython$", ran.stdout, re.MULTILINE)


def test_every_device_room_has_such_tests() -> None:
    for room in ROOMS:
        assert sum(module.startswith(f"tests.{room}.") for module in MODULES) >= 5
