"""`/api/v1/events`: what happens in the plant, as server-sent events."""

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, request

from mes_server.store.faults import StoreFault
from mes_server.web.feed import Feed
from mes_server.web.hub import RESET, Event, Hub, HubFull, stream
from mes_server.web.problems import problem

event_pages = Blueprint("events", __name__)
HUB = "lodestone-hub"
FEED = "lodestone-feed"
BEAT_S = 10.0
RETRY_S = 10


@event_pages.get("/api/v1/events")
def events() -> Response:
    """Samples, stations, health and alarms as they change; `station` leaves only that station's."""
    hub: Hub = current_app.extensions[HUB]
    feed: Feed = current_app.extensions[FEED]
    station = request.args.get("station")
    feed.begin()
    try:
        listener = hub.join()
    except HubFull:
        answer = problem(503, "events_full")
        answer.headers["Retry-After"] = str(RETRY_S)
        return answer

    def wanted(event: Event) -> bool:
        return station is None or event.station is None or event.station == station

    told = (*feed.standings(), *_missed(feed))
    first = [feed.hello(), *(event for event in told if wanted(event))]
    return Response(
        stream(hub, listener, first, wanted, BEAT_S),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _missed(feed: Feed) -> Sequence[Event]:
    """What came since the change number that the browser, or the page's address, names."""
    named = request.headers.get("Last-Event-ID") or request.args.get("since") or ""
    if not named.isascii() or not named.isdigit() or len(named) > 18:
        return [RESET] if named else []
    try:
        return feed.since(int(named))
    except StoreFault:
        return [RESET]
