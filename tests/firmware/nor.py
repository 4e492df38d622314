"""A partition of NOR flash in memory whose power can be cut, with the faults of real ones (both interpreters).

A cut program leaves its beginning and one byte half done; a cut erase leaves a block of which either end, or bits
at random, are erased. A byte that is programmed twice without an erase between fails the test.
"""

import random

BLOCK = 4096


class Nor:
    def __init__(self, blocks, seed, unit=1):
        self.data = bytearray(b"\xff" * (blocks * BLOCK))
        self.unit = unit
        self.dice = random.Random(seed) if hasattr(random, "Random") else random
        self.wear = [0] * blocks
        self.programs = 0
        self.left = -1
        self.kind = ""
        self.on = True
        self.cuts = 0
        self.torn = {"program": 0, "erase": 0}

    def cut_after(self, operations, kind=""):
        """Cut the power during the program or erase (of the kind) after so many more."""
        self.left = operations
        self.kind = kind

    def restore(self):
        self.on = True
        self.left = -1

    def flip(self, at, bit):
        self.data[at] ^= 1 << bit

    def _goes_on(self, kind):
        if not self.on:
            raise OSError(5, "the power is off")
        if self.kind in ("", kind):
            if self.left == 0:
                self.on = False
                self.cuts += 1
                self.torn[kind] += 1
            self.left -= 1
        return self.on

    def readblocks(self, block, buf, off=0):
        at = block * BLOCK + off
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, block, buf, off):
        at = block * BLOCK + off
        assert at % self.unit == 0 and len(buf) % self.unit == 0, "not in units"
        assert off + len(buf) <= BLOCK, "over the end of a block"
        done = len(buf)
        whole = self._goes_on("program")
        if not whole:
            done = self.dice.randrange(len(buf) + 1)
        for n in range(done):
            if buf[n] != 0xFF:
                assert self.data[at + n] == 0xFF, "a byte is programmed twice"
                self.data[at + n] = buf[n]
        if not whole:
            if done < len(buf):
                self.data[at + done] &= buf[done] | self.dice.randrange(256)
            raise OSError(5, "the power fails")
        self.programs += 1

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.wear)
        if op == 5:
            return BLOCK
        if op == 6:
            whole = self._goes_on("erase")
            at = arg * BLOCK
            begin, end = 0, BLOCK
            if not whole:
                begin, end = self._part_erased(at)
            self.data[at + begin : at + end] = b"\xff" * (end - begin)
            self.wear[arg] += 1
            if not whole:
                raise OSError(5, "the power fails")
        return 0

    def _part_erased(self, at):
        """What of a block a cut erase reached; here and there bits at random, too."""
        how = self.dice.randrange(3)
        part = self.dice.randrange(BLOCK + 1)
        if how == 0:
            return 0, part
        if how == 1:
            return part, BLOCK
        for _ in range(self.dice.randrange(1, 500)):
            self.data[at + self.dice.randrange(BLOCK)] |= self.dice.randrange(256)
        return 0, 0
