"""The journal's storage in a folder of a real file system; both interpreters run this file."""
# ruff: noqa: PTH106, PTH208

import os

from edge_agent.clock import Clock
from edge_agent.journal import Journal, Limits
from edge_agent.state import State
from firmware.onboard.storage import FileStorage
from tests.device_help import fault_of
from tests.edge_agent.fakes import hands, layout, read_all
from tests.firmware.onboard_help import new_folder, remove_folder


def test_a_folder_is_made_with_those_above_it():
    base = new_folder()
    storage = FileStorage(f"{base}/a/b/")
    storage.append("x", b"1")
    storage.sync()
    assert os.listdir(f"{base}/a/b") == ["x"]
    storage.close()
    FileStorage(f"{base}/a/b").remove("x")
    for path in (f"{base}/a/b", f"{base}/a", base):
        os.rmdir(path)


def test_what_was_appended_is_read_back_from_any_place():
    base = new_folder()
    storage = FileStorage(base)
    storage.append("x", b"hello ")
    storage.append("x", bytearray(b"world"))
    storage.sync()
    assert storage.size("x") == 11 and storage.read("x", 0, 99) == b"hello world"
    assert storage.read("x", 6, 3) == b"wor" and storage.read("x", 11, 5) == b""
    storage.append("y", b"other")
    storage.append("x", b"!")
    storage.sync()
    assert storage.read("x", 10, 9) == b"d!" and storage.read("y", 0, 9) == b"other"
    assert sorted(storage.names()) == ["x", "y"]
    storage.close()
    assert FileStorage(base).read("x", 0, 99) == b"hello world!"
    remove_folder(base)


def test_a_small_file_is_replaced_whole():
    base = new_folder()
    storage = FileStorage(base)
    for text in (b"one", b"twotwo", b"3"):
        storage.write("state", text)
        assert storage.read("state", 0, 99) == text and storage.size("state") == len(text)
    assert storage.names() == ["state"]
    remove_folder(base)


def test_a_removed_file_is_gone_and_may_be_removed_again():
    base = new_folder()
    storage = FileStorage(base)
    storage.append("x", b"1")
    storage.sync()
    assert storage.read("x", 0, 1) == b"1"
    storage.remove("x")
    storage.remove("x")
    assert storage.names() == []
    fault_of(OSError, storage.read, "x", 0, 1)
    fault_of(OSError, storage.size, "x")
    storage.append("x", b"22")
    storage.sync()
    assert storage.read("x", 0, 9) == b"22"
    remove_folder(base)


def test_a_folder_that_cannot_be_is_an_os_error():
    fault_of(OSError, FileStorage, "/dev/null/journal")


def test_a_sync_without_a_file_is_nothing():
    base = new_folder()
    FileStorage(base).sync()
    os.rmdir(base)


def test_a_journal_lives_in_it_over_reboots():
    base = new_folder()
    for boot in range(1, 5):
        storage = FileStorage(base)
        given = hands(storage, Clock())
        journal = Journal(given, State(storage), [layout()], Limits(65536, 4096))
        assert journal.boot == boot and journal.next == 50 * (boot - 1) + 1
        for n in range(50):
            mono = given.clock.mono_ms()
            journal.append(0, mono, [(0, mono, float(n), 192)])
        journal.sync()
        assert [e.head.seq for e in read_all(journal)] == list(range(1, 50 * boot + 1))
        storage.close()
    remove_folder(base)
