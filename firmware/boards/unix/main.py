"""The agent on a computer: micropython -m firmware.boards.unix.main path/to/station.json

Runs the same on CPython; there SIGTERM and Ctrl-C end it in order. Exit code 2: the file is wrong. Ended
by SIGALRM: its watchdog found no progress (dog.py).
"""

import sys

from firmware.onboard.drivers import Drivers
from firmware.onboard.station import beside, loaded
from schemas.driver_args import args_faults


def main(arguments: list[str]) -> int:
    """Run the agent of a station.json; the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m firmware.boards.unix.main path/to/station.json\n")
        return 2
    path = arguments[0]
    board, faults = loaded(path)
    if board is not None:
        faults = Drivers().faults(board) + args_faults(board, path)
    if board is None or faults:
        sys.stderr.write("\n".join(faults) + "\n")
        return 2
    from firmware.boards.unix.computer import Computer
    from firmware.onboard.running import run

    try:
        computer = Computer(path, board)
    except OSError as fault:
        place = beside(path, board.journal.path)
        sys.stderr.write(f"{place}: the journal cannot be opened ({fault})\n")
        return 1
    code = run(computer, board, path)
    computer.end()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
