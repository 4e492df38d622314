"""The folder of a board's file system, on both interpreters."""

import os

from firmware.onboard.disk import Disk


def _new():
    number = 0
    while True:
        number += 1
        path = f"/tmp/lodestone-disk-{number}-{os.urandom(1)[0]}"
        try:
            os.mkdir(path)  # noqa: PTH102  MicroPython, too
            return Disk(path)
        except OSError:
            continue


def _end(disk):
    def remove(folder):
        for name, is_folder in disk.names(folder):
            path = f"{folder}/{name}" if folder else name
            if is_folder:
                remove(path)
                disk.remove_folder(path)
            else:
                disk.remove(path)

    remove("")
    os.rmdir(disk.root)  # noqa: PTH106


def test_files_come_with_their_folders_and_go_without_a_fault():
    disk = _new()
    try:
        assert disk.names("") == [] and disk.names("nowhere") == [] and disk.size("x/y") == -1
        disk.append("a/b/c.py", b"one")
        disk.append("a/b/c.py", b" two")
        disk.append("a/d.py", b"")
        disk.sync()
        assert disk.read("a/b/c.py") == b"one two" and disk.read("a/b/c.py", 4, 2) == b"tw"
        assert disk.size("a/b/c.py") == 7 and disk.size("a/d.py") == 0
        assert disk.names("a") == [("b", True), ("d.py", False)]
        disk.rename("a/b/c.py", "a/e.py")
        disk.write("a/e.py", b"new")
        assert disk.read("a/e.py") == b"new"
        disk.remove("a/e.py")
        disk.remove("a/e.py")
        disk.remove_folder("a/b")
        assert disk.names("a") == [("d.py", False)] and disk.free() > 0
        try:
            disk.read("a/e.py")
        except OSError:
            pass
        else:
            raise AssertionError("a file that is not there was read")
    finally:
        _end(disk)
