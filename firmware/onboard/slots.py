"""The two slots of a board as the code that runs in one of them sees them.

A slot is whole while it has a manifest.json; that is the last file to come and the first to go. What
follows the boot record is the launcher's: a switch is one record written.
"""

from firmware.onboard.launcher import SLOTS, WHOLE, Record, load, store
from firmware.onboard.manifest import ManifestError, head_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.onboard.disk import Disk


class Slots:
    """Raises OSError when the storage does."""

    def __init__(self, disk: "Disk") -> None:
        self.disk = disk
        self.record = load(disk.read)
        self._switched = False

    @property
    def running(self) -> str:
        return SLOTS[self.record.slot]

    @property
    def spare(self) -> str:
        return SLOTS[1 - self.record.slot]

    @property
    def trying(self) -> bool:
        """Also when the first try is still to come."""
        return bool(self.record.trying)

    @property
    def boot_reason(self) -> str:
        """ "update" for the first boot of a slot on trial, else ""."""
        return "update" if self.record.trying and self.record.boots == 1 else ""

    def head(self, slot: str) -> "dict[str, str | int]":
        """version, counter, board … of what lies in a slot; empty when it is not whole."""
        try:
            return head_of(self.disk, f"{slot}/{WHOLE}")
        except (OSError, ManifestError):
            return {}

    def counter(self) -> int:
        """The highest of the releases installed here; it outlives the loss of the boot record."""
        found = self.record.counter
        for slot in SLOTS if self.record.serial == 0 else self.running:
            counter = self.head(slot).get("counter", 0)
            if isinstance(counter, int) and counter > found:
                found = counter
        return found

    def good(self) -> None:
        """The MES acknowledged a record of this boot: the slot stays."""
        record = self.record
        if (record.trying or record.boots) and not self._switched:
            new = Record(record.serial, record.slot, 0, 0, self.counter(), record.back)
            self._store(new)

    def switch(self, counter: int) -> None:
        """The next boot is the first on trial of the spare slot, which is whole."""
        record = self.record
        self._store(Record(record.serial, 1 - record.slot, 1, 0, counter, 0))
        self._switched = True

    def _store(self, record: "Record") -> None:
        self.record = store(self.disk.write, record)
