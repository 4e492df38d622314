"""firmware.onboard.disk.Disk on littlefs, on a flash chip whose power can be cut in any program or erase."""

import errno

from littlefs import lfs

from tests.faults.power_flash import APPEND, BLOCK, READ, WRITE, Littlefs

_FOLDER = 2


class FlashDisk(Littlefs):
    """One file is appended to at a time."""

    def read(self, path: str, offset: int = 0, count: int = -1) -> bytes:
        file = self._do(lfs.file_open, path, READ)
        try:
            self._do(lfs.file_seek, file, offset, 0)
            return bytes(self._do(lfs.file_read, file, count if count >= 0 else 1 << 20))
        finally:
            self._do(lfs.file_close, file)

    def size(self, path: str) -> int:
        try:
            return int(self._do(lfs.stat, path).size)
        except OSError as fault:
            if fault.errno != errno.ENOENT:
                raise
            return -1

    def names(self, folder: str) -> list[tuple[str, bool]]:
        try:
            opened = self._do(lfs.dir_open, folder or "/")
        except OSError as fault:
            if fault.errno != errno.ENOENT:
                raise
            return []
        found = []
        while (entry := self._do(lfs.dir_read, opened)) is not None:
            if entry.name not in (".", ".."):
                found.append((entry.name, entry.type == _FOLDER))
        self._do(lfs.dir_close, opened)
        return sorted(found)

    def free(self) -> int:
        return (self._blocks - int(self._do(lfs.fs_size))) * BLOCK

    def append(self, path: str, data: "bytes | bytearray") -> None:
        if path != self._name:
            self.sync()
            self._make_folders(path)
            self._file = self._do(lfs.file_open, path, APPEND)
            self._name = path
        self._do(lfs.file_write, self._file, bytes(data))

    def sync(self) -> None:
        file, self._file, self._name = self._file, None, ""
        if file is not None:
            self._do(lfs.file_close, file)

    def write(self, path: str, data: bytes) -> None:
        self._make_folders(path)
        file = self._do(lfs.file_open, path, WRITE)
        self._do(lfs.file_write, file, data)
        self._do(lfs.file_close, file)

    def rename(self, path: str, new: str) -> None:
        self.sync()
        self._do(lfs.rename, path, new)

    def remove(self, path: str) -> None:
        if path == self._name:
            self.sync()
        if self.size(path) >= 0:
            self._do(lfs.remove, path)

    def remove_folder(self, path: str) -> None:
        self._do(lfs.remove, path)

    def _make_folders(self, path: str) -> None:
        at = path.find("/")
        while at > 0:
            try:
                self._do(lfs.mkdir, path[:at])
            except OSError as fault:
                if fault.errno != errno.EEXIST:
                    raise
            at = path.find("/", at + 1)
