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
_AREA = 1000  # registers that what is read at one pace may take
_TEXT_REGISTERS = 12
# format and registers by datatype; doubles keep every digit, as long reals of a PLC do
_FORMATS = {
    "double": ("float64", 4),
    "boolean": ("uint16", 1),
    "int32": ("int32", 2),
    "uint32": ("uint32", 2),
    "uint64": ("uint64", 4),
    "string": ("text", _TEXT_REGISTERS),
}
_ZONE = re.compile(r"zone_(\d+)_temperature_c")
_ZONES_MOST = 10
_FRESH_SHARE = 0.5  # of the period: two reads of a metric never get one and the same answer
_FRESH_LEAST_MS = 150  # the simulated plant does not move faster


def ports_of(board: dict[str, Any]) -> list[Path]:
    """Every port that a station.json of ours reads."""
    metrics = [metric for entry in board["stations"] for metric in entry["metrics"].values()]
    return sorted({Path(metric["args"]["port"]) for metric in metrics})


def wire(station: str, kind: StationType, unit: int, folder: Path) -> dict[str, Any]:
    """The entry of a station in a station.json: unit `unit` on the lines that appear in `folder`."""
    modbus, aibus = (str(folder.resolve() / port) for port in (MODBUS_PORT, AIBUS_PORT))
    metrics = {}
    free = {every_ms: _AREA * n for n, every_ms in enumerate(_paces(kind))}
    for spec in kind.metrics:
        zone = _ZONE.fullmatch(spec.name)
        if zone is not None:
            address = unit * _ZONES_MOST + int(zone[1])
            metrics[spec.name] = {
                "driver": "aibus",
                "args": {"port": aibus, "baud": _AIBUS_BAUD, "address": address, "parameter": "pv"},
            }
            continue
        args = _place(spec, free)
        metrics[spec.name] = {"args": {"port": modbus, "baud": _MODBUS_BAUD, "unit": unit, **args}}
    return {"station": station, "type": kind.type, "driver": "modbus_rtu", "metrics": metrics}


def _paces(kind: StationType) -> list[int]:
    return sorted({spec.every_ms for spec in kind.metrics})


def _place(spec: MetricSpec, free: dict[int, int]) -> dict[str, Any]:
    """The registers of a metric: the next that are free in the area of its pace."""
    form, count = _FORMATS[spec.datatype]
    args: dict[str, Any] = {"register": free[spec.every_ms], "format": form}
    if form == "text":
        args["registers"] = count
    args["fresh_ms"] = max(_FRESH_LEAST_MS, min(500, int(spec.every_ms * _FRESH_SHARE)))
    free[spec.every_ms] += count
    return args
