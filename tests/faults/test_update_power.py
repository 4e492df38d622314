"""Power cuts in the middle of updates, at any program or erase: the board always boots one whole slot (CPython).

On littlefs, by the boards' own launcher, updater and an MES in memory. LODESTONE_UPDATE_CUTS asks for more than
2,000. The negative controls, updates that are careless at one place, must be found out.
"""

import os
import random
from typing import Any

import pytest

from firmware.onboard import install as install_module
from firmware.onboard.launcher import BOOTS_MAX, SLOTS, Record, chosen, load, store
from tests.faults.counting import count, draw_for
from tests.faults.flash_disk import FlashDisk
from tests.faults.power_flash import Flash
from tests.firmware.releases import SEED, Board, Mes, Release, install, slot_of

CUTS = int(os.environ.get("LODESTONE_UPDATE_CUTS", "2000"))
LIVES = max(CUTS // 500, 1)
BLOCKS = 96
EVERY_K = (
    250  # the first cuts of a life come after 1, 2, 3 … programs and erases, the others anywhere
)
JOURNAL = bytes(range(256)) * 24
RELEASES: dict[int, Release] = {}


@pytest.fixture(autouse=True)
def checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature is checked once for each release: that takes the most time and nothing of it lies on the flash."""
    real, known = install_module.checking, {}

    def checking(public: bytes, signature: bytes, parts: Any) -> Any:
        asked = (public, signature, b"".join(parts))
        if asked not in known:
            known[asked] = yield from real(public, signature, asked[2:])
        return known[asked]

    monkeypatch.setattr(install_module, "checking", checking)


def release_of(counter: int) -> Release:
    """Files that come, go, grow, shrink and stay from one release to the next."""
    if counter not in RELEASES:
        draw = random.Random(counter)
        files = {"start.py": f"VERSION = {counter}\n".encode(), "lib/same.mpy": b"same" * 700}
        for name in draw.sample(range(9), 5):
            files[f"lib/part{name % 3}/m{name}.mpy"] = draw.randbytes(draw.randrange(3000))
        RELEASES[counter] = Release(counter, files, seed=SEED)
    return RELEASES[counter]


class Life:
    """A board that loses its power again and again while the MES offers it one release after the other."""

    def __init__(self, name: str) -> None:
        self.random = draw_for(name)
        self.flash = Flash(BLOCKS, self.random.randrange(1 << 30))
        self.flash.on = True
        disk: Any = FlashDisk(self.flash)
        disk.write("journal/1.seg", JOURNAL)
        install(disk, release_of(1))
        self.good = self.perhaps = 1  # the release that was proven last
        self.most = 1  # the highest counter there was
        self.cuts = self.updates = self.backs = 0

    def boot(self) -> Board:
        """Power on; what must always hold."""
        self.flash.restore()
        disk: Any = FlashDisk(self.flash)
        for slot in SLOTS:
            if disk.size(f"{slot}/manifest.json") >= 0:
                self._is_whole(disk, slot)
        record = load(disk.read)
        assert record.counter >= self.most, "the counter went back"
        self.most = record.counter
        assert disk.read("journal/1.seg") == JOURNAL
        whole = [disk.size(f"{slot}/manifest.json") >= 0 for slot in SLOTS]
        assert whole[record.slot], "the slot of the record is not whole"  # the launcher would help
        assert chosen(record, whole.__getitem__).slot == record.slot or record.boots >= BOOTS_MAX
        return Board(disk)

    def _is_whole(self, disk: Any, slot: str) -> None:
        found = slot_of(disk, slot)
        counter = int(found["start.py"].split()[-1]) if "start.py" in found else 0
        parts = {path for path in found if path.endswith(".part")}
        assert parts <= {"manifest.json.part", "manifest.sig.part"}, parts
        whole = {path: data for path, data in found.items() if path not in parts}
        assert counter > 0, f"slot {slot} is a mixture"
        assert whole == release_of(counter).files, f"slot {slot} is a mixture"

    def work(self, board: Board) -> None:
        """Take an update, or stand a trial."""
        running = int(str(board.slots.head(board.slots.running)["counter"]))
        if board.slots.trying:
            assert running == self.most
            if self.random.random() < 0.8:
                self.perhaps = running  # the cut may come when that is durable and nobody knows yet
                board.updater.saved()
                if board.slots.trying:
                    return  # the cut came as it was written: nobody can say whether it was
                self.good = running
                self.updates += 1
            return
        if running < self.most and board.slots.record.back:
            self.backs += 1
        assert running in (self.good, self.perhaps)
        self.good = self.perhaps = running
        offered = Mes(release_of(self.most + 1))
        board.talk(offered, lambda: board.restarts or not self.flash.on, rounds=200)

    def lose_power(self, after: int) -> None:
        """One boot that ends in a cut, or in a restart before it came to that."""
        before = self.flash.cuts
        try:
            board = self.boot()
            self.flash.cut_after(after)
            self.work(board)
        except OSError:
            assert not self.flash.on
        self.cuts += self.flash.cuts - before


def live(name: str, cuts: int) -> Life:
    """A life of so many cuts."""
    life = Life(name)
    for k in range(cuts * 20):
        if life.cuts >= cuts:
            break
        life.lose_power(1 + k if k < EVERY_K else life.random.randrange(EVERY_K))
    life.boot()
    return life


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(LIVES))
def test_a_board_boots_one_whole_slot_after_every_power_cut_in_an_update(number: int) -> None:
    life = live(f"update {number}", CUTS // LIVES)
    assert life.cuts >= CUTS // LIVES
    assert life.updates > 3
    count("power cut in an update", life.cuts)


class Hasty(install_module.Install):
    """A negative control: gives the manifest its name before the files are there."""

    async def _take_files(self, manifest: str, keep: set[str]) -> None:
        self._disk.write(f"{self._spare}/manifest.json", self._disk.read(manifest))
        self._clean("", keep | {"manifest.json"})
        for path, size, sha256 in install_module.entries(self._disk, manifest):
            await self._take_file(path, size, sha256)


class Untidy(install_module.Install):
    """A negative control: leaves what the release before had in this slot."""

    def _clean(self, below: str, keep: set[str]) -> bool:
        return False


@pytest.mark.parametrize("careless", [Hasty, Untidy])
def test_the_control_an_update_that_is_careless_is_found_out(
    careless: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firmware.onboard.update.Install", careless)
    with pytest.raises(AssertionError, match=r"mixture|not whole"):
        live(f"careless {careless.__name__}", 400)


def test_the_control_a_record_that_is_switched_before_the_slot_is_whole_is_found_out() -> None:
    life = Life("switched early")
    disk: Any = life.boot().disk
    store(disk.write, Record(load(disk.read).serial, 1, 1, 0, 2, 0))
    with pytest.raises(AssertionError, match="not whole"):
        life.boot()
