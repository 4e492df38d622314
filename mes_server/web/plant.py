"""The plant page: every station by area, how it stands, its few most telling values."""

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import groupby

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from mes_server.store.runs import lots_inside
from mes_server.store.series_now import SeriesNow
from mes_server.store.stations import StationView
from mes_server.web import formats
from mes_server.web.guards import needs
from mes_server.web.overview import StationNow, load_overview, load_standings
from mes_server.web.page import now_ms, words
from mes_server.web.site import this_site
from mes_server.web.sparks import Spark, SparkCache
from mes_server.web.standing import LOOKS, Band, Standing, band_of, quality_word
from schemas.samples import GOOD
from schemas.station_types import MetricSpec

plant_pages = Blueprint("plant", __name__)
_WITHOUT_CONTRACT_VALUES = 3
SHOWN_MAX = 120  # tiles on one page
OUTSIDE = "outside"
AREA = "area:"
Pair = tuple[StationView, Standing]


@dataclass(frozen=True, slots=True)
class TileValue:
    """One line of a tile."""

    metric: str
    label: str
    text: str
    unit: str
    band: Band | None
    quality: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One station as a tile."""

    station: StationNow
    title: str
    values: list[TileValue]
    spark: Spark | None
    lots: list[str] = field(default_factory=list)  # in the open run


@plant_pages.get("/")
@needs("read")
def plant() -> str:
    """The whole plant."""
    return render_template("plant/plant.html", **_content())


@plant_pages.get("/tiles")
@needs("read", quiet=True)
def tiles() -> Response | str:
    """The same without the frame: a page that is open takes it when stations come or go."""
    return render_template("plant/_tiles.html", **_content())


def _content() -> dict[str, object]:
    site = this_site()
    with site.reading() as conn:
        pairs = load_standings(site, conn, now_ms())
        asked = request.args.get("show", "")
        wanted = [pair for pair in pairs if _is_shown(asked, *pair)]
        part, leaf = _leaf(wanted, request.args.get("after"))
        stations = load_overview(site, conn, part)
        sparks = SparkCache.of_app().load(conn, stations, now_ms())
        inside = lots_inside(conn)
    made = [
        replace(_tile(one, sparks.get(one.view.id)), lots=inside.get(one.view.id, []))
        for one in stations
    ]
    looks = Counter(standing.look for _, standing in pairs)
    return {
        "areas": [(a, list(g)) for a, g in groupby(made, lambda t: t.station.view.area)],
        "all_areas": Counter(view.area for view, _ in pairs),
        "looks": [(look, looks[look]) for look in LOOKS if looks[look]],
        "outside": sum(standing.mark != "none" for _, standing in pairs),
        "stations": len(pairs),
        "many": len(pairs) > SHOWN_MAX,
        "asked": asked,
        "after": request.args.get("after"),
        **leaf,
        "mqtt": f"{site.settings.mqtt_host}:{site.settings.mqtt_port}",
    }


def _is_shown(asked: str, view: StationView, standing: Standing) -> bool:
    """`asked`: how stations stand, `outside` their limits, an area, or nothing for all."""
    if asked == OUTSIDE:
        return standing.mark != "none"
    return asked in ("", standing.look, f"{AREA}{view.area}")


def _leaf(pairs: list[Pair], after: str | None) -> tuple[list[Pair], dict[str, object]]:
    """The stations behind the one with the id `after`, and what the page says of where they are."""
    ids = [view.id for view, _ in pairs]
    first = ids.index(after) + 1 if after in ids else 0
    shown = pairs[first : first + SHOWN_MAX]
    last = first + len(shown)
    return shown, {
        "first": first + 1,
        "last": last,
        "found": len(pairs),
        "next": ids[last - 1] if last < len(pairs) else None,
    }


def _tile(station: StationNow, spark: Spark | None) -> Tile:
    t = words()
    layout = station.layout
    if layout is None:
        chosen = [s for s in station.now.values() if isinstance(s.value, int | float)]
        values = [_value(s.metric, s, None) for s in chosen[:_WITHOUT_CONTRACT_VALUES]]
        return Tile(station, station.view.type or t("station.no_type"), values, spark)
    values = [_value(m.name, station.now.get(m.name), m) for m in layout.tile]
    return Tile(station, t.one_of(layout.type.title), values, spark)


def _value(metric: str, sample: SeriesNow | None, spec: MetricSpec | None) -> TileValue:
    t = words()
    label = t.one_of(spec.title) if spec is not None else metric
    unit = spec.unit if spec is not None else ""
    if sample is None:
        return TileValue(metric, label, formats.NOTHING, unit, None, "none")
    text = formats.value_text(t, sample.value, spec)
    band = band_of(sample.value, spec) if sample.quality == GOOD else None
    return TileValue(metric, label, text, unit, band, quality_word(sample.quality))
