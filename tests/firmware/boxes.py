"""Helpers of the plant tests: a box, time that passes, and faults switched on."""

import json
from collections.abc import Iterator
from pathlib import Path

from firmware.plant.box import PlantBox
from firmware.plant.station import Station

ORIGIN_MS = 1_767_225_600_000
SEED = 7


class Bench:
    """One station in a box of its own; `go` lets simulated seconds pass."""

    def __init__(
        self, station: str, station_type: str, faults: Path | None = None, speed: float = 30.0
    ) -> None:
        self.speed = speed
        self.now_ms = ORIGIN_MS + 40_000_000
        path = None if faults is None else str(faults)
        self.box = PlantBox(SEED, speed, ORIGIN_MS, path, self.now_ms)
        self.model: Station = self.box.station(station, station_type)

    def go(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000 / self.speed)
        self.box.advance(self.now_ms)

    def until(self, phase: str, step_s: float = 30.0) -> None:
        """Let time pass until a phase of the program begins."""
        while self.model.act.phase == phase:
            self.go(step_s)
        for _ in range(2 * int(self.model.schedule.cycle_s / step_s) + 2):
            if self.model.act.phase == phase:
                return
            self.go(step_s)
        raise AssertionError(f"no phase {phase}")

    def during(self, phase: str, step_s: float = 30.0) -> Iterator[Station]:
        """The station at every step of the phase that has begun."""
        while self.model.act.phase == phase:
            yield self.model
            self.go(step_s)

    def number(self, metric: str) -> float:
        value = self.model.value(metric)
        assert isinstance(value, (int, float))
        return float(value)


def write_faults(file: Path, *faults: dict[str, object]) -> None:
    file.write_text(json.dumps({"faults": list(faults)}), encoding="utf-8")
