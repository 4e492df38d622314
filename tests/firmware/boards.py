"""Boards on pseudo-terminals for the workshop's tests: a real MicroPython that plays one (pty_board.py)."""

import os
import pty
import signal
import subprocess
import threading
import tty
from pathlib import Path

from tests.conftest import ROOT

# A process of its own starts the board over and over and tells the process of each start: the fork of a thread
# would hold open for a moment what the tool has open, and its lock.
_KEEP = 'exec 3<&0; while :; do "$@" <&3 >&3 & echo $!; wait $!; done'


class PtyBoard:
    """A board at the end of a cable. A reset starts its program again; pull() pulls the cable."""

    def __init__(self, interpreter: str, folder: Path, *how: str) -> None:
        self.folder, self.how = folder, how
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._starts: list[int] = []
        self._over = False
        program = [interpreter, "-X", "heapsize=8M", str(ROOT / "tests/firmware/pty_board.py")]
        self._keeper = subprocess.Popen(
            ["sh", "-c", _KEEP, "board", *program, str(folder), *how],
            stdin=self._master,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._keeper.stdout is not None
        for line in self._keeper.stdout:
            self._starts.append(int(line))

    @property
    def resets(self) -> int:
        return len(self._starts) - 1

    def brown_out(self) -> None:
        """The supply dips: the board starts anew, the cable stays."""
        os.kill(self._starts[-1], signal.SIGKILL)

    def pull(self) -> None:
        """Pull the cable: what is written at either end goes nowhere."""
        self.end()

    def end(self) -> None:
        if self._over:
            return
        self._over = True
        os.killpg(self._keeper.pid, signal.SIGKILL)
        self._keeper.wait(20)
        self._reader.join(20)
        os.close(self._slave)
        os.close(self._master)
