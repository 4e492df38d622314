"""Journey of a release: made and signed in the workshop, taken in and rolled out by the MES, fetched over a real broker by
a real agent that restarts into it; and one that does not start, from which the agent comes back by itself."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.boards.unix.wiring import ports_of, wire
from firmware.flash import release as workshop
from firmware.flash.release import Identity
from mes_server.domain.firmware import RollOut
from mes_server.store.boards import list_boots
from mes_server.store.firmware import list_roll_outs
from mes_server.store.nodes import NodeView, list_nodes
from schemas.station_types import load_station_types
from tests.brokers import Process, wait_until
from tests.conftest import ROOT
from tests.plant import PYTHON, Plant, board

NODE = "test/ctl-1"
STATION = ("furnace-1", "sinter_furnace")
LONG_S = 300.0


class Keeper:
    """Starts the board's launcher again whenever it ends, as a service manager would."""

    def __init__(self, interpreter: str, folder: Path) -> None:
        self._command = [interpreter, str(folder / "main.py"), str(folder)]
        self._folder = folder
        self._ending = threading.Event()
        self._running: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()

    def _keep(self) -> None:
        env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MICROPYPATH")}
        with (self._folder / "log").open("ab") as log:
            while not self._ending.is_set():
                self.starts += 1
                self._running = subprocess.Popen(
                    self._command, stdout=log, stderr=log, cwd=self._folder, env=env
                )
                self._running.wait()

    def end(self) -> None:
        self._ending.set()
        while self._thread.is_alive():  # one may just have been started again
            if self._running is not None:
                self._running.terminate()
            self._thread.join(0.5)

    def said(self) -> str:
        return (self._folder / "log").read_text(errors="replace")


class Site:
    """Workshop, MES, and one board with version 0.1.0 in slot a."""

    def __init__(self, folder: Path, interpreter: str) -> None:
        self.folder, self.home = folder, folder / "board"
        self.plant = Plant(folder / "plant", "nats", interpreter)
        self.run("-m", "firmware.flash", "key", str(folder / "release.key"))
        self.key: Ed25519PrivateKey = workshop.load_key(folder / "release.key")
        self.new = folder / "0.2.0"
        self.run(
            "-m", "firmware.flash", "release", "--board", "unix", "--version", "0.2.0", "--counter", "2",
            "--types", STATION[1], "--key", str(folder / "release.key"), "--out", str(self.new),
        )  # fmt: skip
        self._install()
        self.buses = self._buses()
        self.plant.start()
        self.keeper = Keeper(interpreter, self.home)

    def _install(self) -> None:
        """As the workshop does it: code that differs a little from the release to come."""
        files = dict(workshop.read(self.new).files)
        for path in ("edge_agent/agent.py", "edge_agent/journal.py", "schemas/sparkplug.py"):
            files[path] += b"\n# 0.1.0\n"
        old, station = self.folder / "0.1.0", self.folder / "station.json"
        workshop.write(workshop.make(Identity("unix", "0.1.0", 1), files, self.key), old)
        station.write_text(json.dumps(self._station()))
        said = self.run(
            "-m", "firmware.flash", "install", str(self.home), "--board", "unix", "--release", str(old),
            "--station", str(station), "--release-key", str(self.folder / "release.pub"),
        )  # fmt: skip
        assert "as node ctl-1" in said

    def _station(self) -> dict[str, Any]:
        wired = [wire(STATION[0], load_station_types()[STATION[1]], 1, self.home / "buses")]
        return board(
            self.home, self.plant.broker.port, "ctl-1", [STATION], stations=wired, reconnect_s=1
        )

    def _buses(self) -> Process:
        command = [PYTHON, "-m", "firmware.boards.unix.buses", str(self.home / "station.json")]
        process = Process(command, self.folder / "buses.log")
        process.folder = ROOT
        process.start()
        wait_until(lambda: all(p.exists() for p in ports_of(self._station())), "the lines")
        return process

    def run(self, *words: str, exit_code: int = 0) -> str:
        """What a program says; `mes` with the MES's own settings."""
        done = subprocess.run(
            [PYTHON, *words], capture_output=True, text=True, cwd=ROOT, check=False,
            env=os.environ | self.plant.env,
        )  # fmt: skip
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def mes(self, *words: str, exit_code: int = 0) -> str:
        return self.run("-m", "mes_server.cli", *words, exit_code=exit_code)

    def node(self) -> NodeView | None:
        with self.plant.reading() as conn:
            return next((one for one in list_nodes(conn) if one.node == "ctl-1"), None)

    def image(self) -> str:
        node = self.node()
        return (node.board.image or "") if node is not None else ""

    def roll_out(self) -> RollOut:
        with self.plant.reading() as conn:
            return list_roll_outs(conn)[0]

    def until_it_ends(self) -> str:
        """How the one node of the newest roll-out ended."""

        def ended() -> bool:
            return self.roll_out().nodes[0].state != "offered"

        wait_until(ended, f"the end of the roll-out; the board said {self.keeper.said()}", LONG_S)
        one = self.roll_out().nodes[0]
        return f"{one.state} {one.detail}".strip()

    def end(self) -> None:
        self.keeper.end()
        self.buses.stop()
        self.plant.stop()


@pytest.fixture(params=["micropython", "cpython"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    cpython = request.param == "cpython"
    built = Site(tmp_path, sys.executable if cpython else request.getfixturevalue("micropython"))
    yield built
    built.end()


def test_an_agent_updates_itself_and_comes_back_from_a_release_that_does_not_start(
    site: Site,
) -> None:
    wait_until(lambda: site.image() == "0.1.0 a", "the board with its old image")
    assert "mes firmware trust" in site.mes("firmware", "import", str(site.new), exit_code=1)
    site.mes("firmware", "trust", str(site.folder / "release.pub"))
    assert "0.2.0-unix is taken in" in site.mes("firmware", "import", str(site.new))
    site.mes("firmware", "roll-out", "begin", "0.2.0-unix", NODE)
    assert site.until_it_ends() == "done"
    assert site.image() == "0.2.0 b"
    assert workshop.read(site.new).slot() == {
        path: (site.home / "b" / path).read_bytes() for path in workshop.read(site.new).slot()
    }

    assert "goes to 100 %" in site.mes("firmware", "roll-out", "widen", site.roll_out().code, "--percent", "100")  # fmt: skip
    files = workshop.read(site.new).files | {
        "start.py": b'raise RuntimeError("it does not start")\n'
    }
    bad = workshop.make(Identity("unix", "0.3.0", 3), files, site.key)
    workshop.write(bad, site.folder / "0.3.0")
    site.mes("firmware", "import", str(site.folder / "0.3.0"))
    site.mes("firmware", "roll-out", "begin", "0.3.0-unix", NODE)
    assert site.until_it_ends().startswith("failed fell_back")
    assert site.roll_out().state == "stopped"
    assert site.keeper.said().count("RuntimeError: it does not start") == 3
    wait_until(lambda: (n := site.node()) is not None and n.online, "the board to be back")
    node = site.node()
    assert node is not None
    assert (node.board.image, node.lost) == ("0.2.0 b", 0)
    with site.plant.reading() as conn:
        boots = [(one.image, one.reason) for one in list_boots(conn, 1)]
    assert ("0.2.0 b", "update") in boots
    assert boots[-1][0] == "0.1.0 a"
