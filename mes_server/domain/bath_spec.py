"""The spec of a kind of bath: a released document (kind "bath") that titrations and runs are judged by.

Two tiers: the action limits warn, the spec limits lock the bath. Each figure is a decimal text.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mes_server.domain.checks import ACTION, OK, OUT
from mes_server.domain.decimals import figure_or_none
from mes_server.domain.documents import Document, head_faults
from mes_server.domain.shapes import TEXT, shape_faults

AH, AREA, TITRATION = DRIVERS = ("ah", "area", "titration")
LIMITS = ("lower", "upper", "action_lower", "action_upper", "target")
HOUR_MS = 3_600_000
_PLAIN = ("process", "area", "source", "certainty", "note", "code", "revision", "title")
_FIELDS = {*_PLAIN, "parameters", "replenishment", "layer", "drag_out_ml_m2", "life_h"}
_PARAMETER = {"name", "title", "unit", "method", "every_h", *LIMITS}
_REPLENISHMENT = {"product", "by", "unit", "rate", "parameter"}
_LAYER = {"name", "metal", "counter", "efficiency", "anode_efficiency", "media_dm2", "quantity", "parameter"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is titrated. `every_ms`: how old the last good one may be when a lot is loaded; 0: any."""

    name: str
    title: Mapping[str, str]
    unit: str
    method: str
    every_ms: int
    lower: Decimal | None
    upper: Decimal | None
    action_lower: Decimal | None
    action_upper: Decimal | None
    target: Decimal | None

    def verdict(self, value: Decimal) -> str:
        """OK, ACTION (warns) or OUT (locks the bath)."""
        if _outside(value, self.lower, self.upper):
            return OUT
        return ACTION if _outside(value, self.action_lower, self.action_upper) else OK


@dataclass(frozen=True, slots=True)
class Replenishment:
    """A product that is added. `rate`: its amount (`unit`) for each kAh, each m², or each unit that `parameter`
    is below its target and litre of bath."""

    product: str
    by: str
    unit: str
    rate: Decimal
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """What the bath deposits. `counter`: the line's metric of ampere-hours. `media_dm2`: plated area of the barrel's
    media in each run. `quantity`: as control plans call its thickness. `parameter`: the metal's concentration."""

    name: str
    metal: str
    counter: str
    efficiency: Decimal
    anode_efficiency: Decimal
    media_dm2: Decimal
    quantity: str
    parameter: str


@dataclass(frozen=True, slots=True)
class BathSpec:
    """A released revision. `area`: the line's metric of processed area (m²). `life_ms`: 0: no end."""

    name: str
    title: Mapping[str, str]
    process: str
    parameters: tuple[Parameter, ...]
    replenishment: tuple[Replenishment, ...]
    layer: Layer | None
    area: str
    drag_out_ml_m2: Decimal
    life_ms: int

    def find(self, parameter: str) -> Parameter | None:
        """A parameter by its name."""
        return next((one for one in self.parameters if one.name == parameter), None)


def _outside(value: Decimal, lower: Decimal | None, upper: Decimal | None) -> bool:
    return (lower is not None and value < lower) or (upper is not None and value > upper)


def _hours(said: Mapping[str, Any], name: str) -> int:
    return int((figure_or_none(said.get(name)) or Decimal(0)) * HOUR_MS)


def _or(said: Mapping[str, Any], name: str, other: str) -> Decimal:
    return Decimal(said.get(name, other))


def spec_of(document: Document) -> BathSpec:
    """The spec that a document of kind "bath" writes."""
    said = document.content
    limits = [
        Parameter(
            one["name"], one["title"], one["unit"], one["method"], _hours(one, "every_h"),
            *(figure_or_none(one.get(name)) for name in LIMITS),
        )
        for one in said["parameters"]
    ]  # fmt: skip
    added = [
        Replenishment(
            one["product"], one["by"], one["unit"], Decimal(one["rate"]), one.get("parameter", "")
        )
        for one in said.get("replenishment", ())
    ]
    layer = said.get("layer")
    return BathSpec(
        document.name, said["title"], said.get("process", ""), tuple(limits), tuple(added),
        None if layer is None else Layer(
            layer["name"], layer["metal"], layer["counter"], Decimal(layer["efficiency"]),
            _or(layer, "anode_efficiency", "0"), _or(layer, "media_dm2", "0"), layer.get("quantity", ""),
            layer.get("parameter", ""),
        ),
        said.get("area", "processed_area_m2"), _or(said, "drag_out_ml_m2", "0"), _hours(said, "life_h"),
    )  # fmt: skip


