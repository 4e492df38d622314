"""Routes: the ordered operations of a product, with alternatives and optional steps, in revisions.

A released revision is a dated document of the ledger; this is its content as a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of work. `station_types`: where it may be done. `makes`: the kind of lot that comes out,
    "" when the lot that goes in comes out again. `reworks_max`: how often it may be done again; `strip`:
    the operation that must come before it then, "" for none. `unplanned`: it belongs to no step.

    Of the mass that went in: `tolerance_ppm` may be unaccounted for, after the change that is expected of
    the operation itself, `gain_min_ppm` to `gain_max_ppm` (a deposit, lubricant that burns off). `adds`:
    the rare earth that a gain is, "" for none.

    What a run asks for: `recipe` by name, `resources` by role, `qualification` of the person; "" and ()
    for none. What it bears: `mix_max` lots, `charge_mass_mg_max`, `charge_pieces_max`; 0: any.
    `line_clearance`: grades with and without Dy/Tb must not follow one another here uncleared.
    `wait_max_ms`: the longest since the operation before, 0: none. `piece_area_mm2`: coatable area of
    each piece that comes out, 0: as before. `note`: source and certainty of all this, in words.
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
    strip: str = ""
    unplanned: bool = False
    gain_min_ppm: int = 0
    gain_max_ppm: int = 0
    adds: str = ""
    recipe: str = ""
    resources: tuple[str, ...] = ()
    charge_mass_mg_max: int = 0
    charge_pieces_max: int = 0
    piece_area_mm2: int = 0
    note: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One place in the order: one of `choices` (codes of operations) is done, or none if optional."""

    choices: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A revision of a route; `operations` by code hold every operation of its steps, and unplanned ones.

    `parents_max`: lots that may be merged into one, `days_max`: how far apart they may have been born;
    0: any.
    """

    code: str
    revision: str
    title: Mapping[str, str]
    steps: tuple[Step, ...]
    operations: Mapping[str, Operation]
    parents_max: int = 0
    days_max: int = 0

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


def next_operations(route: Route, done: Sequence[str], first: str = "") -> tuple[str, ...]:
    """The codes of the operations that may come next, in order of the route; none: it is at its end.

    `first`: what must come before anything else, of a lot that was sent back.
    """
    if first:
        return (first,)
    found: list[str] = []
    for step in route.steps[position_in(route, done) :]:
        found += [code for code in step.choices if code not in found]
        if not step.optional:
            break
    return tuple(found)


def is_finished(route: Route, done: Sequence[str], first: str = "") -> bool:
    """Whether nothing that must be done is left."""
    return not first and all(step.optional for step in route.steps[position_in(route, done) :])
