"""The content of a released route: read into a Route, or every fault of it named, field by field."""

from collections.abc import Collection, Mapping
from typing import Any

from mes_server.domain.amounts import RARE_EARTHS
from mes_server.domain.codes import PREFIXES
from mes_server.domain.routes import Operation, Route, Step

_COUNTS = ("reworks_max", "tolerance_ppm", "mix_max", "wait_max_ms", "charge_mass_mg_max",
           "charge_pieces_max", "piece_area_mm2")  # fmt: skip
_TEXTS = ("makes", "qualification", "strip", "adds", "recipe")
_TRUTHS = ("line_clearance", "unplanned")
_KNOWN = frozenset(Operation.__dataclass_fields__) - {"code"}
_FIELDS = ("code", "revision", "title", "operations", "steps", "merge")
_STEP_FIELDS = ("choices", "optional")
_GAIN_PPM = 1_000_000


def route_faults(content: Mapping[str, Any]) -> list[str]:
    """All that is wrong with a route as written, field by field; an empty list: it can be released."""
    faults = [
        f"{name}: write it" for name in ("code", "revision") if not _is_name(content.get(name))
    ]
    if not _is_title(content.get("title")):
        faults.append("title: write it in en and zh")
    operations = content.get("operations")
    if not isinstance(operations, dict) or not operations:
        faults.append("operations: write at least one, by its code")
        operations = {}
    for code, said in operations.items():
        faults += _operation_faults(f"operations.{code}", said, operations)
    faults += _merge_faults(content.get("merge", {})) + _all_steps(content, operations)
    return faults + [f"{name}: not known" for name in content if name not in _FIELDS]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "/" not in value


def _is_title(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(lang), str) and value[lang].strip() for lang in ("en", "zh")
    )


def _merge_faults(merge: object) -> list[str]:
    if not isinstance(merge, dict):
        return ["merge: write an object"]
    faults = [
        f"merge.{name}: {value!r} is no number from 0 up"
        for name, value in merge.items()
        if type(value) is not int or value < 0
    ]
    return faults + [f"merge.{n}: not known" for n in merge if n not in ("parents_max", "days_max")]


def _all_steps(content: Mapping[str, Any], operations: Mapping[str, Any]) -> list[str]:
    steps = content.get("steps")
    if not isinstance(steps, list) or not steps:
        return ["steps: write at least one"]
    faults: list[str] = []
    seen: set[str] = set()
    for index, step in enumerate(steps):
        faults += _step_faults(f"steps[{index}].choices", step, operations, seen)
        named = step if isinstance(step, dict) else {}
        if type(named.get("optional", False)) is not bool:
            faults.append(f"steps[{index}].optional: write true or false")
        faults += [f"steps[{index}].{n}: not known" for n in named if n not in _STEP_FIELDS]
    idle = [
        code
        for code, said in operations.items()
        if code not in seen and not (isinstance(said, dict) and said.get("unplanned"))
    ]
    return faults + [f"operations.{c}: no step uses it, and it is not unplanned" for c in idle]


def _step_faults(
    where: str, step: object, operations: Mapping[str, Any], seen: set[str]
) -> list[str]:
    choices = step.get("choices") if isinstance(step, dict) else None
    if not isinstance(choices, list) or not choices:
        return [f"{where}: write the codes of one or more operations"]
    texts = [c for c in choices if isinstance(c, str)]
    faults = [f"{where}: {c!r} is no code" for c in choices if not isinstance(c, str)]
    faults += [
        f"{where}: {c!r} is no operation of this route" for c in texts if c not in operations
    ]
    faults += [f"{where}: {c!r} stands in an earlier step already" for c in texts if c in seen]
    seen.update(texts)
    return faults


def _operation_faults(where: str, said: object, operations: Mapping[str, Any]) -> list[str]:
    if not isinstance(said, dict):
        return [f"{where}: write an object"]
    faults = [] if _is_title(said.get("title")) else [f"{where}.title: write it in en and zh"]
    lists = {"station_types": said.get("station_types"), "resources": said.get("resources", [])}
    for name, texts in lists.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            faults.append(f"{where}.{name}: write a list of texts")
    faults += _value_faults(where, said)
    faults += _unknown(where, said, "strip", (operations, "operation of this route"))
    return faults + [f"{where}.{name}: not known" for name in said if name not in _KNOWN]


def _value_faults(where: str, said: Mapping[str, Any]) -> list[str]:
    faults = []
    for name in _COUNTS:
        number = said.get(name, 0)
        if type(number) is not int or number < 0:
            faults.append(f"{where}.{name}: {number!r} is no number from 0 up")
    faults += [f"{where}.{n}: write a text" for n in _TEXTS if not isinstance(said.get(n, ""), str)]
    faults += [
        f"{where}.{n}: write true or false" for n in _TRUTHS if type(said.get(n, False)) is not bool
    ]
    ends = [said.get(name, 0) for name in ("gain_min_ppm", "gain_max_ppm")]
    is_range = all(type(end) is int and abs(end) <= _GAIN_PPM for end in ends)
    if not is_range or ends[0] > ends[1]:
        faults.append(f"{where}.gain_min_ppm: {ends[0]!r} to {ends[1]!r} is no range")
    faults += _unknown(where, said, "makes", (PREFIXES, "kind of lot"))
    return faults + _unknown(where, said, "adds", (RARE_EARTHS, "rare earth"))


def _unknown(
    where: str, said: Mapping[str, Any], name: str, known: tuple[Collection[str], str]
) -> list[str]:
    value, (values, what) = said.get(name, ""), known
    if not isinstance(value, str) or not value or value in values:
        return []  # what is no text is told already
    return [f"{where}.{name}: {value!r} is no {what}"]


def route_from(content: Mapping[str, Any]) -> Route:
    """The Route of a content without faults."""
    operations = {code: _operation(code, said) for code, said in content["operations"].items()}
    steps = tuple(Step(tuple(s["choices"]), bool(s.get("optional"))) for s in content["steps"])
    merge = content.get("merge", {})
    return Route(
        content["code"], content["revision"], content["title"], steps, operations,
        merge.get("parents_max", 0), merge.get("days_max", 0),
    )  # fmt: skip


def _operation(code: str, said: Mapping[str, Any]) -> Operation:
    lists = {name: tuple(said.get(name, ())) for name in ("station_types", "resources")}
    return Operation(code, **{**said, **lists})
