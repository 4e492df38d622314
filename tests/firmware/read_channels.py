"""Reads channels by their drivers on either interpreter: PYTHON -m tests.firmware.read_channels < JSON

JSON: {"channels": [[driver, args], …], "rounds": n, "pause_ms": …}. Prints one JSON line: of each round the
readings, an OSError as {"fault": words, "kind": its kind}; how long each round took; the statistics of the buses.
"""

import json
import sys

from firmware.drivers.bus_stats import buses
from firmware.drivers.ticks import apart, sleep_us, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def words_of(fault: OSError) -> str:
    return str(fault.args[1] if len(fault.args) > 1 else fault)


def opened(driver: str, args: "dict[str, Any]") -> "Any":
    module: Any = __import__(f"firmware.drivers.{driver}", None, None, ("open_channel",))
    return module.open_channel(args, "station", "metric", None)


def read(channel: "Any") -> "Any":
    try:
        return channel.read()
    except OSError as fault:
        return {"fault": words_of(fault), "kind": getattr(fault, "kind", None)}


def main(wanted: "dict[str, Any]") -> "dict[str, Any]":
    channels = [opened(driver, args) for driver, args in wanted["channels"]]
    rounds, took = [], []
    for _ in range(wanted.get("rounds", 1)):
        began = ticks_ms()
        rounds.append([read(channel) for channel in channels])
        took.append(apart(ticks_ms(), began))
        sleep_us(1000 * wanted.get("pause_ms", 0))
    return {"rounds": rounds, "took": took, "buses": buses()}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.stdin.read()))))
