"""Opens channels by the name of their driver: one file of firmware/drivers each, on every board."""

from firmware.drivers.bus_fault import BusFault, as_fault, words_of
from firmware.drivers.bus_stats import not_opened, opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from schemas.board_config import Board


class Drivers:
    """`rested` is called after each reading: a station of silent instruments takes long, and is not stuck."""

    def __init__(self, rested: "Callable[[], object] | None" = None) -> None:
        self.rested = rested

    def faults(self, board: "Board") -> list[str]:
        """Drivers that do not exist."""
        found = []
        for station in board.stations:
            for metric in station.metrics:
                try:
                    self.module(metric.driver)
                except ImportError:
                    found.append(f"{station.station}.{metric.name}: no driver {metric.driver!r}")
        return found

    def module(self, driver: str) -> "Any":
        """Raises ImportError."""
        return __import__(f"firmware.drivers.{driver}", None, None, ("open_channel",))

    def open(self, driver: str, args: "dict[str, Any]", station: str, metric: str) -> "Any":
        """As edge_agent.ports.OpenChannel. What is wrong with args is told with the buses of the node."""
        at = f"{driver} {station} {metric}"
        try:
            channel = self.module(driver).open_channel(args, station, metric, None)
        except OSError as fault:
            not_opened(at, words_of(fault))
            raise as_fault("opening", fault) from None
        except (KeyError, TypeError, ValueError) as fault:
            not_opened(at, f"args are wrong: {fault}")
            raise BusFault("opening", f"{at}: args are wrong: {fault}") from None
        opened(at)
        return channel if self.rested is None else Rested(channel, self.rested)


class Rested:
    """A channel after whose readings something is done."""

    def __init__(self, channel: "Any", rested: "Callable[[], object]") -> None:
        self._channel = channel
        self._rested = rested

    def read(self) -> "float | int | bool | str":
        """As edge_agent.ports.Channel."""
        try:
            value: float | int | bool | str = self._channel.read()
        finally:
            self._rested()
        return value
