"""The journal's storage in a folder of a file system, on either interpreter."""

import os

from firmware.onboard import durable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CPYTHON = hasattr(os, "fsync")


class FileStorage:
    """Implements edge_agent.ports.Storage."""

    def __init__(self, path: str) -> None:
        path = path.rstrip("/")
        durable.make_folders(path)
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
                durable.sync_folder(self._path)
        try:
            _write_all(self._file, data)
        except OSError:
            self._close()
            raise

    def sync(self) -> None:
        if self._file is None:
            return
        try:
            durable.flush(self._file)
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
            durable.flush(file)
        os.rename(new, f"{self._path}/{name}")
        if name == self._read_name:
            self._close_read()  # it still shows the old one
        durable.sync_folder(self._path)

    def remove(self, name: str) -> None:
        if name == self._name:
            self._close()
        if name == self._read_name:
            self._close_read()
        durable.remove(f"{self._path}/{name}")

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


def _open(path: str, mode: str) -> "Any":
    return open(path, mode, buffering=0) if _CPYTHON else open(path, mode)


def _write_all(file: "Any", data: "bytes | bytearray") -> None:
    done = file.write(data)
    while done < len(data):
        done += file.write(memoryview(data)[done:])
