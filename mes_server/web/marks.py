"""The runs of a station over a span with the lots in them: what a chart marks on its time axis."""

from flask import Blueprint, Response

from mes_server.store.runs import lots_of_run, runs_at
from mes_server.store.stations import load_station
from mes_server.web.answers import Answer, Cursor, Time
from mes_server.web.api import PAGED, as_json, page_of, parameters
from mes_server.web.api_words import iso_or_none
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site
from mes_server.web.telemetry import FROM, HOUR_MS, TO

mark_pages = Blueprint("marks", __name__)
LOTS_MAX = 20


class RunAnswer(Answer):
    """A run of a station. `lots`: the first 20 of `count`."""

    run: str
    operation: str
    opened_at: Time
    closed_at: Time | None
    lots: list[str]
    count: int


class RunsAnswer(Answer):
    """Runs in the order in which they began."""

    items: list[RunAnswer]
    next: Cursor


RUNS = Operation("The runs of a station with their lots", RunsAnswer, (FROM, TO, *PAGED))


@mark_pages.get("/api/v1/stations/<station_id>/runs")
@needs("read")
@described(RUNS)
def runs(station_id: str) -> Response:
    """Runs that touch a span."""
    given = parameters(RUNS)
    to_ms = given["to"] if given["to"] is not None else now_ms()
    from_ms = given["from"] if given["from"] is not None else to_ms - HOUR_MS
    with this_site().reading() as conn:
        if load_station(conn, station_id) is None:
            raise NotFound("station", station_id)
        found = runs_at(conn, station_id, from_ms, to_ms)
        shown, following = page_of(found, lambda run: f"{run.opened_ms:016d}{run.code}", given)
        inside = {run.code: [lot for lot, _ in lots_of_run(conn, run.code)] for run in shown}
    items = [
        RunAnswer(
            run=run.code,
            operation=run.operation,
            opened_at=iso_text(run.opened_ms),
            closed_at=iso_or_none(run.closed_ms),
            lots=inside[run.code][:LOTS_MAX],
            count=len(inside[run.code]),
        )
        for run in shown
    ]
    return as_json(RunsAnswer(items=items, next=following))
