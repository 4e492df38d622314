"""Files that outlive a power cut, on either interpreter. Every fault is an OSError.

flush() of a MicroPython file is an fsync; CPython needs os.fsync. A new name is durable only when its folder was
synced too; littlefs keeps both together.
"""

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_fsync = getattr(os, "fsync", None)


def read_bytes(path: str) -> bytes:
    """All of a small file."""
    with open(path, "rb") as file:
        return file.read()


def is_there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def make_folders(path: str) -> None:
    """A folder and those above it."""
    at = path.find("/", 1)
    while at > 0:
        _make_folder(path[:at])
        at = path.find("/", at + 1)
    _make_folder(path)


def _make_folder(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError as fault:
        if fault.errno != errno.EEXIST:
            raise


def flush(file: "Any") -> None:
    """What was written to an open file is durable when this returns; its name may not be."""
    file.flush()
    if _fsync is not None:
        _fsync(file.fileno())


def sync_folder(folder: str) -> None:
    """The names in a folder are durable when this returns."""
    if _fsync is not None:
        number = os.open(folder, os.O_RDONLY)
        try:
            _fsync(number)
        finally:
            os.close(number)
        return
    try:
        file = open(folder, "rb")  # noqa: SIM115  not every file system can open a folder
    except OSError:
        return
    file.flush()
    file.close()


def folder_of(path: str) -> str:
    """Where a file lies; of one in the root "/", of a name alone "."."""
    if "/" not in path:
        return "."
    return path.rsplit("/", 1)[0] or "/"


def remove(path: str) -> bool:
    """Whether there was such a file."""
    try:
        os.remove(path)
    except OSError as fault:
        if fault.errno != errno.ENOENT:
            raise
        return False
    sync_folder(folder_of(path))
    return True


def replace(path: str, data: "bytes | bytearray") -> None:
    """A small file: after a power cut it is the old one or the new one. For its owner alone, where there is one."""
    mask = getattr(os, "umask", None)
    before = mask(0o077) if mask is not None else 0
    try:
        with open(path + ".new", "wb") as file:
            file.write(data)
            flush(file)
    finally:
        if mask is not None:
            mask(before)
    os.rename(path + ".new", path)
    sync_folder(folder_of(path))
