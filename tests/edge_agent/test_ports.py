"""What a board hands over, and that the storage of the tests keeps its promises."""

from edge_agent.ports import Bare, Hands
from tests.device_help import fault_of
from tests.edge_agent.fakes import MemoryStorage, Said, Time


def test_hands_hold_storage_clock_channels_serial_voice_and_opener():
    time, storage, say = Time(), MemoryStorage(), Said()
    given = Hands(storage, time.clock, len, "chip-7", say, None, Bare())
    assert given.storage is storage and given.clock is time.clock and given.serial == "chip-7"
    given.say("hello")
    assert say.lines == ["hello"] and given.opener is None and given.open_channel is len


def test_a_storage_loses_in_a_cut_what_was_not_synced_and_nothing_else():
    storage = MemoryStorage()
    storage.append("a", b"one")
    storage.sync()
    storage.append("a", b"two")
    assert storage.size("a") == 6 and storage.read("a", 2, 3) == b"etw"
    storage.cut(kept=1)
    assert storage.read("a", 0, 99) == b"onet"
    storage.write("state", b"x")
    storage.write("state", b"y")
    assert sorted(storage.names()) == ["a", "state"] and storage.read("state", 0, 9) == b"y"
    storage.remove("a")
    storage.remove("a")
    fault_of(OSError, storage.size, "a")
