"""Storage, time, sensors and broker for the agent's tests, on both interpreters."""

import asyncio
import errno

from edge_agent.clock import Clock
from edge_agent.journal import Journal, Limits
from edge_agent.ports import Bare, Hands
from edge_agent.records import Layout, put_metrics, read_loss
from edge_agent.sampler import Sampler
from edge_agent.state import State
from schemas.board_config import Board, BoardMetric, BoardStation, JournalPlace
from schemas.samples import GOOD
from schemas.sparkplug import decode_payload

NOW_MS = 1_795_000_000_000
DOUBLE, STRING = 10, 12


class MemoryStorage:
    """Keeps what was synced apart from what was not; a power cut forgets the latter."""

    def __init__(self):
        self.files = {}
        self.unsynced = bytearray()
        self.name = ""
        self.fail = None  # errno every write and sync raises
        self.fail_after = -1  # bytes still written before it fails; -1: none
        self.syncs = 0

    def names(self):
        return list(self.files) + ([self.name] if self.name not in self.files and self.name else [])

    def size(self, name):
        return len(self._all(name))

    def _all(self, name):
        if name not in self.files and name != self.name:
            raise OSError(errno.ENOENT)
        return self.files.get(name, b"") + (self.unsynced if name == self.name else b"")

    def read(self, name, offset, count):
        return bytes(self._all(name)[offset : offset + count])

    def append(self, name, data):
        assert not self.unsynced or name == self.name
        self.name = name
        if self.fail:
            # What was written of it may be on the medium or not; here it is.
            self.files[name] = self.files.get(name, b"") + bytes(data[: max(self.fail_after, 0)])
            raise OSError(self.fail)
        self.unsynced += data

    def sync(self):
        if self.fail:
            raise OSError(self.fail)
        self.syncs += 1
        if self.name:
            self.files[self.name] = self.files.get(self.name, b"") + bytes(self.unsynced)
        self.unsynced = bytearray()

    def write(self, name, data):
        if self.fail:
            raise OSError(self.fail)
        self.files[name] = bytes(data)

    def remove(self, name):
        self.files.pop(name, None)
        if name == self.name:
            self.name = ""
            self.unsynced = bytearray()

    def cut(self, kept=0):
        """The power fails; `kept` unsynced bytes happen to be on the medium."""
        if self.name and (kept or self.name in self.files):
            self.files[self.name] = self.files.get(self.name, b"") + bytes(self.unsynced[:kept])
        self.name = ""
        self.unsynced = bytearray()
        self.fail = None

    def segments(self):
        return sorted(name for name in self.names() if name.endswith(".seg"))

    def flip(self, name, at, bit=1):
        data = bytearray(self.files[name])
        data[at] ^= bit
        self.files[name] = bytes(data)


class Time:
    """A clock by hand. `unix` 0: the time is not known."""

    def __init__(self, unix=NOW_MS):
        self.unix = unix
        self.ticks = 5000
        self.clock = Clock(lambda: self.unix, lambda: self.ticks)

    def reboot(self, unix=None):
        """Ticks begin anew; the time of day goes on, or is `unix`."""
        self.unix = self.unix if unix is None else unix
        self.ticks = 0
        self.clock = Clock(lambda: self.unix, lambda: self.ticks)

    def pass_ms(self, ms):
        self.ticks += ms
        if self.unix:
            self.unix += ms
        self.clock.mono_ms()


class Said:
    """Collects what the agent says."""

    def __init__(self):
        self.lines = []

    def __call__(self, text):
        self.lines.append(text)

    def any(self, part):
        return any(part in line for line in self.lines)


def layout(station="sinter-1", metrics=2):
    return Layout(station, [(f"zone_{n + 1}_temperature_c", DOUBLE) for n in range(metrics)])


class Machine(Bare):
    """A board that tells what it was given, and remembers what it was told."""

    def __init__(self):
        self.news = False
        self.told = {"Node/Boot_Reason": "power_on", "Node/Heap_Free": 4096}
        self.commands = []
        self.parts = set()
        self.saves = 0

    def facts(self):
        kinds = {str: "string", int: "uint64"}
        return [(name, kinds[type(value)], value) for name, value in self.told.items()]

    def heard(self, name, value):
        self.commands.append((name, value))
        return name.startswith("Update/")

    def progress(self, part):
        self.parts.add(part)

    def saved(self):
        self.saves += 1


def hands(storage, clock, say=None, open_channel=None, opener=None, machine=None):
    voice = say or Said()
    return Hands(storage, clock, open_channel, "serial-1", voice, opener, machine or Bare())


LIMITS = Limits(65536, 4096)


def open_journal(storage, time, layouts=None, limits=LIMITS, say=None):
    """A journal as after a boot."""
    state = State(storage)
    return Journal(hands(storage, time.clock, say), state, layouts or [layout()], limits)


