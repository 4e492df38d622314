"""Starts the slot that the boot record names. It lies on the board as main.py and is never updated.

So it stands alone, is small, and needs nothing of a slot but manifest.json (the slot is whole) and
start.py, whose main(folder) runs the board and returns when it is to be started anew.
"""

import os
import struct
import sys
import time
from binascii import crc32
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NamedTuple

    class Record(NamedTuple):
        serial: int  # one more each time it is written; the last bit says to which of the two files
        slot: int  # 0 or 1
        trying: int  # 1: the MES has not acknowledged a record of this slot yet
        boots: int  # bad ones in a row
        counter: int  # highest of the releases that were ever switched to
        back: int  # counter of the release that was given up last; 0: none was

else:
    Record = namedtuple("Record", ("serial", "slot", "trying", "boots", "counter", "back"))

SLOTS = "ab"
BOOTS_MAX = 3
WHOLE = "manifest.json"
HOLD = "hold"  # a file of the workshop's: do not start, once
_FORM = "<4sIBBBxII"
_MAGIC = b"LSB1"
_PAUSE_S = 10  # so long a person at the cable can stop a board that cannot start


def unpacked(data: bytes) -> "Record | None":
    """What was packed(); None when it is not that or not whole."""
    size = struct.calcsize(_FORM)
    if len(data) != size + 4 or data[:4] != _MAGIC:
        return None
    if struct.unpack("<I", data[size:])[0] != crc32(data[:size]) & 0xFFFFFFFF:
        return None
    return Record(*struct.unpack(_FORM, data[:size])[1:])


def packed(record: "Record") -> bytes:
    data = struct.pack(_FORM, _MAGIC, *record)
    return data + struct.pack("<I", crc32(data) & 0xFFFFFFFF)


def load(read: "Callable[[str], bytes]") -> "Record":
    """The newest whole copy; without one, slot a as if nothing had happened."""
    found = Record(0, 0, 0, 0, 0, 0)
    for name in ("boot.0", "boot.1"):
        try:
            record = unpacked(read(name))
        except OSError:
            continue
        if record is not None and record.serial > found.serial:
            found = record
    return found


def store(write: "Callable[[str, bytes], None]", record: "Record") -> "Record":
    """Write it over the older copy; the record as it is now."""
    new = Record(*((record[0] + 1,) + tuple(record[1:])))
    write(f"boot.{new.serial & 1}", packed(new))
    return new


def chosen(record: "Record", whole: "Callable[[int], bool]") -> "Record":
    """What this boot is to start: a slot on trial once more, or after BOOTS_MAX bad boots the other."""
    serial, slot, trying, boots, counter, back = record
    if whole(1 - slot):
        if boots >= BOOTS_MAX:
            return Record(serial, 1 - slot, 0, 0, counter, counter if trying else back)
        if not whole(slot):  # on trial, too: half of it is another release's
            return Record(serial, 1 - slot, 0, 0, counter, back)
    if trying:
        boots = min(boots + 1, 255)
    return Record(serial, slot, trying, boots, counter, back)


def failed(record: "Record") -> "Record":
    """A slot could not run: on trial it was counted before."""
    serial, slot, trying, boots, counter, back = record
    return Record(serial, slot, trying, boots if trying else min(boots + 1, 255), counter, back)


class Root:
    """The folder of the board's files; on most boards the whole file system."""

    def __init__(self, path: str) -> None:
        self.path = path.rstrip("/")

    def read(self, name: str) -> bytes:
        with open(f"{self.path}/{name}", "rb") as file:
            return file.read()

    def write(self, name: str, data: bytes) -> None:
        with open(f"{self.path}/{name}", "wb") as file:
            file.write(data)
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())

    def has(self, name: str) -> bool:
        try:
            os.stat(f"{self.path}/{name}")
        except OSError:
            return False
        return True

    def whole(self, slot: int) -> bool:
        return self.has(f"{SLOTS[slot]}/{WHOLE}")


def launch(path: str) -> int:
    """Run the slot; its exit code, where there is somebody to return it to."""
    root = Root(path)
    if root.has(HOLD):
        os.remove(f"{root.path}/{HOLD}")
        sys.stdout.write("held for the workshop, until the next reset\n")
        return 0
    before = load(root.read)
    record = _kept(root, chosen(before, root.whole), before)
    sys.path.insert(0, f"{root.path}/{SLOTS[record.slot]}")
    try:
        code: int = __import__("start").main(path)
    except Exception as bug:  # noqa: BLE001  whatever it is, the other slot must get its turn
        show = getattr(sys, "print_exception", None) or _show
        show(bug)
        _kept(root, failed(record), record)
        _restart(_PAUSE_S)
        return 1
    _restart(_PAUSE_S if code else 0)
    return code


def _kept(root: Root, record: "Record", before: "Record") -> "Record":
    """Write it if it is another; a flash that takes none any more must not keep a board from its start."""
    if record == before:
        return before
    try:
        return store(root.write, record)
    except OSError as fault:
        sys.stdout.write(f"the boot record cannot be written ({fault})\n")
        return record


def _show(bug: Exception) -> None:
    sys.excepthook(type(bug), bug, bug.__traceback__)


def _restart(pause_s: int) -> None:
    """Reset the chip; a program on a computer just ends and is started again by its keeper."""
    try:
        from machine import reset
    except ImportError:
        return
    time.sleep(pause_s)
    reset()


if __name__ == "__main__":
    if len(sys.argv) > 1:  # on a computer
        sys.exit(launch(sys.argv[1]))
    launch("")
