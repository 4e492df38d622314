"""The demo plant as `mes run --demo` starts it: a process of the edge wing, and its faults file.

The two wings meet only in schemas, so the plant is started as a program, not imported.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mes_server.files import replace_file
from mes_server.settings import Settings
from schemas.station_types import load_station_types

FAULTS = ("sensor_open", "drift", "stuck", "leak", "power_dip", "bath_out_of_range")


@dataclass(frozen=True, slots=True)
class Fault:
    """`metric` None: all of the station; `minutes` None: until it is mended."""

    station: str
    kind: str
    metric: str | None = None
    amount: float | None = None
    minutes: float | None = None


class DemoError(RuntimeError):
    """The demo plant cannot do that; the message says why."""


def command(settings: Settings, speed: float, seed: int, interpreter: str) -> list[str]:
    """The command that runs every controller of the demo plant."""
    options = {
        "--data-dir": str(settings.data_dir),
        "--mqtt-host": settings.broker_at[0],
        "--mqtt-port": str(settings.mqtt_port),
        "--interpreter": interpreter,
        "--speed": f"{speed:g}",
        "--seed": str(seed),
    }
    flat = [part for pair in options.items() for part in pair]
    secure = [] if settings.pki is None else ["--tls"]
    return [sys.executable, "-m", "firmware.boards.unix.demo", *flat, *secure]


def _faults_file(settings: Settings) -> Path:
    return settings.data_dir / "demo" / "faults.json"


def _read(file: Path) -> list[dict[str, Any]]:
    if not file.parent.exists():
        raise DemoError(
            f"There is no demo plant in {file.parent.parent}; start one with `make run`."
        )
    if not file.exists():
        return []
    faults = json.loads(file.read_text(encoding="utf-8"))["faults"]
    return list(faults)


def _write(file: Path, faults: list[dict[str, Any]]) -> None:
    replace_file(file, json.dumps({"faults": faults}, indent=1).encode())


def _types_by_station(folder: Path) -> dict[str, str]:
    """{station: type} of the plant that was started in `folder`."""
    boards = [
        json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*/station.json")
    ]
    return {entry["station"]: entry["type"] for board in boards for entry in board["stations"]}


def _require(folder: Path, station: str, metric: str | None) -> None:
    types = _types_by_station(folder)
    if station not in types:
        raise DemoError(
            f"There is no station {station} here; there are {', '.join(sorted(types))}."
        )
    names = [spec.name for spec in load_station_types()[types[station]].metrics]
    if metric is not None and metric not in names:
        raise DemoError(f"{station} has no metric {metric}; it has {', '.join(names)}.")


def add_fault(settings: Settings, fault: Fault) -> str:
    """Switch a fault on; returns what was done, in words. Raises DemoError."""
    now_ms = time.time_ns() // 1_000_000
    file = _faults_file(settings)
    faults = _read(file)
    _require(file.parent, fault.station, fault.metric)
    until = None if fault.minutes is None else now_ms + int(fault.minutes * 60_000)
    told = {"station": fault.station, "metric": fault.metric, "fault": fault.kind,
            "amount": fault.amount, "from_ms": now_ms, "to_ms": until}  # fmt: skip
    _write(file, [*faults, told])
    where = f"{fault.station} {fault.metric}" if fault.metric else fault.station
    after = f", or {fault.minutes:g} min" if fault.minutes else ""
    return f"{fault.kind} at {where} is on; `mes demo mend {fault.station}` ends it{after}."


def mend(settings: Settings, station: str | None) -> str:
    """Switch the faults of `station`, or all, off; returns what was done, in words."""
    file = _faults_file(settings)
    faults = _read(file)
    kept = [fault for fault in faults if station is not None and fault["station"] != station]
    _write(file, kept)
    return f"{len(faults) - len(kept)} faults ended, {len(kept)} left."
