"""Control charts as pages and tables: of a characteristic of a part, drawn on the server, with its capability."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flask import Blueprint, Response, render_template, request
from sqlalchemy import Connection

from mes_server.domain.capability import Capability
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import Characteristic, plan_of
from mes_server.domain.lots import HELD
from mes_server.domain.process import (
    OF_COUNTS,
    OF_VALUES,
    Process,
    capability_of,
    needs_on,
    process_of,
)
from mes_server.domain.spc import CannotChart
from mes_server.domain.spc_rules import RULE_SETS, Rule, rules_of
from mes_server.store.documents import load_named
from mes_server.store.ledger import list_action
from mes_server.store.plans import plans_in_force
from mes_server.store.subgroups import (
    Sought,
    alike,
    list_charted,
    newest_subgroups,
    places_of,
    process_events,
)
from mes_server.web.control_chart import HEIGHT, WIDTH, draw
from mes_server.web.downloads import BEGIN, csv_line, download
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Parameter, read_parameters
from mes_server.web.problems import NotFound, problem
from mes_server.web.quality import spec_text
from mes_server.web.site import this_site

spc_pages = Blueprint("spc", __name__)
POINTS = 100  # on a chart
CSV_COLUMNS = (
    "point", "check", "at_utc", "lot", "run", "station", "gauge", "readings", "sample", "rejected", "line",
    "value", "centre", "lower", "upper", "rules",
)  # fmt: skip


class Asked(NamedTuple):
    """What the address asks for; what it does not know is as if it was not asked for."""

    sought: Sought
    rules: str
    chart: str


class Special(NamedTuple):
    """A rule that is broken at points one after another: the first and the last, and how many."""

    line: str
    rule: Rule
    first: Check
    last: Check
    places: int


class Event(NamedTuple):
    """Something at a point: `kind` out (of the spec), held or unstable."""

    point: int
    kind: str
    text: str


def _asked() -> Asked:
    said = {
        name: request.args.get(name, "")[:100] for name in ("part", "characteristic", "station")
    }
    rules, chart = request.args.get("rules", ""), request.args.get("chart", "")
    return Asked(
        Sought(said["part"], said["characteristic"], said["station"]),
        rules if rules in RULE_SETS else RULE_SETS[0],
        chart if chart in (*OF_VALUES, *OF_COUNTS) else "",
    )


@spc_pages.get("/quality/spc")
@needs("read")
def spc() -> str:
    """All that can be charted, or one chart of it (`?part=&characteristic=`)."""
    asked = _asked()
    with this_site().reading() as conn:
        if not asked.sought.characteristic:
            found = list_charted(conn)
            return render_template("quality/spc.html", charted=found, titles=_titles(conn))
        newest = newest_subgroups(conn, asked.sought, POINTS)
        checks = alike(conn, newest)
        if not checks:
            raise NotFound("characteristic", f"{asked.sought.part} {asked.sought.characteristic}")
        line = _line(conn, checks[-1])
        places = places_of(conn, asked.sought)
        try:
            process = process_of(checks, asked.chart, asked.rules)
            facts = _chart(conn, asked, process, line)
        except CannotChart as why:
            facts = {"why_not": why}
    counted = not checks[-1].readings
    return render_template(
        "quality/spc_chart.html", asked=asked, line=line, places=places, rule_sets=RULE_SETS,
        kinds=OF_COUNTS if counted else OF_VALUES, width=WIDTH, height=HEIGHT, checks=checks,
        spec=spec_text, others=len(newest) - len(checks), **facts,
    )  # fmt: skip


def _titles(conn: Connection) -> dict[tuple[str, str], Mapping[str, str]]:
    """What characteristics are called, by part and id, in the plans in force."""
    plans = plans_in_force(conn, now_ms())
    return {(part, line.id): line.title for plan in plans for part in plan.parts
            for line in plan.characteristics}  # fmt: skip


def _line(conn: Connection, check: Check) -> Characteristic | None:
    document = load_named(conn, "plan", check.plan)
    return plan_of(document).find(check.characteristic) if document is not None else None


def _chart(
    conn: Connection, asked: Asked, process: Process, line: Characteristic | None
) -> dict[str, Any]:
    points = len(process.checks)
    found, needed = capability_of(process, line), needs_on(process.day)
    events = _events(conn, asked.sought, process)
    return {
        "process": process,
        "special": _special(
            process, {rule.id: rule for rule in rules_of(asked.rules, process.day)}
        ),
        "drawings": [draw(trace, points) for trace in process.chart.traces],
        "events": events,
        "capability": found,
        "needs": needed,
        "band": found.band(needed) if found is not None else "unknown",
        "indices": _indices(found) if found is not None else [],
    }


def _special(process: Process, rules: dict[str, Rule]) -> list[Special]:
    """What is broken, told once for points one after another."""
    found: list[tuple[int, Special]] = []
    for number, trace in enumerate(process.chart.traces):
        for name, rule in rules.items():
            before = -2
            for point in sorted({one.last for one in trace.broken if one.rule == name}):
                check = process.check_at(number, point)
                if point == before + 1:
                    behind, last = found.pop()
                    found.append((behind, last._replace(last=check, places=last.places + 1)))
                else:
                    found.append((point, Special(trace.name, rule, check, check, 1)))
                before = point
    return [special for _, special in sorted(found, key=lambda one: -one[0])]


def _indices(found: Capability) -> list[tuple[str, Any]]:
    named = (("Cp", found.cp), ("Cpk", found.cpk), ("Pp", found.pp), ("Ppk", found.ppk))
    return [(name, index) for name, index in named if index is not None]


def _events(conn: Connection, sought: Sought, process: Process) -> list[Event]:
    """What happened at the points: readings out of the spec, lots that were held, the process out of control."""
    at = {check.code: i for i, check in enumerate(process.checks)}
    found = []
    for code, point in at.items():
        check = process.checks[point]
        if check.verdict != "out":
            continue
        held = [e for e in list_action(conn, check.action) if e.kind == HELD]
        codes = ", ".join(e.stream.removeprefix("lot:") for e in held)
        found.append(Event(point, "held", codes) if held else Event(point, "out", code))
    for event in process_events(conn, sought):
        facts = event.facts()
        if facts["check"] in at:
            found.append(Event(at[facts["check"]], "unstable", ", ".join(facts["held"])))
    return sorted(found)


_TABLE = (
    Parameter("part", "text", "The part", required=True),
    Parameter("characteristic", "text", "Its characteristic in the control plan", required=True),
    Parameter("station", "text", "Where it was checked; left out: everywhere"),
    Parameter("rules", "text", "aiag, nelson or western_electric"),
    Parameter("chart", "text", "The kind of chart; left out: the one that fits"),
)


@spc_pages.get("/quality/spc.csv")
@needs("read")
def table() -> Response:
    """Every point of every line of a chart, with its limits and what it breaks."""
    read_parameters(_TABLE, request.args, words())
    asked = _asked()
    with this_site().reading() as conn:
        checks = alike(conn, newest_subgroups(conn, asked.sought, POINTS))
    if not checks:
        raise NotFound("characteristic", f"{asked.sought.part} {asked.sought.characteristic}")
    try:
        process = process_of(checks, asked.chart, asked.rules)
    except CannotChart as why:
        return problem(409, "no_chart", {"why": words()(f"spc.cannot.{why.rule}", **why.facts)})
    name = f"spc-{asked.sought.part}-{asked.sought.characteristic}.csv"
    return download(name, _rows(process))


def _rows(process: Process) -> Iterator[str]:
    yield BEGIN + csv_line(*CSV_COLUMNS)
    for number, trace in enumerate(process.chart.traces):
        for i, value in enumerate(trace.values):
            check = process.check_at(number, i)
            rules = " ".join(dict.fromkeys(one.rule for one in trace.broken if one.last == i))
            yield csv_line(
                i + 1, check.code, iso_text(check.at_ms), check.lot, check.run, check.place,
                check.gauge, " ".join(one.text for one in check.readings), check.sample,
                check.rejected, trace.name, value, trace.centre, trace.lower[i], trace.upper[i],
                rules,
            )  # fmt: skip
