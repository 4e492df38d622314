"""A full disk, a locked database, a dead broker: said, nothing acknowledged, and over by itself."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from firmware.onboard.storage import FileStorage
from mes_server.store import engine as engine_module
from tests.brokers import wait_until
from tests.faults import invariants
from tests.faults.acks import Acks
from tests.faults.counting import count
from tests.faults.edge_records import Recorded, read_journal
from tests.faults.said import says, shows
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


def held(plant: Plant) -> int:
    with plant.reading() as conn:
        return len(invariants.positions(conn, NODE))


def recorded(plant: Plant) -> Recorded:
    return read_journal(FileStorage(str(plant.folder / f"{NODE}.journal")))


def compare(plant: Plant) -> None:
    """Everything recorded up to now is stored exactly once."""
    journal = recorded(plant)
    last = max(journal.records)

    def stored() -> bool:
        with plant.reading() as conn:
            return invariants.watermark(
                conn, NODE, journal.epoch
            ) >= last and not invariants.inbox_depth(conn)

    wait_until(stored, f"record {last} to be stored")
    plant.agents[NODE].kill()
    wait_until(lambda: folded(plant), "everything received to be folded")
    with plant.reading() as conn:
        assert invariants.findings(conn, NODE, recorded(plant), last) == []
        assert invariants.quarantined(conn) == []


def folded(plant: Plant) -> bool:
    with plant.reading() as conn:
        return not invariants.inbox_depth(conn)


@contextmanager
def running(plant: Plant) -> Iterator[Acks]:
    """A plant that collects, with an agent and all well; what it acknowledges is heard."""
    acks = None
    try:
        plant.start(web=True)
        plant.wait_for_pages()
        acks = Acks(plant.broker.port)
        plant.agent(NODE, [("gauge-1", "flux_gauge")], reconnect_s=1)
        wait_until(lambda: says(plant.url, 200), "everything to be well")
        wait_until(lambda: shows(plant.url, None), "no page to say otherwise")
        wait_until(lambda: held(plant) > 5, "records to be stored")
        acks.wait_for(NODE)
        yield acks
    finally:
        if acks is not None:
            acks.close()
        plant.stop()


def nothing_is_acknowledged(plant: Plant, acks: Acks) -> None:
    """While the edge goes on: what is stored stays as it is, and so does what was promised."""
    before, known = held(plant), len(recorded(plant).records)
    wait_until(lambda: len(recorded(plant).records) > known + 3, "the edge to go on recording")
    assert held(plant) == before
    with plant.reading() as conn:
        assert invariants.unkept(conn, acks.snapshot()) == []


@pytest.mark.slow
def test_a_full_disk_is_said_and_nothing_is_acknowledged_until_there_is_room(
    tmp_path: Path, micropython: str
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        plant = Plant(tmp_path / "plant", "nats", micropython, data=disk / "data")
        with running(plant) as acks:
            filler = disk / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            wait_until(lambda: says(plant.url, 503, "disk_full"), "a full disk to be said")
            wait_until(lambda: shows(plant.url, "The disk is full"), "every page to say so")
            nothing_is_acknowledged(plant, acks)
            filler.unlink()
            count("disk full")
            wait_until(lambda: says(plant.url, 200), "it to be over without a human")
            compare(plant)


@pytest.mark.slow
def test_a_locked_database_is_said_and_over_when_the_lock_is(
    tmp_path: Path, micropython: str
) -> None:
    plant = Plant(tmp_path / "plant", "mosquitto", micropython)
    with running(plant) as acks:
        other = engine_module.sqlite.connect(str(plant.data / "lodestone.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        wait_until(lambda: says(plant.url, 503, "database_locked"), "the lock to be said")
        wait_until(lambda: shows(plant.url, "The database is locked"), "every page to say so")
        nothing_is_acknowledged(plant, acks)
        before = held(plant)
        other.execute("ROLLBACK")
        other.close()
        count("database locked")
        wait_until(lambda: says(plant.url, 200), "it to be over without a human")
        wait_until(lambda: held(plant) > before, "storing to go on")
        compare(plant)


@pytest.mark.slow
def test_a_dead_broker_is_said_and_over_when_it_is_back(tmp_path: Path, micropython: str) -> None:
    plant = Plant(tmp_path / "plant", "mosquitto", micropython)
    with running(plant):
        plant.broker.kill()
        wait_until(lambda: says(plant.url, 503, "broker_unreachable"), "the broker to be missed")
        wait_until(lambda: shows(plant.url, "The broker cannot be reached"), "every page to say so")
        plant.broker.start()
        count("broker killed")
        wait_until(lambda: says(plant.url, 200), "it to be over without a human")
        compare(plant)


def test_control_a_store_that_lost_a_row_is_found_out(tmp_path: Path, micropython: str) -> None:
    plant = Plant(tmp_path / "plant", "nats", micropython)
    with running(plant):
        compare(plant)  # before it is spoilt nothing is wrong
        plant.ingest.stop()
        last = max(recorded(plant).records)
        with plant.reading() as conn:
            held_upto = invariants.watermark(conn, NODE, recorded(plant).epoch)
            assert invariants.findings(conn, NODE, recorded(plant), held_upto) == []
        connection = engine_module.sqlite.connect(str(plant.data / "lodestone.db"))
        newest = "(SELECT max(number) FROM fresh)"
        assert connection.execute(f"DELETE FROM fresh WHERE number = {newest}").rowcount == 1
        connection.commit()
        connection.close()
        with plant.reading() as conn:
            found = invariants.findings(conn, NODE, recorded(plant), min(last, held_upto))
        assert found
        assert all("lost gauge-1." in line for line in found), found
