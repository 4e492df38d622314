"""create_app(settings): the pages and the API over one store."""

import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from mes_server.settings import Settings
from mes_server.store.engine import open_engine
from mes_server.web.api import api_pages
from mes_server.web.api_lots import api_lots
from mes_server.web.baths import bath_api, bath_pages
from mes_server.web.binder import binder_pages
from mes_server.web.calls import call_pages
from mes_server.web.check_files import file_pages
from mes_server.web.checks import check_pages
from mes_server.web.comparison import comparison_api, comparison_pages
from mes_server.web.discharge_records import record_api, record_pages
from mes_server.web.documents import document_api
from mes_server.web.errors import answer_errors
from mes_server.web.events import FEED, HUB, event_pages
from mes_server.web.exceedances import exceedance_api, exceedance_pages
from mes_server.web.feed import Feed
from mes_server.web.firmware import firmware_api, firmware_pages
from mes_server.web.furnaces import furnace_api, furnace_pages
from mes_server.web.gauge_lines import gauge_line_pages
from mes_server.web.gauge_studies import study_pages
from mes_server.web.gauges import gauge_pages
from mes_server.web.guards import guard
from mes_server.web.handling import handling_pages
from mes_server.web.handling_rights import rights_pages
from mes_server.web.health import health_pages
from mes_server.web.holds import hold_pages
from mes_server.web.hub import Hub
from mes_server.web.identities import identity_api, identity_pages
from mes_server.web.layout import layout_of
from mes_server.web.lot_acts import lot_acts
from mes_server.web.lot_footprint import footprint_api
from mes_server.web.lot_tables import lot_tables
from mes_server.web.lots import lot_pages
from mes_server.web.marks import mark_pages
from mes_server.web.metrics import metrics_pages
from mes_server.web.nodes import node_pages
from mes_server.web.nonconformances import nc_pages
from mes_server.web.openapi import openapi_pages
from mes_server.web.outlets import outlet_api, outlet_pages
from mes_server.web.page import WATCH, furnish
from mes_server.web.paper_api import paper_api
from mes_server.web.papers import paper_pages
from mes_server.web.people import people_pages
from mes_server.web.people_api import people_api
from mes_server.web.permits import permit_pages
from mes_server.web.plant import plant_pages
from mes_server.web.problem_solving import solving_pages
from mes_server.web.proofs import proof_api, proof_pages
from mes_server.web.quality import quality_pages
from mes_server.web.recall import recall_pages
from mes_server.web.references import references
from mes_server.web.reviews import review_pages
from mes_server.web.routes import route_pages
from mes_server.web.scans import scan_pages
from mes_server.web.sign_in import sign_in_pages
from mes_server.web.site import EXTENSION, Site
from mes_server.web.sparks import EXTENSION as SPARKS
from mes_server.web.sparks import SparkCache
from mes_server.web.spc import spc_pages
from mes_server.web.station import station_pages
from mes_server.web.streams import stream_pages
from mes_server.web.tablet import tablet_pages
from mes_server.web.telemetry import series_pages
from mes_server.web.water import water_api, water_pages
from mes_server.web.water_keep import water_keep
from mes_server.web.water_keep_api import water_keep_api
from mes_server.web.water_lab import water_lab
from mes_server.web.water_lab_api import water_lab_api
from mes_server.web.work import work_pages
from schemas.station_types import load_station_types

WEB = Path(__file__).parent / "web"
BLUEPRINTS = (
    plant_pages, station_pages, node_pages, firmware_pages, firmware_api, health_pages, api_pages, series_pages, event_pages,
    openapi_pages, metrics_pages, lot_pages, lot_acts, lot_tables, recall_pages, hold_pages, api_lots, mark_pages,
    sign_in_pages, people_pages, people_api,
    scan_pages, work_pages, tablet_pages, handling_pages, rights_pages, route_pages,
    review_pages, call_pages,
    document_api, check_pages, file_pages, quality_pages, nc_pages, solving_pages,
    proof_api, proof_pages, furnace_api, furnace_pages, bath_api, bath_pages,
    paper_api, paper_pages, binder_pages, references,
    identity_api, identity_pages, spc_pages, gauge_pages, gauge_line_pages, study_pages,
    exceedance_api, exceedance_pages, record_api, record_pages,
    water_api, water_pages, permit_pages, stream_pages, outlet_pages, outlet_api,
    water_lab, water_lab_api, water_keep, water_keep_api,
    comparison_pages, comparison_api, footprint_api,
)  # fmt: skip
REQUEST_BYTES_MAX = 1_000_000
_STATIC_AGE_S = 31_536_000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _stamp(folder: Path) -> str:
    """Changes whenever a file below `folder` does: addresses of static files may be kept for ever."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def create_app(settings: Settings, clock_ms: Callable[[], int] = _now_ms) -> Flask:
    """The WSGI application. Raises ContractError when a station type cannot be used.

    It opens the store for reading only, and starts where there is none yet: pages then say so.
    """
    folder = WEB / "static"
    app = Flask(
        "mes_server.web",
        root_path=str(WEB),
        static_folder=str(folder),
        static_url_path=f"/static/{_stamp(folder)}",
    )
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _STATIC_AGE_S
    app.jinja_options = {"autoescape": True}
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.logger.setLevel(logging.INFO)
    layouts = {name: layout_of(kind) for name, kind in load_station_types().items()}
    site = Site(settings, open_engine(settings.url), layouts, clock_ms)
    app.extensions[EXTENSION] = site
    app.extensions[SPARKS] = SparkCache()
    guard(app)
    furnish(app, site)
    feed = Feed(site, app.extensions[WATCH])
    app.extensions[FEED] = feed
    app.extensions[HUB] = Hub(feed.events)
    answer_errors(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
