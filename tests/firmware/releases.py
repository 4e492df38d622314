"""A board of two slots and an MES that serves releases to it, in tests of updates; on both interpreters."""

import asyncio
import errno
import hashlib
import json
from binascii import hexlify

from firmware.onboard import fetch
from firmware.onboard.launcher import Record, chosen, load, store
from firmware.onboard.slots import Slots
from firmware.onboard.update import Updater
from schemas.journal_metrics import BLOCK_BYTES, UPDATE_BLOCK, UPDATE_OFFER
from tests.firmware.signing import public_of, sign

NO_SPACE = 28  # MicroPython's errno does not name it
SEED = b"\x05" * 32
PUBLIC = public_of(SEED)


def sha256(data):
    return hexlify(hashlib.sha256(data).digest()).decode()


class Release:
    """What `python -m firmware.flash release` makes, in memory."""

    def __init__(self, counter, files, board="esp32_s3", seed=SEED, **more):
        self.counter = counter
        self.version = f"0.{counter}.0"
        entries = [
            f'{{"bytes":{len(data)},"path":{json.dumps(path)},"sha256":"{sha256(data)}"}}'
            for path, data in sorted(files.items())
        ]
        head = f'{{"board":"{board}","counter":{counter},"files":['
        least = f',"min_version":"{more["min_version"]}"' if "min_version" in more else ""
        text = head + ",".join(entries) + f']{least},"version":"{self.version}"}}'
        self.manifest = text.encode()
        self.files = files | {"manifest.json": self.manifest}
        self.files["manifest.sig"] = sign(seed, self.manifest)

    @property
    def offer(self):
        return f"{self.version} {self.counter} {len(self.manifest)} {sha256(self.manifest)}"

    def blocks(self, want):
        """The answers of the MES to an Update/Want."""
        version, path, offset, count = want.split(" ")
        assert version == self.version and 0 < int(count) <= fetch.BLOCKS_MAX
        found = []
        for n in range(int(count)):
            at = int(offset) + n * BLOCK_BYTES
            data = self.files[path][at : at + BLOCK_BYTES]
            if data:
                found.append(f"{version} {path} {at}\n".encode() + data)
        return found


class MemoryDisk:
    """firmware.onboard.disk.Disk in memory, all of it durable at once; `fail`: errno of every write."""

    def __init__(self, room=10_000_000):
        self.files = {}
        self.room = room
        self.fail = 0
        self.writes = 0

    def _changes(self, more=0):
        self.writes += 1
        if self.fail:
            raise OSError(self.fail, "no")
        if more > self.free():
            raise OSError(NO_SPACE, "no")

    def read(self, path, offset=0, count=-1):
        if path not in self.files:
            raise OSError(errno.ENOENT, "no")
        data = self.files[path]
        return bytes(data[offset:] if count < 0 else data[offset : offset + count])

    def size(self, path):
        return len(self.files[path]) if path in self.files else -1

    def names(self, folder):
        found, start = {}, folder + "/" if folder else ""
        for path in self.files:
            if path.startswith(start):
                name, _, below = path[len(start) :].partition("/")
                found[name] = bool(below)
        return sorted(found.items())

    def free(self):
        return self.room - sum([len(data) for data in self.files.values()])

    def append(self, path, data):
        self._changes(len(data))
        self.files[path] = self.files.get(path, b"") + bytes(data)

    def sync(self):
        pass

    def write(self, path, data):
        self._changes(len(data))
        self.files[path] = bytes(data)

    def rename(self, path, new):
        self._changes()
        self.files[new] = self.files.pop(path)

    def remove(self, path):
        if path in self.files:
            self._changes()
            del self.files[path]

    def remove_folder(self, path):
        pass


def install(disk, release, slot="a", record=None):
    """As the workshop does it."""
    for path, data in release.files.items():
        disk.write(f"{slot}/{path}", data)
    new = record or Record(load(disk.read).serial, "ab".index(slot), 0, 0, release.counter, 0)
    store(disk.write, new)


