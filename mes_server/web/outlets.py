"""Outlets today and day by day: pages, the table of a day's hours, and /api/v1/effluent."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template
from sqlalchemy import Connection

from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.gather_waterworks import day_of, pollutants_on, waterworks_at
from mes_server.domain.discharge import OutletDay, PollutantDay, Verdict
from mes_server.domain.waterworks import Place
from mes_server.store.water import samples_of
from mes_server.web import answers_outlets as shapes
from mes_server.web.api import as_json, parameters
from mes_server.web.day_chart import picture_of
from mes_server.web.downloads import BEGIN, csv_line, download
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.outlet_days import SIGNS, note_texts, share_of, today_of, worst_first
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, Parameter, described
from mes_server.web.permits import CERTAINTIES
from mes_server.web.problems import BadParameter, BadRequest, NotFound
from mes_server.web.site import this_site

outlet_pages = Blueprint("outlets", __name__)
outlet_api = Blueprint("outlet_api", __name__, url_prefix="/api/v1")
DAYS_MAX = 31
COLUMNS = (
    "what", "pollutant", "unit", "from_utc", "to_utc", "mean", "low", "high", "volume_m3", "covered",
    "status", "limit", "averaging", "source", "certainty", "reason", "count", "sample",
)  # fmt: skip


@outlet_pages.get("/water/outlets")
@needs("read")
def outlets() -> str:
    """Every outlet today, the worst first."""
    return render_template("water/outlets.html", **_content())


@outlet_pages.get("/water/outlets/today")
@needs("read", quiet=True)
def today() -> str:
    """The same without the frame: a page that is open takes it while samples come."""
    return render_template("water/_outlets.html", **_content())


def _content() -> dict[str, Any]:
    with this_site().reading() as conn:
        shown = today_of(conn, now_ms())
    return {"shown": shown, **_helpers(shown[0].day.day if shown else _today())}


def _today() -> str:
    return day_of(now_ms(), this_site().settings.zone.key)


def _helpers(day: str) -> dict[str, Any]:
    return {
        "pollutants": pollutants_on(day), "signs": SIGNS, "share_of": share_of, "certainties": CERTAINTIES,
        "notes_of": note_texts,
    }  # fmt: skip


@outlet_pages.get("/water/outlets/<outlet>/<day>")
@needs("read")
def day(outlet: str, day: str) -> str:
    """One day: its hours, what was left out, samples, verdicts with their sources, the lots of that time."""
    with this_site().reading() as conn:
        place, found = _load(conn, outlet, day)
        samples = samples_of(conn, outlet, found.from_ms, found.to_ms)
    told = worst_first(found.pollutants)
    pictures = {one.pollutant: picture_of(one, found.to_ms, now_ms()) for one in told}
    begun = date.fromisoformat(day)
    return render_template(
        "water/outlet_day.html", place=place, day=found, told=told, pictures=pictures, samples=samples,
        before=(begun - timedelta(days=1)).isoformat(),
        after=(begun + timedelta(days=1)).isoformat() if day < _today() else "", **_helpers(day),
    )  # fmt: skip


@outlet_pages.get("/water/outlets/<outlet>/<day>/hours.csv")
@needs("read")
def hours(outlet: str, day: str) -> Response:
    """Hours, verdicts and what was left out, as a table."""
    with this_site().reading() as conn:
        _, found = _load(conn, outlet, day)
    return download(f"{outlet}_{day}.csv", _rows(found))


def _load(conn: Connection, outlet: str, day: str) -> tuple[Place, OutletDay]:
    works = waterworks_at(conn, now_ms())
    place = None if works is None else works.place(outlet)
    if works is None or place not in works.outlets or place is None:
        raise NotFound("outlet", outlet)
    if not _is_day(day):
        raise NotFound("outlet", f"{outlet} {day}")
    found = assess_day(conn, outlet, day, this_site().settings.zone.key, now_ms())
    if found is None:
        raise NotFound("outlet", outlet)
    return place, found


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text and "2000" <= text < "2200"
    except ValueError:
        return False


def _rows(found: OutletDay) -> Iterator[str]:
    yield BEGIN + csv_line(*COLUMNS)
    for one in found.pollutants:
        head = (one.pollutant, one.unit)
        span = (iso_text(found.from_ms), iso_text(found.to_ms))
        yield csv_line("day", *head, *span, one.mean, one.low, one.high, found.volume_m3, one.covered,
                       one.status, None, one.by, None, None, None, one.count, None)  # fmt: skip
        for hour in one.hours:
            ends = (iso_text(hour.from_ms), iso_text(hour.from_ms + 3_600_000))
            yield csv_line("hour", *head, *ends, hour.mean, hour.low, hour.high, hour.volume_m3, hour.covered,
                           *([None] * 8))  # fmt: skip
        for verdict in one.verdicts:
            yield csv_line("verdict", *head, *span, verdict.value, None, None, None, None, verdict.status,
                           limit_text(verdict), verdict.limit.averaging, verdict.limit.source,
                           verdict.limit.certainty, None, None, verdict.sample)  # fmt: skip
        for gone in one.excluded:
            ends = (iso_text(gone.from_ms), iso_text(gone.to_ms))
            yield csv_line("excluded", *head, *ends, *([None] * 10), gone.reason, gone.count, gone.code)  # fmt: skip


def limit_text(verdict: Verdict) -> str:
    """A limit as it is read."""
    limit = verdict.limit
    if limit.low is not None and limit.high is not None:
        return f"{limit.low} – {limit.high}"
    return f"≤ {limit.high}" if limit.high is not None else f"≥ {limit.low}"


OUTLETS = Operation("Outlets, and how their running day stands", shapes.OutletsAnswer)


@outlet_api.get("/effluent/outlets")
@needs("read")
@described(OUTLETS)
def get_outlets() -> Response:
    """The worst first; none: no waterworks are released."""
    parameters(OUTLETS)
    with this_site().reading() as conn:
        shown = today_of(conn, now_ms())
    items = [
        shapes.OutletNowAnswer(
            outlet=one.place.code, kind=one.place.kind, title=words().one_of(one.place.title),  # type: ignore[arg-type]
            station=one.place.station, permit=one.day.permit, day=one.day.day, status=one.day.status,  # type: ignore[arg-type]
            volume_m3=one.day.volume_m3, ratio=one.day.ratio,
        )
        for one in shown
    ]  # fmt: skip
    return as_json(shapes.OutletsAnswer(items=items))


DAYS = Operation(
    "Judged days of an outlet",
    shapes.OutletDaysAnswer,
    (
        Parameter("outlet", "text", "Its code", required=True),
        Parameter("from", "text", "The first day, 2026-11-28; left out: today"),
        Parameter("to", "text", f"The last day; left out: the first; at most {DAYS_MAX} days"),
    ),
)


@outlet_api.get("/effluent/days")
@needs("read")
@described(DAYS)
def get_days() -> Response:
    """Working days in order, each as it stands now; a day that was closed is a record of its own."""
    given = parameters(DAYS)
    first = _day_of(given["from"] or _today(), "from")
    last = _day_of(given["to"] or first.isoformat(), "to")
    count = (last - first).days + 1
    if not 1 <= count <= DAYS_MAX:
        facts = {"most": DAYS_MAX}
        fault = words()("query.days", **facts), words()("query.days.next", **facts)
        raise BadRequest([BadParameter("to", *fault)])
    names = [(first + timedelta(days=n)).isoformat() for n in range(count)]
    with this_site().reading() as conn:
        days = [_load(conn, given["outlet"], name)[1] for name in names]
    return as_json(shapes.OutletDaysAnswer(items=[day_answer(one) for one in days]))


def _day_of(text: str, name: str) -> date:
    if not _is_day(text):
        t = words()
        raise BadRequest([BadParameter(name, t("query.day"), t("query.day.next"))])
    return date.fromisoformat(text)


def day_answer(day: OutletDay) -> shapes.OutletDayAnswer:
    """A judged day as programs read it."""
    return shapes.OutletDayAnswer.model_validate(
        {
            "outlet": day.outlet, "day": day.day, "from": iso_text(day.from_ms), "to": iso_text(day.to_ms),
            "over": day.over, "status": day.status, "permit": day.permit, "volume_m3": day.volume_m3,
            "volume_by": day.methods.get("volume", ""), "flow_m3": day.flow_m3, "area_m2": dict(day.area_m2),
            "benchmark_m3": day.benchmark_m3, "ratio": day.ratio, "forecast_m3": day.forecast_m3,
            "forecast_ratio": day.forecast_ratio, "notes": note_texts(day), "lots": list(day.lots),
            "digest": day.digest, "pollutants": [_pollutant(one) for one in day.pollutants],
        }
    )  # fmt: skip


def _pollutant(one: PollutantDay) -> dict[str, Any]:
    plain = ("pollutant", "unit", "status", "by", "count", "low", "mean", "high", "p95", "covered", "converted",
             "load_kg", "substituted_kg", "substituted_h", "forecast", "forecast_status")  # fmt: skip
    hours = [
        {"from": iso_text(hour.from_ms), "mean": hour.mean, "low": hour.low, "high": hour.high,
         "volume_m3": hour.volume_m3, "covered": hour.covered}
        for hour in one.hours
    ]  # fmt: skip
    excluded = [
        {"from": iso_text(gone.from_ms), "to": iso_text(gone.to_ms), "count": gone.count, "reason": gone.reason,
         "sample": gone.code}
        for gone in one.excluded
    ]  # fmt: skip
    return {name: getattr(one, name) for name in plain} | {
        "hours_due": one.due_h, "hours_valid": one.valid_h, "hours": hours, "excluded": excluded,
        "samples": list(one.samples), "verdicts": [_verdict(told) for told in one.verdicts],
    }  # fmt: skip


def _verdict(told: Verdict) -> dict[str, Any]:
    limit = told.limit
    return {
        "value": told.value, "share": told.share, "status": told.status, "sample": told.sample,
        "limit": {
            "low": None if limit.low is None else str(limit.low),
            "high": None if limit.high is None else str(limit.high),
            "unit": limit.unit, "averaging": limit.averaging, "origin": limit.origin,
            "source": limit.source, "certainty": limit.certainty,
        },
    }  # fmt: skip
