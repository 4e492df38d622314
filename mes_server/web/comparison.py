"""Coatings side by side as a page, as a table and as JSON; behind each figure the days and runs it was made of."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request

from mes_server.actions.compare_coatings import Comparison, Wanted, compare_coatings
from mes_server.actions.gather_waterworks import day_of, pollutants_on
from mes_server.domain.coating_comparison import Side
from mes_server.domain.coating_days import BASES, BY_M2, counted
from mes_server.domain.estimates import Estimate
from mes_server.web import answers_comparison as shapes
from mes_server.web.api import as_json, parameters
from mes_server.web.comparison_table import (
    is_by_life,
    number,
    remark_text,
    rows_of,
    title_of,
    unit_of,
)
from mes_server.web.downloads import BEGIN, csv_line, download
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, Parameter, described
from mes_server.web.permits import CERTAINTIES
from mes_server.web.problems import BadParameter, BadRequest, NotFound
from mes_server.web.site import this_site

comparison_pages = Blueprint("comparison", __name__)
comparison_api = Blueprint("comparison_api", __name__, url_prefix="/api/v1")
DAYS = 90
DAYS_MAX = 731
COLUMNS = (
    "coating", "figure", "pollutant", "unit", "value", "low", "high", "sd", "least", "most", "bound", "look", "why",
    "days", "runs", "samples", "part", "from", "to", "by", "salt_spray_h", "asked_h",
)  # fmt: skip
COMPARE = Operation(
    "Coatings side by side, with what is not known of them",
    shapes.ComparisonAnswer,
    (
        Parameter("from", "text", f"The first day, 2026-11-28; left out: {DAYS} days before"),
        Parameter("to", "text", "The last day; left out: yesterday"),
        Parameter("part", "text", "Of this product only", default=""),
        Parameter("by", "text", "m2, kg, or sst: m² and 24 h of salt spray", default=BY_M2),
    ),
)


def _wanted() -> Wanted:
    """The period of the request; raises BadRequest with every fault."""
    given = parameters(COMPARE)
    zone = this_site().settings.zone.key
    yesterday = date.fromisoformat(day_of(now_ms(), zone)) - timedelta(days=1)
    faults: list[BadParameter] = []
    last = _day(given["to"], "to", faults) or yesterday
    first = _day(given["from"], "from", faults) or last - timedelta(days=DAYS - 1)
    t = words()
    if not faults and not 0 <= (last - first).days < DAYS_MAX:
        facts = {"most": DAYS_MAX}
        faults = [BadParameter("to", t("query.days", **facts), t("query.days.next", **facts))]
    if given["by"] not in BASES:
        faults.append(BadParameter("by", t("query.basis"), t("query.basis.next")))
    if faults:
        raise BadRequest(faults)
    return Wanted(first.isoformat(), last.isoformat(), given["part"], given["by"], zone)


def _day(text: str | None, name: str, faults: list[BadParameter]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text or not 2000 <= found.year < 2200:
        t = words()
        faults.append(BadParameter(name, t("query.day"), t("query.day.next")))
        return None
    return found


def _compared() -> Comparison:
    wanted = _wanted()
    with this_site().reading() as conn:
        return compare_coatings(conn, wanted, now_ms())


def _helpers(found: Comparison) -> dict[str, Any]:
    pollutants = pollutants_on(found.wanted.last)
    return {
        "found": found, "number": number, "unit_of": unit_of, "certainties": CERTAINTIES,
        "asked": {name: value for name, value in request.args.items() if name in ("from", "to", "part", "by")},
        "title_of": lambda measure: title_of(measure, pollutants),
        "told": lambda remark: remark_text(remark, pollutants, found.sides),
    }  # fmt: skip


@comparison_pages.get("/water/comparison")
@needs("read")
def comparison() -> str:
    """All figures in one view: never the heavy metals alone."""
    found = _compared()
    return render_template(
        "water/comparison.html", rows=rows_of(found), bases=BASES, by_life=is_by_life(found),
        **_helpers(found),
    )  # fmt: skip


@comparison_pages.get("/water/comparison/<coating>/<figure>")
@needs("read")
def behind(coating: str, figure: str) -> str:
    """The days and runs that a figure was made of."""
    found = _compared()
    side = next((one for one in found.sides if one.code == coating), None)
    if side is None or figure not in side.figures:
        raise NotFound("figure", f"{coating} {figure}")
    told = side.figures[figure]
    scale = 1.0 if told.measure.name == "rejects" else told.measure.scale
    days = [(one, amount / scale) for one, amount in counted(told.measure, side.days)]
    left = [one for one in side.days if one.amount(told.measure) is None]
    return render_template(
        "water/comparison_days.html", side=side, figure=told, days=days, left=left, **_helpers(found),
    )  # fmt: skip


@comparison_pages.get("/water/comparison/table.csv")
@needs("read")
def table() -> Response:
    """Every figure as a line."""
    found = _compared()
    name = f"coatings_{found.wanted.first}_{found.wanted.last}.csv"
    return download(name, list(_lines(found)))


def _lines(found: Comparison) -> Iterator[str]:
    t = words()
    wanted = found.wanted
    yield BEGIN + csv_line(*COLUMNS)
    for side in found.sides:
        life = side.life.hours
        ends = (wanted.part, wanted.first, wanted.last, wanted.by, life.value if life else None, " ".join(side.life.asked))  # fmt: skip
        for one in side.figures.values():
            told = _parts(one.estimate)
            yield csv_line(
                side.code, one.measure.name, one.measure.pollutant, unit_of(one.measure, wanted.by), *told,
                one.bound, one.look, one.why, one.days, one.runs, one.samples, *ends,
            )  # fmt: skip
    pollutants = pollutants_on(wanted.last)
    empty = [None] * (len(COLUMNS) - 2)
    yield csv_line("boundary", t.one_of(found.row["boundary"]), *empty)
    for kind, remarks in (("missing", found.missing), ("note", found.notes)):
        for remark, _ in remarks:
            yield csv_line(kind, remark_text(remark, pollutants, found.sides), *empty)


def _parts(one: Estimate | None) -> tuple[float | None, ...]:
    if one is None:
        return (None,) * 6
    return one.value, one.low, one.high, one.sd, one.least, one.most


@comparison_api.get("/effluent/compare")
@needs("read")
@described(COMPARE)
def get_compare() -> Response:
    """The same as the page, with the boundary that it holds within."""
    found = _compared()
    wanted, t = found.wanted, words()
    pollutants = pollutants_on(wanted.last)

    def remarks(told: Any) -> list[dict[str, Any]]:
        return [
            {"rule": one[0], "text": remark_text(one, pollutants, found.sides), "days": days}
            for one, days in told
        ]

    return as_json(
        shapes.ComparisonAnswer.model_validate(
            {
                "from": wanted.first, "to": wanted.last, "part": wanted.part, "by": wanted.by,
                "days_added_up": found.days, "known_until": None if found.known_ms is None else iso_text(found.known_ms),
                "confidence_percent": found.row["confidence_percent"], "boundary": t.one_of(found.row["boundary"]),
                "source": found.row["source"], "certainty": found.row["certainty"],
                "coatings": [_coating(one, wanted.by) for one in found.sides],
                "missing": remarks(found.missing), "notes": remarks(found.notes),
                "unallocated_percent": dict(found.unallocated),
            }
        )
    )  # fmt: skip


def _coating(side: Side, by: str) -> dict[str, Any]:
    life = side.life
    return {
        "coating": side.code, "title": words().one_of(side.title),
        "area_m2": sum(one.area_mm2 for one in side.days) / 1e6, "mass_kg": sum(one.mass_mg for one in side.days) / 1e6,
        "pieces": sum(one.pieces for one in side.days), "runs": side.runs, "days": [one.day for one in side.days],
        "life": {"hours": _estimate(life.hours), "at_least": life.at_least, "asked_h": list(life.asked), "checks": list(life.checks)},
        "figures": [
            {
                "figure": one.measure.name, "pollutant": one.measure.pollutant, "unit": unit_of(one.measure, by),
                "estimate": _estimate(one.estimate), "bound": one.bound, "why": one.why, "look": one.look,
                "days": one.days, "runs": one.runs, "samples": one.samples, "against_first_percent": list(one.than or ()),
            }
            for one in side.figures.values()
        ],
    }  # fmt: skip


def _estimate(one: Estimate | None) -> dict[str, float | None] | None:
    names = ("value", "low", "high", "sd", "least", "most")
    return None if one is None else dict(zip(names, _parts(one), strict=True))
