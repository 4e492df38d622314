"""Was the soak kept? Proven, not proven, or failed: by the curves of the control thermocouples of one run.

A soak is proven when all of them were within the band without a break for as long as the recipe asks. When that
cannot be told because something is not known, it is not proven: that holds the lots and fails nothing. It failed
when even what is not known, had it been good, would not have been enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mes_server.domain.cooling import FAST, KEPT, SLOW, facts_of, fall_of
from mes_server.domain.curves import Curve
from mes_server.domain.decimals import written
from mes_server.domain.recipes import Limit, Recipe, Stage
from mes_server.domain.soaks import Soak, beyond_s, dropped_s, find_soak, might_have_held, rest_of
from mes_server.domain.spans import Span, length, within

PROVEN, NOT_PROVEN, FAILED = VERDICTS = ("proven", "not_proven", "failed")


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, as a key of the translations (`proof.<key>`) with its facts; `verdict`: what it makes of the run."""

    key: str
    facts: Mapping[str, str]
    verdict: str = PROVEN


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks against the data themselves. `stuck`: by metric, when it stood still; `clock`: see judge_clock."""

    stuck: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    clock: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the curves of a run say. The mappings are by thermocouple: °C·h above the base of the recipe, °C/min,
    and the share of the run that is known."""

    recipe: str
    verdict: str
    findings: tuple[Finding, ...]
    soaks: tuple[Soak, ...]
    dose_c_h: Mapping[str, float]
    ramp_c_min: Mapping[str, float]
    covered: Mapping[str, float]


def verdict_of(findings: Sequence[Finding]) -> str:
    """The worst of them; nothing found: proven."""
    return max((one.verdict for one in findings), key=VERDICTS.index, default=PROVEN)


def prove(recipe: Recipe, curves: Mapping[str, Curve], doubt: Doubt | None = None) -> Proof:
    """Judge a run. `curves`: of all metrics the recipe names; one without samples is not known at all."""
    control = [curves[name] for name in recipe.control]
    soaks: list[Soak] = []
    findings = _of_data(control, doubt or Doubt())
    behind_ms = control[0].span[0] if control else 0.0
    for i, stage in enumerate(recipe.soaks):
        again = any(_share_a_band(stage, later) for later in recipe.soaks[i + 1 :])
        soak = find_soak(stage, control, rest_of(stage, control, behind_ms, again))
        soaks.append(soak)
        behind_ms = soak.extent[1] if soak.extent else behind_ms
    for i, soak in enumerate(soaks):
        findings += _judge(recipe, soak, control, curves)
        findings += _overshoot(soak, soaks[:i], soaks[i + 1 :], control)
        findings += _cooled(recipe, soak, soaks[i + 1 :], control)
    over_ms = recipe.ramp_over_s * 1000
    ramps = {c.metric: c.steepest(c.span, over_ms) for c in control}
    return Proof(
        recipe.name, verdict_of(findings), tuple(findings), tuple(soaks),
        {one.metric: one.dose(recipe.dose_base_c) for one in control},
        {name: rise for name, rise in ramps.items() if rise is not None},
        {one.metric: _covered(one) for one in control},
    )  # fmt: skip


def _share_a_band(one: Stage, other: Stage) -> bool:
    return one.band[0] <= other.band[1] and other.band[0] <= one.band[1]


def _covered(curve: Curve) -> float:
    whole = curve.span[1] - curve.span[0]
    return 1 - length(curve.unknown) / whole if whole > 0 else 0.0


def _of_data(control: Sequence[Curve], doubt: Doubt) -> list[Finding]:
    found = []
    if control and not any(len(curve.times) for curve in control):
        found.append(Finding("no_data", {"metrics": ", ".join(c.metric for c in control)}, NOT_PROVEN))  # fmt: skip
    for metric, spans in sorted(doubt.stuck.items()):
        facts = {"metric": metric, "minutes": minutes(length(spans) / 1000), "at_ms": str(int(spans[0][0]))}  # fmt: skip
        found.append(Finding("stuck", facts))
    if doubt.clock:
        found.append(Finding(doubt.clock, {}, NOT_PROVEN if doubt.clock == "clock_unset" else PROVEN))  # fmt: skip
    return found


