"""Routes: the ordered operations of a product, with alternatives and optional steps, in revisions.

A released revision is a dated document of the ledger; this is its content as a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of work. `station_types`: where it may be done. `makes`: the kind of lot that comes out,
    "" when the lot that goes in comes out again. `reworks_max`: how often it may be done again.
    `tolerance_ppm`: of the mass that went in, how much may be unaccounted for. `qualification`: what the
    person must hold, "" for nothing. `line_clearance`: whether grades with and without Dy/Tb must not
    follow one another here uncleared. `mix_max`: how many lots may share a run, 0: any number.
    `wait_max_ms`: the longest since the operation before, 0: none.
    """

    code: str
    title: Mapping[str, str]
    station_types: tuple[str, ...]
    makes: str = ""
    reworks_max: int = 0
    tolerance_ppm: int = 5_000
    qualification: str = ""
    line_clearance: bool = False
    mix_max: int = 0
    wait_max_ms: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One place in the order: one of `choices` (codes of operations) is done, or none if optional."""

    choices: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A revision of a route; `operations` by code hold every operation of its steps."""

    code: str
    revision: str
    title: Mapping[str, str]
    steps: tuple[Step, ...]
    operations: Mapping[str, Operation]

    @property
    def name(self) -> str:
        """As a lot remembers it."""
        return f"{self.code}/{self.revision}"


def position_in(route: Route, done: Sequence[str]) -> int:
    """The index of the first step that is not behind a lot with these operations done.

    What is no step of the route from there on was unplanned work, and moves nothing.
    """
    at = 0
    for code in done:
        for index in range(at, len(route.steps)):
            step = route.steps[index]
            if code in step.choices:
                at = index + 1
                break
            if not step.optional:
                break
    return at


def next_operations(route: Route, done: Sequence[str]) -> tuple[str, ...]:
    """The codes of the operations that may come next, in order of the route; none: it is at its end."""
    found: list[str] = []
    for step in route.steps[position_in(route, done) :]:
        found += [code for code in step.choices if code not in found]
        if not step.optional:
            break
    return tuple(found)


def is_finished(route: Route, done: Sequence[str]) -> bool:
    """Whether nothing that must be done is left."""
    return all(step.optional for step in route.steps[position_in(route, done) :])


def route_faults(content: Mapping[str, Any]) -> list[str]:
    """All that is wrong with a route as written, field by field; an empty list: it can be released."""
    faults = []
    operations = content.get("operations")
    if not isinstance(operations, dict) or not operations:
        faults.append("operations: write at least one, by its code")
        operations = {}
    for code, said in operations.items():
        faults += _operation_faults(f"operations.{code}", said)
    steps = content.get("steps")
    if not isinstance(steps, list) or not steps:
        return [*faults, "steps: write at least one"]
    seen: set[str] = set()
    for index, step in enumerate(steps):
        faults += _step_faults(f"steps[{index}].choices", step, operations, seen)
    return faults + [f"operations.{c}: no step uses it" for c in operations if c not in seen]


def _step_faults(
    where: str, step: object, operations: Mapping[str, Any], seen: set[str]
) -> list[str]:
    choices = step.get("choices") if isinstance(step, dict) else None
    if not isinstance(choices, list) or not choices:
        return [f"{where}: write the codes of one or more operations"]
    faults = [
        f"{where}: {c!r} is no operation of this route" for c in choices if c not in operations
    ]
    faults += [f"{where}: {c!r} stands in an earlier step already" for c in choices if c in seen]
    seen.update(choices)
    return faults


def _operation_faults(where: str, said: object) -> list[str]:
    if not isinstance(said, dict):
        return [f"{where}: write an object"]
    faults = []
    title = said.get("title")
    if not isinstance(title, dict) or not all(title.get(lang) for lang in ("en", "zh")):
        faults.append(f"{where}.title: write it in en and zh")
    kinds = said.get("station_types")
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        faults.append(f"{where}.station_types: write a list of station types")
    for name in ("reworks_max", "tolerance_ppm", "mix_max", "wait_max_ms"):
        number = said.get(name, 0)
        if type(number) is not int or number < 0:
            faults.append(f"{where}.{name}: {number!r} is no number from 0 up")
    known = set(Operation.__dataclass_fields__) - {"code"}
    faults += [f"{where}.{name}: not known" for name in said if name not in known]
    return faults


def route_from(content: Mapping[str, Any]) -> Route:
    """The Route of a content without faults."""
    operations = {
        code: Operation(code, **{**said, "station_types": tuple(said["station_types"])})
        for code, said in content["operations"].items()
    }
    steps = [Step(tuple(s["choices"]), bool(s.get("optional"))) for s in content["steps"]]
    return Route(content["code"], content["revision"], content["title"], tuple(steps), operations)
