"""The driver of a plant in a box: a channel is one metric of one simulated station.

The board advances the box; a channel only reads what holds at that moment.
"""

from firmware.drivers.bus_fault import as_fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from firmware.plant.box import PlantBox
    from firmware.plant.station import Station

_ENODEV = 19


class SimulatedChannel:
    def __init__(self, model: "Station", metric: str) -> None:
        self.model = model
        self.metric = metric

    def read(self) -> "float | int | bool | str":
        """The reading now; OSError while a fault holds the sensor open."""
        try:
            return self.model.value(self.metric)
        except OSError as fault:
            raise as_fault("sensor", fault) from None


def open_channel(
    args: "dict[str, Any]", station: str, metric: str, plant: "PlantBox"
) -> SimulatedChannel:
    """A channel of a station the board has put into its plant; args.type puts it there, too.

    OSError when plant, station or metric is not there.
    """
    if plant is None:
        raise OSError(_ENODEV, "the simulated driver needs a plant")
    model = plant.model(station)
    if model is None and "type" in args:
        try:
            model = plant.station(station, args["type"])
        except KeyError:
            raise OSError(_ENODEV, f"no simulated station type {args['type']}") from None
    if model is None:
        raise OSError(_ENODEV, f"the plant has no station {station}")
    if metric not in model.values:
        raise OSError(_ENODEV, f"{station} simulates no metric {metric}")
    return SimulatedChannel(model, metric)
