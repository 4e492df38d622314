"""Prints what every simulated station reads over some minutes; run on both interpreters.

One line of JSON per moment: [station, time, {metric: value}].
"""

import json

from firmware.plant.box import PlantBox
from firmware.plant.layout import CONTROLLERS

ORIGIN_MS = 1767225600000
PAUSES_MS = (1000, 1000, 200, 5000, 60000, 3333)


def print_readings(seed: int) -> None:
    """Each type once, at lifelike and at odd intervals."""
    seen = []
    for _, _, stations in CONTROLLERS:
        for station, station_type in stations:
            if station_type in seen:
                continue
            seen.append(station_type)
            now = ORIGIN_MS + 87654321
            box = PlantBox(seed, 30.0, ORIGIN_MS, None, now)
            model = box.station(station, station_type)
            for pause_ms in PAUSES_MS:
                now += pause_ms
                box.advance(now)
                print(json.dumps([station, now, model.values]))


if __name__ == "__main__":
    print_readings(11)
