"""Power cuts of the edge's flash and of the store's disk, at any write; kills of sessions in between.

LODESTONE_CUTS sets how many of each world. After every world: each recorded record is in the store
exactly once, compared reading by reading. The controls weaken one guard and must be found out. A world
lives by its seed alone: the same one cuts at the same writes.
"""

import itertools
import os
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import ClassVar

import pytest
from sqlalchemy import Engine

from edge_agent import journal as journal_module
from edge_agent.journal import Journal, Limits
from mes_server.ingest import folder as folder_module
from mes_server.store import engine as engine_module
from mes_server.store.engine import open_engine
from mes_server.store.schema import upgrade
from mes_server.store.transaction import StoreFault, writing
from tests.faults import apsw_driver, invariants
from tests.faults.counting import SEED, count
from tests.faults.edge_records import Recorded, read_frames, read_journal
from tests.faults.power_disk import PowerDisk
from tests.faults.power_flash import Flash, FlashStorage
from tests.faults.world import NOW_MS, STATION, Edge, Mes

CUTS = int(os.environ.get("LODESTONE_CUTS", "40"))
NODE = "ctl-one"
URL = "sqlite:////store"
STEPS_MAX = 4000


@pytest.fixture(autouse=True)
def on_power_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engine_module, "sqlite", apsw_driver)
    # A log without shared memory has room for one connection: the writer's reads for the fold, too.
    monkeypatch.setattr(folder_module, "reading", writing)
    # The journal's number, too, comes from the world's seed.
    monkeypatch.setattr(journal_module, "os", SimpleNamespace(urandom=random.randbytes))
    yield
    apsw_driver.weaken.clear()
    while World.begun:
        World.begun.pop().end()


class World:
    """Draws what happens from a seed; `truth` is what the edge was told is durable."""

    begun: ClassVar[list["World"]] = []

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        random.seed(seed)  # the edge's own dice
        self.disk = PowerDisk(seed)
        self.flash = Flash(512, seed)
        self.now_ms = NOW_MS
        self.truth = Recorded()
        self.edge = Edge(self.flash, lambda: self.now_ms, Limits(1_600_000, 16_384))
        self.engine: Engine | None = None
        self.begun.append(self)
        self.start_mes()

    def end(self) -> None:
        """Close what is open: nothing of this world may touch the next one's disk."""
        self.disk.restore()
        if self.engine is not None:
            self.engine.dispose()

    def start_mes(self) -> None:
        if self.engine is not None:
            self.engine.dispose()
        self.disk.restore()
        self.engine = open_engine(URL)
        upgrade(self.engine)
        self.mes = Mes(self.engine)

    def step_edge(self) -> None:
        layout = self.edge.stations.layouts[0]
        journal = self.edge.journal
        recorded = journal.sync

        def sync() -> bytearray:
            frames = recorded()
            came = read_frames(bytes(frames), {0: (STATION, layout.metrics)})
            self.truth.epoch = journal.epoch
            for seq, record in came.records.items():
                assert seq not in self.truth.records, f"record {seq} was used for other content"
                self.truth.records[seq] = record
            return frames

        journal.sync = sync  # type: ignore[method-assign]
        try:
            self.edge.live()
        except OSError:
            self.reboot()
        else:
            journal.sync = recorded  # type: ignore[method-assign]

    def reboot(self) -> None:
        """The power comes back; it may go again while the journal opens."""
        for attempt in itertools.count():
            assert attempt < 50, "the chip cannot be read any more"
            self.flash.restore()
            if self.draw.random() < 0.2:
                self.flash.cut_after(self.draw.randrange(30))
            try:
                self.edge.boot()
            except OSError:
                continue
            return

    def step_mes(self, bad: float) -> None:
        arrived = self.edge.wire.roll(self.draw, bad)
        try:
            if arrived:
                self.mes.receive(arrived, self.now_ms)
            if self.draw.random() < 0.5 or not bad:
                self.mes.fold(self.now_ms)
        except StoreFault:
            self.start_mes()
            return
        commands, self.mes.commands = self.mes.commands, []
        for command in commands:
            if self.draw.random() >= bad:
                self.edge.obey(command)

    def step(self, bad: float = 0.1) -> None:
        self.now_ms += self.draw.randrange(200, 1500)
        self.step_edge()
        self.step_mes(bad)
        if self.draw.random() < bad / 3:
            try:
                self.edge.connect()
            except OSError:
                self.reboot()

    def suffer(self, cuts: int, lanes: tuple[str, ...]) -> None:
        """Live on until the power of each lane was cut so often."""
        for _ in range(STEPS_MAX):
            counts = {"edge": self.flash.cuts, "store": self.disk.cuts}
            if all(counts[lane] >= cuts for lane in lanes):
                return
            lane = self.draw.choice(lanes)
            if lane == "edge" and self.flash.left is None:
                self.flash.cut_after(self.draw.randrange(40))
            if lane == "store" and self.disk.writes_left is None:
                self.disk.cut_after(self.draw.randrange(160))
            self.step()
        pytest.fail(f"only {counts} cuts in {STEPS_MAX} steps")

    def count(self) -> None:
        """What was done to this world counts; not so in a control."""
        count("power of the edge cut", self.flash.cuts)
        count("power of the store cut", self.disk.cuts)

    def findings(self) -> list[str]:
        """Let everything arrive on a sound wire, then compare."""
        self.flash.left = None
        if not self.flash.on:
            self.reboot()
        self.start_mes()
        for _ in range(300):
            self.step(bad=0)
            assert self.engine is not None
            with writing(self.engine) as conn:
                held = invariants.watermark(conn, NODE, self.edge.journal.epoch)
            if held == self.edge.journal.durable:
                break
        on_flash = read_journal(self.edge.storage)
        # A record whose sync was cut may be whole all the same: then it is recorded, too.
        everything = Recorded(self.truth.epoch, on_flash.records | self.truth.records)
        wrong = [
            f"{NODE}: record {seq} is on the flash with other content"
            for seq in on_flash.records.keys() & self.truth.records.keys()
            if on_flash.records[seq] != self.truth.records[seq]
        ]
        with writing(self.engine) as conn:
            unread = invariants.quarantined(conn)
            upto = max(everything.records)
            return [*wrong, *map(str, unread), *invariants.findings(conn, NODE, everything, upto)]


