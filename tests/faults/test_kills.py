"""SIGKILL at random moments: broker, ingest, agents. Nothing recorded is lost or doubled.

LODESTONE_KILLS sets how many; each broker gets so many. A power cut is another thing: test_power.py.
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from firmware.onboard.storage import FileStorage
from schemas import journal_metrics as names
from tests import brokers
from tests.brokers import Process, wait_until
from tests.faults import invariants
from tests.faults.acks import Acks
from tests.faults.counting import count, draw_for
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


def broken_promises(plant: Plant, acks: Acks) -> list[str]:
    """What was acknowledged and is not stored; asked while nobody acknowledges."""
    told = acks.snapshot()
    with plant.reading() as conn:
        return invariants.unkept(conn, told)


def kill_at_random(plant: Plant, acks: Acks, kills: int) -> None:
    """Kill and start again, now and then two at once; each of them at least once."""
    draw = draw_for(f"kills {plant.broker.kind}")
    targets: dict[str, Process] = {"broker": plant.broker, "ingest": plant.ingest, **plant.agents}
    counts = dict.fromkeys(targets, 0)
    while sum(counts.values()) < kills or not all(counts.values()):
        chosen = draw.sample(sorted(targets), 2 if draw.random() < 0.2 else 1)
        for name in chosen:
            targets[name].kill()
            counts[name] += 1
            count(f"{name} killed" if name in ("broker", "ingest") else "agent killed")
        pause(draw.random() * 0.4)
        if "ingest" in chosen:
            assert broken_promises(plant, acks) == []
        for name in chosen:
            targets[name].start()
        pause(draw.random() * 1.6)


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


@pytest.fixture
def acks(plant: Plant) -> Iterator[Acks]:
    heard = Acks(plant.broker.port)
    yield heard
    heard.close()


@pytest.mark.slow
def test_what_was_recorded_before_and_between_kills_is_stored_exactly_once(
    plant: Plant, acks: Acks
) -> None:
    acks.wait_for(*STATIONS)
    for node in STATIONS:
        wait_until(lambda n=node: len(recorded(plant, n).records) > 3, f"{node} to record")
    kill_at_random(plant, acks, KILLS)
    wait_until(plant.collecting, "ingest to collect after the last kill")
    # The agents go on recording; what counts is all that was recorded when the kills ended.
    last = {node: max(recorded(plant, node).records) for node in STATIONS}
    for node in STATIONS:
        epoch = recorded(plant, node).epoch
        wait_until(
            lambda n=node, e=epoch: watermark(plant, n, e) >= last[n],
            f"{node}'s record {last[node]} to be stored ({plant.agents[node].said()[-500:]})",
        )
    for agent in plant.agents.values():
        agent.kill()
    wait_until(lambda: judge(plant, last), "everything received to be folded")
    assert broken_promises(plant, acks) == []


def judge(plant: Plant, last: dict[str, int]) -> bool:
    """Compare, in one snapshot of the store; False while something in it is not folded yet."""
    with plant.reading() as conn:
        if invariants.inbox_depth(conn):
            return False
        assert invariants.quarantined(conn) == []
        for node in STATIONS:
            journal = recorded(plant, node)
            assert invariants.findings(conn, node, journal, last[node]) == []
            _the_checker_sees_what_is_wrong(conn, node, journal, last[node])
    return True


def _the_checker_sees_what_is_wrong(
    conn: Connection, node: str, journal: Recorded, upto: int
) -> None:
    """The negative control: what test_invariants.py spoils one by one, here in the real plant."""
    crc, readings = journal.records[upto]
    journal.records[upto] = crc ^ 1, readings[:-1]
    found = invariants.findings(conn, node, journal, upto)
    assert [("other content" in f, "too much" in f) for f in found] == [
        (True, False),
        (False, True),
    ]
    told = names.position(journal.epoch, max(journal.records) + 1)
    assert invariants.unkept(conn, {node: told}) != []
