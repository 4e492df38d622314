"""Section of the lot report: furnaces with the proof of each run, its soaks as bands on the curves, and surveys."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mes_server.actions.gather_furnace import asked_of
from mes_server.actions.report_curves import Told, curve_of, gap_remarks, is_drawn, is_thermal
from mes_server.actions.report_line import Line
from mes_server.domain.charges import Run
from mes_server.domain.proofs import ProofRecord
from mes_server.domain.pyrometry import DUE as SOON
from mes_server.domain.pyrometry import GOOD, DueTest, Standing, Worn, stand
from mes_server.domain.recalls import RUN
from mes_server.domain.recipes import recipe_of
from mes_server.domain.report import Band, Curve, Remark, Row, Section, iso, scaled
from mes_server.store.documents import load_named
from mes_server.store.proofs import newest_proofs
from mes_server.store.pyrometry import list_surveys, list_thermocouples
from mes_server.store.stations import load_station
from mes_server.translations import LANGUAGES, load_texts
from schemas.station_types import load_station_types

Tales = Mapping[str, Sequence[Told]]
_NOT_MET = {"not_proven": "not_proven", "failed": "soak_failed"}


def furnace(line: Line, tales: Tales) -> Section:
    """Section 7."""
    runs = [line.runs[code] for code in tales if is_thermal(line, line.runs[code])]
    proofs = newest_proofs(line.conn, [run.code for run in runs])
    curves: list[Curve] = []
    gaps: list[Remark] = []
    failures: list[Remark] = []
    tables: dict[str, list[Row]] = {
        name: [] for name in ("runs", "soaks", "thermocouples", "diffusion", "surveys")
    }
    for run in runs:
        proof = proofs.get(run.code)
        told = [one for one in tales[run.code] if is_drawn(one)]
        bands = _bands(proof, line.loaded_ms[run.code])
        curves += [curve_of(one, bands) for one in told if one.seen.series.count]
        gaps += gap_remarks(list(told), run, run.station)
        judged = _judged(line, run, proof)
        if judged is not None:
            (failures if judged.what == "soak_failed" else gaps).append(judged)
        surveys, missing = _surveys(line, run)
        gaps += missing
        tables["surveys"] += surveys
        for name, rows in _proven(line, run, proof).items():
            tables[name] += rows
    return Section({}, tables, tuple(gaps), tuple(failures), tuple(curves), applies=bool(runs))


def _judged(line: Line, run: Run, proof: ProofRecord | None) -> Remark | None:
    """What is missing of the proof of a run, or failed; None: it is proven."""
    if proof is None:
        return Remark("no_proof", {"run": run.code, "operation": run.operation})
    if proof.verdict not in _NOT_MET:
        return None
    agreed = line.concession_of(RUN, run.code)
    if agreed is not None:
        return Remark("soak_conceded", {"run": run.code, "number": agreed.code})
    return Remark(_NOT_MET[proof.verdict], {"run": run.code})


def _bands(proof: ProofRecord | None, from_ms: int) -> tuple[Band, ...]:
    """Where the soaks were held, or came nearest to it."""
    found = []
    for stage in proof.content["stages"] if proof is not None else ():
        span = stage["span"] or stage["extent"]
        if span:
            middle, width = Decimal(stage["setpoint_c"]), Decimal(stage["tolerance_c"])
            ends = [round((ms - from_ms) / 1000) for ms in span]
            found.append(Band(ends[0], ends[1], str(middle - width), str(middle + width), stage["id"]))  # fmt: skip
    return tuple(found)


def _proven(line: Line, run: Run, proof: ProofRecord | None) -> dict[str, list[Row]]:
    """Rows of what was proven of a run, by table."""
    row: dict[str, Any] = {
        "run": run.code, "operation": line.title(run.operation), "station": run.station,
        "recipe": run.recipe,
    }  # fmt: skip
    if proof is None:
        return {"runs": [row]}
    said = proof.content
    row |= {
        "recipe": proof.recipe, "verdict": proof.verdict, "why": _why(line, proof), "person": proof.person,
        "at": iso(proof.at_ms), "event": str(proof.number),
    }  # fmt: skip
    whole = {one["metric"]: one for one in said["thermocouples"]}
    return {
        "runs": [row],
        "soaks": [_soak(run.code, stage) for stage in said["stages"]],
        "thermocouples": [
            _thermocouple(run.code, stage["id"], one, whole.get(one["metric"], {}))
            for stage in said["stages"]
            for one in stage["thermocouples"]
        ],
        "diffusion": [{"run": run.code, **one} for one in said.get("diffusion") or ()],
    }


def _named(line: Line, proof: ProofRecord) -> dict[str, Mapping[str, str]]:
    """What stages and metrics are called in both languages, by "stage:…" and by metric."""
    document = load_named(line.conn, "recipe", proof.recipe)
    stages = recipe_of(document).stages if document is not None else ()
    view = load_station(line.conn, proof.station)
    contract = load_station_types().get(view.type or "") if view is not None else None
    named = {f"stage:{one.id}": one.title for one in stages}
    metrics = contract.metrics if contract else ()
    return named | {
        m.name: {lang: f"{text} ({m.unit})" for lang, text in m.title.items()} for m in metrics
    }


def _why(line: Line, proof: ProofRecord) -> dict[str, str]:
    """The reasons as sentences, in both languages."""
    told, findings, named = {}, proof.content["findings"], _named(line, proof)
    for language in LANGUAGES:
        texts = load_texts(language)
        sentences = []
        for one in findings:
            facts = defaultdict(lambda: "–", {k: v for k, v in one["facts"].items() if v})
            if "at_ms" in facts:
                facts["at_ms"] = iso(int(facts["at_ms"]))
            for name, key in (("stage", f"stage:{facts['stage']}"), ("metric", facts["metric"])):
                facts[name] = named.get(key, {}).get(language, facts[name])
            sentences.append(texts[f"proof.{one['key']}"].format_map(facts))
        told[language] = " ".join(sentences) or "–"
    return told


def _minutes(seconds: int) -> str:
    return format((Decimal(seconds) / 60).quantize(Decimal("0.1")), "f")


def _soak(run: str, stage: Mapping[str, Any]) -> Row:
    span = stage["span"] or [None, None]
    return {
        "run": run, "stage": stage["id"], "setpoint_c": stage["setpoint_c"], "tolerance_c": stage["tolerance_c"],
        "asked_min": _minutes(stage["asked_s"]), "held_min": _minutes(stage["held_s"]), "spread_c": stage["spread_c"],
        "begun": iso(span[0]), "ended": iso(span[1]),
    }  # fmt: skip


def _thermocouple(
    run: str, stage: str, one: Mapping[str, Any], whole: Mapping[str, Any]
) -> Row:  # fmt: skip
    return {
        "run": run, "stage": stage, "metric": one["metric"], "in_band_min": _minutes(one["in_band_s"]),
        "highest_c": one["highest_c"], "lowest_c": one["lowest_c"], "unknown_s": str(one["unknown_s"]),
        "dose_c_h": whole.get("dose_c_h", ""), "ramp_c_min": whole.get("ramp_c_min", ""),
    }  # fmt: skip


def _standing(line: Line, run: Run) -> Standing:
    """How the furnace stood when the run began: what was installed or surveyed later does not count."""
    at_ms = run.opened_ms
    installed = [
        replace(one, removed_ms=None)
        for one in list_thermocouples(line.conn, run.station, at_ms)
        if one.installed_ms <= at_ms and (one.removed_ms is None or one.removed_ms > at_ms)
    ]
    asked = asked_of(line.conn, run.station, at_ms)
    return stand(run.station, asked, list_surveys(line.conn, run.station), installed, at_ms)


def _surveys(line: Line, run: Run) -> tuple[list[Row], list[Remark]]:
    standing = _standing(line, run)
    if not standing.document:
        return [], [Remark("survey_unasked", {"station": run.station, "run": run.code})]
    rows = [_test(run.code, one) for one in standing.tests]
    rows += [_worn(run.code, one) for one in standing.thermocouples]
    gaps = [
        Remark("survey_missing", {"what": str(row["what"]), "name": str(row.get("name") or run.station), "run": run.code})
        for row in rows
        if row["state"] not in (GOOD, SOON)
    ]  # fmt: skip
    return rows, gaps


def _test(run: str, one: DueTest) -> Row:
    last = one.last
    return {
        "run": run, "what": one.requirement.test, "name": "" if last is None else last.code, "state": one.state,
        "done": iso(None if last is None else last.at_ms), "due": iso(one.due_ms),
    }  # fmt: skip


def _worn(run: str, one: Worn) -> Row:
    tc = one.thermocouple
    return {
        "run": run, "what": f"TC {tc.role}", "name": tc.code, "state": one.state, "done": iso(tc.installed_ms),
        "due": iso(one.end_ms), "uses": scaled(tc.uses, 0),
    }  # fmt: skip