def _judge(
    recipe: Recipe, soak: Soak, control: Sequence[Curve], curves: Mapping[str, Curve]
) -> list[Finding]:
    stage = soak.stage
    found = [*_held(soak, control), *_ramp(recipe, soak, control)]
    if soak.extent is None or soak.span is None:
        return found
    if stage.drop.below_c:
        longest_s, metric = dropped_s(stage, control, soak.extent)
        if longest_s > stage.drop.for_s:
            facts = {
                "stage": stage.id, "metric": metric, "minutes": minutes(longest_s),
                "below": written(stage.setpoint_c - stage.drop.below_c), "most": minutes(stage.drop.for_s),
            }  # fmt: skip
            found.append(Finding("dropped", facts, FAILED))
    if stage.spread_c and soak.spread_c is not None and soak.spread_c > stage.spread_c:
        facts = {"stage": stage.id, "spread": written(soak.spread_c, 3), "most": written(stage.spread_c)}  # fmt: skip
        found.append(Finding("spread_wide", facts, FAILED))
    span = soak.span
    found += [_limit(stage, limit, curves[limit.metric], span) for limit in stage.limits]
    if stage.gate is not None:
        found.append(_gate(stage, stage.gate, curves[stage.gate.metric], span[1]))
    return found


def _held(soak: Soak, control: Sequence[Curve]) -> list[Finding]:
    stage = soak.stage
    facts = {"stage": stage.id, "held": minutes(soak.held_s), "asked": minutes(stage.hold_s)}
    if soak.held_s >= stage.hold_s:
        found = [Finding("soak_held", facts)]
        if stage.hold_max_s and soak.held_s > stage.hold_max_s:
            found.append(Finding("soak_long", {**facts, "most": minutes(stage.hold_max_s)}, FAILED))
        return found
    best = might_have_held(stage, control, soak.rest)
    if best is not None and best[1] - best[0] >= stage.hold_s * 1000:
        return [_unknown(control, best, facts)]
    worst = min(soak.thermocouples, key=lambda one: (one.highest_c is None, one.longest_s))
    said = {
        "metric": worst.metric, "lowest": _text(worst.lowest_c), "highest": _text(worst.highest_c),
        "low": written(stage.band[0]), "high": written(stage.band[1]),
    }  # fmt: skip
    found = [Finding("soak_short" if soak.span else "soak_never", {**facts, **said}, FAILED)]
    others = [c for c in control if c.metric != worst.metric]
    alone = find_soak(stage, others, soak.rest).held_s if others else 0.0
    if (
        alone >= stage.hold_s
    ):  # the sensor may be wrong and not the furnace: told, decided by people
        found.append(Finding("one_disagrees", {"stage": stage.id, "metric": worst.metric}, FAILED))
    return found


def _unknown(control: Sequence[Curve], best: Span, facts: Mapping[str, str]) -> Finding:
    gaps = [(length(within(c.unknown, best)), c.metric, within(c.unknown, best)) for c in control]
    missing, metric, spans = max(gaps, key=lambda one: one[0])
    said = {"metric": metric, "missing": minutes(missing / 1000), "at_ms": str(int(spans[0][0]))}
    return Finding("soak_unknown", {**facts, **said}, NOT_PROVEN)


