"""Samples of water as pages: what is due and on its way, one sample with its custody and results; as CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template
from sqlalchemy import Connection

from mes_server.actions.gather_water_lab import (
    DAY_MS,
    SampleDue,
    is_on_its_way,
    samples_due,
    usual_methods,
)
from mes_server.actions.gather_waterworks import (
    day_of,
    known_pollutants,
    pollutants_on,
    waterworks_at,
)
from mes_server.domain.water_samples import HANDED, RECEIVED, TAKEN, Result, WaterSample
from mes_server.domain.waterworks import Place
from mes_server.store.water_samples import (
    Sought,
    count_refused,
    list_refused,
    list_samples,
    load_sample,
)
from mes_server.web.downloads import BEGIN, csv_line, download
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.page import now_ms
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site
from mes_server.web.water_answers import plain, refused_answer

water_lab = Blueprint("water_lab", __name__)
SHOWN = 60
AWAY_MAX = 200
REFUSED_SHOWN = 20
REFUSED_DAYS = 30
CSV_ROWS = 20_000
COLUMNS = (
    "sample", "place", "kind", "begun_utc", "ended_utc", "state", "person", "lab", "report", "pollutant",
    "qualifier", "value", "unit", "method", "lod", "refused", "voided",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outlet:
    """A place where samples are taken. `dues`: what its permit and the dated row ask for."""

    place: Place
    dues: tuple[SampleDue, ...]


@water_lab.get("/water/lab")
@needs("read")
def lab() -> str:
    """What is due, what is on its way, the newest, and what was refused and why."""
    with this_site().reading() as conn:
        outlets, others = _places(conn)
        samples = list_samples(conn, Sought(), SHOWN)
        away = list_samples(conn, Sought(states=(TAKEN, HANDED, RECEIVED)), AWAY_MAX)
        refused = [(one, refused_answer(one)) for one in list_refused(conn, REFUSED_SHOWN)]
        count = count_refused(conn, now_ms() - REFUSED_DAYS * DAY_MS)
    return render_template(
        "water/lab.html", outlets=outlets, others=others, pollutants=known_pollutants(), samples=samples,
        way=_on_their_way(samples, away), refused=refused, refused_count=count,
        days=REFUSED_DAYS,
    )  # fmt: skip


def _on_their_way(newest: Sequence[WaterSample], away: Sequence[WaterSample]) -> list[WaterSample]:
    """Those of which something is still to come, however old; of reported ones, those among the newest."""
    found = {one.code: one for one in [*newest, *away] if is_on_its_way(one)}
    return sorted(found.values(), key=lambda one: (one.from_ms, one.code), reverse=True)


def _places(conn: Connection) -> tuple[list[Outlet], list[Place]]:
    """The outlets with what is due, and the other places."""
    works = waterworks_at(conn, now_ms())
    if works is None:
        return [], []
    dues = samples_due(conn, now_ms(), this_site().settings.zone.key)
    outlets = [
        Outlet(place, tuple(one for one in dues if one.place == place)) for place in works.outlets
    ]
    return outlets, [one for one in works.places if one not in works.outlets]


@water_lab.get("/water/lab.csv")
@needs("read")
def lab_csv() -> Response:
    """Every figure of every sample, also those that count for nothing, with why."""
    with this_site().reading() as conn:
        found = list_samples(conn, Sought(), CSV_ROWS)

    def lines() -> Iterator[str]:
        yield BEGIN + csv_line(*COLUMNS)
        for one in found:
            figures = [*one.results, *one.refused]
            yield from [_line(one, result) for result in figures] or [_line(one, None)]

    return download("water_samples.csv", lines())


def _line(one: WaterSample, result: Result | None) -> str:
    figure: tuple[str, ...] = ("",) * 7
    if result is not None:
        figure = (
            result.pollutant, result.qualifier, plain(result.value), result.unit, result.method,
            plain(result.lod), result.refused,
        )  # fmt: skip
    report = result.report if result is not None else ""
    return csv_line(
        one.code, one.place, one.kind, iso_text(one.from_ms), iso_text(one.to_ms), one.state,
        one.custody[0].person, one.lab, report, *figure, one.voided,
    )  # fmt: skip


@water_lab.get("/water/lab/<code>")
@needs("read")
def sample(code: str) -> str:
    """One sample: the hands it went through, its results, the form for a report."""
    with this_site().reading() as conn:
        found = load_sample(conn, code.strip().upper())
        if found is None:
            raise NotFound("water_sample", code)
        works = waterworks_at(conn, found.from_ms) or waterworks_at(conn, now_ms())
        usual = usual_methods(conn, now_ms())
    pollutants = pollutants_on(day_of(found.from_ms, "UTC"))
    there = {one.pollutant for one in found.results}
    first = [one for one in found.missing if one in pollutants]
    rest = [one for one in pollutants if one not in there and one not in first]
    return render_template(
        "water/sample.html", sample=found, place=works.place(found.place) if works else None, first=first, rest=rest,
        pollutants=pollutants, usual=usual, received=RECEIVED in {one.kind for one in found.custody},
    )  # fmt: skip
