"""A board copied with its key: to a broker both are one client. Nothing is lost, and it is told."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.onboard.storage import FileStorage
from mes_server.actions.fold_births import CLONED
from mes_server.store.alarms import list_alarms
from tests.brokers import KINDS, Process, wait_until
from tests.conftest import ROOT
from tests.faults import invariants
from tests.faults.edge_records import Recorded, read_journal
from tests.security.secure_plant import NODE, SecurePlant

LONG_S = 120.0


@pytest.fixture(params=KINDS)
def plant(
    request: pytest.FixtureRequest, tmp_path: Path, micropython: str
) -> Iterator[SecurePlant]:
    plant = SecurePlant(tmp_path, request.param, micropython)
    try:
        plant.start()
        yield plant
    finally:
        plant.stop()


def start_copy(plant: SecurePlant) -> Path:
    """The same board once more: all its files but the journal, which begins anew; where that is."""
    told = json.loads((plant.held / "station.json").read_text())
    journal = plant.folder / "copy.journal"
    told["journal"]["path"] = str(journal)
    file = plant.held / "copy.json"
    file.write_text(json.dumps(told))
    command = [plant.interpreter, "-m", "firmware.boards.unix.main", str(file)]
    process = Process(command, plant.folder / "copy.log")
    process.folder = ROOT
    plant.agents["copy"] = process
    process.start()
    return journal


def test_a_cloned_board_raises_an_alarm_and_both_lose_nothing(plant: SecurePlant) -> None:
    good = plant.site.issue(NODE)
    plant.let_in(good)
    plant.hold(good)
    plant.run_agent()
    plant.wait_stored()
    copied = start_copy(plant)

    def cloned() -> bool:
        with plant.reading() as conn:
            return any(one.kind == CLONED for one in list_alarms(conn))

    wait_until(cloned, "the alarm", LONG_S)
    journals = [Path(plant.folder / f"{NODE}.journal"), copied]
    wait_until(lambda: len(recorded(copied).records) > 5, "the copy to record")
    last = [max(recorded(one).records) for one in journals]
    for journal, upto in zip(journals, last, strict=True):
        wait_until(
            lambda j=journal, n=upto: stored(plant, j) >= n, f"{journal.name} up to {upto}", LONG_S
        )
    for agent in plant.agents.values():
        agent.kill()
    wait_until(plant.is_folded, "everything to be folded")
    with plant.reading() as conn:
        held = invariants.positions(conn, NODE)  # none is there twice
    for journal, upto in zip(journals, last, strict=True):
        found = recorded(journal)
        assert {
            (found.epoch, n): found.records[n][0] for n in range(1, upto + 1)
        }.items() <= held.items()
    births = sum(agent.said().count("link: ") for agent in plant.agents.values())
    print(f"{plant.broker.kind}: {births} take-overs, {len(held)} records stored once")


def recorded(journal: Path) -> Recorded:
    return read_journal(FileStorage(str(journal)))


def stored(plant: SecurePlant, journal: Path) -> int:
    with plant.reading() as conn:
        return invariants.watermark(conn, NODE, recorded(journal).epoch)
