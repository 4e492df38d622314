"""What `make test` needs beyond Python packages: a browser, Mosquitto, PostgreSQL, libmodbus, systemd, strangers, axe-core.

Installs them from the distribution where that is allowed; what cannot be had is said here and its
tests are listed as not run. With CI=true the tests fail then (tests/conftest.py).
"""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.micropython import bring_32
from tools.npm import ONLY_TESTED

# What the tests drive or load → the package that has it.
PACKAGES = {
    "chromium": "chromium",
    "mosquitto": "mosquitto",
    "postgres": "postgresql",
    "libmodbus.so.5": "libmodbus5",
    "systemd-analyze": "systemd",
    "cc": "gcc libc6-dev",
}
POSTGRES = "/usr/lib/postgresql"
STRANGERS = Path(".tools/strangers-venv")


def has(program: str) -> bool:
    """Whether a program the tests drive, or a library they load, is on this machine."""
    if ".so." in program:
        return _loads(program)
    folders = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, Path(POSTGRES).glob("*/bin"))]
    return shutil.which(program, path=os.pathsep.join(folders)) is not None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def install(missing: list[str]) -> None:
    """Ask the distribution for the packages of `missing`, where this user may."""
    if not shutil.which("apt-get"):
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and not shutil.which("sudo"):
        return
    packages = [package for program in missing for package in PACKAGES[program].split()]
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run([*sudo, *quiet, *command], capture_output=True, text=True)
        if done.returncode:
            print(f"apt-get {command[0]}: {done.stderr.strip()[-300:]}", file=sys.stderr)
            return


def strangers() -> None:
    """What npm brings for tests, and a Sparkplug client, apart: it needs an older paho than we do."""
    subprocess.run([sys.executable, "-m", "tools.npm", *ONLY_TESTED], check=True)
    lock = Path("requirements/strangers.lock")
    stamp = STRANGERS / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if stamp.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(STRANGERS)], check=True)
    pip = [str(STRANGERS / "bin/python"), "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--require-hashes", "-r", str(lock)], check=True)
    stamp.touch()


def main() -> None:
    """Install what is missing; say what could not be had."""
    strangers()
    if bring_32() is None:
        print("MicroPython with words of 32 bits cannot be had here; heaps are measured with 64.")
    missing = [program for program in PACKAGES if not has(program)]
    if missing:
        install(missing)
    for program in [program for program in missing if not has(program)]:
        print(f"{PACKAGES[program]} cannot be installed here; its tests will not run.")


if __name__ == "__main__":
    main()
