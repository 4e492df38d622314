"""The streams as a picture: what flows where now, how much since the working day began."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from sqlalchemy import Connection

from mes_server.actions.gather_outlet import Day, effluent_rules, stream_volume
from mes_server.actions.gather_waterworks import day_of, waterworks_at, working_day
from mes_server.domain.waterworks import Waterworks
from mes_server.store.stations import StationView, list_stations
from mes_server.web.flow_picture import HEIGHT, LINE, WIDTH, draw
from mes_server.web.guards import needs
from mes_server.web.overview import StationNow, load_station_now
from mes_server.web.page import now_ms, words
from mes_server.web.site import this_site

stream_pages = Blueprint("streams", __name__)
SHOWN = ("flow_m3_h", "feed_flow_m3_h", "ph", "conductivity_us_cm")


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """A box of the picture. `now`: None where no station measures it, or none is there of that name."""

    title: str
    now: StationNow | None
    volume_m3: float | None


@stream_pages.get("/water/streams")
@needs("read")
def streams() -> str:
    """Lines, streams, treatment and outlets with the water between them."""
    return render_template("water/streams.html", **_content())


@stream_pages.get("/water/streams/picture")
@needs("read", quiet=True)
def picture() -> str:
    """The same without the frame: a page that is open takes it while samples come."""
    return render_template("water/_streams.html", **_content())


def _content() -> dict[str, Any]:
    zone = this_site().settings.zone.key
    name = day_of(now_ms(), zone)
    day = Day(*working_day(name, zone), now_ms(), effluent_rules(name))
    with this_site().reading() as conn:
        works = waterworks_at(conn, now_ms())
        places = {} if works is None else _places(conn, works, day)
    volumes = {code: one.volume_m3 for code, one in places.items() if one.volume_m3 is not None}
    return {
        "picture": None if works is None else draw(works, volumes),
        "places": places, "shown": SHOWN, "size": (WIDTH, HEIGHT), "line": LINE,
    }  # fmt: skip


def _places(conn: Connection, works: Waterworks, day: Day) -> dict[str, PlaceNow]:
    views = {one.id: one for one in list_stations(conn)}
    lines = {one.station: _now(conn, views, one.station) for one in works.lines}
    found = {code: PlaceNow(_title(now, code), now, None) for code, now in lines.items()}
    for one in works.places:
        now = _now(conn, views, one.station)
        counts = now is not None and "total_m3" in now.now
        volume = stream_volume(conn, works, one.station, day) if counts else None
        title: Any = words().one_of(one.title)
        found[one.code] = PlaceNow(title, now, volume)
    return found


def _now(conn: Connection, views: dict[str, StationView], station: str) -> StationNow | None:
    view = views.get(station)
    return None if view is None else load_station_now(this_site(), conn, view, now_ms())


def _title(now: StationNow | None, code: str) -> str:
    if now is None or now.layout is None:
        return code
    return str(words().one_of(now.layout.type.title))
