"""Drivers of a computer: those of every board, and simulated channels served by a plant in a box."""

from firmware.onboard.drivers import Drivers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge_agent.clock import Clock
    from schemas.board_config import Board

_ADVANCE_MS = 200  # the simulated plant moves in steps no shorter than this


class Simulated:
    """A simulated channel; reading it moves the plant."""

    def __init__(self, channel: "Any", advance: "Any") -> None:
        self._channel = channel
        self._advance = advance

    def read(self) -> "float | int | bool | str":
        self._advance()
        value: float | int | bool | str = self._channel.read()
        return value


class PlantDrivers(Drivers):
    """The plant is there only when the board's file names one and something is simulated by it."""

    def __init__(self, board: "Board", clock: "Clock") -> None:
        super().__init__()
        self._clock = clock
        self._moved_ms = -_ADVANCE_MS
        self._types = {station.station: station.type for station in board.stations}
        self._plant: Any = None
        drivers = [metric.driver for station in board.stations for metric in station.metrics]
        if board.plant is not None and "simulated" in drivers:
            from firmware.plant.box import PlantBox

            plant = board.plant
            self._plant = PlantBox(
                plant.get("seed", 1),
                plant.get("speed", 1),
                plant.get("origin_ms", 0),
                plant.get("faults"),
                clock.now_ms(),
            )

    def open(self, driver: str, args: "dict[str, Any]", station: str, metric: str) -> "Any":
        """As edge_agent.ports.OpenChannel."""
        if driver != "simulated":
            return super().open(driver, args, station, metric)
        args = {"type": self._types[station]} | args
        channel = self.module(driver).open_channel(args, station, metric, self._plant)
        return Simulated(channel, self._advance)

    def _advance(self) -> None:
        mono_ms = self._clock.mono_ms()
        if mono_ms - self._moved_ms >= _ADVANCE_MS:
            self._moved_ms = mono_ms
            self._plant.advance(self._clock.now_ms())
