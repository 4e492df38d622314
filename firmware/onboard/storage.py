"""The journal's storage in a folder of a file system, on either interpreter.

flush() of a MicroPython file is an fsync; CPython needs os.fsync. A new name is durable only when
its folder was synced too.
"""

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_fsync = getattr(os, "fsync", None)


def _make_folder(path: str) -> None:
    """Make a folder and those above it."""
    at = path.find("/", 1)
    while at > 0:
        _mkdir(path[:at])
        at = path.find("/", at + 1)
    _mkdir(path)


def _mkdir(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError as fault:
        if fault.errno != errno.EEXIST:
            raise


class FileStorage:
    """Implements edge_agent.ports.Storage."""

    def __init__(self, path: str) -> None:
        path = path.rstrip("/")
        _make_folder(path)
        self._path = path
        self._name = ""
        self._file: Any = None  # open for appending
        self._read_name = ""
        self._read_file: Any = None

    def names(self) -> list[str]:
        return os.listdir(self._path)

    def size(self, name: str) -> int:
        return os.stat(f"{self._path}/{name}")[6]

    def read(self, name: str, offset: int, count: int) -> bytes:
        if name != self._read_name:
            self._close_read()
            self._read_file = _open(f"{self._path}/{name}", "rb")
            self._read_name = name
        self._read_file.seek(offset)
        found: bytes = self._read_file.read(count)
        return found

    def append(self, name: str, data: "bytes | bytearray") -> None:
        if name != self._name:
            self._close()
            new = name not in self.names()
            self._file = _open(f"{self._path}/{name}", "ab")
            self._name = name
            if new:
                self._sync_folder()
        try:
            _write_all(self._file, data)
        except OSError:
            self._close()
            raise

    def sync(self) -> None:
        if self._file is None:
            return
        try:
            _sync(self._file)
        except OSError:
            # What a second fsync would say about this file is worth nothing.
            self._close()
            raise
        if self._name == self._read_name:
            self._close_read()  # on littlefs an open file shows what was there when it was opened

    def write(self, name: str, data: "bytes | bytearray") -> None:
        new = f"{self._path}/{name}.new"
        with _open(new, "wb") as file:
            _write_all(file, data)
            _sync(file)
        os.rename(new, f"{self._path}/{name}")
        if name == self._read_name:
            self._close_read()  # it still shows the old one
        self._sync_folder()

    def remove(self, name: str) -> None:
        if name == self._name:
            self._close()
        if name == self._read_name:
            self._close_read()
        try:
            os.remove(f"{self._path}/{name}")
        except OSError as fault:
            if fault.errno != errno.ENOENT:
                raise
            return
        self._sync_folder()

    def close(self) -> None:
        self._close()
        self._close_read()

    def _close(self) -> None:
        self._name = ""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _close_read(self) -> None:
        self._read_name = ""
        if self._read_file is not None:
            self._read_file.close()
            self._read_file = None

    def _sync_folder(self) -> None:
        """Where the file system keeps names apart from files; littlefs does not."""
        if _fsync is not None:
            number = os.open(self._path, os.O_RDONLY)
            try:
                _fsync(number)
            finally:
                os.close(number)
            return
        try:
            folder = _open(self._path, "rb")
        except OSError:
            return  # this file system cannot open a folder
        folder.flush()
        folder.close()


def _open(path: str, mode: str) -> "Any":
    if _fsync is None:
        return open(path, mode)
    return open(path, mode, buffering=0)


def _write_all(file: "Any", data: "bytes | bytearray") -> None:
    done = file.write(data)
    while done < len(data):
        done += file.write(memoryview(data)[done:])


def _sync(file: "Any") -> None:
    file.flush()
    if _fsync is not None:
        _fsync(file.fileno())
