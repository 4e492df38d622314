"""Keeps the processes of one machine alive: starts them in order, restarts what dies, stops all.

`mes run` is this and nothing else; a plant with systemd runs `mes ingest` and `mes web` without it.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import IO

LOG_BYTES_MAX = 8 * 1024 * 1024
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S = 60.0  # a process that lived this long starts again without waiting
PATIENCE_S = 12.0  # between asking a process to stop and ending it

_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    # Without this a killed `mes run` leaves a broker behind that blocks the next start. Linux only;
    # elsewhere the orphan is found by the check of the port.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process to keep alive. `is_ready` is asked until it says yes; None means at once."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool] | None = None
    ready_within_s: float = 60.0
    settings: Mapping[str, str] = field(default_factory=dict)  # MES_… besides those of this process
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    started_at: float = 0.0
    due_at: float = 0.0
    failures: int = 0
    log: IO[bytes] | None = field(default=None, repr=False)


class NotReady(RuntimeError):
    """A process did not come up; the message names it and its log."""


class Supervisor:
    """Starts children in order and watches them until `stop` is set."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self.logs = logs
        self.say = say
        self.stop = Event()
        self.children: list[Child] = []

    def start(self, child: Child) -> None:
        """Start a child and wait until it is ready; raises NotReady."""
        self.children.append(child)
        self._spawn(child)
        deadline = time.monotonic() + child.ready_within_s
        while child.is_ready and not self.stop.is_set() and not child.is_ready():
            self._revive(child)
            if time.monotonic() > deadline:
                raise NotReady(
                    f"{child.name} did not come up within {child.ready_within_s:.0f} s; "
                    f"its last words are in {self._log_file(child)}"
                )
            self.stop.wait(0.1)

    def watch(self) -> None:
        """Restart what dies until `stop` is set; then end all, last started first."""
        while not self.stop.wait(0.2):
            for child in self.children:
                self._revive(child)

    def end(self) -> None:
        """Ask every child to stop, last started first, and end those that do not."""
        for child in reversed(self.children):
            process = child.process
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _log_file(self, child: Child) -> Path:
        return self.logs / f"{child.name}.log"

    def _spawn(self, child: Child) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        file = self._log_file(child)
        if file.exists() and file.stat().st_size > LOG_BYTES_MAX:
            file.replace(file.with_suffix(".log.1"))
        if child.log:
            child.log.close()
        child.log = file.open("ab")
        child.process = subprocess.Popen(  # noqa: S603  our own commands only
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=child.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone; we stop them in order
            preexec_fn=_die_with_parent,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(child.settings),
        )
        child.starts += 1
        child.started_at = time.monotonic()

    def _revive(self, child: Child) -> None:
        process, now = child.process, time.monotonic()
        if process is not None and process.poll() is None:
            return
        if process is not None:
            child.failures = 0 if now - child.started_at > STEADY_S else child.failures + 1
            wait_s = BACK_OFF_S[min(child.failures, len(BACK_OFF_S) - 1)]
            self.say(
                f"{child.name} ended with code {process.returncode}; "
                f"starting it again in {wait_s:g} s (log: {self._log_file(child)})"
            )
            child.process = None
            child.due_at = now + wait_s
        elif now >= child.due_at:
            self._spawn(child)
