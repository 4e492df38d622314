"""An update from the workshop to a running node: real broker, MES, MicroPython, launcher; killed again and again.

Nothing is simulated but the sensors and the chip: a keeper starts the program again as a reset would.
"""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.flash import image, release
from firmware.onboard import launcher
from mes_server.store.nodes import NodeView, list_nodes
from tests.brokers import Process, wait_until
from tests.conftest import ROOT
from tests.faults.counting import count, draw_for
from tests.plant import PYTHON, Plant, board

KILLS = 5
LONG_S = 300.0
KEY = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
WITH = {"with": ["firmware.plant", "firmware.drivers.simulated"]}


class SlotBoard:
    """A node whose code lies in slots. Its program is started again whenever it ends, as by a reset."""

    def __init__(self, interpreter: str, folder: Path, station: dict[str, Any]) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "station.json").write_text(json.dumps(station))
        (folder / "release.pub").write_bytes(PUBLIC)
        (folder / "main.py").write_bytes(Path(launcher.__file__).read_bytes())
        self.process = Process([interpreter, "main.py", str(folder)], folder.with_suffix(".log"))
        self.process.folder = folder
        self.starts = 0
        self._over = False
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def install(self, made: release.Release) -> None:
        for path, data in made.slot().items():
            file = self.folder / "a" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        record = launcher.Record(0, 0, 0, 0, made.counter, 0)
        launcher.store(lambda name, data: (self.folder / name).write_bytes(data) and None, record)

    def start(self) -> None:
        self._keeper.start()

    def _keep(self) -> None:
        while not self._over:
            self.process.start()
            self.starts += 1
            assert self.process.running is not None
            self.process.running.wait()

    def record(self) -> launcher.Record:
        return launcher.load(lambda name: (self.folder / name).read_bytes())

    def end(self) -> None:
        self._over = True
        self.process.kill()
        self._keeper.join(30)


def make(counter: int, **more: bytes) -> release.Release:
    """The code of today as a release."""
    files = image.image_of("unix", types=["jet_mill"])
    files |= {name.replace("__", "."): data for name, data in more.items()}
    return release.make(release.Identity("unix", f"0.{counter}.0", counter), files, KEY)


@pytest.fixture
def plant(tmp_path: Path, micropython: str) -> Iterator[Plant]:
    made = Plant(tmp_path / "plant", "nats", micropython)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def slots(
    plant: Plant, micropython: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SlotBoard]:
    monkeypatch.setattr(image, "_wish", lambda _: WITH)
    station = board(tmp_path, plant.broker.port, "ctl-1", [("mill-1", "jet_mill")], reconnect_s=0.3)
    made = SlotBoard(micropython, tmp_path / "board", station)
    try:
        yield made
    finally:
        made.end()


def _node(plant: Plant) -> NodeView | None:
    with plant.reading() as conn:
        found = [node for node in list_nodes(conn) if node.node == "ctl-1"]
    return found[0] if found else None


def _told(plant: Plant, image_said: str, state: str) -> bool:
    node = _node(plant)
    return (
        node is not None
        and node.board.image == image_said
        and (node.board.update_state or "").startswith(state)
    )


def _mes(plant: Plant, *words: object) -> str:
    command = [PYTHON, "-m", "mes_server.cli", "firmware", *(str(word) for word in words)]
    env = {**plant.ingest.env, **plant.env}
    ran = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def _roll_out(plant: Plant, made: release.Release, folder: Path) -> str:
    """Offer it to the node; the code of the roll-out."""
    release.write(made, folder)
    said = _mes(plant, "import", folder)
    return _mes(plant, "roll-out", "begin", said.split(" ")[0], "test/ctl-1").split(":")[0]


def _kill_again_and_again(slots: SlotBoard) -> None:
    """SIGKILL whenever the update got a little further."""
    draw = draw_for("update kills")
    for n in range(KILLS):
        least = draw.randrange(30) * 7000 * n // KILLS
        spare = slots.folder / "b" / "more.bin.part"
        wait_until(
            lambda least=least, spare=spare: slots.record().slot == 1
            or (spare.exists() and spare.stat().st_size >= min(least, 190_000)),
            "the update to get on", LONG_S,
        )  # fmt: skip
        starts = slots.starts
        assert slots.process.running is not None
        slots.process.running.kill()
        wait_until(lambda starts=starts: slots.starts > starts, "another start")
        count("kill in an update")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_node_takes_an_update_through_kills_and_gives_a_bad_one_back(
    plant: Plant, slots: SlotBoard, tmp_path: Path
) -> None:
    slots.install(make(1))
    slots.start()
    wait_until(lambda: _told(plant, "0.1.0 a", "idle"), "the node with its first release", LONG_S)
    begun = _node(plant)
    assert begun is not None
    (tmp_path / "plant.pub").write_bytes(PUBLIC)
    _mes(plant, "trust", tmp_path / "plant.pub")

    code = _roll_out(
        plant, make(2, more__bin=bytes(200_000), start2__py=b"# new\n"), tmp_path / "two"
    )
    _kill_again_and_again(slots)
    wait_until(lambda: _told(plant, "0.2.0 b", "idle"), "the node with its second release", LONG_S)
    assert slots.record()[1:4] == (1, 0, 0)
    assert (slots.folder / "b" / "more.bin").read_bytes() == bytes(200_000)

    _mes(plant, "roll-out", "withdraw", code, "--reason", "it is everywhere")
    # A release that cannot start goes back by itself, and the node says so.
    broken = make(3, start__py=b"import no_such_module\n")
    _roll_out(plant, broken, tmp_path / "three")
    wait_until(
        lambda: _told(plant, "0.2.0 b", "refused: went back from counter 3"), "the way back", LONG_S
    )
    assert slots.record()[1:3] == (1, 0)
    after = _node(plant)
    assert after is not None
    assert (after.epoch, after.lost) == (begun.epoch, 0), "the journal is the same, nothing is lost"
    assert after.watermark is not None
    assert begun.watermark is not None
    assert after.watermark > begun.watermark
