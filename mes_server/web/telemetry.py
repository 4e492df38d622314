"""Series of samples for programs, for the chart script and as CSV."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from mes_server.store.series import list_series, series_key
from mes_server.store.stations import load_station
from mes_server.store.telemetry import Series, iter_samples, load_series
from mes_server.web import answers
from mes_server.web.api import as_json
from mes_server.web.api_words import scalar
from mes_server.web.downloads import BEGIN, csv_line, download
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, Parameter, described, read_parameters
from mes_server.web.problems import BadParameter, BadRequest, NotFound
from mes_server.web.site import this_site
from mes_server.web.standing import quality_word, reason_word
from schemas.station_types import MetricSpec

series_pages = Blueprint("telemetry", __name__)
HOUR_MS = 3_600_000
POINTS_MAX = 4000
METRICS_MAX = 16

FROM = Parameter("from", "time", "First moment, ISO 8601 with offset; default: an hour before `to`")
TO = Parameter("to", "time", "Last moment, ISO 8601 with offset; default: now")
POINTS = Parameter(
    "points",
    "whole",
    "How many points at most, such as pixels",
    default=600,
    low=1,
    high=POINTS_MAX,
)
METRIC = Parameter("metric", "text", "Name of a metric of the station", required=True)
METRICS = Parameter(
    "metric", "texts", f"Names of metrics, up to {METRICS_MAX}", required=True, high=METRICS_MAX
)


class _Asked:
    """What a request names, checked: a station that is there, its metrics, a span."""

    def __init__(self, conn: Connection, station_id: str, operation: Operation) -> None:
        self.given = read_parameters(operation.parameters, request.args, words())
        view = load_station(conn, station_id)
        if view is None:
            raise NotFound("station", station_id)
        self.conn = conn
        self.station = view.id
        self.layout = this_site().layout_of(view)
        self.to_ms: int = self.given["to"] if self.given["to"] is not None else now_ms()
        from_ms = self.given["from"]
        self.from_ms: int = from_ms if from_ms is not None else self.to_ms - HOUR_MS
        named = self.given["metric"]
        self.metrics: list[str] = [named] if isinstance(named, str) else named
        self._refuse()

    def _refuse(self) -> None:
        t = words()
        faults = []
        if self.from_ms >= self.to_ms:
            faults.append(BadParameter("from", t("query.span"), t("query.span.next")))
        there = {series.metric for series in list_series(self.conn, self.station)}
        if self.layout is not None:
            there |= set(self.layout.by_name)
        for name in self.metrics:
            if name not in there:
                facts = {"name": name, "station": self.station}
                fault, next_step = t("query.metric", **facts), t("query.metric.next", **facts)
                faults.append(BadParameter("metric", fault, next_step))
        if faults:
            raise BadRequest(faults)

    def spec(self, metric: str) -> MetricSpec | None:
        """The contract of a metric, if there is one."""
        return self.layout.by_name.get(metric) if self.layout is not None else None

    def load(self, metric: str) -> Series:
        """The series as asked."""
        spec = self.spec(metric)
        silence_ms = spec.report_ms if spec is not None else None
        return load_series(
            self.conn,
            self.station,
            metric,
            self.from_ms,
            self.to_ms,
            self.given["points"],
            silence_ms,
        )


SERIES = Operation("One metric over time", answers.SeriesAnswer, (METRIC, FROM, TO, POINTS))


@series_pages.get("/api/v1/stations/<station_id>/series")
@needs("read")
@described(SERIES)
def series(station_id: str) -> Response:
    """Times, values, least and greatest per point, gaps and coverage."""
    with this_site().reading() as conn:
        asked = _Asked(conn, station_id, SERIES)
        metric = asked.metrics[0]
        found, spec = asked.load(metric), asked.spec(metric)
    coverage = found.coverage
    facts: dict[str, Any] = {
        "station": asked.station,
        "metric": metric,
        "unit": spec.unit if spec is not None else "",
        "from": iso_text(asked.from_ms),
        "to": iso_text(asked.to_ms),
        "times": [iso_text(at_ms) for at_ms in found.times_ms],
        "values": [scalar(value) for value in found.values],
        "lows": [scalar(value) for value in found.lows],
        "highs": [scalar(value) for value in found.highs],
        "counts": found.counts,
        "gaps": [
            {"from": iso_text(gap.from_ms), "to": iso_text(gap.to_ms), "reason": gap.reason}
            for gap in found.gaps
        ],
        "count": found.count,
        "coverage": {
            "expected": coverage.expected,
            "received": coverage.received,
            "late": coverage.late,
            "lost": coverage.lost,
        },
    }
    return as_json(answers.SeriesAnswer.model_validate(facts))


CURVES = Operation(
    "Several metrics of a station, for charts", answers.CurvesAnswer, (METRICS, FROM, TO, POINTS)
)


@series_pages.get("/api/v1/stations/<station_id>/curves")
@needs("read")
@described(CURVES)
def curves(station_id: str) -> Response:
    """What one chart draws."""
    with this_site().reading() as conn:
        asked = _Asked(conn, station_id, CURVES)
        drawn = [_curve(asked.load(metric)) for metric in asked.metrics]
    answer = answers.CurvesAnswer(
        station=asked.station, from_ms=asked.from_ms, to_ms=asked.to_ms, curves=drawn
    )
    return as_json(answer)


def _curve(found: Series) -> answers.Curve:
    single = found.lows == found.highs
    return answers.Curve(
        metric=found.metric,
        times_ms=found.times_ms,
        values=[scalar(value) for value in found.values],
        lows=None if single else [scalar(value) for value in found.lows],
        highs=None if single else [scalar(value) for value in found.highs],
        gaps=[
            answers.CurveGap(from_ms=gap.from_ms, to_ms=gap.to_ms, reason=gap.reason)
            for gap in found.gaps
        ],
        count=found.count,
        lost=found.coverage.lost,
    )


CSV = Operation("Every sample of a metric", answers.SeriesAnswer, (METRIC, FROM, TO), "text/csv")


@series_pages.get("/api/v1/stations/<station_id>/series.csv")
@needs("read")
@described(CSV)
def series_csv(station_id: str) -> Response:
    """Every sample of the span, as it was stored."""
    site = this_site()
    with site.reading() as conn:
        asked = _Asked(conn, station_id, CSV)
    spec = asked.spec(asked.metrics[0])
    unit = f" [{spec.unit}]" if spec is not None and spec.unit else ""
    metric, span = asked.metrics[0], (asked.from_ms, asked.to_ms)

    def lines() -> Iterator[str]:
        yield BEGIN + csv_line("time_utc", f"{metric}{unit}", "quality", "reason", "station")
        with site.reading() as own:
            key = series_key(own, asked.station, metric)
            for sample in iter_samples(own, key[0], *span) if key is not None else ():
                quality, reason = quality_word(sample.quality), reason_word(sample.quality)
                yield csv_line(iso_text(sample.at_ms), sample.value, quality, reason, asked.station)

    return download(f"{asked.station}_{metric}.csv", lines())
