"""The few numbers that must outlive a restart and are no samples.

Losing them is harmless: the journal knows its own, the MES tells the rest.
"""

import binascii
import json

from edge_agent.clock import FLOOR_MS
from schemas.journal_metrics import CLOCK_UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge_agent.ports import Storage

FILE = "state"
_BOOTS_MAX = 16
_KINDS = [int, int, int, int, int, list]


class State:
    """Kept in one small file, with a checksum. Missing or damaged: all zero, and `found` False."""

    def __init__(self, storage: "Storage") -> None:
        self._storage = storage
        self.found = False
        self.epoch = 0  # of the journal
        self.boot = 0  # boots counted since the journal was created
        self.ack = 0  # number of the last record the MES is known to hold
        self.lost = 0  # records given up since the journal was created
        self.bd_seq = -1  # Sparkplug's number of the last CONNECT; -1: there was none
        # Boots whose clock was unset when they began: [boot, Unix ms of its moment zero, clock].
        self._boots: list[list[int]] = []
        self._load()

    def _load(self) -> None:
        if FILE not in self._storage.names():
            return
        try:
            raw = self._storage.read(FILE, 0, 4096)
        except OSError:
            return
        text, _, check = raw.rpartition(b"\n")
        if check != b"%08x" % binascii.crc32(text):
            return
        fields = json.loads(text)
        if not isinstance(fields, list) or [type(field) for field in fields] != _KINDS:
            return  # written by another version
        self.epoch, self.boot, self.ack, self.lost, self.bd_seq, self._boots = fields
        self.found = True

    def save(self) -> bool:
        """Durable when it returns True. A medium that is full or broken must not stop the rest."""
        self._boots = self._boots[-_BOOTS_MAX:]
        fields = [self.epoch, self.boot, self.ack, self.lost, self.bd_seq, self._boots]
        text = json.dumps(fields).encode()
        try:
            self._storage.write(FILE, text + b"\n%08x" % binascii.crc32(text))
        except OSError:
            return False
        return True

    def new_journal(self, epoch: int) -> None:
        """Forget what belonged to another journal."""
        self.epoch = epoch
        self.boot = self.ack = self.lost = 0
        self._boots = []

    def boot_began_unset(self, estimate_ms: int) -> None:
        """This boot knows no time; until it does, its moment zero is taken to be `estimate_ms`."""
        self._boots.append([self.boot, estimate_ms, CLOCK_UNSET])

    def boot_began(self, at_ms: int, clock: int) -> bool:
        """The time of this boot's moment zero became known; whether it was not before."""
        for entry in self._boots:
            if entry[0] == self.boot and entry[2] == CLOCK_UNSET:
                entry[1] = at_ms
                entry[2] = clock
                return True
        return False

    def beginning(self, boot: int) -> tuple[int, int]:
        """Unix ms of a boot's moment zero, and the clock state that stands for it."""
        for entry in self._boots:
            if entry[0] == boot:
                return entry[1], entry[2]
        return FLOOR_MS, CLOCK_UNSET
