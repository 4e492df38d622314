"""How the demo's controllers are wired to their stations: Modbus RTU, and AIBUS for furnace zones.

The registers of a station follow from its contract. What is read at one pace lies together, so that
a block of registers is asked for no more often than its values change.
"""

import re
from pathlib import Path
from typing import Any

from schemas.station_types import MetricSpec, StationType

MODBUS_PORT, AIBUS_PORT = "rs485", "aibus"
_MODBUS_BAUD = 115200
_AIBUS_BAUD = 19200  # the fastest that the controllers of Yudian know
_TIMEOUT_MS = 2000  # a computer that is busy is no instrument that is broken
_AREA = 1000  # registers that what is read at one pace may take
_TEXT_REGISTERS = 12
# Format and registers by datatype, and what stands for no value: of long reals, which keep every
# digit, no number does; of text, bytes that are none.
_FORMATS = {
    "double": ("float64", 4, None),
    "boolean": ("uint16", 1, (1 << 16) - 1),
    "int32": ("int32", 2, -(1 << 31)),
    "uint32": ("uint32", 2, (1 << 32) - 1),
    "uint64": ("uint64", 4, (1 << 64) - 1),
    "string": ("text", _TEXT_REGISTERS, None),
}
_BROKEN = "the sensor is open"
_ZONE = re.compile(r"zone_(\d+)_temperature_c")
_ZONES_MOST = 10
_FRESH_MS = (150, 500)  # the simulated plant does not move faster; half the usual period


def ports_of(board: dict[str, Any]) -> list[Path]:
    """Every port that a station.json of ours reads."""
    metrics = [metric for entry in board["stations"] for metric in entry["metrics"].values()]
    return sorted({Path(metric["args"]["port"]) for metric in metrics})


def wire(station: str, kind: StationType, unit: int, folder: Path) -> dict[str, Any]:
    """The entry of a station in a station.json: unit `unit` on the lines that appear in `folder`."""
    modbus, aibus = (str(folder.resolve() / port) for port in (MODBUS_PORT, AIBUS_PORT))
    metrics: dict[str, Any] = {}
    paces = sorted({spec.every_ms for spec in kind.metrics})
    free = {every_ms: _AREA * n for n, every_ms in enumerate(paces)}
    line = {
        "port": modbus,
        "baud": _MODBUS_BAUD,
        "timeout_ms": _TIMEOUT_MS,
        "unit": unit,
        "fresh_ms": max(_FRESH_MS[0], min(_FRESH_MS[1], paces[0] // 2)),
    }
    zones = {
        "port": aibus,
        "baud": _AIBUS_BAUD,
        "timeout_ms": _TIMEOUT_MS,
        "instrument": "yudian_ai_aibus",
        "value": "pv",
    }
    for spec in kind.metrics:
        zone = _ZONE.fullmatch(spec.name)
        if zone is not None:
            address = unit * _ZONES_MOST + int(zone[1])
            metrics[spec.name] = {"driver": "aibus", "args": {**zones, "address": address}}
        else:
            metrics[spec.name] = {"args": {**line, **_place(spec, free)}}
    return {"station": station, "type": kind.type, "driver": "modbus_rtu", "metrics": metrics}


def _place(spec: MetricSpec, free: dict[int, int]) -> dict[str, Any]:
    """The registers of a metric: the next that are free in the area of its pace."""
    form, count, no_value = _FORMATS[spec.datatype]
    args: dict[str, Any] = {"register": free[spec.every_ms], "format": form}
    if form == "text":
        args["registers"] = count
    if no_value is not None:
        args["no_value"] = {str(no_value): _BROKEN}
    free[spec.every_ms] += count
    return args
