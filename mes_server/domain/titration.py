"""Titrations: from volumes at the burette to points and g/L. What cannot have been read is refused.

A point is a mL of 0.1 N NaOH for 10 mL of bath; a concentration is V · N · equivalent weight / sample. Which method
is which, its normal solutions and what is plausible: dated rows in schemas/limit_sets/titration_methods.json.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mes_server.domain.attempts import Refusal
from mes_server.domain.decimals import NoFigure, figure, written

POINTS, CONCENTRATION, DIRECT, RATIO = KINDS = ("points", "concentration", "direct", "ratio")
FIELDS = ("value", "volume_ml", "blank_ml", "sample_ml", "normality", "factor")
_VOLUMES = FIELDS[1:]
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Method:
    """How a figure of a bath is found. `over`, `under`: the parameters whose RATIO it is.

    `limits`: by field, the least and the greatest that a reading or the result can be. `usual`: what counts for a
    field that is not told. `reference`: normality and sample (mL) for which a mL is one point. `equivalent`: g/mol
    of charge that one equivalent of the titrant finds.
    """

    name: str
    kind: str
    limits: Mapping[str, tuple[Decimal, Decimal]]
    usual: Mapping[str, Decimal]
    reference: tuple[Decimal, Decimal] = (_ONE, _ONE)
    equivalent: Decimal = _ONE
    over: str = ""
    under: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was read for one parameter: each of FIELDS as written, "" what was not."""

    parameter: str
    said: Mapping[str, str]


def methods_from(rows: Iterable[Mapping[str, Any]], day: str) -> dict[str, Method]:
    """The methods in force on a day ("2026-11-28"), by name; of a method the newest row that has begun."""
    found: dict[str, Method] = {}
    for row in sorted(rows, key=lambda one: str(one["since"])):
        if str(row["since"]) <= day or row["method"] not in found:
            found[str(row["method"])] = _method(row)
    return found


def _method(row: Mapping[str, Any]) -> Method:
    limits = {name: (Decimal(low), Decimal(high)) for name, (low, high) in row["limits"].items()}
    usual = {name: Decimal(value) for name, value in row.get("usual", {}).items()}
    reference = row.get("reference", ("1", "1"))
    return Method(
        row["method"], row["kind"], limits, usual, (Decimal(reference[0]), Decimal(reference[1])),
        Decimal(row.get("equivalent", "1")), row.get("over", ""), row.get("under", ""),
    )  # fmt: skip


def points(volume_ml: Decimal, normality: Decimal, sample_ml: Decimal, method: Method) -> Decimal:
    """mL of the reference solution for the reference sample: V · N/N₀ · S₀/S."""
    normality_0, sample_0 = method.reference
    return volume_ml * normality / normality_0 * sample_0 / sample_ml


def concentration(
    volume_ml: Decimal, normality: Decimal, sample_ml: Decimal, equivalent: Decimal
) -> Decimal:
    """g/L: mL · mol/L · g/mol / mL."""
    return volume_ml * normality * equivalent / sample_ml


def result(method: Method, taken: Taken) -> tuple[Decimal | None, list[Refusal]]:
    """The figure of one parameter as it is kept (six digits), or why it cannot be one."""
    figures, refused = _figures(method, taken)
    refused += [
        _impossible(taken.parameter, name, value, method.limits[name])
        for name, value in figures.items()
        if name in method.limits and not _within(value, method.limits[name])
    ]
    if refused:
        return None, refused
    value = Decimal(written(_computed(method, figures)))
    if not _within(value, method.limits["value"]):
        return None, [_impossible(taken.parameter, "value", value, method.limits["value"])]
    return value, []


def _figures(method: Method, taken: Taken) -> tuple[dict[str, Decimal], list[Refusal]]:
    asked = ("value",) if method.kind == DIRECT else _VOLUMES
    figures = {name: value for name, value in method.usual.items() if name in asked}
    refused = []
    for name in FIELDS:
        text = taken.said.get(name, "")
        if not text:
            continue
        if name not in asked:
            refused.append(Refusal("titration_is_by_method", {"parameter": taken.parameter, "field": name, "method": method.name}))  # fmt: skip
            continue
        try:
            figures[name] = figure(text)
        except NoFigure as error:
            refused.append(Refusal(error.rule, {"text": text}))
    needed = "value" if method.kind == DIRECT else "volume_ml"
    if needed not in figures and not refused:
        facts = {"parameter": taken.parameter, "field": needed, "method": method.name}
        refused.append(Refusal("titration_is_whole", facts))
    return figures, refused


def _computed(method: Method, figures: Mapping[str, Decimal]) -> Decimal:
    if method.kind == DIRECT:
        return figures["value"]
    volume = figures["volume_ml"] - figures.get("blank_ml", Decimal(0))
    normality = figures["normality"] * figures.get("factor", _ONE)
    if method.kind == POINTS:
        return points(volume, normality, figures["sample_ml"], method)
    return concentration(volume, normality, figures["sample_ml"], method.equivalent)


def _within(value: Decimal, limits: tuple[Decimal, Decimal]) -> bool:
    return limits[0] <= value <= limits[1]


def _impossible(
    parameter: str, name: str, value: Decimal, limits: tuple[Decimal, Decimal]
) -> Refusal:
    facts = {"parameter": parameter, "field": name, "value": written(value)}
    facts |= {"low": written(limits[0]), "high": written(limits[1])}
    return Refusal("titration_is_possible", facts)


def titrated(
    methods: Mapping[str, Method], taken: Sequence[Taken]
) -> tuple[dict[str, Decimal], list[Refusal]]:
    """The figures by parameter, ratios with them, or every reason why they cannot be. `methods`: by parameter."""
    values: dict[str, Decimal] = {}
    refused: list[Refusal] = []
    for one in taken:
        method = methods.get(one.parameter)
        if method is None or method.kind == RATIO or one.parameter in values:
            known = sorted(name for name, m in methods.items() if m.kind != RATIO)
            facts = {"parameter": one.parameter, "known": ", ".join(known)}
            refused.append(Refusal("parameter_is_of_bath", facts))
            continue
        value, why = result(method, one)
        refused += why
        if value is not None:
            values[one.parameter] = value
    ratios, why = _ratios(methods, values)
    return values | ratios, refused + why


def _ratios(
    methods: Mapping[str, Method], values: Mapping[str, Decimal]
) -> tuple[dict[str, Decimal], list[Refusal]]:
    """Ratios of what was titrated together. What holds both (total acid) is never less than its part (free acid)."""
    found: dict[str, Decimal] = {}
    refused = []
    for name, method in methods.items():
        if method.kind != RATIO or method.over not in values or method.under not in values:
            continue
        over, under = values[method.over], values[method.under]
        if over < under:
            facts = {"over": method.over, "under": method.under}
            facts |= {"over_value": written(over), "under_value": written(under)}
            refused.append(Refusal("total_holds_its_part", facts))
        elif under:
            found[name] = Decimal(written(over / under))
    return found, refused