def bath_faults(
    content: Mapping[str, Any], methods: Collection[str], metals: Collection[str]
) -> list[str]:
    """All that is wrong with the spec of a bath, each in a sentence."""
    faults = head_faults(content) + _unknown("", content, _FIELDS)
    faults += shape_faults(content, {"process": TEXT, "area": TEXT})
    parameters = content.get("parameters")
    if not isinstance(parameters, list) or not parameters:
        return [*faults, "parameters: write a list of at least one"]
    names: list[str] = []
    for i, one in enumerate(parameters):
        where = f"parameters[{i}]"
        if not isinstance(one, dict):
            faults.append(f"{where}: write an object")
            continue
        faults += _unknown(where, one, _PARAMETER) + _parameter_faults(where, one, methods)
        names.append(str(one.get("name")))
    if len(set(names)) != len(names):
        faults.append("parameters: write each name once")
    faults += _added_faults(content, names) + _layer_faults(content, metals, names)
    return faults + [
        f'{name}: write a text of a figure above 0, such as "24"'
        for name in ("drag_out_ml_m2", "life_h")
        if name in content and not _positive(content.get(name))
    ]


def _unknown(where: str, said: Mapping[str, Any], known: Collection[str]) -> list[str]:
    unknown = ", ".join(sorted(set(map(str, said)) - set(known)))
    return [f"{where}: no such field: {unknown}".lstrip(": ")] if unknown else []


def _positive(text: object) -> bool:
    value = figure_or_none(text)
    return value is not None and value > 0


def _parameter_faults(where: str, one: Mapping[str, Any], methods: Collection[str]) -> list[str]:
    faults = [] if _text(one.get("name")) else [f"{where}.name: write a text"]
    if not isinstance(one.get("unit"), str):
        faults.append(f'{where}.unit: write a text, "" where there is none')
    title = one.get("title")
    if not isinstance(title, dict) or not all(_text(title.get(lang)) for lang in ("en", "zh")):
        faults.append(f'{where}.title: write {{"en": "…", "zh": "…"}}')
    if str(one.get("method")) not in methods:
        faults.append(f"{where}.method: write one of {', '.join(sorted(methods))}")
    if "every_h" in one and not _positive(one["every_h"]):
        faults.append(f'{where}.every_h: write a text of hours, such as "4"')
    given = {name: one[name] for name in LIMITS if name in one}
    faults += [
        f'{where}.{name}: write a text of a figure, such as "1.5"'
        for name, text in given.items()
        if figure_or_none(text) is None
    ]
    if not {"lower", "upper"} & set(given):
        faults.append(
            f"{where}: write lower, upper, or both: without a spec nothing locks the bath"
        )
    return faults or _order_faults(where, given)


def _order_faults(where: str, given: Mapping[str, str]) -> list[str]:
    order = ("lower", "action_lower", "target", "action_upper", "upper")
    values = [figure_or_none(given[name]) for name in order if name in given]
    known = [one for one in values if one is not None]
    return [] if known == sorted(known) else [f"{where}: write {' ≤ '.join(order)}"]


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _added_faults(content: Mapping[str, Any], names: Collection[str]) -> list[str]:
    added = content.get("replenishment", [])
    if not isinstance(added, list) or not all(isinstance(one, dict) for one in added):
        return ["replenishment: write a list of objects"]
    faults = []
    for i, one in enumerate(added):
        where = f"replenishment[{i}]"
        faults += _unknown(where, one, _REPLENISHMENT)
        if not _text(one.get("product")) or one.get("unit") not in ("mL", "g"):
            faults.append(f"{where}: write product, and unit as mL or g")
        if one.get("by") not in DRIVERS or not _positive(one.get("rate")):
            faults.append(f"{where}: write by as one of {', '.join(DRIVERS)}, and rate as a text")
        if one.get("by") == TITRATION and one.get("parameter") not in names:
            faults.append(f"{where}.parameter: write one of {', '.join(names)}")
    return faults


def _layer_faults(
    content: Mapping[str, Any], metals: Collection[str], names: Collection[str]
) -> list[str]:
    layer = content.get("layer")
    if layer is None:
        return []
    if not isinstance(layer, dict):
        return ["layer: write an object"]
    faults = _unknown("layer", layer, _LAYER)
    faults += [f"layer.{one}" for one in shape_faults(layer, {"quantity": TEXT, "parameter": TEXT})]
    faults += [f"layer.{n}: write a text" for n in ("name", "counter") if not _text(layer.get(n))]
    if str(layer.get("metal")) not in metals:
        faults.append(f"layer.metal: write one of {', '.join(sorted(metals))}")
    if not _positive(layer.get("efficiency")) or Decimal(layer["efficiency"]) > 1:
        faults.append('layer.efficiency: write a text above 0 and at most 1, such as "0.95"')
    figures = (figure_or_none(layer.get(n, "0")) for n in ("anode_efficiency", "media_dm2"))
    if any(one is None or one < 0 for one in figures):
        faults.append("layer: write anode_efficiency and media_dm2 as texts of figures")
    if layer.get("parameter", "") not in ("", *names):
        faults.append(f"layer.parameter: write one of {', '.join(names)}")
    return faults
