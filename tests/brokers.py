"""Real brokers for tests, on ports the system chooses: nats-server and Mosquitto."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mes_server import broker as own_broker

KINDS = ("nats", "mosquitto")
DEADLINE_S = 60.0


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition; fails by naming it when the deadline passes."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {deadline_s:.0f} s in vain for: {what}")
        time.sleep(0.02)  # waits: the pause between two looks at the condition


class Process:
    """A process of a test: started, killed and started again, ended by its own id."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str] | None = None) -> None:
        self.command, self.log = command, log
        self.env = os.environ | (env or {})
        self.folder: Path | None = None
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=self.env,
                cwd=self.folder,
            )

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.stop(signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGTERM, patience_s: float = 20) -> int | None:
        """End it; the exit code. One that does not listen is killed."""
        if self.running is None:
            return None
        if self.running.poll() is None:
            self.running.send_signal(how)
            try:
                self.running.wait(patience_s)
            except subprocess.TimeoutExpired:
                self.running.kill()
                self.running.wait()
        return self.running.returncode

    def said(self) -> str:
        """What it wrote so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def mosquitto() -> str:
    """Where Mosquitto is on this machine; the test is not run where there is none."""
    found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        pytest.skip("Mosquitto is not installed here")
    return found


class Broker(Process):
    """A broker without persistence worth the name: what it held is gone when it is killed."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.port = kind, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{kind}.conf"
        if kind == "nats":
            file.write_text(own_broker.configuration("127.0.0.1", self.port, folder / "state"))
            command = [str(own_broker.binary()), "-c", str(file)]
        else:
            command = [mosquitto(), "-c", str(file)]
            file.write_text(
                f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                "max_queued_messages 100000\n"
            )
        super().__init__(command, folder / f"{kind}.log")

    def start(self) -> None:
        super().start()
        wait_until(lambda: own_broker.answers("127.0.0.1", self.port), f"{self.kind} to answer")