def slot_of(disk, slot):
    """The files of a slot."""
    found = {}

    def walk(folder):
        for name, is_folder in disk.names(folder):
            path = f"{folder}/{name}"
            if is_folder:
                walk(path)
            else:
                found[path[2:]] = disk.read(path)

    walk(slot)
    return found


class Mes:
    """Answers what is wanted; `release` is what it offers. `loses` says which blocks never arrive."""

    def __init__(self, release, loses=lambda n: False):
        self.release = release
        self.loses = loses
        self.blocks = 0
        self.wants = []
        self.states = []

    def hear(self, facts):
        """What it answers to NBIRTH or NDATA."""
        told = {name: value for name, _, value in facts}
        if not self.states or self.states[-1] != told["Update/State"]:
            self.states.append(told["Update/State"])
        want = told["Update/Want"]
        if not want or (self.wants and self.wants[-1] == want):
            return []
        self.wants.append(want)
        answers = []
        for block in self.release.blocks(want):
            self.blocks += 1
            if not self.loses(self.blocks):
                answers.append((UPDATE_BLOCK, block))
        return answers


class Board:
    """One boot of a board: the launcher's choice, then an updater that talks with an MES."""

    def __init__(self, disk, public=PUBLIC, good=False):
        self.disk = disk
        before = load(disk.read)
        self.record = chosen(before, lambda slot: disk.size(f"{'ab'[slot]}/manifest.json") >= 0)
        if self.record != before:
            self.record = store(disk.write, self.record)
        self.said = []
        self.restarts = 0
        self.now_ms = 0
        self.slots = Slots(disk)
        self.updater = Updater(
            self.slots, public, lambda: self.now_ms, self._restart, self.said.append
        )
        if good:
            self.updater.saved()

    def _restart(self):
        self.restarts += 1

    @property
    def state(self):
        return self.updater.facts()[1][2]

    @property
    def want(self):
        return self.updater.facts()[2][2]

    def talk(self, mes, until, offer=None, rounds=4000):
        """Offer and answer until a condition holds; a round without an answer lets 5 s pass."""
        offer = mes.release.offer if offer is None else offer

        async def work():
            self.updater._wake = asyncio.Event()  # one belongs to one loop
            task = asyncio.create_task(self.updater.run())
            self.updater.heard(UPDATE_OFFER, offer)
            done = False
            while rounds > len(self.rounds) and not done:
                done = await self._round(mes, until)
            if task.done():
                await task  # it never ends but by a bug
            while not task.done():  # wait_for() may swallow one
                task.cancel()
                await asyncio.sleep(0)
            return done

        self.rounds = []
        return asyncio.run(work())

    async def _round(self, mes, until):
        self.rounds.append(self.now_ms)
        for _ in range(4):
            await asyncio.sleep(0)
        answers = mes.hear(self.updater.facts())
        for name, value in answers:
            assert self.updater.heard(name, value)
        if self.state == "ready":
            self.updater.saved()
        if not answers:
            self.now_ms += 5000
            self.updater._wake.set()
        return until()


OLD = {"start.py": b"old", "lib/same.mpy": bytes(range(256)) * 20, "lib/gone.py": b"x" * 1500}
NEW = {"start.py": b"new", "lib/same.mpy": OLD["lib/same.mpy"], "lib/big.mpy": b"0123456789" * 1700,
       "empty.py": b""}  # fmt: skip


def old_disk():
    disk = MemoryDisk()
    install(disk, Release(1, OLD))
    disk.write("journal/seg", b"records")
    return disk


def offered(release, disk=None, **more):
    """A board after it was offered a release, its MES and its disk."""
    disk = disk or old_disk()
    board, mes = Board(disk), Mes(release)
    until = lambda: board.restarts or board.state.startswith("refused")  # noqa: E731
    assert board.talk(mes, until, **more), board.state
    return board, mes, disk


def is_as_before(disk, spare_too=True):
    assert slot_of(disk, "a") == Release(1, OLD).files
    assert not spare_too or slot_of(disk, "b") == {}
    assert disk.files["journal/seg"] == b"records"
    board = Board(disk)
    assert (board.slots.running, board.slots.trying) == ("a", False)
