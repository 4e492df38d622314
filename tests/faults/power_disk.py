"""A disk in memory that forgets what was not synced when its power is cut, as an SQLite VFS.

Unsynced writes survive a cut or not, in any selection, each perhaps only up to a sector boundary:
that is what SQLite says a disk may do. Files are opened without shared memory, so the connection
must hold the database exclusively (`apsw_driver` asks for that).
"""

import random
from dataclasses import dataclass, field

import apsw

SECTOR = 512
NAME = "power"


class PowerIsOff(apsw.IOError):
    """The disk was used after its power was cut and before it came back."""

    extendedresult = result = apsw.SQLITE_IOERR


@dataclass
class File:
    """One file: what the disk holds for certain, and the writes since the last sync."""

    durable: bytearray = field(default_factory=bytearray)
    live: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)  # a write, or a new size


def _apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        del content[change:]
        content.extend(bytes(change - len(content)))
        return
    offset, data = change
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class PowerDisk(apsw.VFS):
    """The disk. `cut_after(n)` lets n more writes through, then every use raises an IO error."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.files: dict[str, File] = {}
        self.on = True
        self.writes_left: int | None = None
        self.cuts = self.boots = 0
        super().__init__(NAME, "", exclude={"xRandomness", "xSleep", "xCurrentTime"})

    def cut_after(self, writes: int) -> None:
        """Cut the power after so many more writes or syncs."""
        self.writes_left = writes

    def restore(self) -> None:
        """Bring the power back: what was not synced is there in part or not at all."""
        for file in self.files.values():
            for change in file.pending:
                if self.random.random() < 0.5:
                    _apply(file.durable, self._torn(change))
            file.pending = []
            file.live = bytearray(file.durable)
        self.on, self.writes_left = True, None
        self.boots += 1

    def _torn(self, change: tuple[int, bytes] | int) -> tuple[int, bytes] | int:
        if isinstance(change, int) or self.random.random() < 0.5:
            return change
        offset, data = change
        return offset, data[: self.random.randrange(0, len(data) + 1, SECTOR)]

    def step(self) -> None:
        """One write or sync is about to happen."""
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0 and self.on:
                self.on = False
                self.cuts += 1
        if not self.on:
            raise PowerIsOff

    # -- what SQLite calls --------------------------------------------------------------------

    def xOpen(self, name: object, flags: list[int]) -> "PowerFile":  # noqa: N802
        flags[1] = flags[0]
        if name is None:  # a file of SQLite's own that nobody else sees
            return PowerFile(self, File())
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        return PowerFile(self, self.files.setdefault(path, File()))

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802
        self.step()
        self.files.pop(name, None)

    def xAccess(self, name: str, flags: int) -> bool:  # noqa: N802
        return name in self.files

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name


class PowerFile:
    """One open file on a PowerDisk. After a cut it is that of a dead process: it reaches nothing."""

    def __init__(self, disk: PowerDisk, file: File) -> None:
        self.disk, self.file, self.boot = disk, file, disk.boots

    def _is_dead(self) -> bool:
        return self.boot != self.disk.boots

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if self._is_dead() or not self.disk.on:
            raise PowerIsOff
        return bytes(self.file.live[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self._is_dead():
            return
        self.disk.step()
        change = (offset, bytes(data))
        _apply(self.file.live, change)
        self.file.pending.append(change)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        if self._is_dead():
            return
        self.disk.step()
        _apply(self.file.live, size)
        self.file.pending.append(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._is_dead():
            return
        self.disk.step()
        for change in self.file.pending:
            _apply(self.file.durable, change)
        self.file.pending = []

    def xFileSize(self) -> int:  # noqa: N802
        return len(self.file.live)

    def xClose(self) -> None:  # noqa: N802
        pass

    def xLock(self, level: int) -> None:  # noqa: N802
        pass

    def xUnlock(self, level: int) -> None:  # noqa: N802
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0
