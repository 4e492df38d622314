"""A measurement system study of any kind, from its raw values to figures and a verdict by the acceptance row.

AIAG MSA reference manual, 4th ed. 2010, chapter III. The raw values of every kind are `readings[appraiser][part][trial]`;
of a stability study the parts are the times at which its one master was read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Any

from mes_server.domain.decimals import figure, written
from mes_server.domain.msa import CannotStudy, Grr, bias, by_anova, by_ranges, linearity
from mes_server.domain.msa_attribute import (
    BAD,
    GOOD,
    Appraiser,
    appraise,
    cohen_kappa,
    judgement,
)
from mes_server.domain.process import chart_of_groups
from mes_server.domain.spc_rules import rules_of

GRR, BIAS, LINEARITY, STABILITY, ATTRIBUTE = KINDS = (
    "grr", "bias", "linearity", "stability", "attribute",
)  # fmt: skip
# The first method of a kind is taken when none is named.
METHODS: dict[str, tuple[str, ...]] = {
    GRR: ("anova", "ranges"), BIAS: ("t_test",), LINEARITY: ("regression",), STABILITY: ("chart",),
    ATTRIBUTE: ("kappa",),
}  # fmt: skip
VERDICTS = ("poor", "fair", "good")
Row = Mapping[str, Any]
Figures = dict[str, str]


@dataclass(frozen=True, slots=True)
class Raw:
    """`references`: of each part its known value (bias, linearity) or what it is (attribute: good or bad). `tolerance`:
    the width of the spec that it is compared with, "" none. `day`: whose rules judge a chart."""

    kind: str
    method: str
    readings: Sequence[Sequence[Sequence[str]]]
    references: Sequence[str] = ()
    tolerance: str = ""
    day: str = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Found:
    """What a study found. `verdict`: good; fair (accepted with a reason); poor."""

    figures: Figures
    verdict: str


def found_of(raw: Raw, row: Row) -> Found:
    """Figures and verdict by an acceptance row; raises CannotStudy, NoFigure."""
    if not raw.readings or not all(part for one in raw.readings for part in one):
        raise CannotStudy("study_is_whole", kind=raw.kind)
    return _KINDS[raw.kind](raw, row)


def _values(raw: Raw) -> list[list[list[float]]]:
    return [[[float(figure(text)) for text in part] for part in one] for one in raw.readings]


def _width(raw: Raw) -> float | None:
    """The tolerance; raises CannotStudy where it is none."""
    if not raw.tolerance:
        return None
    width = float(figure(raw.tolerance))
    if width <= 0:
        raise CannotStudy("tolerance_is_wide", tolerance=raw.tolerance)
    return width


def _one_of(raw: Raw, parts: int) -> list[list[float]]:
    """By part all readings, whoever took them."""
    values = _values(raw)
    if len({len(one) for one in values}) != 1 or len(values[0]) < parts:
        raise CannotStudy("study_is_whole", kind=raw.kind)
    return [[v for one in values for v in one[i]] for i in range(len(values[0]))]


def _known(raw: Raw, count: int) -> list[float]:
    if len(raw.references) != count or not all(raw.references):
        raise CannotStudy("references_are_told", kind=raw.kind, parts=str(count))
    return [float(figure(text)) for text in raw.references]


def _at_most(verdict: str, least: str) -> str:
    return min(verdict, least, key=VERDICTS.index)


def _grr(raw: Raw, row: Row) -> Found:
    values, width = _values(raw), _width(raw)
    found = (
        by_ranges(values, width)
        if raw.method == "ranges"
        else by_anova(values, width, float(row["pool_p_min"]))
    )
    figures = {
        name: written(getattr(found, name))
        for name in ("repeatability", "reproducibility", "interaction", "grr", "part", "grr_pct")
    } | {"ndc": str(found.ndc)}
    verdict = _judged_grr(found, row)
    if len(values) * len(values[0]) < int(row["grr_products_min"]):
        verdict = _at_most(verdict, "fair")
    return Found(figures, verdict)


def _judged_grr(found: Grr, row: Row) -> str:
    if found.ndc < int(row["ndc_min"]):
        return "poor"
    return share_verdict(found.grr_pct, row)


def share_verdict(pct: float, row: Row) -> str:
    """Of a share of GR&R, as it is written: below the first limit good, up to the second fair."""
    share = float(written(pct, 6))
    if share > float(row["grr_fair_pct"]):
        return "poor"
    return "good" if share < float(row["grr_good_pct"]) else "fair"


def _biased(worst: float, accepted: bool, raw: Raw, row: Row) -> tuple[Figures, str]:
    """A bias that can be told from none is fair where it is a small part of the tolerance, else poor."""
    width = _width(raw)
    if width is None:
        return {}, "good" if accepted else "poor"
    share = 100 * abs(worst) / width
    small = share <= float(row["bias_fair_pct"])
    return {"bias_pct": written(share)}, "good" if accepted else "fair" if small else "poor"


def _bias(raw: Raw, row: Row) -> Found:
    (readings,) = (parts := _one_of(raw, 1))[:1]
    if len(parts) != 1:
        raise CannotStudy("study_is_whole", kind=raw.kind)
    found = bias(readings, _known(raw, 1)[0], float(row["level"]))
    more, verdict = _biased(found.bias, found.accepted, raw, row)
    names = ("bias", "repeatability", "t", "p", "low", "high")
    figures = {name: written(getattr(found, name)) for name in names} | more
    if len(readings) < int(row["bias_readings_min"]):
        verdict = _at_most(verdict, "fair")
    return Found(figures | {"readings": str(len(readings))}, verdict)


def _linearity(raw: Raw, row: Row) -> Found:
    parts = _one_of(raw, 3)
    known = _known(raw, len(parts))
    found = linearity(known, parts, float(row["level"]))
    biases = [fmean(part) - value for part, value in zip(parts, known, strict=True)]
    worst = max(biases, key=abs)
    more, verdict = _biased(worst, found.accepted, raw, row)
    names = ("slope", "intercept", "r_squared", "slope_p", "intercept_p")
    figures = {name: written(getattr(found, name)) for name in names} | more
    figures |= {f"bias.{i}": written(one) for i, one in enumerate(biases, 1)}
    few = len(parts) < int(row["linearity_parts_min"])
    if few or min(map(len, parts)) < int(row["linearity_trials_min"]):
        verdict = _at_most(verdict, "fair")
    return Found(figures | {"worst_bias": written(worst)}, verdict)


def _stability(raw: Raw, row: Row) -> Found:
    """A master read from time to time: its chart has no special cause."""
    times = _one_of(raw, 2)
    chart = chart_of_groups(times).judged(rules_of(str(row["stability_rule_set"]), raw.day))
    broken = sorted({one.rule for trace in chart.traces for one in trace.broken})
    figures = {
        "centre": written(chart.traces[0].centre), "sigma_within": written(chart.sigma_within or 0.0),
        "times": str(len(times)), "rules": ", ".join(broken),
    }  # fmt: skip
    verdict = "poor" if broken else "good"
    if len(times) < int(row["stability_times_min"]):
        verdict = _at_most(verdict, "fair")
    return Found(figures, verdict)


def _attribute(raw: Raw, row: Row) -> Found:
    said = [[[judgement(text) for text in part] for part in one] for one in raw.readings]
    shapes = {(len(one), len(part)) for one in said for part in one}
    if len(shapes) != 1 or len(raw.references) != len(said[0]):
        raise CannotStudy("references_are_told", kind=raw.kind, parts=str(len(said[0])))
    truth = [judgement(text) for text in raw.references]
    if {GOOD, BAD} != set(truth):
        raise CannotStudy("pieces_are_mixed", kind=raw.kind)
    people = [
        appraise(str(i), list(zip(*one, strict=True)), truth) for i, one in enumerate(said, 1)
    ]
    flat = [[word for part in one for word in part] for one in said]
    between = [cohen_kappa(a, b) for a, b in combinations(flat, 2)]
    figures: Figures = {}
    for one in people:
        names = ("kappa", "effectiveness_pct", "miss_pct", "false_alarm_pct", "repeats_pct")
        figures |= {f"{name}.{one.name}": written(getattr(one, name)) for name in names}
    figures |= {"kappa": written(min(one.kappa for one in people))}
    figures |= {"kappa_between": written(min(between))} if between else {}
    verdict = min((_judged_appraiser(one, row) for one in people), key=VERDICTS.index)
    if between:
        verdict = _at_most(verdict, _kappa_verdict(min(between), row))
    few = len(truth) < int(row["attribute_parts_min"])
    if few or len(people) < 2 or len(said[0][0]) < 2:  # nobody's agreement is seen
        verdict = _at_most(verdict, "fair")
    return Found(figures, verdict)


def _kappa_verdict(kappa: float, row: Row) -> str:
    if kappa < float(row["kappa_poor"]):
        return "poor"
    return "good" if kappa >= float(row["kappa_good"]) else "fair"


def _judged_appraiser(one: Appraiser, row: Row) -> str:
    verdict = _kappa_verdict(one.kappa, row)
    for value, name, least in (
        (one.effectiveness_pct, "effectiveness", True),
        (one.miss_pct, "miss", False),
        (one.false_alarm_pct, "false_alarm", False),
    ):
        good, fair = (float(row[f"{name}_{limit}_pct"]) for limit in ("good", "fair"))
        sign = 1 if least else -1
        told = "good" if sign * value >= sign * good else "fair" if sign * value >= sign * fair else "poor"  # fmt: skip
        verdict = _at_most(verdict, told)
    return verdict


_KINDS: dict[str, Callable[[Raw, Row], Found]] = {
    GRR: _grr,
    BIAS: _bias,
    LINEARITY: _linearity,
    STABILITY: _stability,
    ATTRIBUTE: _attribute,
}
