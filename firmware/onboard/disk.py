"""A folder of a board's file system by paths: what an update needs of it, on either interpreter."""

import errno
import os

from firmware.onboard import durable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FOLDER = 0x4000


class Disk:
    """Every fault is an OSError."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self._name = ""
        self._file: Any = None  # open for appending

    def read(self, path: str, offset: int = 0, count: int = -1) -> bytes:
        with open(f"{self.root}/{path}", "rb") as file:
            file.seek(offset)
            found: bytes = file.read(count)
            return found

    def size(self, path: str) -> int:
        """-1: there is no such file."""
        try:
            return os.stat(f"{self.root}/{path}")[6]
        except OSError as fault:
            if fault.errno != errno.ENOENT:
                raise
            return -1

    def names(self, folder: str) -> "list[tuple[str, bool]]":
        """(name, whether it is a folder); none where there is no such folder."""
        at = f"{self.root}/{folder}" if folder else self.root or "/"
        try:
            names = os.listdir(at)
        except OSError as fault:
            if fault.errno != errno.ENOENT:
                raise
            return []
        return [(name, bool(os.stat(f"{at}/{name}")[0] & _FOLDER)) for name in sorted(names)]

    def free(self) -> int:
        """Bytes that could be written."""
        found = os.statvfs(self.root or "/")
        return found[0] * found[3]

    def append(self, path: str, data: "bytes | bytearray") -> None:
        """Add to a file, made when it is not there. May be lost until sync()."""
        if path != self._name:
            self.sync()
            self._make_folders(path)
            self._file = open(f"{self.root}/{path}", "ab")  # noqa: SIM115  sync() closes it
            self._name = path
        self._file.write(data)

    def sync(self) -> None:
        """What was appended is durable when this returns."""
        file, name = self._file, self._name
        self._file, self._name = None, ""
        if file is not None:
            try:
                durable.flush(file)
            finally:
                file.close()
            self._sync_folder(name)

    def write(self, path: str, data: bytes) -> None:
        """A small file, durable when this returns; after a power cut it may be neither old nor new."""
        self._make_folders(path)
        with open(f"{self.root}/{path}", "wb") as file:
            file.write(data)
            durable.flush(file)
        self._sync_folder(path)

    def rename(self, path: str, new: str) -> None:
        self.sync()
        os.rename(f"{self.root}/{path}", f"{self.root}/{new}")
        self._sync_folder(new)

    def remove(self, path: str) -> None:
        """No fault when it is not there."""
        if path == self._name:
            self.sync()
        durable.remove(f"{self.root}/{path}")

    def remove_folder(self, path: str) -> None:
        """An empty one."""
        os.rmdir(f"{self.root}/{path}")

    def _make_folders(self, path: str) -> None:
        if "/" in path:
            durable.make_folders(f"{self.root}/{durable.folder_of(path)}")

    def _sync_folder(self, path: str) -> None:
        durable.sync_folder(durable.folder_of(f"{self.root}/{path}"))
