"""Measurement system studies of every kind: computed, judged by the acceptance row in force, kept with their raw values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from mes_server.actions.record_events import Book
from mes_server.domain import gauges
from mes_server.domain.attempts import Refusal
from mes_server.domain.control_plan import Characteristic, plan_of
from mes_server.domain.days import utc_day
from mes_server.domain.decimals import NoFigure, figure_or_none
from mes_server.domain.gauge_needs import acceptance_on, lacking
from mes_server.domain.gauges import gauge_faults
from mes_server.domain.msa import CannotStudy
from mes_server.domain.msa_study import GRR, METHODS, Found, Raw, found_of
from mes_server.domain.texts import text_is_no_script
from mes_server.store.documents import load_current, load_named
from mes_server.store.gauges import load_gauge, studies_of


@dataclass(frozen=True, slots=True)
class Studying:
    """A study of a type of gauge: `readings[appraiser][part][trial]` as written. `method`: "" the usual one of its kind.
    `characteristic` of `plan` ("CP-7", "CP-7/B"): that it is about, its spec is the tolerance. `tolerance`: else the width
    to compare with, "" none. `references`: of each part its known value, or good and bad. `accept`: the reason, where
    the verdict is only fair."""

    type: str
    gauge: str
    characteristic: str
    method: str
    readings: Sequence[Sequence[Sequence[str]]]
    tolerance: str = ""
    accept: str = ""
    kind: str = GRR
    plan: str = ""
    references: Sequence[str] = ()
    appraisers: Sequence[str] = ()
    parts: Sequence[str] = ()


def record_study(book: Book, said: Studying) -> list[Refusal]:
    """Keep a study; its type of gauge serves special characteristics when what they take is accepted."""
    said, found, refused = look_at_study(book.conn, said, book.act.at_ms)
    if found is None or refused:
        return refused
    if found.verdict == "poor" and said.accept:
        facts = {"grr": found.figures.get("grr_pct", "–"), "ndc": found.figures.get("ndc", "–")}
        return [Refusal("study_is_good_enough", facts | {"kind": said.kind})]
    row = acceptance_on(utc_day(book.act.at_ms))
    book.note(
        f"study:{said.type}", gauges.STUDIED, said.accept, kind=said.kind, method=said.method, type=said.type,
        gauge=said.gauge, characteristic=said.characteristic, plan=said.plan, tolerance=said.tolerance,
        readings=[[list(part) for part in one] for one in said.readings], references=list(said.references),
        appraisers=list(said.appraisers), parts=list(said.parts), figures=found.figures,
        verdict=found.verdict, accepted=is_accepted(found, said.accept),
        judged_by={"since": row["since"], "source": row["source"]},
    )  # fmt: skip
    return []


def is_accepted(found: Found, reason: str) -> bool:
    """A good one is; a fair one with a reason."""
    return found.verdict == "good" or (found.verdict == "fair" and bool(reason))


def look_at_study(
    conn: Connection, said: Studying, at_ms: int
) -> tuple[Studying, Found | None, list[Refusal]]:
    """A study with what it leaves to its plan and kind, what it finds, and all that speaks against it; nothing is written."""
    refused = text_is_no_script(
        {"appraisers": list(said.appraisers), "parts": list(said.parts), "plan": said.plan}
    )
    methods = METHODS.get(said.kind, ())
    said = replace(said, method=said.method or next(iter(methods), ""))
    if said.method not in methods:
        known = ", ".join(methods) or "; ".join(METHODS)
        refused.append(
            Refusal("method_is_known", {"method": said.method or said.kind, "methods": known})
        )
        return said, None, refused
    if not said.type.strip():
        refused.append(Refusal("type_is_told", {}))
    said, against = _of_the_plan(conn, said, at_ms)
    refused += against + _gauge_is_of_type(conn, said)
    day = utc_day(at_ms)
    raw = Raw(said.kind, said.method, said.readings, said.references, said.tolerance, day)
    try:
        return said, found_of(raw, acceptance_on(day)), refused
    except NoFigure as bad:
        told = Refusal(bad.rule, {"reading": bad.text[:40], "number": "-"})
    except CannotStudy as why:
        told = Refusal(why.rule, {"type": said.type, "kind": said.kind, "row": "–"} | why.facts)
    return said, None, [*refused, told]


def _gauge_is_of_type(conn: Connection, said: Studying) -> list[Refusal]:
    """A gauge that we have and that is named is one of the type; gauges elsewhere are studied, too."""
    gauge = load_gauge(conn, said.gauge) if said.gauge else None
    if gauge is None or gauge.type == said.type:
        return []
    return [Refusal("gauge_is_of_type", {"gauge": said.gauge, "type": said.type, "is": gauge.type})]


def _of_the_plan(conn: Connection, said: Studying, at_ms: int) -> tuple[Studying, list[Refusal]]:
    """With the tolerance of the characteristic in its plan, where one is named."""
    if not said.plan:
        return said, []
    document = (
        load_named(conn, "plan", said.plan)
        if "/" in said.plan
        else load_current(conn, "plan", said.plan, at_ms)
    )
    if document is None:
        return said, [Refusal("document_is_known", {"document": said.plan})]
    plan = plan_of(document)
    line = plan.find(said.characteristic)
    if line is None:
        facts = {"characteristic": said.characteristic, "plan": plan.name}
        return said, [Refusal("characteristic_is_planned", facts)]
    said = replace(said, plan=plan.name)
    if line.lower is None or line.upper is None:
        return said, []
    width = line.upper - line.lower
    if said.tolerance and figure_or_none(said.tolerance) != width:
        facts = {"tolerance": said.tolerance, "plan": plan.name, "planned": format(width, "f")}
        return said, [Refusal("tolerance_is_of_the_plan", facts)]
    return replace(said, tolerance=format(width, "f")), []


def against_gauge(conn: Connection, code: str, line: Characteristic, at_ms: int) -> list[Refusal]:
    """Why a gauge may not serve a characteristic at a time; one that asks for none is not asked for."""
    if not line.gauge:
        return []
    gauge = load_gauge(conn, code) if code else None
    missing = lacking(studies_of(conn, line.gauge), line, at_ms)
    return gauge_faults(gauge, (code, line.gauge), missing, at_ms)