LANES = pytest.mark.parametrize("lanes", [("edge",), ("store",), ("edge", "store")], ids="+".join)


@LANES
@pytest.mark.parametrize("seed", [1, SEED], ids=["one", "drawn"])
def test_a_power_cut_loses_and_doubles_nothing_that_was_recorded(
    lanes: tuple[str, ...], seed: int
) -> None:
    world = World(seed)
    world.suffer(CUTS // 2, lanes)
    assert world.findings() == []
    world.count()
    assert len(world.truth.records) > CUTS // 2


def test_the_same_seed_is_the_same_world() -> None:
    lives = []
    for seed in (SEED, SEED, SEED + 1):
        world = World(seed)
        world.suffer(5, ("edge", "store"))
        lives.append((world.now_ms, world.flash.cuts, world.disk.cuts, world.truth.records))
    assert lives[0] == lives[1]
    assert lives[0] != lives[2]


# -- negative controls: without the guard the same worlds must come out wrong -----------------


def test_control_an_edge_that_publishes_before_it_has_synced_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FlashStorage, "sync", lambda self: None)
    with pytest.raises(AssertionError, match="used for other content"):
        World(3).suffer(CUTS, ("edge",))


def without_rewind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edge no longer goes back when the store says that it holds less than it did."""
    original = Journal.acknowledge
    monkeypatch.setattr(
        Journal,
        "acknowledge",
        lambda self, pos: pos & 0xFFFFFFFF >= self.ack and original(self, pos),
    )


def test_what_is_acknowledged_is_durable_even_when_the_edge_never_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_rewind(monkeypatch)
    world = World(4)
    world.suffer(CUTS, ("store",))
    assert world.findings() == []
    world.count()


def test_control_a_store_without_sync_and_an_edge_that_does_not_rewind_lose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_rewind(monkeypatch)
    apsw_driver.weaken["synchronous=FULL"] = "synchronous=NORMAL"
    world = World(4)
    world.suffer(CUTS, ("store",))
    assert any("not in the store" in line for line in world.findings())


def test_the_rewind_alone_mends_a_store_that_forgets() -> None:
    """What the control above leaves out is what saves a restored backup, too."""
    apsw_driver.weaken["synchronous=FULL"] = "synchronous=NORMAL"
    world = World(4)
    world.suffer(CUTS, ("store",))
    assert world.findings() == []
    world.count()
