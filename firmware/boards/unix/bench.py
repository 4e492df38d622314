"""Measures the agent on the interpreter that runs it: python -m firmware.boards.unix.bench [INTERPRETER]

INTERPRETER: a path, "auto" (the MicroPython that `make` set up) or "python". Prints one line of JSON.
"""

import subprocess
import sys

from firmware.boards.unix.demo import ROOT, find_interpreter


def main(wish: str) -> int:
    """Run `cost.py` on the interpreter; its exit code."""
    command = [find_interpreter(wish), "-m", "firmware.boards.unix.cost"]
    return subprocess.run(command, cwd=ROOT).returncode  # noqa: S603  the one that runs the agents


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "auto"))
