"""What the data say of a run: its recipe, the curves it asks for, golden run, weight gain. Nothing is written here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.gather_diffusion import gather_diffusion
from mes_server.actions.gather_furnace import furnace_standing
from mes_server.domain.charges import Run
from mes_server.domain.curves import Curve, curve_from, without_stuck
from mes_server.domain.furnace import NOT_PROVEN, Doubt, Finding, Proof, prove, verdict_of
from mes_server.domain.gbd import diffusion_findings, gains_content
from mes_server.domain.golden import apart, golden_findings
from mes_server.domain.proofs import apart_content, figures_content, findings_content
from mes_server.domain.pyrometry import OVERDUE
from mes_server.domain.recipes import GAP_INTERVALS, STUCK_INTERVALS, Recipe, recipe_of
from mes_server.domain.rules import Refusal
from mes_server.domain.spans import Span
from mes_server.store.documents import load_current, load_named
from mes_server.store.exposures import clock_worst, exposure_in
from mes_server.store.lots import load_lot
from mes_server.store.measured import load_measured
from mes_server.store.plans import plan_for
from mes_server.store.proofs import last_proven
from mes_server.store.runs import load_run, lots_of_run
from mes_server.store.stations import load_station
from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_UNSET
from schemas.station_types import StationType, load_station_types

PUBLISH_MS = 10_000  # of a metric that no contract names


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement before it is recorded: what its event holds, apart from the lots it holds."""

    run: Run
    recipe: Recipe
    verdict: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Watched:
    """The curves of a run, what speaks against them, and how many good samples they are made of."""

    curves: Mapping[str, Curve]
    doubt: Doubt
    samples: int
    bad: int


@cache
def _contracts() -> Mapping[str, StationType]:
    return load_station_types()


def recipe_of_run(conn: Connection, run: Run) -> Recipe | None:
    """The recipe a run went by: what the run names, else what the control plan of a lot in it names for the operation.

    As it is named with its revision, else the one in force when the run was opened.
    """
    name = run.recipe or _planned(conn, run)
    if "/" in name:
        document = load_named(conn, "recipe", name)
    else:
        document = load_current(conn, "recipe", name, run.opened_ms)
    return None if document is None else recipe_of(document)


def _planned(conn: Connection, run: Run) -> str:
    for code, _ in lots_of_run(conn, run.code):
        lot = load_lot(conn, code)
        plan = None if lot is None else plan_for(conn, lot.part, lot.route, run.opened_ms)
        if plan is not None and plan.recipes.get(run.operation):
            return plan.recipes[run.operation]
    return ""


def publish_ms(conn: Connection, station: str) -> Mapping[str, int]:
    """By metric the longest silence that the contract of a station allows."""
    view = load_station(conn, station)
    contract = _contracts().get(view.type or "") if view is not None else None
    return {} if contract is None else {one.name: one.report_ms for one in contract.metrics}


def watch(conn: Connection, run: Run, recipe: Recipe, span: Span) -> Watched:
    """The curves that a recipe asks for. A reading that stands still for too long is taken for none."""
    promised = publish_ms(conn, run.station)
    curves, stuck, samples, bad = {}, {}, 0, 0
    for metric in recipe.metrics:
        found = load_measured(conn, run.station, metric, int(span[0]), int(span[1]))
        every_ms = promised.get(metric) or PUBLISH_MS
        gap_ms = recipe.gap_max_s * 1000 or GAP_INTERVALS * every_ms
        curve = curve_from(metric, found.times, found.values, span, gap_ms)
        still_ms = STUCK_INTERVALS * every_ms if recipe.stuck_s is None else recipe.stuck_s * 1000
        spans: list[Span] = []
        if metric in recipe.control:
            curve, spans = without_stuck(curve, still_ms)
        if spans:
            stuck[metric] = spans
        curves[metric] = curve
        samples += len(found.times)
        bad += found.bad
    return Watched(curves, Doubt(stuck, _clock(conn, run, recipe)), samples, bad)


def _clock(conn: Connection, run: Run, recipe: Recipe) -> str:
    """How far the times of the samples may be believed: a clock that was never set gives none."""
    window = exposure_in("", run, run.opened_ms, run.closed_ms or run.opened_ms)
    states = [clock_worst(conn, window, metric) for metric in recipe.control]
    worst = min((state for state in states if state is not None), default=CLOCK_NETWORK)
    if worst == CLOCK_UNSET:
        return "clock_unset"
    return "" if worst == CLOCK_NETWORK else "clock_doubted"


def judge_run(conn: Connection, code: str, golden: str = "") -> Judged | list[Refusal]:
    """Judge a run that is over by all data that are there now. `golden`: another run to compare it with."""
    run = load_run(conn, code)
    if run is None:
        return [Refusal("run_is_known", {"run": code[:100]})]
    if run.closed_ms is None:
        return [Refusal("run_is_over", {"run": code})]
    recipe = recipe_of_run(conn, run)
    if recipe is None:
        return [Refusal("recipe_is_released", {"run": code, "recipe": run.recipe})]
    span = (float(run.opened_ms), float(run.closed_ms))
    seen = watch(conn, run, recipe, span)
    proof = prove(recipe, seen.curves, seen.doubt)
    beside, told = _beside(conn, run, recipe, (proof, seen), golden)
    findings = [*proof.findings, *told, *_surveyed(conn, run)]
    diffused: list[dict[str, str]] = []
    if recipe.diffusion is not None:
        target, lots = gather_diffusion(conn, run, recipe.diffusion)
        findings += diffusion_findings(recipe.diffusion, target, lots)
        diffused = gains_content(recipe.diffusion, lots)
    content = {
        "recipe": recipe.name, "verdict": verdict_of(findings), "findings": findings_content(findings),
        **figures_content(proof), "beside": beside, "diffusion": diffused, "samples": seen.samples,
        "bad": seen.bad,
    }  # fmt: skip
    return Judged(run, recipe, verdict_of(findings), content)


def _surveyed(conn: Connection, run: Run) -> list[Finding]:
    """A survey that the furnace did not have when the run began, or that ran out before it was over."""
    found: dict[str, Finding] = {}
    for at_ms in (run.opened_ms, run.closed_ms or run.opened_ms):
        standing = furnace_standing(conn, run.station, at_ms)
        for one in standing.unfit_tests if standing is not None else ():
            facts = {"test": one.requirement.test, "row": one.requirement.row, "at_ms": str(one.due_ms or at_ms)}  # fmt: skip
            key = "survey_lapsed" if one.state == OVERDUE and (one.due_ms or 0) > run.opened_ms else "survey_unfit"  # fmt: skip
            found.setdefault(one.requirement.row, Finding(key, facts, NOT_PROVEN))
    return list(found.values())


def _beside(
    conn: Connection, run: Run, recipe: Recipe, mine: tuple[Proof, Watched], named: str
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The comparison with the golden run, else with the last one that is proven; only the golden one can fail it."""
    golden = named or recipe.golden
    code = golden or last_proven(conn, run.station, recipe.name, run.opened_ms)
    other = load_run(conn, code) if code and code != run.code else None
    if other is None or other.closed_ms is None or not recipe.soaks:
        return None, []
    span = (float(other.opened_ms), float(other.closed_ms))
    seen = watch(conn, other, recipe, span)
    theirs = prove(recipe, seen.curves, seen.doubt)
    found = apart((mine[0], mine[1].curves), (theirs, seen.curves), recipe.control)
    told = golden_findings(mine[0], found, code) if golden else []
    return apart_content(code, "golden" if golden else "last", found), told
