"""The station page: its curves over any span, its present values, what went wrong here."""

from typing import Any

from flask import Blueprint, render_template, url_for
from sqlalchemy import Connection

from mes_server.store.excursions import list_excursions
from mes_server.store.losses import list_losses
from mes_server.store.rollup import any_hour
from mes_server.store.series import list_series
from mes_server.store.stations import StationView, load_station
from mes_server.web.formats import decimals
from mes_server.web.guards import needs
from mes_server.web.layout import (
    ChartGroup,
    charts_of,
    limits_of,
    reported_metrics,
    strips_of,
)
from mes_server.web.overview import load_station_now
from mes_server.web.page import now_ms, words
from mes_server.web.problems import NotFound
from mes_server.web.site import Site, this_site
from mes_server.web.standing import band_of, quality_word, reason_word
from schemas.samples import GOOD
from schemas.sparkplug import DATATYPES
from schemas.station_types import MetricSpec

station_pages = Blueprint("station", __name__)
ROWS_MAX = 50
LABEL_MAX = 12
SPANS = (
    ("1m", 60), ("10m", 600), ("1h", 3600), ("8h", 28_800), ("1d", 86_400), ("7d", 604_800),
    ("30d", 2_592_000), ("1y", 31_536_000),
)  # fmt: skip
_DATATYPE_NAMES = {code: name for name, code in DATATYPES.items()}
_NO_CODE = "string"


@station_pages.get("/stations/<station_id>")
@needs("read")
def station(station_id: str) -> str:
    """One station."""
    site = this_site()
    with site.reading() as conn:
        view = load_station(conn, station_id)
        if view is None:
            raise NotFound("station", station_id)
        content = _load(site, conn, view)
    return render_template("station/station.html", **content)


@station_pages.get("/stations/<station_id>/tables")
@needs("read", quiet=True)
def tables(station_id: str) -> str:
    """Excursions and losses alone, for a page that is open."""
    return _part("station/_history.html", station_id)


@station_pages.get("/stations/<station_id>/outside")
@needs("read", quiet=True)
def outside(station_id: str) -> str:
    """What is outside its limits now, for a page that is open."""
    return _part("station/_outside.html", station_id)


def _part(template: str, station_id: str) -> str:
    site = this_site()
    with site.reading() as conn:
        view = load_station(conn, station_id)
        if view is None:
            raise NotFound("station", station_id)
        content = _history(conn, view, site)
    return render_template(template, view=view, **content)


def _load(site: Site, conn: Connection, view: StationView) -> dict[str, Any]:
    station_now = load_station_now(site, conn, view, now_ms())
    layout = station_now.layout
    found = list_series(conn, view.id)
    series = [(s.metric, _DATATYPE_NAMES.get(s.datatype, _NO_CODE)) for s in found]
    # Ten minutes of a new station tell more than an hour that is mostly from before it was there.
    opening = "1h" if any_hour(conn, [s.series_id for s in found]) else "10m"
    metrics = reported_metrics(layout, series)
    missing = [m for m in layout.type.metrics if m not in metrics] if layout is not None else []
    return {
        "events_station": view.id,
        "view": view,
        "station": station_now,
        "layout": layout,
        "title": words().one_of(layout.type.title) if layout is not None else view.id,
        "metrics": metrics,
        "missing": missing,
        "config": _config(view, metrics) | {"span": opening},
        "spans": SPANS,
        "band_of": band_of,
        "quality_word": quality_word,
        "reason_word": reason_word,
        "GOOD": GOOD,
        **_history(conn, view, site),
    }


def _history(conn: Connection, view: StationView, site: Site) -> dict[str, Any]:
    layout = site.layout_of(view)
    known = load_station_now(site, conn, view, now_ms()).standing.known
    opened = list_excursions(conn, view.id, open_only=True, limit=ROWS_MAX) if known else []
    # What is beyond the alarm limit is beyond the normal range, too: the graver one is told.
    gravest = {e.metric: e for e in sorted(opened, key=lambda e: e.kind == "alarm")}
    return {
        "outside": sorted(gravest.values(), key=lambda e: (e.kind != "alarm", e.from_ms)),
        "excursions": list_excursions(conn, view.id, limit=ROWS_MAX),
        "losses": list_losses(conn, view.id, limit=ROWS_MAX),
        "specs": layout.by_name if layout is not None else {},
    }


def _config(view: StationView, metrics: tuple[MetricSpec, ...]) -> dict[str, Any]:
    """What the chart script needs to know; it decides nothing by itself."""
    return {
        "station": view.id,
        "curves": url_for("telemetry.curves", station_id=view.id),
        "csv": url_for("telemetry.series_csv", station_id=view.id),
        "runs": url_for("marks.runs", station_id=view.id),
        "run": url_for("lots.run", code=""),
        "lot": url_for("lots.lot", code=""),
        "spans": dict(SPANS),
        "charts": [_chart(chart) for chart in charts_of(metrics)],
        "strips": [_line(metric) for metric in strips_of(metrics)],
    }


def _chart(chart: ChartGroup) -> dict[str, Any]:
    t = words()
    members = [m for m in chart.metrics if limits_of(m.normal) == chart.normal]
    title, labels = common_title([t.one_of(m.title) for m in members])
    lines = [_line(metric) for metric in chart.metrics]
    for line, label in zip(lines, labels, strict=False):
        line["label"] = label
    return {
        "key": chart.key,
        "title": title,
        "unit": chart.unit,
        "log": chart.scale == "log",
        "normal": chart.normal,
        "alarm": chart.alarm,
        "lines": lines,
    }


def common_title(titles: list[str]) -> tuple[str, list[str]]:
    """What titles share said once, and what is left of each: `Zone 1 … 6 temperature`, `Zone 1`."""
    if len(titles) == 1:
        return titles[0], titles
    first, last = titles[0], titles[-1]
    ahead = _shared(titles)
    behind = _shared([title[ahead:][::-1] for title in titles])
    if any(len(title) - ahead - behind < 2 and not title[ahead].isascii() for title in titles):
        behind -= bool(behind)  # one Chinese character alone says too little: 一区, not 一
    end = len(first) - behind
    title = f"{first[:ahead]}{first[ahead:end]} … {last[ahead : len(last) - behind]}{first[end:]}"
    labels = [text[: len(text) - behind].strip() for text in titles]
    if max(len(label) for label in labels) > LABEL_MAX:
        labels = [label[ahead:].strip() for label in labels]
    return title, [label or text for label, text in zip(labels, titles, strict=True)]


def _shared(texts: list[str]) -> int:
    """How many characters all of them begin with."""
    columns = zip(*texts, strict=False)
    return next(
        (at for at, column in enumerate(columns) if len(set(column)) > 1), min(map(len, texts))
    )


def _line(metric: MetricSpec) -> dict[str, Any]:
    return {
        "name": metric.name,
        "title": words().one_of(metric.title),
        "label": words().one_of(metric.title),
        "places": decimals(metric),
        "whole": metric.datatype not in ("double", "float"),
        "stepped": metric.kind != "analog",
        "report_ms": metric.report_ms,
    }
