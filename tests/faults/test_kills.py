"""SIGKILL at random moments: broker, ingest, agents. Nothing recorded is lost or doubled.

LODESTONE_KILLS sets how many; each broker gets so many. A power cut is another thing: test_power_*.py.
"""

import copy
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.boards.unix.storage import FileStorage
from tests import brokers
from tests.brokers import Process, wait_until
from tests.faults import invariants
from tests.faults.edge_records import Recorded, read_journal
from tests.plant import Plant

KILLS = int(os.environ.get("LODESTONE_KILLS", "32"))
STATIONS = {
    "ctl-one": [("furnace-1", "sinter_furnace")],
    "ctl-two": [("line-1", "phosphating_line"), ("gauge-1", "flux_gauge")],
}


def recorded(plant: Plant, node: str) -> Recorded:
    return read_journal(FileStorage(str(plant.folder / f"{node}.journal")))


def watermark(plant: Plant, node: str, epoch: int) -> int:
    with plant.reading() as conn:
        return invariants.watermark(conn, node, epoch)


def pause(seconds: float) -> None:
    """Let the plant run on: the fault after it comes at a random moment."""
    threading.Event().wait(seconds)


def kill_at_random(plant: Plant, draw: random.Random, kills: int) -> dict[str, int]:
    """Kill and start again, now and then two at once; how often each was killed."""
    targets: dict[str, Process] = {"broker": plant.broker, "ingest": plant.ingest, **plant.agents}
    counts = dict.fromkeys(targets, 0)
    while sum(counts.values()) < kills:
        chosen = draw.sample(sorted(targets), 2 if draw.random() < 0.2 else 1)
        for name in chosen:
            targets[name].kill()
            counts[name] += 1
        pause(draw.random() * 0.4)
        for name in chosen:
            targets[name].start()
        pause(draw.random() * 1.6)
    return counts


@pytest.fixture(params=brokers.KINDS)
def plant(request: pytest.FixtureRequest, tmp_path: Path, micropython: str) -> Iterator[Plant]:
    plant = Plant(tmp_path, request.param, micropython)
    try:
        plant.start()
        for node, stations in STATIONS.items():
            plant.agent(node, stations, reconnect_s=1)
        yield plant
    finally:
        plant.stop()


@pytest.mark.slow
def test_what_was_recorded_before_and_between_kills_is_stored_exactly_once(plant: Plant) -> None:
    for node in STATIONS:
        wait_until(lambda n=node: len(recorded(plant, n).records) > 3, f"{node} to record")
    draw = random.Random(20261123)
    counts = kill_at_random(plant, draw, KILLS)
    assert all(counts.values()), counts
    wait_until(plant.collecting, "ingest to collect after the last kill")
    for node in STATIONS:
        # The agents go on recording; what counts is all that was recorded when the kills ended.
        journal = recorded(plant, node)
        last = max(journal.records)
        wait_until(
            lambda n=node, e=journal.epoch, s=last: watermark(plant, n, e) >= s,
            f"{node}'s record {last} to be acknowledged ({plant.agents[node].said()[-500:]})",
        )
    for agent in plant.agents.values():
        agent.kill()
    wait_until(lambda: judge(plant), "everything received to be folded")


def judge(plant: Plant) -> bool:
    """Compare, in one snapshot of the store; False while something in it is not folded yet."""
    with plant.reading() as conn:
        if invariants.inbox_depth(conn):
            return False
        assert invariants.quarantined(conn) == []
        for node in STATIONS:
            journal = recorded(plant, node)
            upto = invariants.watermark(conn, node, journal.epoch)
            assert upto > 10
            assert invariants.findings(conn, node, journal, upto) == []
            _the_checker_sees_what_is_wrong(conn, node, journal, upto)
    return True


def _the_checker_sees_what_is_wrong(conn: object, node: str, journal: Recorded, upto: int) -> None:
    """The negative control: with one record more, one less, one changed, it is red."""
    for doctor in (_with_one_more, _with_one_less, _with_one_changed):
        other = copy.deepcopy(journal)
        doctor(other, upto)
        assert invariants.findings(conn, node, other, upto), doctor.__name__  # type: ignore[arg-type]


def _with_one_more(journal: Recorded, upto: int) -> None:
    crc, readings = journal.records[upto]
    journal.records[upto] = crc, [*readings, readings[-1]]


def _with_one_less(journal: Recorded, upto: int) -> None:
    crc, readings = next(r for r in journal.records.values() if len(r[1]) > 1)
    readings.pop()
    del crc, upto


def _with_one_changed(journal: Recorded, upto: int) -> None:
    crc, readings = journal.records[upto]
    journal.records[upto] = crc ^ 1, readings