def put(journal, time, value=1050.5, slot=0):
    """Append one record of one double, a second after the one before; its number."""
    time.pass_ms(1000)
    return journal.append(slot, time.clock.mono_ms(), [(0, time.clock.mono_ms(), value, GOOD)])


def put_many(journal, time, count, slot=0):
    """Append and sync so many records."""
    for n in range(count):
        put(journal, time, float(n), slot)
        if n % 10 == 9:
            journal.sync()
    journal.sync()


def read_all(journal, first=None):
    """Every entry from `first` (default: the oldest held) to the last recorded."""
    reader = journal.reader()
    reader.seek(journal.first if first is None else first)
    found = []
    while (entry := reader.next(journal.durable)) is not None:
        found.append(entry)
    return found


def checked(journal, recorded):
    """After a power cut all of recorded (sequence number: checksum) is there, once; what is there counts from now on."""
    entries = read_all(journal)
    held = {entry.head.seq: entry.crc for entry in entries}
    assert len(held) == len(entries), "a record is read twice"
    assert journal.next > max(recorded or (0,)), "a recorded number would be used again"
    for seq in list(recorded):
        if seq < journal.first:
            del recorded[seq]
        else:
            assert held[seq] == recorded[seq], seq
    recorded.update(held)


def fresh_journal(**other):
    """A new journal, with the storage and the time it lives in."""
    storage, time = MemoryStorage(), Time()
    return storage, time, open_journal(storage, time, **other)


def samples_of(entry):
    """Name and value of all that a record holds."""
    out = bytearray()
    put_metrics(out, entry.body, entry.layout, (entry.head.base_ms, 2), True)
    return [(m.name, m.value) for m in decode_payload(bytes(out)).metrics]


def losses_of(journal, first=None):
    """Every loss that the journal states, from a record on."""
    found = []
    for entry in read_all(journal, first):
        for name, value in samples_of(entry):
            if name == "Journal/Loss":
                found.append(read_loss(value))
    return found


def board_metric(name, **other):
    fields = {
        "datatype": "double", "kind": "analog", "every_ms": 1000, "report_ms": 10_000,
        "deadband": 0.5, "alarm": None, "driver": "fake", "args": {}, "scale": 1, "offset": 0,
    }  # fmt: skip
    fields.update(other)
    return BoardMetric(name, fields["datatype"], fields["kind"], fields["every_ms"],
                       fields["report_ms"], fields["deadband"], fields["alarm"], fields["driver"],
                       fields["args"], fields["scale"], fields["offset"])  # fmt: skip


def board(stations=None, **other):
    """A board of one furnace with two zones and a state."""
    metrics = [board_metric("zone_1_temperature_c", every_ms=50), board_metric("zone_2_temperature_c", every_ms=50),
               board_metric("state", datatype="string", kind="event", every_ms=50, deadband=0)]  # fmt: skip
    stations = stations or [BoardStation("sinter-1", "sinter_furnace", "1", metrics)]
    place = JournalPlace("journal", 65536, 4096, 20)
    fields = {"keepalive_s": 30, "reconnect_s": 0.01, "primary_host": None}
    fields.update(other)
    return Board("sintering", "ctl-1", "", ("127.0.0.1", 1883), None, fields["keepalive_s"], fields["reconnect_s"],
                 fields["primary_host"], place, None, stations)  # fmt: skip


class Sensor:
    """A channel whose reading, or fault, the test sets."""

    def __init__(self, value=20.0):
        self.value = value
        self.reads = 0

    def read(self):
        self.reads += 1
        if isinstance(self.value, OSError):
            raise self.value
        return self.value


class SamplerBench:
    """A sampler of one or more sensors under a clock by hand."""

    def __init__(self, *specs):
        self.time = Time()
        self.sensors = [Sensor() for _ in specs]
        self.sampler = Sampler(list(specs), lambda n: self.sensors[n], self.time.clock.mono_ms)

    def run(self, seconds, then=None):
        """Take what is due for so long; (index, value, quality) of all that was recorded."""
        found = []
        end = self.time.clock.mono_ms() + int(seconds * 1000)
        while self.time.clock.mono_ms() < end:
            self.sampler.take()
            found += [(n, value, quality) for n, _, value, quality in self.sampler.close_record()]
            if then:
                then()
            self.time.pass_ms(self.sampler.next_ms - self.time.clock.mono_ms())
        return found


def analog(**other):
    """A zone of a furnace, in whatever differs from `board_metric`."""
    return board_metric("zone_1_temperature_c", **other)


async def until(condition, seconds=60.0):
    """Wait for a condition with a deadline."""
    for _ in range(int(seconds * 200)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("waited in vain")
