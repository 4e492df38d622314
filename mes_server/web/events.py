"""`/api/v1/events`: what happens in the plant, as server-sent events."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from flask import Blueprint, Response, current_app, request

from mes_server.store.faults import StoreFault
from mes_server.web.feed import Feed
from mes_server.web.guards import needs
from mes_server.web.hub import RESET, Event, Hub, HubFull, stream
from mes_server.web.identity import still_granted
from mes_server.web.problems import problem

event_pages = Blueprint("events", __name__)
HUB = "lodestone-hub"
FEED = "lodestone-feed"
BEAT_S = 10.0
CHECK_S = 20.0  # with the beat: who was signed out hears nothing more after half a minute
RETRY_S = 10


@event_pages.get("/api/v1/events")
@needs("read", quiet=True)
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
    told_until = while_granted(stream(hub, listener, first, wanted, BEAT_S), still_granted("read"))
    return Response(
        told_until,
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def while_granted(
    told: Generator[str], still: Callable[[], bool], every_s: float = CHECK_S
) -> Iterator[str]:
    """What is told, until the session or token that opened the stream counts no more."""
    with closing(told):
        asked_at = time.monotonic()
        for text in told:
            if time.monotonic() - asked_at >= every_s:
                if not still():
                    return
                asked_at = time.monotonic()
            yield text


def _missed(feed: Feed) -> Sequence[Event]:
    """What came since the change number that the browser, or the page's address, names."""
    named = request.headers.get("Last-Event-ID") or request.args.get("since") or ""
    if not named.isascii() or not named.isdigit() or len(named) > 18:
        return [RESET] if named else []
    try:
        return feed.since(int(named))
    except StoreFault:
        return [RESET]
