"""The curves of a lot's own time in a station, each with how much of it is there."""

from dataclasses import dataclass

from sqlalchemy import Connection

from mes_server.domain.exposure import Exposure
from mes_server.store.exposures import Seen, load_seen
from mes_server.store.series import list_series
from mes_server.store.stations import load_station
from mes_server.web.layout import Layout, is_number, reported_metrics
from mes_server.web.page import words
from mes_server.web.site import this_site
from mes_server.web.sparks import Spark, spark_of
from schemas.sparkplug import DATATYPES
from schemas.station_types import MetricSpec

POINTS = 240
WORDS_MAX = 4
_DATATYPE_NAMES = {code: name for name, code in DATATYPES.items()}


@dataclass(frozen=True, slots=True)
class SeenMetric:
    """One metric of a window. `gaps`: left edge and width in hundredths of the window.

    `said`: of a metric without numbers, its values in their order.
    """

    spec: MetricSpec
    seen: Seen
    spark: Spark | None
    gaps: tuple[tuple[float, float], ...]
    said: str

    @property
    def least(self) -> float | None:
        """The least value."""
        return min(self._numbers(self.seen.series.lows), default=None)

    @property
    def greatest(self) -> float | None:
        """The greatest value."""
        return max(self._numbers(self.seen.series.highs), default=None)

    @staticmethod
    def _numbers(values: list[float | int | bool | str | None]) -> list[float]:
        return [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]


def layout_at(conn: Connection, station_id: str) -> Layout | None:
    """The contract of a station, arranged; None: no station or no contract."""
    view = load_station(conn, station_id)
    return this_site().layout_of(view) if view is not None else None


def load_metrics(conn: Connection, window: Exposure) -> list[SeenMetric]:
    """Every metric that the station reported, as the lot saw it."""
    layout = layout_at(conn, window.station)
    found = list_series(conn, window.station)
    series = [(s.metric, _DATATYPE_NAMES.get(s.datatype, "string")) for s in found]
    return [_metric(conn, window, spec) for spec in reported_metrics(layout, series)]


def _metric(conn: Connection, window: Exposure, spec: MetricSpec) -> SeenMetric:
    seen = load_seen(conn, window, spec.name, spec.report_ms or None, POINTS)
    span_ms = max(window.span_ms, 1)
    drawn = is_number(spec.datatype)
    spark = spark_of(seen.series, spec, window.from_ms, span_ms) if drawn else None
    gaps = []
    for gap in seen.series.gaps:
        left = max(gap.from_ms - window.from_ms, 0) / span_ms * 100
        right = min(gap.to_ms - window.from_ms, span_ms) / span_ms * 100
        gaps.append((round(left, 2), round(max(right - left, 0.3), 2)))
    return SeenMetric(spec, seen, spark, tuple(gaps), "" if drawn else _said(seen))


def _said(seen: Seen) -> str:
    t = words()
    turns: list[str] = []
    for value in seen.series.values:
        if value is None:
            continue
        text = (
            t("value.true" if value else "value.false") if isinstance(value, bool) else str(value)
        )
        text = t.known("state", text)
        if not turns or turns[-1] != text:
            turns.append(text)
    if len(turns) > WORDS_MAX:
        turns = [*turns[: WORDS_MAX - 1], "…", turns[-1]]
    return " → ".join(turns)
