"""/api/v1 for what gauges send by themselves: given by the machine beside them, taken by the tablet of the station."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Connection

from mes_server.actions.keep_gauge_lines import Heard, Source, keep_lines
from mes_server.actions.keep_studies import against_gauge
from mes_server.domain.control_plan import Characteristic, plan_of
from mes_server.domain.gauge_lines import Asked, GaugeLine, line_faults
from mes_server.settings import Settings
from mes_server.store.documents import load_named
from mes_server.store.gauge_lines import lines_after, newest_lines, newest_number
from mes_server.store.gauges import load_gauge
from mes_server.store.stations import load_station
from mes_server.web import answers_gauge_lines as shapes
from mes_server.web.answers_lots import RefusalAnswer
from mes_server.web.api import as_json, parameters
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.identity import access
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, Parameter, described
from mes_server.web.problems import NotFound
from mes_server.web.refusals import refusal_items
from mes_server.web.site import this_site
from schemas.limit_rows import LimitError
from schemas.line_protocols import find_protocol

gauge_line_pages = Blueprint("gauge_lines", __name__, url_prefix="/api/v1")
_SHOWN = 100
_AT_ONCE = 50
HERE = Operation(
    "What gauges sent at a station since a line, and whether it may be taken",
    shapes.LinesHereAnswer,
    (
        Parameter("plan", "text", 'Under which it would be taken: "code/revision"', required=True),
        Parameter("characteristic", "text", "For which it would be taken", required=True),
        Parameter("gauge", "text", "That is told already", default=""),
        Parameter("after", "whole", "`last` of the answer before; left out: nothing yet, just `last`",
                  default=-1, high=2**53),
    ),
)  # fmt: skip


@gauge_line_pages.post("/gauges/<code>/lines")
@needs("listen")
@described(Operation("A gauge sent lines", shapes.LinesKeptAnswer, body=shapes.LinesBody))
def post_lines(code: str) -> Response:
    """Each is kept once, whatever it says; what is none is kept with its fault."""
    body, site, now = read_body(shapes.LinesBody), this_site(), now_ms()
    with site.reading() as conn:
        if load_gauge(conn, code) is None:
            raise NotFound("gauge", code)
        if load_station(conn, body.station) is None:
            raise NotFound("station", body.station)
    person = access().person
    source = Source(
        code, body.station, body.protocol, protocol_of(site.settings, body.protocol),
        person.badge if person is not None else "",
    )  # fmt: skip
    heard = [Heard(one.id, now - one.age_ms, bytes.fromhex(one.raw)) for one in body.lines]
    fresh = keep_lines(site.engine, source, heard, now)
    return as_json(shapes.LinesKeptAnswer(kept=len(heard), fresh=fresh))


def protocol_of(settings: Settings, name: str) -> dict[str, Any]:
    """A protocol of this plant, or one of ours; raises NotFound, for one with faults too."""
    try:
        return find_protocol(name, str(settings.data_dir / "line_protocols"))
    except (OSError, LimitError) as fault:
        raise NotFound("protocol", name) from fault


@gauge_line_pages.get("/gauges/<code>/lines")
@needs("read")
@described(Operation("What a gauge sent last", shapes.LinesAnswer))
def get_lines(code: str) -> Response:
    """The newest first, each with the check that took it."""
    with this_site().reading() as conn:
        if load_gauge(conn, code) is None:
            raise NotFound("gauge", code)
        found = newest_lines(conn, code, _SHOWN)
    return as_json(shapes.LinesAnswer(items=[shapes.LineAnswer(**_facts(one)) for one in found]))


@gauge_line_pages.get("/stations/<station_id>/gauge-lines")
@needs("read", quiet=True)
@described(HERE)
def get_lines_here(station_id: str) -> Response:
    """For the tablet whose sheet of a check is open: asked again and again while it is."""
    said = parameters(HERE)
    with this_site().reading() as conn:
        if load_station(conn, station_id) is None:
            raise NotFound("station", station_id)
        line = _planned(conn, said["plan"], said["characteristic"])
        last = newest_number(conn)
        if said["after"] < 0:
            return as_json(shapes.LinesHereAnswer(last=last, items=[]))
        found = lines_after(conn, station_id, said["after"], _AT_ONCE)
        asked = Asked(station_id, line.unit, said["gauge"])
        items = [_here(conn, one, line, asked) for one in found]
    last = found[-1].number if len(found) == _AT_ONCE else last
    return as_json(shapes.LinesHereAnswer(last=last, items=items))


def _planned(conn: Connection, plan: str, characteristic: str) -> Characteristic:
    document = load_named(conn, "plan", plan)
    line = plan_of(document).find(characteristic) if document is not None else None
    if line is None:
        raise NotFound("characteristic", characteristic)
    return line


def _here(
    conn: Connection, one: GaugeLine, line: Characteristic, asked: Asked
) -> shapes.LineHereAnswer:
    refused = line_faults(one, asked) or against_gauge(conn, one.gauge, line, now_ms())
    told = [RefusalAnswer(**item) for item in refusal_items(refused)]
    return shapes.LineHereAnswer(**_facts(one), refusals=told)


def _facts(one: GaugeLine) -> dict[str, Any]:
    names = (
        "number", "gauge", "station", "protocol", "raw", "text", "value", "unit", "fault", "check",
    )  # fmt: skip
    times = {"at": iso_text(one.at_ms), "received_at": iso_text(one.noted_ms)}
    return {name: getattr(one, name) for name in names} | times
