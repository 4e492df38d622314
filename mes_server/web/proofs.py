"""Whether a run kept its recipe: page and /api/v1, earlier judgements included; judge it again."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from sqlalchemy import Connection

from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.judge_run import Judged, judge_run, recipe_of_run, watch
from mes_server.actions.prove_run import record_proof
from mes_server.actions.record_events import Act, Book
from mes_server.domain.charges import Run
from mes_server.domain.curves import Curve
from mes_server.domain.proofs import ProofRecord
from mes_server.domain.recipes import Recipe
from mes_server.domain.rules import Refusal
from mes_server.domain.spans import Span
from mes_server.store.lots import load_lots
from mes_server.store.proofs import list_proofs, newest_proofs
from mes_server.store.runs import load_run
from mes_server.web import answers_proofs as shapes
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry
from mes_server.web.lot_acts import refused_page
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.proof_chart import Box, Picture, picture
from mes_server.web.proof_words import Titles, finding_text, titles_of
from mes_server.web.scans import worker_of
from mes_server.web.seen import layout_at
from mes_server.web.site import this_site

proof_api = Blueprint("proof_api", __name__, url_prefix="/api/v1")
proof_pages = Blueprint("proofs", __name__)
_MARGIN = 0.12  # of a soak, drawn before and behind it
_BANDS = 3  # so many tolerances above and below the setpoint a soak is drawn


@proof_api.post("/runs/<code>/prove")
@needs("check")
@described(Operation("Judge a run again", ScanAnswer, body=shapes.ProveBody))
def post_prove(code: str) -> Response:
    """By all data that are there now; what is not proven or failed holds its lots. GET …/proof tells the rest."""
    body = read_body(shapes.ProveBody)
    judged = _judge(code, body.golden)
    return carry(body, ("prove", [], code), "check", lambda book, _codes: _record(book, judged))


def _judge(code: str, golden: str) -> Judged | list[Refusal]:
    with this_site().reading() as conn:
        return judge_run(conn, code, golden)


def _record(book: Book, judged: Judged | list[Refusal]) -> list[Refusal]:
    if isinstance(judged, list):
        return judged
    record_proof(book, judged)
    return []


@proof_api.get("/runs/<code>/proof")
@needs("read")
@described(Operation("The judgements of a run", shapes.ProofsAnswer))
def get_proof(code: str) -> Response:
    """The newest first; none: it was not judged."""
    with this_site().reading() as conn:
        run = _run_or_404(conn, code)
        titles = _titles(conn, run, recipe_of_run(conn, run))
        found = [proof_answer(one, titles) for one in reversed(list_proofs(conn, code))]
    return as_json(shapes.ProofsAnswer(items=found))


def _run_or_404(conn: Connection, code: str) -> Run:
    run = load_run(conn, code)
    if run is None:
        raise NotFound("run", code)
    return run


def _titles(conn: Connection, run: Run, recipe: Recipe | None) -> Titles:
    return titles_of(words(), recipe, layout_at(conn, run.station))


def proof_answer(one: ProofRecord, titles: Titles) -> shapes.ProofAnswer:
    """A proof as programs see it."""
    said = one.content
    zone = this_site().settings.zone
    findings = [f | {"message": finding_text(words(), f, titles, zone)} for f in said["findings"]]
    names = ("stages", "thermocouples", "beside", "diffusion", "samples", "bad", "held")
    return shapes.ProofAnswer.model_validate(
        {name: said[name] for name in names}
        | {"run": one.run, "station": one.station, "recipe": one.recipe, "verdict": one.verdict}
        | {"at": iso_text(one.at_ms), "person": one.person, "event": one.number}
        | {"findings": findings}
    )


@proof_pages.post("/runs/<code>/proof")
@needs("check")
def judge_again(code: str) -> Any:
    """Judge it again, from its page."""
    worker = worker_of("", "check")
    act = Act(uuid.uuid4().hex, worker.badge, "", now_ms(), now_ms())
    judged, ask = _judge(code, ""), Ask("prove", (), code)
    answer = act_once(
        this_site().engine, act, ask, worker, lambda book, _codes: _record(book, judged)
    )
    back = url_for("proofs.proof", code=code)
    return redirect(back, 303) if answer.outcome == ACCEPTED else refused_page(answer.refusals, back)  # fmt: skip


@proof_pages.get("/runs/<code>/proof")
@needs("read")
def proof(code: str) -> str:
    """Verdict, reasons, figures and curves; the earlier judgements."""
    with this_site().reading() as conn:
        run = _run_or_404(conn, code)
        recipe = recipe_of_run(conn, run)
        proofs = list_proofs(conn, code)
        newest = proofs[-1] if proofs else None
        titles = _titles(conn, run, recipe)
        told = [(one, _reasons(one, titles)) for one in reversed(proofs)]
        pictures = _pictures(conn, run, recipe, newest) if recipe is not None and newest else []
        held = _still_held(conn, proofs)
    return render_template(
        "lots/proof.html", run=run, recipe=recipe, newest=newest, told=told, titles=titles,
        pictures=pictures, still_held=held, minutes=_minutes,
    )  # fmt: skip


def _minutes(seconds: int) -> str:
    return words()("proof.minutes", n=f"{seconds / 60:.1f}")


def _reasons(one: ProofRecord, titles: Titles) -> list[tuple[str, str]]:
    t, zone = words(), this_site().settings.zone
    return [(f["verdict"], finding_text(t, f, titles, zone)) for f in one.content["findings"]]


def _still_held(conn: Connection, proofs: Sequence[ProofRecord]) -> dict[str, list[str]]:
    """The lots that a proof of the run still holds, by the name of the hold."""
    codes = sorted({code for one in proofs for code in one.content["held"]})
    known = load_lots(conn, codes)
    found = {
        one.action: [c for c in one.content["held"] if c in known and one.action in known[c].holds]
        for one in proofs
    }
    return {action: lots for action, lots in found.items() if lots}


def _pictures(
    conn: Connection, run: Run, recipe: Recipe, newest: ProofRecord
) -> list[tuple[str, Picture]]:
    """The whole run, then each soak closely. Another run lies over it as its soaks do."""
    span = (float(run.opened_ms), float(run.closed_ms or now_ms()))
    seen = watch(conn, run, recipe, span)
    control = [seen.curves[name] for name in recipe.control]
    stages = [one for one in newest.content["stages"] if one["extent"]]
    if not any(len(curve.times) for curve in control):
        return []
    others = _other(conn, recipe, newest, stages)
    bands = [
        (_span(one["extent"]) if one["extent"] else span, _band(one))
        for one in newest.content["stages"]
    ]
    top = max(float(curve.values.max()) for curve in control if len(curve.values))
    whole = Box(*span, 0.0, max(round(top / 50 + 1) * 50, 100))
    found = [("", picture(whole, control, bands, others.get("", [])))]
    for one in stages:
        (from_ms, to_ms), (low, high) = _span(one["extent"]), _band(one)
        wide, far = (to_ms - from_ms) * _MARGIN, (high - low) / 2 * (_BANDS - 1)
        box = Box(from_ms - wide, to_ms + wide, low - far, high + far)
        found.append((one["id"], picture(box, control, [((from_ms, to_ms), (low, high))], others.get(one["id"], []))))  # fmt: skip
    return found


def _span(said: Sequence[int]) -> Span:
    return float(said[0]), float(said[1])


def _band(stage: Any) -> tuple[float, float]:
    setpoint, tolerance = float(stage["setpoint_c"]), float(stage["tolerance_c"])
    return setpoint - tolerance, setpoint + tolerance


def _other(
    conn: Connection, recipe: Recipe, newest: ProofRecord, stages: Sequence[Any]
) -> dict[str, list[Curve]]:
    """The first control thermocouple of the other run, moved to where each soak of this one begins."""
    beside = newest.content["beside"]
    run = load_run(conn, beside["run"]) if beside else None
    proofs = newest_proofs(conn, [run.code]) if run is not None else {}
    if run is None or run.code not in proofs:
        return {}
    theirs = {one["id"]: one["extent"] for one in proofs[run.code].content["stages"]}
    seen = watch(conn, run, recipe, (float(run.opened_ms), float(run.closed_ms or now_ms())))
    curve = seen.curves[recipe.control[0]]
    both = [one for one in stages if theirs.get(one["id"])]
    longest = max(both, key=lambda one: one["held_s"], default=None)
    named = [("", longest)] * (longest is not None) + [(one["id"], one) for one in both]
    return {
        name: [_moved(curve, one["extent"][0] - theirs[one["id"]][0])]
        for name, one in named
        if one is not None
    }


def _moved(curve: Curve, by_ms: float) -> Curve:
    first, last = curve.span
    return Curve(curve.metric, curve.times + by_ms, curve.values, (first + by_ms, last + by_ms), curve.gap_max_ms)  # fmt: skip
