"""Type-checks what goes to a board against MicroPython's API on its port: python -m tools.boards [esp32 | rp2]

The stubs of the ports conflict with each other and with those of the Unix port, so each has a folder of its
own, .tools/stubs/<port>, installed by requirements/stubs-<port>.lock. Faults of the stubs themselves are not ours.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

STUBS = Path(".tools/stubs")
BOARDS = {"esp32": ("esp32", "esp32_s3"), "rp2": ("rp2350", "rp2_w5500")}
SHARED = ("firmware/onboard", "firmware/drivers")
OURS = ("firmware/",)  # where lines of mypy that are about our files begin
_ONLY_OTHERS = {"esp32": "w5500", "rp2": ""}  # modules of SHARED that only the other port imports
_CONFIG = """[mypy]
strict = true
warn_unused_ignores = false
warn_return_any = false
python_version = 3.11
mypy_path = {stubs}
cache_dir = .mypy_cache/{port}
exclude = firmware/(onboard/({skip})|boards/\\w+/manifest)\\.py$
[mypy-serial.*]
ignore_missing_imports = true
"""


def stubs(port: str) -> Path:
    """The folder with the stubs of a port, installed when it is not there as locked."""
    lock = Path(f"requirements/stubs-{port}.lock")
    folder = STUBS / port / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if not folder.is_dir():
        new = folder.with_suffix(".new")
        pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "install"]
        wish = ["--require-hashes", "--no-deps", "--target", str(new), "-r", str(lock)]
        subprocess.run([*pip, *wish], check=True)
        new.rename(folder)
    return folder


def check(port: str) -> list[str]:
    """What mypy says of our files for this port; empty when all is well."""
    config = STUBS / f"{port}.ini"
    folder = stubs(port)
    skip = _ONLY_OTHERS[port] or "none"
    config.write_text(_CONFIG.format(stubs=folder, port=port, skip=skip), encoding="utf-8")
    rooms = [f"firmware/boards/{board}" for board in BOARDS[port]]
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), *rooms, *SHARED]
    ran = subprocess.run(command, capture_output=True, text=True)
    lines = ran.stdout.splitlines()
    if ran.returncode > 1 or not lines:
        return [*lines, ran.stderr]
    return [line for line in lines if line.startswith(OURS) and ": error:" in line]


def main(ports: list[str]) -> int:
    """1 when something is wrong."""
    found = 0
    for port in ports or BOARDS:
        faults = check(port)
        found += len(faults)
        print("\n".join([*faults, f"{port}: {len(faults)} faults in {', '.join(BOARDS[port])}"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
