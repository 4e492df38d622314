"""Was the soak kept? Proven, not proven, or failed: by the curves of the control thermocouples of one run.

A soak is proven when all of them were within the band without a break for as long as the recipe asks. When that
cannot be told because something is not known, it is not proven: that holds the lots and fails nothing. It failed
when even what is not known, had it been good, would not have been enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mes_server.domain.curves import Curve, spread
from mes_server.domain.decimals import written
from mes_server.domain.recipes import Recipe, Soak
from mes_server.domain.spans import Span, joined, length, longest, met_all, within

PROVEN, NOT_PROVEN, FAILED = VERDICTS = ("proven", "not_proven", "failed")


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, as a key of the translations (`proof.<key>`) with its facts; `verdict`: what it makes of the run."""

    key: str
    facts: Mapping[str, str]
    verdict: str = PROVEN


@dataclass(frozen=True, slots=True)
class OfThermocouple:
    """One thermocouple in one soak, or over the run. Seconds, °C, °C·h; None: not known."""

    metric: str
    in_band_s: float
    highest_c: float | None
    lowest_c: float | None
    unknown_s: float


@dataclass(frozen=True, slots=True)
class OfSoak:
    """`span`: the longest time in which all were in the band, None: there was none. `spread_c`: between them."""

    soak: Soak
    span: Span | None
    held_s: float
    spread_c: float | None
    thermocouples: tuple[OfThermocouple, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What the curves of a run say. `dose_c_h`, `ramp_c_min`: by thermocouple."""

    recipe: str
    verdict: str
    findings: tuple[Finding, ...]
    soaks: tuple[OfSoak, ...]
    dose_c_h: Mapping[str, float]
    ramp_c_min: Mapping[str, float]
    covered: Mapping[str, float]


def prove(recipe: Recipe, curves: Mapping[str, Curve]) -> Proof:
    """Judge a run. `curves`: of all metrics the recipe names; one that is missing is not known at all."""
    control = [curves[name] for name in recipe.control]
    findings: list[Finding] = []
    soaks = []
    behind = control[0].from_ms
    for soak in recipe.soaks:
        found, told = _prove_soak(soak, control, behind)
        soaks.append(found)
        findings += told + _pressure(soak, found, curves)
        behind = found.span[1] if found.span else behind
    ramps = {
        c.metric: rise for c in control if (rise := c.steepest((c.from_ms, c.to_ms))) is not None
    }
    findings += _ramp(recipe, ramps)
    verdict = max((one.verdict for one in findings), key=VERDICTS.index, default=PROVEN)
    return Proof(
        recipe.name, verdict, tuple(findings), tuple(soaks),
        {one.metric: one.dose(recipe.dose_base_c) for one in control},
        ramps,
        {one.metric: _covered(one) for one in control},
    )  # fmt: skip


def _covered(curve: Curve) -> float:
    whole = curve.to_ms - curve.from_ms
    return length(curve.known) / whole if whole > 0 else 0.0


def _prove_soak(
    soak: Soak, control: Sequence[Curve], behind: float
) -> tuple[OfSoak, list[Finding]]:
    low, high = soak.setpoint_c - soak.tolerance_c, soak.setpoint_c + soak.tolerance_c
    inside = [curve.inside(low, high) for curve in control]
    span = longest(met_all(inside), behind)
    held_s = (span[1] - span[0]) / 1000 if span else 0.0
    around = _around(soak, control, span, behind)
    found = OfSoak(
        soak, span, held_s, spread(control, span) if span else None,
        tuple(_of_thermocouple(c, spans, around) for c, spans in zip(control, inside, strict=True)),
    )  # fmt: skip
    facts = {"soak": soak.id, "held": minutes(held_s), "asked": minutes(soak.hold_s)}
    if held_s >= soak.hold_s:
        return found, [
            Finding("soak_held", facts),
            *_too_much(found, control, (inside, behind), facts),
        ]
    perhaps = [
        joined([*spans, *curve.unknown]) for curve, spans in zip(control, inside, strict=True)
    ]
    best = longest(met_all(perhaps), behind)
    best_s = (best[1] - best[0]) / 1000 if best else 0.0
    if best is not None and best_s >= soak.hold_s:
        return found, [_unknown(control, best, facts)]
    worst = max(zip(control, inside, strict=True), key=lambda one: _missing(one[1], soak.hold_s))
    return found, [Finding("soak_short", facts | _lowest(soak, worst[0], around), FAILED)]


def _missing(spans: Sequence[Span], hold_s: int) -> float:
    best = longest(spans)
    return hold_s - ((best[1] - best[0]) / 1000 if best else 0.0)


def _around(soak: Soak, control: Sequence[Curve], span: Span | None, behind: float) -> Span:
    """The time of a soak: what was held, or what came nearest to it."""
    if span is not None:
        return span
    near = [
        c.inside(soak.setpoint_c - 10 * soak.tolerance_c, soak.setpoint_c + 10 * soak.tolerance_c)
        for c in control
    ]
    return longest(joined(one for spans in near for one in spans), behind) or (
        behind,
        control[0].to_ms,
    )


def _of_thermocouple(curve: Curve, inside: Sequence[Span], around: Span) -> OfThermocouple:
    return OfThermocouple(
        curve.metric, length(within(inside, around)) / 1000, curve.highest(around),
        curve.lowest(around), length(within(curve.unknown, around)) / 1000,
    )  # fmt: skip


def _too_much(
    found: OfSoak,
    control: Sequence[Curve],
    known: tuple[Sequence[Sequence[Span]], float],
    facts: Mapping[str, str],
) -> list[Finding]:
    told = []
    soak, (inside, behind) = found.soak, known
    if soak.hold_max_s and found.held_s > soak.hold_max_s:
        told.append(Finding("soak_long", {**facts, "most": minutes(soak.hold_max_s)}, FAILED))
    if soak.over_c and found.span is not None:
        # From when it first came into the band: on the way down to a cooler soak it was hotter before.
        end = found.span[1]
        tops = [
            (top, curve.metric)
            for curve, spans in zip(control, inside, strict=True)
            if (first := next((at for at, to in spans if to > behind), None)) is not None
            and (top := curve.highest((max(first, behind), end))) is not None
        ]
        top, metric = max(tops, default=(soak.setpoint_c, ""))
        most = soak.setpoint_c + soak.over_c
        if top > most:
            said = {**facts, "metric": metric, "top": written(top), "most": written(most)}
            told.append(Finding("overshoot", said, FAILED))
    return told


def _unknown(control: Sequence[Curve], best: Span, facts: Mapping[str, str]) -> Finding:
    gaps = [(length(within(c.unknown, best)), c) for c in control]
    missing, curve = max(gaps, key=lambda one: one[0])
    first = next(iter(within(curve.unknown, best)), best)
    said = {"metric": curve.metric, "missing": minutes(missing / 1000), "at_ms": str(int(first[0]))}
    return Finding("soak_unknown", {**facts, **said}, NOT_PROVEN)


def _lowest(soak: Soak, curve: Curve, around: Span) -> dict[str, str]:
    low, high = curve.lowest(around), curve.highest(around)
    return {
        "metric": curve.metric,
        "lowest": "" if low is None else written(low),
        "highest": "" if high is None else written(high),
        "low": written(soak.setpoint_c - soak.tolerance_c),
        "high": written(soak.setpoint_c + soak.tolerance_c),
    }


def _pressure(soak: Soak, found: OfSoak, curves: Mapping[str, Curve]) -> list[Finding]:
    """The pressure during the soak: known all the time, and within its limits."""
    if not soak.pressure or found.span is None:
        return []
    curve, span = curves[soak.pressure], found.span
    top, bottom = curve.highest(span), curve.lowest(span)
    facts = {"soak": soak.id, "metric": soak.pressure, "top": _text(top), "bottom": _text(bottom)}
    facts |= {"most": _text(soak.pressure_max), "least": _text(soak.pressure_min)}
    over = top is not None and soak.pressure_max is not None and top > soak.pressure_max
    under = bottom is not None and soak.pressure_min is not None and bottom < soak.pressure_min
    if over or under:
        return [Finding("pressure_out", facts, FAILED)]
    missing = length(within(curve.unknown, span)) / 1000
    if missing > 0 or top is None:
        return [Finding("pressure_unknown", facts | {"missing": minutes(missing)}, NOT_PROVEN)]
    return [Finding("pressure_kept", facts)]


def _ramp(recipe: Recipe, ramps: Mapping[str, float]) -> list[Finding]:
    if not recipe.ramp_max_c_min or not ramps:
        return []
    metric = max(ramps, key=lambda name: ramps[name])
    if ramps[metric] <= recipe.ramp_max_c_min:
        return []
    facts = {
        "metric": metric,
        "ramp": written(ramps[metric]),
        "most": written(recipe.ramp_max_c_min),
    }
    return [Finding("ramp_steep", facts, FAILED)]


def _text(value: float | None) -> str:
    return "" if value is None else written(value)


def minutes(seconds: float) -> str:
    """Seconds as minutes with one decimal, as people say them."""
    return f"{seconds / 60:.1f}"
