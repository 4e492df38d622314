"""Boards on pseudo-terminals for the workshop's tests: a real MicroPython that plays one (pty_board.py)."""

import os
import pty
import subprocess
import threading
import tty
from pathlib import Path

from tests.conftest import ROOT


class PtyBoard:
    """A board at the end of a cable. A reset starts its program again; pull() pulls the cable."""

    def __init__(self, interpreter: str, folder: Path, *how: str) -> None:
        self.folder, self.how = folder, how
        self._interpreter = interpreter
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.resets = -1
        self._over = False
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        while not self._over:
            self.resets += 1
            command = [
                self._interpreter,
                "-X",
                "heapsize=8M",
                str(ROOT / "tests/firmware/pty_board.py"),
                str(self.folder),
                *self.how,
            ]
            self._process = subprocess.Popen(
                command, stdin=self._master, stdout=self._master, stderr=subprocess.DEVNULL
            )
            self._process.wait()

    def brown_out(self) -> None:
        """The supply dips: the board starts anew, the cable stays."""
        if self._process is not None:
            self._process.kill()

    def pull(self) -> None:
        """Pull the cable: what is written at either end goes nowhere."""
        self.end()

    def end(self) -> None:
        if self._over:
            return
        self._over = True
        if self._process is not None:
            self._process.kill()
        self._keeper.join(20)
        os.close(self._slave)
        os.close(self._master)
