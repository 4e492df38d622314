"""The small curve of the last half hour on each tile, kept for a few seconds for all pages."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log10

from flask import current_app
from sqlalchemy import Connection

from mes_server.store.telemetry import Series, load_series
from mes_server.web.overview import StationNow
from mes_server.web.standing import band_of
from schemas.station_types import MetricSpec

SPAN_MS = 1_800_000
POINTS = 60
KEEP_MS = 15_000
EXTENSION = "lodestone-sparks"
_HEIGHT = 26.0
_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Spark:
    """Polylines in a box of 100 × 26, broken at gaps; `band`: top and height of the normal range,

    shown only where a value lies outside it.
    """

    lines: tuple[str, ...]
    band: tuple[float, float] | None


class SparkCache:
    """Sparks by station with the time they were read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, Spark | None]] = {}

    @staticmethod
    def of_app() -> "SparkCache":
        """The cache of the app that serves this request."""
        cache: SparkCache = current_app.extensions[EXTENSION]
        return cache

    def load(
        self, conn: Connection, stations: Sequence[StationNow], now_ms: int
    ) -> dict[str, Spark | None]:
        """The spark of every station whose contract names a value to watch."""
        with self._lock:
            for station in stations:
                kept = self._kept.get(station.view.id)
                if kept is None or now_ms - kept[0] > KEEP_MS:
                    self._kept[station.view.id] = (now_ms, _spark(conn, station, now_ms))
            return {station_id: spark for station_id, (_, spark) in self._kept.items()}


def _spark(conn: Connection, station: StationNow, now_ms: int) -> Spark | None:
    if station.layout is None or not station.layout.tile or not station.standing.known:
        return None
    spec = station.layout.tile[0]
    from_ms = now_ms - SPAN_MS
    series = load_series(conn, station.view.id, spec.name, from_ms, now_ms, POINTS, spec.report_ms)
    return spark_of(series, spec, from_ms)


def spark_of(
    series: Series, spec: MetricSpec, from_ms: int, span_ms: int = SPAN_MS
) -> Spark | None:
    """Draw a series over a span; None when there is too little to draw."""
    points = [
        (at_ms, _height(value, spec))
        for at_ms, value in zip(series.times_ms, series.values, strict=True)
        if isinstance(value, int | float) and isfinite(value)
    ]
    if len(points) < 2:
        return None
    low, high = min(y for _, y in points), max(y for _, y in points)
    margin = max((high - low) * 0.08, abs(high) * 0.01, 1e-9)
    low, high = low - margin, high + margin

    def across(at_ms: float) -> float:
        return round((at_ms - from_ms) / span_ms * _WIDTH, 2)

    def down(y: float) -> float:
        return round(_HEIGHT * (high - min(max(y, low), high)) / (high - low), 2)

    lines: list[list[str]] = [[]]
    ends = sorted(gap.to_ms for gap in series.gaps)
    for at_ms, y in points:
        while ends and at_ms >= ends[0]:
            ends.pop(0)
            lines.append([])
        lines[-1].append(f"{across(at_ms)},{down(y)}")
    band = None
    outside = any(band_of(value, spec) in ("warn", "alarm") for value in series.values)
    if spec.normal is not None and outside:
        top = down(_height(spec.normal[1], spec)) if spec.normal[1] is not None else 0.0
        bottom = down(_height(spec.normal[0], spec)) if spec.normal[0] is not None else _HEIGHT
        band = (top, round(bottom - top, 2))
    return Spark(tuple(" ".join(line) for line in lines if len(line) > 1), band)


def _height(value: float, spec: MetricSpec) -> float:
    return log10(max(value, 1e-12)) if spec.scale == "log" else float(value)
