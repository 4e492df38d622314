"""firmware.onboard.disk.Disk on littlefs, on a flash chip whose power can be cut in any program or erase."""

import errno
from typing import Any

from littlefs import LittleFSError, lfs

from tests.faults.power_flash import BLOCK, Flash

_FLAG = lfs.LFSFileFlag
_WRITE = _FLAG.wronly | _FLAG.creat | _FLAG.trunc
_APPEND = _FLAG.wronly | _FLAG.creat | _FLAG.append
_CODES = {-2: errno.ENOENT, -17: errno.EEXIST, -28: errno.ENOSPC, -39: errno.ENOTEMPTY}
_FOLDER = 2


class FlashDisk:
    """Mounted anew for each boot; by littlefs' low-level functions, as a board has them."""

    def __init__(self, flash: Flash) -> None:
        self._blocks = flash.in_size // BLOCK
        self._config = lfs.LFSConfig(context=flash, block_size=BLOCK, block_count=self._blocks)
        self._fs = lfs.LFSFilesystem()
        if flash.buffer.count(0xFF) == flash.in_size:  # a new chip
            self._do(lfs.format, self._config)
        self._do(lfs.mount, self._config)
        self._name, self._file = "", None

    def _do(self, call: Any, *arguments: Any) -> Any:
        try:
            return call(self._fs, *arguments)
        except LittleFSError as error:
            raise OSError(_CODES.get(error.code, errno.EIO), str(error)) from error

    def read(self, path: str, offset: int = 0, count: int = -1) -> bytes:
        file = self._do(lfs.file_open, path, _FLAG.rdonly)
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
            self._file = self._do(lfs.file_open, path, _APPEND)
            self._name = path
        self._do(lfs.file_write, self._file, bytes(data))

    def sync(self) -> None:
        file, self._file, self._name = self._file, None, ""
        if file is not None:
            self._do(lfs.file_close, file)

    def write(self, path: str, data: bytes) -> None:
        self._make_folders(path)
        file = self._do(lfs.file_open, path, _WRITE)
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
