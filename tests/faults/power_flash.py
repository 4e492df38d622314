"""A flash chip whose power can be cut in the middle of a program or an erase, with littlefs on it."""

import errno
import random
from typing import Any

from littlefs import LittleFSError, UserContext, lfs

BLOCK = 4096
_IO = -5
_FLAG = lfs.LFSFileFlag
READ = _FLAG.rdonly
WRITE = _FLAG.wronly | _FLAG.creat | _FLAG.trunc
APPEND = _FLAG.wronly | _FLAG.creat | _FLAG.append
_CODES = {-2: errno.ENOENT, -17: errno.EEXIST, -28: errno.ENOSPC, -39: errno.ENOTEMPTY}


class Flash(UserContext):
    """NOR flash: erase gives ones, a cut program or erase stops at a random byte."""

    def __init__(self, blocks: int, seed: int) -> None:
        super().__init__(blocks * BLOCK)
        self.random = random.Random(seed)
        self.left: int | None = None
        self.on = True
        self.cuts = 0

    def cut_after(self, operations: int) -> None:
        """Cut the power during the program or erase after so many more."""
        self.left = operations

    def restore(self) -> None:
        """The power is back."""
        self.on, self.left = True, None

    def _goes_on(self) -> bool:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.cuts += self.on
                self.on = False
        return self.on

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        start = (
            block * BLOCK + off
        )  # the library's own logs every read, which takes most of the time
        return bytearray(self.buffer[start : start + size])

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        start, was_on = block * BLOCK + off, self.on
        if self._goes_on():
            self.buffer[start : start + len(data)] = data
            return 0
        if was_on:
            part = self.random.randrange(len(data) + 1)
            self.buffer[start : start + part] = data[:part]
        return _IO

    def erase(self, cfg: Any, block: int) -> int:
        start, was_on = block * BLOCK, self.on
        if self._goes_on():
            self.buffer[start : start + BLOCK] = b"\xff" * BLOCK
            return 0
        if was_on:
            part = self.random.randrange(BLOCK + 1)
            self.buffer[start : start + part] = b"\xff" * part
        return _IO


class Littlefs:
    """Mounted anew for each boot; by its low-level functions, as a board has them: the others do not sync."""

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


class FlashStorage(Littlefs):
    """edge_agent.ports.Storage on littlefs."""

    def names(self) -> list[str]:
        found = []
        folder = self._do(lfs.dir_open, "/")
        while (entry := self._do(lfs.dir_read, folder)) is not None:
            if entry.type == 1:
                found.append(entry.name)
        self._do(lfs.dir_close, folder)
        return found

    def size(self, name: str) -> int:
        return int(self._do(lfs.stat, name).size)

    def read(self, name: str, offset: int, count: int) -> bytes:
        file = self._do(lfs.file_open, name, READ)
        try:
            self._do(lfs.file_seek, file, offset, 0)
            return bytes(self._do(lfs.file_read, file, count))
        finally:
            self._do(lfs.file_close, file)

    def append(self, name: str, data: "bytes | bytearray") -> None:
        if name != self._name:
            self._close()
            self._file = self._do(lfs.file_open, name, APPEND)
            self._name = name
        self._do(lfs.file_write, self._file, bytes(data))

    def sync(self) -> None:
        if self._file is not None:
            self._do(lfs.file_sync, self._file)

    def write(self, name: str, data: "bytes | bytearray") -> None:
        file = self._do(lfs.file_open, name + ".new", WRITE)
        self._do(lfs.file_write, file, bytes(data))
        self._do(lfs.file_close, file)
        self._do(lfs.rename, name + ".new", name)

    def remove(self, name: str) -> None:
        if name == self._name:
            self._close()
        if name in self.names():
            self._do(lfs.remove, name)

    def _close(self) -> None:
        if self._file is not None:
            self._do(lfs.file_close, self._file)
        self._name, self._file = "", None
