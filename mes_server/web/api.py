"""/api/v1 for programs: stations, nodes, health, quarantine, station types."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel

from mes_server.store.nodes import NodePart, list_nodes, node_name
from mes_server.store.quarantine import list_quarantine
from mes_server.store.stations import load_station
from mes_server.web import answers, answers_system
from mes_server.web.api_words import (
    health_answer,
    latest_answer,
    node_answer,
    quarantined_answer,
    station_answer,
    station_type_answer,
)
from mes_server.web.feed import alarm_facts
from mes_server.web.guards import needs
from mes_server.web.overview import StationNow, load_standings, load_station_now
from mes_server.web.page import now_ms, this_watch, words
from mes_server.web.parameters import Operation, Parameter, described, read_parameters
from mes_server.web.problems import BadParameter, BadRequest, NotFound
from mes_server.web.site import this_site

api_pages = Blueprint("api", __name__, url_prefix="/api/v1")
LIMIT_MAX = 1000
Item = TypeVar("Item")

LIMIT = Parameter("limit", "whole", "How many items at most", default=200, low=1, high=LIMIT_MAX)
AFTER = Parameter("after", "text", "`next` of the page before")
PAGED = (LIMIT, AFTER)


def as_json(answer: BaseModel) -> Response:
    """A model as the answer to a request."""
    text = answer.model_dump_json(by_alias=True)
    return Response(text, mimetype="application/json")


def parameters(operation: Operation) -> dict[str, Any]:
    """The query parameters of this request; raises BadRequest with all faults."""
    return read_parameters(operation.parameters, request.args, words())


def page_of(
    items: Sequence[Item], key: Callable[[Item], str], given: dict[str, Any]
) -> tuple[Sequence[Item], str | None]:
    """The items behind the cursor, and the cursor behind them; `items` are sorted by `key`."""
    if given["after"] is not None:
        last = key_of(given["after"])
        items = [item for item in items if key(item) > last]
    return first_of(items, key, given)


def first_of(
    items: Sequence[Item], key: Callable[[Item], str], given: dict[str, Any]
) -> tuple[Sequence[Item], str | None]:
    """As many items as were asked for, and the cursor behind them where there are more."""
    shown = items[: given["limit"]]
    return shown, cursor(key(shown[-1])) if len(items) > len(shown) else None


def cursor(key: str) -> str:
    """A cursor that names a key."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(text: str) -> str:
    """The key that a cursor names; raises BadRequest."""
    try:
        return base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
        ).decode()
    except (binascii.Error, ValueError):
        raise no_cursor() from None


def no_cursor() -> BadRequest:
    """What a text that is no cursor is answered with."""
    t = words()
    return BadRequest([BadParameter("after", t("query.cursor"), t("query.cursor.next"))])


def number_of(text: str | None) -> int | None:
    """The key a cursor of a list by number names; raises BadRequest."""
    if text is None:
        return None
    key = key_of(text)
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise no_cursor()
    return int(key)


STATIONS = Operation("All stations", answers.StationsAnswer, PAGED)


@api_pages.get("/stations")
@needs("read")
@described(STATIONS)
def stations() -> Response:
    """All stations by id."""
    given = parameters(STATIONS)
    site = this_site()
    with site.reading() as conn:
        found = [
            StationNow(view, site.layout_of(view), standing, {})
            for view, standing in load_standings(site, conn, now_ms())
        ]

    def station_id(station: StationNow) -> str:
        return station.view.id

    shown, after = page_of(sorted(found, key=station_id), station_id, given)
    return as_json(
        answers.StationsAnswer(items=[station_answer(station) for station in shown], next=after)
    )


STATION = Operation("One station with its latest samples", answers.StationDetailAnswer)


@api_pages.get("/stations/<station_id>")
@needs("read")
@described(STATION)
def station(station_id: str) -> Response:
    """One station."""
    parameters(STATION)
    site = this_site()
    with site.reading() as conn:
        view = load_station(conn, station_id)
        if view is None:
            raise NotFound("station", station_id)
        found = load_station_now(site, conn, view, now_ms())
    latest = [latest_answer(sample, found.layout) for sample in found.now.values()]
    facts = dict(station_answer(found))
    return as_json(answers.StationDetailAnswer(**facts, metrics=latest))


NODES = Operation("All edge nodes", answers_system.NodesAnswer, PAGED)


@api_pages.get("/nodes")
@needs("read")
@described(NODES)
def nodes() -> Response:
    """All edge nodes by group and name."""
    given = parameters(NODES)
    after = None
    if given["after"] is not None:
        group, _, name = key_of(given["after"]).partition("/")
        if not name:
            raise no_cursor()
        after = (group, name)
    with this_site().reading() as conn:
        found = list_nodes(conn, NodePart(given["limit"] + 1, after))
    shown, following = first_of(found, lambda n: node_name(n.group, n.node), given)
    items = [node_answer(node) for node in shown]
    return as_json(answers_system.NodesAnswer(items=items, next=following))


HEALTH = Operation("Whether the plant's data is being collected", answers_system.HealthAnswer)


@api_pages.get("/health")
@needs("read")
@described(HEALTH)
def health() -> Response:
    """The same as the health page; /healthz says it with a status code."""
    parameters(HEALTH)
    return as_json(health_answer(this_watch().facts()))


ALARMS = Operation("Open alarms of the system", answers_system.AlarmsAnswer, PAGED)


@api_pages.get("/alarms")
@needs("read")
@described(ALARMS)
def alarms() -> Response:
    """All open alarms of the system, the last opened first."""
    given = parameters(ALARMS)
    before = number_of(given["after"])
    found = sorted(this_watch().facts().alarms, key=lambda alarm: -alarm.id)
    found = [alarm for alarm in found if before is None or alarm.id < before]
    shown, following = first_of(found, lambda alarm: str(alarm.id), given)
    items = [answers_system.AlarmAnswer.model_validate(alarm_facts(alarm)) for alarm in shown]
    return as_json(answers_system.AlarmsAnswer(items=items, next=following))


QUARANTINE = Operation(
    "Messages that could not be understood", answers_system.QuarantineAnswer, PAGED
)


@api_pages.get("/quarantine")
@needs("read")
@described(QUARANTINE)
def quarantine() -> Response:
    """What waits in quarantine, the latest first."""
    given = parameters(QUARANTINE)
    before = number_of(given["after"])
    with this_site().reading() as conn:
        found = list_quarantine(conn, limit=given["limit"] + 1, before=before)
    shown, following = first_of(found, lambda message: str(message.id), given)
    items = [quarantined_answer(message) for message in shown]
    return as_json(answers_system.QuarantineAnswer(items=items, next=following))


STATION_TYPES = Operation("All station types", answers.StationTypesAnswer, PAGED)


@api_pages.get("/station-types")
@needs("read")
@described(STATION_TYPES)
def station_types() -> Response:
    """The contracts of this version."""
    given = parameters(STATION_TYPES)
    types = [layout.type for layout in this_site().layouts.values()]
    shown, after = page_of(sorted(types, key=lambda t: t.type), lambda t: t.type, given)
    return as_json(
        answers.StationTypesAnswer(items=[station_type_answer(t) for t in shown], next=after)
    )


@api_pages.route("/<path:rest>")
@needs("read")
def nothing(rest: str) -> Response:
    """An address under /api/v1 that is not one of ours."""
    current_app.logger.debug("no such address: %s", rest)
    raise NotFound("address", request.path)
