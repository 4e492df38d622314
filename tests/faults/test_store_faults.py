"""A full disk, a locked database, a dead broker: said, nothing acknowledged, and over by itself."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from firmware.boards.unix.storage import FileStorage
from mes_server.store import engine as engine_module
from tests.brokers import wait_until
from tests.faults import invariants
from tests.faults.edge_records import read_journal
from tests.plant import Plant

NODE = "ctl-one"
DISK_BYTES = 24 * 1024 * 1024


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own, small enough to be filled; needs root."""
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)],
        capture_output=True, text=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def health(plant: Plant) -> tuple[int, dict[str, Any]]:
    """What /healthz says: status and reasons."""
    try:
        with urllib.request.urlopen(plant.url + "/healthz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, {}


def says(plant: Plant, code: int, word: str = "") -> bool:
    status, body = health(plant)
    return status == code and word in json.dumps(body)


def banner(plant: Plant) -> str:
    with urllib.request.urlopen(plant.url + "/", timeout=10) as answer:
        page = answer.read().decode()
    return str(page.split('id="banner"', 1)[1].split("<main", 1)[0])


def held(plant: Plant) -> int:
    with plant.reading() as conn:
        return len(invariants.positions(conn, NODE))


def compare(plant: Plant) -> None:
    """Everything recorded up to now is stored exactly once."""
    journal = read_journal(FileStorage(str(plant.folder / f"{NODE}.journal")))
    last = max(journal.records)

    def stored() -> bool:
        with plant.reading() as conn:
            return invariants.watermark(
                conn, NODE, journal.epoch
            ) >= last and not invariants.inbox_depth(conn)

    wait_until(stored, f"record {last} to be stored")
    plant.agents[NODE].kill()

    def judged() -> bool:
        whole = read_journal(FileStorage(str(plant.folder / f"{NODE}.journal")))
        with plant.reading() as conn:
            if invariants.inbox_depth(conn):
                return False
            assert invariants.findings(conn, NODE, whole, last) == []
            assert invariants.quarantined(conn) == []
        return True

    wait_until(judged, "everything received to be folded")


def start(plant: Plant) -> None:
    plant.start(web=True)
    plant.wait_for_pages()
    plant.agent(NODE, [("gauge-1", "flux_gauge")], reconnect_s=1)
    wait_until(lambda: says(plant, 200), "everything to be well")
    wait_until(lambda: held(plant) > 5, "records to be stored")


@pytest.mark.slow
def test_a_full_disk_is_said_and_nothing_is_acknowledged_until_there_is_room(
    tmp_path: Path, micropython: str
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        plant = Plant(tmp_path / "plant", "nats", micropython, data=disk / "data")
        try:
            start(plant)
            filler = disk / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            wait_until(
                lambda: says(plant, 503, "disk"), f"a full disk to be said ({health(plant)})"
            )
            wait_until(lambda: banner(plant).count("<") > 2, "every page to say so")
            before = held(plant)
            journal = read_journal(FileStorage(str(plant.folder / f"{NODE}.journal")))
            wait_until(
                lambda: (
                    len(read_journal(FileStorage(str(plant.folder / f"{NODE}.journal"))).records)
                    > len(journal.records) + 3
                ),
                "the edge to go on recording",
            )
            assert held(plant) == before
            filler.unlink()
            wait_until(lambda: says(plant, 200), "it to be over without a human")
            compare(plant)
        finally:
            plant.stop()


@pytest.mark.slow
def test_a_locked_database_is_said_and_over_when_the_lock_is(
    tmp_path: Path, micropython: str
) -> None:
    plant = Plant(tmp_path / "plant", "mosquitto", micropython)
    try:
        start(plant)
        other = engine_module.sqlite.connect(str(plant.data / "lodestone.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        wait_until(lambda: says(plant, 503, "lock"), f"the lock to be said ({health(plant)})")
        wait_until(lambda: banner(plant).count("<") > 2, "every page to say so")
        before = held(plant)
        other.execute("ROLLBACK")
        other.close()
        wait_until(lambda: says(plant, 200), "it to be over without a human")
        wait_until(lambda: held(plant) > before, "storing to go on")
        compare(plant)
    finally:
        plant.stop()


@pytest.mark.slow
def test_a_dead_broker_is_said_and_over_when_it_is_back(tmp_path: Path, micropython: str) -> None:
    plant = Plant(tmp_path / "plant", "mosquitto", micropython)
    try:
        start(plant)
        plant.broker.kill()
        wait_until(lambda: says(plant, 503, "broker"), f"the broker to be missed ({health(plant)})")
        plant.broker.start()
        wait_until(lambda: says(plant, 200), "it to be over without a human")
        compare(plant)
    finally:
        plant.stop()


def test_control_a_store_that_lost_a_row_is_found_out(tmp_path: Path, micropython: str) -> None:
    plant = Plant(tmp_path / "plant", "nats", micropython)
    try:
        start(plant)
        plant.agents[NODE].kill()
        plant.ingest.stop()
        connection = engine_module.sqlite.connect(str(plant.data / "lodestone.db"))
        connection.execute("DELETE FROM fresh WHERE number = (SELECT max(number) FROM fresh)")
        connection.commit()
        connection.close()
        journal = read_journal(FileStorage(str(plant.folder / f"{NODE}.journal")))
        with plant.reading() as conn:
            assert len(invariants.positions(conn, NODE)) > 3
            assert invariants.findings(conn, NODE, journal, 3) != []
    finally:
        plant.stop()
