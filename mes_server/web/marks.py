"""Runs for programs: those of a station over a span, which a chart marks; and one with its losses."""

from dataclasses import asdict

from flask import Blueprint, Response
from pydantic import Field

from mes_server.domain.losses import losses_of
from mes_server.store.ledger import load_stream
from mes_server.store.runs import load_run, lots_of_run, resources_of_run, runs_at
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


class LossesAnswer(Answer):
    """Masses of a run that is over. `missing_mg`: beyond what the operation adds or takes; below 0: too much."""

    in_mg: int
    out_mg: int
    missing_mg: int
    tolerance_mg: int
    kept: bool


class RunLotAnswer(Answer):
    """A lot in a run."""

    lot: str
    loaded_at: Time


class RunDetailAnswer(Answer):
    """One run. `losses`: null while it is open."""

    run: str
    station: str
    operation: str
    recipe: str
    opened_at: Time
    closed_at: Time | None
    lots: list[RunLotAnswer]
    resources: dict[str, list[str]] = Field(description="Names by the role they had")
    losses: LossesAnswer | None


RUN = Operation("One run with its lots, resources and losses", RunDetailAnswer)


@mark_pages.get("/api/v1/runs/<code>")
@needs("read")
@described(RUN)
def run(code: str) -> Response:
    """One run."""
    parameters(RUN)
    with this_site().reading() as conn:
        found = load_run(conn, code)
        if found is None:
            raise NotFound("run", code)
        inside = lots_of_run(conn, code)
        used: dict[str, list[str]] = {}
        for role, resource in resources_of_run(conn, code):
            used.setdefault(role, []).append(resource)
        losses = losses_of(load_stream(conn, f"charge:{code}"))
    told = None if losses is None else LossesAnswer(**asdict(losses), kept=losses.is_kept)
    answer = RunDetailAnswer(
        run=found.code,
        station=found.station,
        operation=found.operation,
        recipe=found.recipe,
        opened_at=iso_text(found.opened_ms),
        closed_at=iso_or_none(found.closed_ms),
        lots=[RunLotAnswer(lot=lot, loaded_at=iso_text(at_ms)) for lot, at_ms in inside],
        resources=used,
        losses=told,
    )
    return as_json(answer)


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
