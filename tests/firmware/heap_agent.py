"""The agent as on a board, for its heap: micropython -X heapsize=96K heap_agent.py TREE FOLDER (MicroPython only)

TREE: the board's image, compiled by mpy-cross; FOLDER: its station.json, and place for a file that stands for raw flash;
or "code": then only what the modules take is told. Records are made while the broker is there, and while it is not;
nothing is acknowledged until a whole window is in flight; then all is. Prints one line of JSON.
"""

import asyncio
import gc
import json
import sys

MODULES = (
    "edge_agent.clock",
    "firmware.onboard.drivers",
    "firmware.onboard.ringlog",
    "firmware.onboard.running",
)
tree, folder = sys.argv[1:3]
sys.path[:] = [tree, ".frozen"]
peak = [0]


def look():
    """What is in use after a collection."""
    gc.collect()
    used = gc.mem_alloc()
    peak[0] = max(peak[0], used)
    return used


class FileFlash:
    """Raw flash in a file, so that it takes no heap."""

    def __init__(self, path, blocks):
        self.blocks = blocks
        with open(path, "wb") as file:  # noqa: PTH123  MicroPython's
            for _ in range(blocks):  # noqa: FURB122  MicroPython has no writelines
                file.write(b"\xff" * 4096)
        self.file = open(path, "r+b", buffering=0)  # noqa: SIM115, PTH123  as long as the board lives

    def readblocks(self, block, buf, off):
        self.file.seek(block * 4096 + off)
        self.file.readinto(buf)

    def writeblocks(self, block, buf, off):
        self.file.seek(block * 4096 + off)
        self.file.write(buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return 4096
        for n in range(16):
            self.writeblocks(arg, b"\xff" * 256, n * 256)
        return 0


class Broker:
    """Takes everything in, and says only what it must."""

    def __init__(self):
        self.here = True
        self.taken = 0

    async def open(self, _host, _port):
        if not self.here:
            raise OSError(111)
        self.ready = b"\x20\x02\x00\x00\x90\x03\x00\x01\x01"
        return self, self

    async def readexactly(self, n):
        while self.here and len(self.ready) < n:
            await asyncio.sleep(0.05)
        if not self.here:
            raise EOFError
        data, self.ready = self.ready[:n], self.ready[n:]
        return data

    def write(self, data):
        self.taken += len(data)

    async def drain(self):
        await asyncio.sleep(0)

    def close(self):
        pass


class Sensor:
    def __init__(self):
        self.value = 20.0

    def read(self):
        self.value += 1.0
        return self.value


class Board:
    """As firmware.onboard.running.Hardware."""

    def __init__(self):
        self.meals = 0
        self.lines = []

    def say(self, text):
        print(text)

    def identity(self):
        return "24dcc3a1b2c3"

    def reason(self):
        return "power_on"

    def clock(self):
        from edge_agent.clock import Clock

        return Clock()

    def drivers(self, board, clock):
        from firmware.onboard.drivers import Drivers

        found = Drivers()
        found.open = lambda *_: Sensor()
        return found

    def storage(self, board, path):
        from firmware.onboard.ringlog import RingLog

        return RingLog(FileFlash(folder + "/flash", 128)), board

    def dog(self):
        return self

    def feed(self):
        self.meals += 1

    def network(self, path):
        return self

    def link(self):
        return "ethernet"

    def up(self):
        return True

    async def run(self):
        pass

    def chores(self, board):
        return [self.watch]

    async def watch(self):
        while True:
            look()
            await asyncio.sleep(0.1)

    def starved(self):
        pass

    def begun(self, agent):
        pass


async def until(condition):
    for _ in range(40_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise RuntimeError("waited in vain")


async def record(running, count):
    """A record of all metrics each time, made durable by itself, as a board does each second."""
    journal = running.agent.journal
    codes = journal.layouts[0].codes
    for n in range(count):
        mono = running.clock.mono_ms()
        journal.append(
            0,
            mono,
            [(i, mono, float(n) if code == 10 else None, 192) for i, code in enumerate(codes)],
        )
        running.agent.session.recorded(journal.sync())
        await asyncio.sleep(0.01)


async def work(running, broker, told):
    agent = running.agent
    living = asyncio.create_task(running.run())
    await until(lambda: agent.session.births)
    await record(running, 120)
    broker.here = False
    await record(running, 120)
    broker.here = True
    await until(lambda: agent.session.births > 1)
    await record(running, 10)
    journal = agent.journal
    await until(lambda: journal.sent - journal.ack >= 200)
    told["in_flight"] = journal.sent - journal.ack
    assert journal.acknowledge(journal.position(journal.sent))
    agent.session._sender.replay.acknowledged()
    more = journal.durable + 3
    await until(lambda: journal.sent >= more)
    agent.stop()
    await living
    told["records"] = journal.durable
    told["births"] = agent.session.births


def main():
    from edge_agent.memory import keep_compact
    from firmware.onboard.station import loaded

    keep_compact()
    told = {}
    if folder == "code":
        before = look()
        for name in MODULES:
            __import__(name)
        print(json.dumps([before, look()]))
        return
    board, faults = loaded(folder + "/station.json", lean=True)
    assert not faults, faults
    told["metrics"] = sum([len(station.metrics) for station in board.stations])
    import firmware.onboard.running as running_module

    broker = Broker()
    running_module.opener_of = lambda *_: broker.open
    hardware = Board()
    running = running_module.Running(hardware, board, folder + "/station.json")
    asyncio.run(work(running, broker, told))
    told["fed"] = hardware.meals
    told["peak"] = peak[0]
    print(json.dumps(told))


main()
