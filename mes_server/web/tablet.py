"""The station tablet: the page of a worker in gloves, what installs it, and what keeps it offline."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from mes_server.domain.cards import meant_by
from mes_server.store.stations import StationView, list_stations, load_station
from mes_server.translations import LANGUAGES
from mes_server.web.answers_scans import WorkAnswer
from mes_server.web.guards import CAMERA_HEADERS, needs
from mes_server.web.layout import Layout, is_number
from mes_server.web.overview import StationNow, load_station_now
from mes_server.web.page import THEMES, now_ms, words
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site
from mes_server.web.standing import band_of, quality_word
from mes_server.web.words import Words, texts_of
from mes_server.web.work import load_work
from schemas.samples import GOOD
from schemas.station_types import MetricSpec

tablet_pages = Blueprint("tablet", __name__, url_prefix="/station")
TEXTS = (
    "tablet.",
    "refusal.",
    "scan_kind.",
    "lot_status.",
    "qualification.",
    "language.",
    "gauge_fault.",
    "js.",
    "state.",
    "value.",
)
VALUES_MAX = 6
# All that the page needs while the server cannot be reached: the service worker keeps it.
KEPT = (
    "tablet.css", "base.css", "dark.css", "signs.svg", "icon.svg", "tablet.js", "tablet_wedge.js",
    "tablet_store.js", "tablet_queue.js", "tablet_view.js", "tablet_unload.js", "tablet_words.js",
    "tablet_sound.js", "tablet_looks.js", "tablet_codes.js", "tablet_tell.js", "tablet_people.js", "live.js",
    "words.js", "acts.js", "tablet_state.js", "tablet_submit.js", "tablet_camera.js", "code_reader.js", "tablet_pad.js", "tablet_sheet.js",
    "tablet_lots.js", "tablet_station.js", "tablet_checks.js", "tablet_gauge.js", "vendor/zxing/share.js",
    "vendor/zxing/reader/index.js", "vendor/zxing/reader/zxing_reader.wasm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Titles:
    """A text in both languages: the page switches without the server."""

    en: str
    zh: str


@tablet_pages.get("/<station_id>/tablet")
@needs("read")
def tablet(station_id: str) -> BaseResponse:
    """The page. What it shows of lots it asks for anew all the time; this is where it begins.

    A station's card names it in capitals and without underscores: that leads to its page.
    """
    site = this_site()
    with site.reading() as conn:
        view = load_station(conn, station_id)
        if view is None:
            return _by_card(conn, station_id)
        station = load_station_now(site, conn, view, now_ms())
        work = load_work(conn, station_id)
    page = render_template(
        "tablet/tablet.html",
        view=view,
        station=station,
        config=_config(station, work),
        titles=_titles(view, station.layout),
        metrics=_metrics(station.layout),
        texts={language: texts_of(language, TEXTS) for language in LANGUAGES},
        both=_both,
        band_of=band_of,
        quality_word=quality_word,
        GOOD=GOOD,
    )
    return Response(page, mimetype="text/html", headers=CAMERA_HEADERS)


def _config(station: StationNow, work: WorkAnswer) -> dict[str, Any]:
    """Addresses and beginnings for the scripts; they decide nothing by themselves."""
    station_id, standing = station.view.id, station.standing
    return {
        "station": station_id,
        "work": url_for("work.work", station_id=station_id),
        "due": url_for("checks.get_due", station_id=station_id),
        "gauge_lines": url_for("gauge_lines.get_lines_here", station_id=station_id),
        "checks": url_for("checks.post_check"),
        "acknowledge": url_for("checks.post_acknowledged"),
        "stop": url_for("checks.post_stop", station_id=station_id),
        "scans": url_for("scans.post_scan"),
        "unload": url_for("scans.post_unload", code="CODE"),
        "undo": url_for("scans.post_undo", scan_id="SCAN"),
        "lots": url_for("handling.receive") + "/CODE",
        "clear": url_for("handling_rights.clear", station_id=station_id),
        "resources": url_for("handling_rights.mount", station_id=station_id),
        "help": url_for("calls.call", station_id=station_id),
        "tablet": url_for("tablet.tablet", station_id="STATION"),
        "sign_in": url_for("sign_in.enter"),
        "sign_out": url_for("sign_in.leave"),
        "stay": url_for("sign_in.stay"),
        "reader": url_for("static", filename="vendor/zxing/reader/zxing_reader.wasm"),
        "lock_ms": this_site().settings.station_lock_s * 1000,
        "worker": url_for("tablet.service_worker"),
        "kept": [url_for("static", filename=name) for name in KEPT],
        "stamp": current_app.static_url_path,
        "themes": THEMES,
        "begin": work.model_dump(),
        "standing": {"look": standing.look, "known": standing.known},
    }


def _by_card(conn: Connection, name: str) -> BaseResponse:
    meant = meant_by(name.upper(), [view.id for view in list_stations(conn)])
    if meant is None:
        raise NotFound("station", name)
    return redirect(url_for("tablet.tablet", station_id=meant))


@tablet_pages.get("/<station_id>/tablet.webmanifest")
@needs("read", quiet=True)
def manifest(station_id: str) -> Response:
    """What the browser asks to install the page as an app."""
    with this_site().reading() as conn:
        view = load_station(conn, station_id)
    if view is None:
        raise NotFound("station", station_id)
    titles = _titles(view, this_site().layout_of(view))
    name = f"{words().one_of({'en': titles.en, 'zh': titles.zh})} {view.id}"
    page = url_for("tablet.tablet", station_id=view.id)
    icon = {"src": url_for("static", filename="icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    answer = jsonify(
        {
            "name": name,
            "short_name": view.id,
            "id": page,
            "start_url": page,
            "scope": "/station/",
            "display": "standalone",
            "background_color": "#dde1e4",
            "theme_color": "#eef0f2",
            "icons": [icon],
        }
    )
    answer.mimetype = "application/manifest+json"
    return answer


@tablet_pages.get("/worker.js")
@needs("read", quiet=True)
def service_worker() -> Response:
    """The service worker; its address says for which pages it works."""
    answer = current_app.send_static_file("tablet_worker.js")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _both(titles: dict[str, str]) -> Titles:
    return Titles(Words("en").one_of(titles), Words("zh").one_of(titles))


def _titles(view: StationView, layout: Layout | None) -> Titles:
    return _both(layout.type.title) if layout is not None else Titles(view.id, view.id)


def _metrics(layout: Layout | None) -> tuple[MetricSpec, ...]:
    """Those with limits, the leading ones of the plant page first."""
    if layout is None:
        return ()
    watched = [m for m in layout.type.metrics if is_number(m.datatype) and (m.normal or m.alarm)]
    ranked = sorted(watched, key=lambda m: m not in layout.tile)
    chosen = ranked[:VALUES_MAX]
    return tuple(m for m in layout.type.metrics if m in chosen)