def _overshoot(
    soak: Soak, before: Sequence[Soak], after: Sequence[Soak], control: Sequence[Curve]
) -> list[Finding]:
    """The hottest moment that belongs to a soak; on the way to a hotter one, or down from one, is none of it."""
    stage = soak.stage
    if not stage.over_c:
        return []
    hotter = any(one.stage.setpoint_c > stage.setpoint_c for one in after)
    end_ms = control[0].span[1] if not hotter else soak.extent[1] if soak.extent else None
    cooled = any(one.stage.setpoint_c > stage.setpoint_c for one in before)
    start_ms = soak.entered_ms if cooled else soak.behind_ms
    if end_ms is None or (cooled and soak.extent is None):
        return []
    seen = [(r[1], c.metric) for c in control if (r := c.range_in((start_ms, end_ms))) is not None]
    top, metric = max(seen, default=(stage.setpoint_c, ""))
    if top <= stage.setpoint_c + stage.over_c:
        return []
    facts = {"stage": stage.id, "metric": metric, "top": written(top), "most": written(stage.setpoint_c + stage.over_c)}  # fmt: skip
    return [Finding("overshoot", facts, FAILED)]


def _ramp(recipe: Recipe, soak: Soak, control: Sequence[Curve]) -> list[Finding]:
    stage = soak.stage
    if not stage.ramp_max_c_min or soak.extent is None:
        return []
    way = (soak.behind_ms, soak.extent[0])
    over_ms = recipe.ramp_over_s * 1000
    rises = [(rise, c.metric) for c in control if (rise := c.steepest(way, over_ms)) is not None]
    rise, metric = max(rises, default=(0.0, ""))
    if rise <= stage.ramp_max_c_min:
        return []
    facts = {"stage": stage.id, "metric": metric, "ramp": written(rise, 3), "most": written(stage.ramp_max_c_min)}  # fmt: skip
    return [Finding("ramp_steep", facts, FAILED)]


def _cooled(
    recipe: Recipe, soak: Soak, after: Sequence[Soak], control: Sequence[Curve]
) -> list[Finding]:
    """The way down behind a soak, where the recipe says how fast it is to be."""
    fall = fall_of(soak.stage, soak, (after, recipe.ramp_over_s * 1000), control)
    if fall is None:
        return []
    verdict = {KEPT: PROVEN, SLOW: FAILED, FAST: FAILED}.get(fall.state, NOT_PROVEN)
    return [Finding(f"cooling_{fall.state}", facts_of(soak.stage, fall), verdict)]


def _limit(stage: Stage, limit: Limit, curve: Curve, span: Span) -> Finding:
    """Pressure, vacuum or gas during the soak: known all the time, and within its limits."""
    seen = curve.range_in(span)
    facts = {
        "stage": stage.id, "metric": limit.metric, "least": _text(limit.low), "most": _text(limit.high),
        "bottom": _text(seen[0] if seen else None), "top": _text(seen[1] if seen else None),
    }  # fmt: skip
    beyond = beyond_s(curve, limit.low, limit.high, span)
    if beyond > limit.for_s:
        return Finding("limit_out", facts | {"minutes": minutes(beyond)}, FAILED)
    missing = length(within(curve.unknown, span)) / 1000
    if missing > 0:
        return Finding("limit_unknown", facts | {"missing": minutes(missing)}, NOT_PROVEN)
    return Finding("limit_kept", facts)


def _gate(stage: Stage, gate: Limit, curve: Curve, at_ms: float) -> Finding:
    """What the recipe asks for at the end of the stage."""
    seen = curve.range_in((at_ms, at_ms))
    facts = {
        "stage": stage.id, "metric": gate.metric, "least": _text(gate.low), "most": _text(gate.high),
        "value": _text(seen[1] if seen else None),
    }  # fmt: skip
    if seen is None:
        return Finding("gate_unknown", facts, NOT_PROVEN)
    low_kept = gate.low is None or seen[0] >= gate.low
    kept = low_kept and (gate.high is None or seen[1] <= gate.high)
    return Finding("gate_kept", facts) if kept else Finding("gate_open", facts, FAILED)


def _text(value: float | None) -> str:
    return "" if value is None else written(value, 5)


def minutes(seconds: float) -> str:
    """Seconds as minutes with one decimal, as people say them."""
    return f"{seconds / 60:.1f}"
