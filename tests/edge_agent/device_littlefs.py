"""The journal on MicroPython's own littlefs, on flash in memory whose power fails (MicroPython only)."""

import os
import random

from edge_agent.clock import Clock
from edge_agent.journal import Journal, Limits
from edge_agent.state import State
from firmware.onboard.storage import FileStorage
from tests.edge_agent.fakes import checked, hands, layout, read_all

BLOCK = 4096
MOUNT = "/flash"


class Flash:
    """A block device as MicroPython has them; after `left` writes the power is off for good.

    Each boot gets one of its own on the same `data`: files of the boot before that are collected
    later must not reach it.
    """

    def __init__(self, data):
        self.data = data
        self.left = -1

    def readblocks(self, block, buf, off=0):
        at = block * BLOCK + off
        buf[:] = self.data[at : at + len(buf)]

    def _is_on(self):
        if self.left > 0:
            self.left -= 1
        return self.left != 0

    def writeblocks(self, block, buf, off=0):
        if not self._is_on():
            raise OSError(5)
        at = block * BLOCK + off
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // BLOCK
        if op == 5:
            return BLOCK
        if op == 6:
            if not self._is_on():
                return -5
            at = arg * BLOCK
            self.data[at : at + BLOCK] = b"\xff" * BLOCK
        return 0


def _boot(flash, limits, kept):
    os.mount(os.VfsLfs2(flash), MOUNT)
    storage = FileStorage(MOUNT + "/journal")
    kept.append(storage)
    return Journal(hands(storage, Clock()), State(storage), [layout()], limits)


def _work(journal, recorded):
    """Record until the power fails."""
    while True:
        for n in range(random.randint(1, 9)):
            mono = journal._clock.mono_ms()
            journal.append(0, mono, [(0, mono, float(n), 192)])
        begun = journal.durable + 1
        journal.sync()
        for entry in read_all(journal, begun):
            recorded[entry.head.seq] = entry.crc
        if random.random() < 0.5:
            journal.sent = journal.durable
            journal.acknowledge(journal.position(journal.durable))


def test_nothing_recorded_is_lost_in_a_hundred_cuts_on_micropythons_own_littlefs():
    random.seed(13)
    data = bytearray(b"\xff" * (48 * BLOCK))
    os.VfsLfs2.mkfs(Flash(data))
    recorded = {}
    kept = []  # so that no file of a boot that is over is collected and closed
    limits = Limits(24 * BLOCK, 2 * BLOCK)
    for _ in range(100):
        flash = Flash(data)
        try:
            journal = _boot(flash, limits, kept)
            checked(journal, recorded)
            flash.left = random.randint(1, 150)
            _work(journal, recorded)
        except OSError:
            assert flash.left == 0
        flash.left = 0
        os.umount(MOUNT)
    assert len(recorded) > 50
