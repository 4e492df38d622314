"""What an update costs a board: micropython -m tests.firmware.update_cost FOLDER prints it as one line of JSON.

A release of as many files as a real image, between two slots on a real file system; the MES reads from a third folder.
"""

import gc
import json
import os
import sys

from firmware.onboard.disk import Disk
from firmware.onboard.launcher import Record, store
from schemas.journal_metrics import BLOCK_BYTES, UPDATE_BLOCK
from tests.firmware.releases import Board, Mes, sha256
from tests.firmware.signing import sign

FILES = 128
SEED = b"\x05" * 32


class Shelf:
    """A release on a disk: nothing of it is in memory. Stands for tests.firmware.releases.Release."""

    def __init__(self, disk, folder, counter):
        self.disk, self.folder, self.version = disk, folder, f"0.{counter}.0"
        entries = []
        for number in range(FILES):
            path = f"firmware/onboard/module_number_{number:03}.mpy"
            data = bytes([counter * (number % 3), number]) * 600
            disk.write(f"{folder}/{path}", data)
            entries.append(f'{{"bytes":{len(data)},"path":"{path}","sha256":"{sha256(data)}"}}')
        files = ",".join(entries)
        text = (
            f'{{"board":"esp32","counter":{counter},"files":[{files}],"version":"{self.version}"}}'
        )
        disk.write(f"{folder}/manifest.json", text.encode())
        disk.write(f"{folder}/manifest.sig", sign(SEED, text.encode()))
        self.bytes = len(text)
        self.offer = f"{self.version} {counter} {len(text)} {sha256(text.encode())}"

    def blocks(self, want):
        version, path, offset, count = want.split(" ")
        for n in range(int(count)):
            at = int(offset) + n * BLOCK_BYTES
            data = self.disk.read(f"{self.folder}/{path}", at, BLOCK_BYTES)
            if data:
                yield f"{version} {path} {at}\n".encode() + data


class LeanMes(Mes):
    """Keeps nothing of what it heard, and hands one block over at a time."""

    def __init__(self, release):
        Mes.__init__(self, release)
        self.last = ""
        self.asked = 0

    def hear(self, facts):
        want = facts[2][2]
        if not want or want == self.last:
            return ()
        self.last = want
        self.asked += 1
        return [(UPDATE_BLOCK, block) for block in self.release.blocks(want)]


def main(folder):
    disk = Disk(folder)
    Shelf(disk, "a", 1)
    release = Shelf(disk, "mes", 2)
    store(disk.write, Record(0, 0, 0, 0, 1, 0))
    mes = LeanMes(release)
    gc.collect()
    before = gc.mem_alloc()
    from tests.firmware.signing import public_of

    board = Board(disk, public_of(SEED))
    most = [0, 0]

    def until():
        board.rounds.clear()
        most[1] += 1
        if most[1] % 8 == 0:
            gc.collect()
            most[0] = max(most[0], gc.mem_alloc() - before)
        return board.restarts

    done = board.talk(mes, until)
    told = {"done": bool(done), "state": board.state, "files": FILES, "manifest_bytes": release.bytes,
            "asked": mes.asked, "heap_bytes": most[0], "word_bytes": 8 if sys.maxsize > 1 << 32 else 4}  # fmt: skip
    print(json.dumps(told))
    os.chdir("/")


main(sys.argv[1])
