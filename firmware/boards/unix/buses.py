"""The plant in a box on serial lines: python -m firmware.boards.unix.buses STATION.JSON …

Serves what each file reads by the drivers modbus_rtu and aibus: a pseudo-terminal for each of its
ports, which the port's path links to, and there a slave for each unit and address, with every
reading where the file says that it lies.
"""

import json
import os
import pty
import selectors
import sys
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.plant import bus_aibus, bus_modbus
from firmware.plant.box import PlantBox
from firmware.plant.bus_frames import Frames
from firmware.plant.bus_registers import Registers
from firmware.plant.station import Station
from schemas.instrument_maps import filled

_ADVANCE_MS = 200  # the simulated plant moves in steps no shorter than this
_CHUNK = 1024
_SETPOINT = "setpoint_temperature_c"


class Plant:
    """The stations of one controller, moved when they are asked."""

    def __init__(self, raw: dict[str, Any]) -> None:
        plant = raw.get("plant", {})
        self._moved_ms = 0
        self._box = PlantBox(
            plant.get("seed", 1),
            plant.get("speed", 1),
            plant.get("origin_ms", 0),
            plant.get("faults"),
            _now_ms(),
        )

    def station(self, station: str, kind: str) -> Station:
        return self._box.station(station, kind)

    def move(self) -> None:
        """To this moment, unless it was there just now."""
        now_ms = _now_ms()
        if not 0 <= now_ms - self._moved_ms < _ADVANCE_MS:
            self._moved_ms = now_ms
            self._box.advance(now_ms)


class ModbusLine:
    """The units of one port."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._units: dict[int, Registers] = {}
        self._reads: dict[int, bus_modbus.Read] = {}
        self.length = bus_modbus.length

    def place(self, args: dict[str, Any], model: Station, metric: str) -> None:
        unit = args["unit"]
        if unit not in self._units:
            self._units[unit] = Registers(self._plant.move)
            self._reads[unit] = self._units[unit].read
        self._units[unit].place(args, lambda: model.value(metric))

    def answer(self, frame: bytes) -> bytes:
        return bus_modbus.answer(frame, self._reads)


class AibusLine:
    """The temperature controllers of one port."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._controllers: dict[int, bus_aibus.Controller] = {}
        self.length = bus_aibus.length

    def place(self, args: dict[str, Any], model: Station, metric: str) -> None:
        """The parameters of a controller come with its process value."""
        if args.get("parameter", "pv") == "pv":
            self._controllers[args["address"]] = (
                lambda: float(model.value(metric)),
                lambda: float(model.values.get(_SETPOINT, 0.0)),
            )

    def answer(self, frame: bytes) -> bytes:
        self._plant.move()
        return bus_aibus.answer(frame, self._controllers)


# driver → protocol of its instruments, line
_KINDS: dict[str, tuple[str, Callable[[Plant], ModbusLine | AibusLine]]] = {
    "modbus_rtu": ("modbus", ModbusLine),
    "aibus": ("aibus", AibusLine),
}


class Port:
    """A pseudo-terminal behind a link."""

    def __init__(self, link: str, baud: int, line: ModbusLine | AibusLine) -> None:
        self.link = link
        self.line = line
        self.frames = Frames(baud, line.length)
        # The far end stays open here: else a read fails while no agent has it open.
        self.master, self._far = pty.openpty()
        tty.setraw(self._far)
        os.set_blocking(self.master, False)

    def appear(self) -> None:
        """Put the link in the place of one to a terminal that may be somebody else's by now.

        Raises FileExistsError where something else is: a real port is not ours to replace.
        """
        if Path(self.link).exists() and not Path(self.link).is_symlink():
            raise FileExistsError(f"{self.link} is no link of ours")
        Path(self.link).parent.mkdir(parents=True, exist_ok=True)
        new = f"{self.link}.new"
        Path(new).unlink(missing_ok=True)
        os.symlink(os.ttyname(self._far), new)
        os.replace(new, self.link)

    def hear(self) -> None:
        try:
            data = os.read(self.master, _CHUNK)
        except BlockingIOError:
            return
        self._answer(self.frames.hear(data, _now_us()))

    def end(self) -> None:
        """Judge what a silence has ended."""
        self._answer(self.frames.end(_now_us()))

    def _answer(self, frame: bytes) -> None:
        answer = self.line.answer(frame) if frame else b""
        if answer:
            try:
                os.write(self.master, answer)
            except BlockingIOError:
                pass  # nobody takes what is said here: there is no room for more


def _now_us() -> int:
    return time.monotonic_ns() // 1000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def ports_of(raw: dict[str, Any]) -> list[Port]:
    """The ports of one controller, by what its station.json says."""
    plant = Plant(raw)
    found: dict[str, Port] = {}
    for entry in raw["stations"]:
        model = plant.station(entry["station"], entry["type"])
        for name, metric in entry.get("metrics", {}).items():
            driver = metric.get("driver", entry.get("driver"))
            if driver not in _KINDS:
                continue
            protocol, kind = _KINDS[driver]
            args = filled(metric.get("args", entry.get("args", {})), protocol)
            if args["port"] not in found:
                found[args["port"]] = Port(args["port"], args.get("baud", 9600), kind(plant))
            found[args["port"]].line.place(args, model, name)
    return list(found.values())


def serve(ports: list[Port]) -> None:
    """For ever."""
    selector = selectors.DefaultSelector()
    for port in ports:
        selector.register(port.master, selectors.EVENT_READ, port)
    while True:
        waiting = [port for port in ports if port.frames.waits()]
        gap_s = min((port.frames.gap_us for port in waiting), default=0) / 1e6
        for key, _ in selector.select(gap_s if waiting else None):
            key.data.hear()
        for port in waiting:
            port.end()


def main(files: list[str]) -> None:
    ports = []
    for file in files:
        ports += ports_of(json.loads(Path(file).read_text(encoding="utf-8")))
    for port in ports:
        port.appear()
    serve(ports)


if __name__ == "__main__":
    main(sys.argv[1:])
