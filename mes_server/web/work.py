"""What lies at a station and what is next there: read once, for the tablet's page and for programs."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response
from sqlalchemy import Connection

from mes_server.domain.charges import Inside, Run
from mes_server.domain.lots import Lot
from mes_server.domain.routes import Operation as RouteOperation
from mes_server.domain.routes import Route
from mes_server.domain.work import Waiting, next_step, operations_here
from mes_server.store.calls import open_calls
from mes_server.store.lines import load_line
from mes_server.store.lots import lots_in_run, lots_waiting, waiting_states
from mes_server.store.reviews import count_open
from mes_server.store.routes import list_routes
from mes_server.store.runs import open_run_at, what_is_inside
from mes_server.store.stations import load_station
from mes_server.web.answers_scans import (
    LotHereAnswer,
    NextStepAnswer,
    OperationHereAnswer,
    RouteHereAnswer,
    RunHereAnswer,
    WaitingAnswer,
    WorkAnswer,
)
from mes_server.web.api import as_json, parameters
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.identity import access
from mes_server.web.overview import load_station_now
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site

work_pages = Blueprint("work", __name__, url_prefix="/api/v1")
LOTS_MAX = 50
WORK = Operation("What lies at a station and what to do next", WorkAnswer)


@work_pages.get("/stations/<station_id>/work")
@needs("read")
@described(WORK)
def work(station_id: str) -> Response:
    """Who is here, what waits, what runs, and the one thing to do next."""
    parameters(WORK)
    with this_site().reading() as conn:
        return as_json(load_work(conn, station_id))


def load_work(conn: Connection, station_id: str) -> WorkAnswer:
    """Raises NotFound."""
    site, who = this_site(), access()
    badge = who.person.badge if who.person is not None and "scan" in who.granted else ""
    view = load_station(conn, station_id)
    if view is None:
        raise NotFound("station", station_id)
    standing = load_station_now(site, conn, view, now_ms()).standing
    routes = {route.name: route for route, _ in list_routes(conn)}
    run = open_run_at(conn, station_id)
    inside = lots_in_run(conn, run.code) if run else []
    waiting = _waiting(conn, routes, view.type or "")
    line, calls = load_line(conn, station_id), open_calls(conn, station_id)
    step = next_step(badge != "", inside, waiting, standing.look == "run")
    return WorkAnswer(
        station=station_id,
        at=iso_text(now_ms()),
        badge=badge,
        run=_run(conn, run, inside, routes) if run else None,
        waiting=[_group(group) for group in waiting],
        routes=_routes_here(routes, view.type or ""),
        mounted=dict(line.mounted),
        locked=line.locked,
        help_since=iso_text(calls[0].at_ms) if calls else None,
        reviews=count_open(conn, station_id),
        next=NextStepAnswer(do=step.do, lot=step.lot, message=words()(f"tablet.next.{step.do}")),  # type: ignore[arg-type]
    )


def waiting_here(conn: Connection, station_type: str) -> list[Waiting]:
    """What may come next at a station of this type."""
    return _waiting(conn, {route.name: route for route, _ in list_routes(conn)}, station_type)


def _waiting(conn: Connection, routes: Mapping[str, Route], station_type: str) -> list[Waiting]:
    """By route and operation, the oldest lots of each first."""
    found: dict[tuple[str, str], tuple[RouteOperation, list[Lot], int]] = {}
    for at, count in waiting_states(conn):
        route = at.route
        for operation in operations_here(routes.get(route), at.done, at.first, station_type):
            _, lots, before = found.get((route, operation.code), (operation, [], 0))
            lots = lots + lots_waiting(conn, at, LOTS_MAX)
            found[route, operation.code] = (operation, lots, before + count)
    groups = []
    for (route, _), (operation, lots, count) in sorted(found.items()):
        oldest = sorted(lots, key=lambda lot: (bool(lot.holds), lot.born_ms, lot.code))
        groups.append(Waiting(routes[route], operation, tuple(oldest[:LOTS_MAX]), count))
    return groups


def _routes_here(routes: Mapping[str, Route], station_type: str) -> list[RouteHereAnswer]:
    found = []
    for route in routes.values():
        operations = route.operations.values()
        here = [o.code for o in operations if station_type in o.station_types]
        if here:
            told = list(map(_operation, operations))
            found.append(RouteHereAnswer(route=route.name, operations=told, here=here))
    return found


def _group(group: Waiting) -> WaitingAnswer:
    return WaitingAnswer(
        route=group.route.name,
        title=dict(group.route.title),
        operation=_operation(group.operation),
        count=group.count,
        lots=[_lot(lot) for lot in group.lots],
    )


def _run(
    conn: Connection, run: Run, inside: Sequence[Lot], routes: Mapping[str, Route]
) -> RunHereAnswer:
    known_of = {one.lot: one for one in what_is_inside(conn, run.code)}
    route = routes.get(inside[0].route) if inside else None
    known = route.operations.get(run.operation) if route else None
    return RunHereAnswer(
        code=run.code,
        operation=_operation(known or RouteOperation(run.operation, {}, ())),
        opened_at=iso_text(run.opened_ms),
        lots=[_lot(lot, known_of.get(lot.code)) for lot in inside],
    )


def _operation(operation: RouteOperation) -> OperationHereAnswer:
    title = dict(operation.title)
    return OperationHereAnswer(code=operation.code, title=title, counted=not operation.makes)


def _lot(lot: Lot, inside: Inside | None = None) -> LotHereAnswer:
    return LotHereAnswer(
        code=lot.code,
        kind=lot.kind,
        part=lot.part,
        grade=lot.grade,
        pieces=lot.amount.pieces,
        mass_mg=lot.amount.mass_mg,
        holds=sorted(lot.holds.values()),
        position=inside.position if inside else "",
        since=iso_text(inside.from_ms) if inside else None,
    )
