"""What makes a figure of a laboratory one that counts: in its unit, possible, and a non-detect with its LOD.

Nothing is converted: a figure in another unit is refused, and what it would be in ours is only said.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mes_server.domain.attempts import Refusal
from mes_server.domain.decimals import NoFigure, figure
from mes_server.domain.water_samples import (
    EXACT,
    HANDED,
    LESS,
    MORE,
    RECEIVED,
    REPORTED,
    WaterSample,
)

MINUTE_MS = 60_000  # people write times of day without seconds
# How much of a mg/L one of these is (prefixes of the SI).
_IN_MG_L = {
    "µg/l": Decimal("0.001"), "μg/l": Decimal("0.001"), "ug/l": Decimal("0.001"), "mg/m3": Decimal("0.001"),
    "mg/m³": Decimal("0.001"), "ng/l": Decimal("0.000001"), "g/l": Decimal(1000), "kg/m3": Decimal(1000),
    "kg/m³": Decimal(1000), "mg/dm3": Decimal(1), "mg/dm³": Decimal(1), "g/m3": Decimal(1), "g/m³": Decimal(1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A figure as the report has it, every field a text. `value`: "0.31", "<0.02" or ">100"."""

    pollutant: str
    value: str
    unit: str
    method: str = ""
    lod: str = ""


def results_from(
    told: Sequence[Told], known: Mapping[str, Mapping[str, Any]]
) -> tuple[list[dict[str, str]], list[Refusal]]:
    """The figures as the ledger keeps them, and every reason why some are none. `known`: pollutants, by code."""
    found: list[dict[str, str]] = []
    refused: list[Refusal] = []
    for one in told:
        if one.pollutant in {said["pollutant"] for said in found}:
            refused.append(Refusal("result_is_told_once", {"pollutant": one.pollutant}))
        said = result_from(one, known)
        if isinstance(said, dict):
            found.append(said)
        else:
            refused += said
    return found, refused


def result_from(
    told: Told, known: Mapping[str, Mapping[str, Any]]
) -> dict[str, str] | list[Refusal]:
    """One figure as the ledger keeps it; or why it is none."""
    row = known.get(told.pollutant)
    facts = {"pollutant": told.pollutant, "value": told.value.strip(), "unit": told.unit.strip()}
    if row is None:
        return [Refusal("pollutant_is_known", facts | {"known": ", ".join(sorted(known))})]
    qualifier, value, refused = _read(told, facts)
    lod = None
    if told.lod.strip():
        _, lod, wrong = _read(Told(told.pollutant, told.lod, told.unit), facts | {"value": told.lod.strip()})  # fmt: skip
        refused += wrong
    refused += _in_unit(facts | {"qualifier": qualifier}, value, row["unit"])
    if not refused and value is not None:
        refused = _possible(value, row, facts) or _detected(qualifier, value, lod, facts)
    if refused or value is None:
        return refused
    return {
        "pollutant": told.pollutant, "value": format(value, "f"), "unit": row["unit"], "qualifier": qualifier,
        "method": told.method.strip() or row["method"], "lod": "" if lod is None else format(lod, "f"),
    }  # fmt: skip


def _read(told: Told, facts: dict[str, str]) -> tuple[str, Decimal | None, list[Refusal]]:
    """Qualifier and figure of "<0.02"."""
    text = told.value.strip().replace("＜", LESS).replace("＞", MORE)
    qualifier = text[0] if text[:1] in (LESS, MORE) else EXACT
    try:
        return qualifier, figure(text.removeprefix(qualifier)), []
    except NoFigure:
        return qualifier, None, [Refusal("result_is_a_figure", facts)]


def _in_unit(facts: dict[str, str], value: Decimal | None, wanted: str) -> list[Refusal]:
    unit = facts["unit"]
    if unit.casefold() == wanted.casefold():
        return []
    would_be = ""
    factor = _IN_MG_L.get(unit.casefold()) if wanted == "mg/L" else None
    if factor is not None and value is not None:
        would_be = f"{facts['qualifier']}{(value * factor).normalize():f} {wanted}"
    said = {name: facts[name] for name in ("pollutant", "value", "unit")}
    return [Refusal("result_is_in_its_unit", said | {"wanted": wanted, "would_be": would_be})]


def _possible(value: Decimal, row: Mapping[str, Any], facts: Mapping[str, str]) -> list[Refusal]:
    high = Decimal(row["plausible_max"])
    if 0 <= value <= high:
        return []
    return [Refusal("result_is_plausible", {**facts, "low": "0", "high": format(high, "f")})]


def _detected(
    qualifier: str, value: Decimal, lod: Decimal | None, facts: Mapping[str, str]
) -> list[Refusal]:
    """A non-detect names its LOD, which is not above it; a figure reaches it."""
    if lod is None:
        return [Refusal("non_detect_has_a_lod", dict(facts))] if qualifier == LESS else []
    if lod <= 0 or (qualifier == LESS and lod > value) or (qualifier != LESS and value < lod):
        return [Refusal("result_agrees_with_lod", {**facts, "lod": format(lod, "f")})]
    return []


def drawn_in_order(kind: str, from_ms: int, to_ms: int) -> list[Refusal]:
    """A composite is drawn over a time, a grab at a moment."""
    if kind == "composite" and to_ms <= from_ms:
        return [Refusal("composite_takes_time", {"since_ms": str(from_ms), "until_ms": str(to_ms)})]
    return []


def may_go_on(sample: WaterSample, kind: str, at_ms: int) -> list[Refusal]:
    """Whether this can be done with it now: taken, handed on, received by the laboratory, reported; each after the
    last."""
    if sample.voided:
        return [Refusal("sample_counts", {"sample": sample.code, "reason": sample.voided})]
    done = {one.kind for one in sample.custody}
    refused = []
    if kind == REPORTED and RECEIVED not in done:
        refused.append(Refusal("sample_is_received", {"sample": sample.code}))
    if kind in (HANDED, RECEIVED) and RECEIVED in done:
        refused.append(Refusal("sample_is_on_its_way", {"sample": sample.code, "lab": sample.lab}))
    if at_ms // MINUTE_MS < sample.last_ms // MINUTE_MS:
        facts = {"sample": sample.code, "at_ms": str(at_ms), "since_ms": str(sample.last_ms)}
        refused.append(Refusal("custody_is_in_order", facts))
    return refused


def are_new(sample: WaterSample, pollutants: Collection[str]) -> list[Refusal]:
    """A sample has one figure of a pollutant: another one only when the first was withdrawn with a reason."""
    return [
        Refusal(
            "result_is_new",
            {"pollutant": one.pollutant, "sample": sample.code, "value": f"{one.qualifier}{one.value:f}", "unit": one.unit},
        )
        for one in sample.results
        if one.pollutant in pollutants
    ]  # fmt: skip
